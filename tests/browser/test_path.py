"""One person's whole way through the Draw page, by mouse, by touch and by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import next_frames
from tests.browser.draw_page import (
    cell_panel,
    crumbs,
    example,
    expect_digit,
    feature_maps,
    headline,
    pad,
    readout,
    true_class,
)
from tests.browser.test_draw import draw

TOLD = "() => [...document.querySelectorAll('.bars li')].map((row) => row.dataset.probability).join()"
"""Of all classes, those too that a small page leaves out."""
MOST_TABS = 150


def told(page: Page) -> str:
    """Return the probabilities on the page, every digit of them."""
    found: str = page.evaluate(TOLD)
    return found


def expect_told(page: Page, wanted: str, *, same: bool = True) -> None:
    compare = "===" if same else "!=="
    page.wait_for_function(f"wanted => ({TOLD})() {compare} wanted", arg=wanted)


def expect_true(panel: Locator, depth: int) -> None:
    """The breadcrumb is that deep, and the opened sum is the tensor's number."""
    expect(panel.locator(".crumb")).to_have_count(depth)
    expect(panel.locator(".badge")).to_have_class(re.compile("agrees"))


def tab_to(page: Page, target: Locator, *, back: bool = False) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{target} was not reached by {MOST_TABS} presses of Tab")


def number(panel: Locator) -> Locator:
    """The first number of the opened sum that an earlier step made."""
    return panel.locator(".addends button.number").first


def expect_shared(page: Page, fresh: Page) -> None:
    """Both pages show identical numbers."""
    expect_true(cell_panel(fresh), crumbs(page).count())
    expect_told(fresh, told(page))
    assert cell_panel(fresh).locator(".cell-body").inner_text() == cell_panel(page).locator(".cell-body").inner_text()
    assert crumbs(fresh).all_inner_texts() == crumbs(page).all_inner_texts()


def test_the_whole_path_by_mouse(app, open_page, examples):
    page = open_page(f"{app}#model=a2&sort=index")
    panel = cell_panel(page)
    draw(page, examples["5"])
    expect_digit(page, "5")
    maps = feature_maps(page, 3)
    maps.hover(position={"x": 40, "y": 60})
    expect(page.locator(".pad-field")).to_be_visible()
    maps.click(position={"x": 40, "y": 60})
    for depth in range(1, 4):  # conv2 ← relu ← max_pool2d ← conv1, made of ink
        expect_true(panel, depth)
        number(panel).click()
    expect_true(panel, 4)
    panel.locator(".number.ink").first.hover()
    expect(page.locator("[data-step='-1'] .cell-mark.source")).to_be_visible()
    panel.locator(".cell-close").click()
    before = told(page)

    true_class(page).select_option("3")
    expect(page.locator(".loss")).to_contain_text("negative log-likelihood")
    maps.click(position={"x": 40, "y": 60})
    expect(crumbs(page).first).to_contain_text("dL/d conv2")
    expect_true(panel, 1)
    panel.locator(".cell-close").click()
    page.get_by_role("button", name="One SGD step").click()
    expect_told(page, before, same=False)
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect_told(page, before)

    maps.click(position={"x": 40, "y": 60})
    expect_true(panel, 1)
    number(panel).click()
    expect_true(panel, 2)
    page.wait_for_function("() => location.hash.includes('label=3') && /cells=[^&]*_/.test(location.hash)")
    expect_shared(page, open_page(page.url))


def test_the_whole_path_by_keyboard(app, open_page):
    page = open_page(f"{app}#model=a2&sort=index")
    panel = cell_panel(page)
    tab_to(page, pad(page))
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect_digit(page, "1")

    maps = feature_maps(page, 3)
    tab_to(page, maps)
    for key in ("PageDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".pad-field")).to_be_visible()
    expect(readout(page)).to_contain_text("channel 1, row 2, column 3")
    page.keyboard.press("Enter")
    for depth in range(1, 4):
        expect_true(panel, depth)
        tab_to(page, number(panel))
        page.keyboard.press("Enter")
    expect_true(panel, 4)
    tab_to(page, panel.locator(".number.ink").first)
    expect(page.locator("[data-step='-1'] .cell-mark.source")).to_be_visible()
    for depth in (3, 2, 1):
        page.keyboard.press("Escape")
        expect_true(panel, depth)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(maps).to_be_focused()
    before = told(page)

    label = true_class(page)
    tab_to(page, label, back=True)
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(label).to_have_value("3")
    expect(page.locator(".loss")).to_contain_text("negative log-likelihood")
    tab_to(page, page.get_by_role("button", name="One SGD step"))
    page.keyboard.press("Enter")
    expect_told(page, before, same=False)
    undo = page.locator(".changes button").first
    expect(undo).to_be_visible()
    tab_to(page, undo)
    page.keyboard.press("Enter")
    expect_told(page, before)

    tab_to(page, maps)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(crumbs(page).first).to_contain_text("dL/d conv2")
    expect_true(panel, 1)
    tab_to(page, number(panel))
    page.keyboard.press("Enter")
    expect_true(panel, 2)
    page.wait_for_function("() => location.hash.includes('label=3') && /cells=[^&]*_/.test(location.hash)")
    expect_shared(page, open_page(page.url))


def finger(page: Page, strokes: list[list[list[float]]]) -> None:
    """Draw with a finger."""
    box = pad(page).bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        for k, (x, y) in enumerate(stroke):
            place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            kind = "touchMove" if k else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def expect_seen(page: Page, part: Locator) -> None:
    """It is on the screen, nothing scrolled."""
    box, size = part.bounding_box(), page.viewport_size
    assert box
    assert size
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]


def test_the_whole_path_by_touch(app, open_page, examples):
    page = open_page(f"{app}#model=a2&sort=index", width=1024, height=768, has_touch=True)
    panel, maps, place = cell_panel(page), feature_maps(page, 3), {"x": 14, "y": 20}

    def close() -> None:
        page.get_by_role("button", name="Close").tap()
        expect(panel).to_be_hidden()

    finger(page, examples["5"])
    expect_digit(page, "5")
    next_frames(page)
    maps.tap(position=place)
    expect(page.locator(".pad-field")).to_be_visible()
    expect(panel).to_be_hidden()
    maps.tap(position=place)
    expect_true(panel, 1)
    panel.get_by_role("button", name="Down to the ink").tap()
    expect(crumbs(page).last).to_contain_text("conv1")
    expect_true(panel, 4)
    close()

    true_class(page).select_option("3")
    expect(page.locator(".loss")).to_contain_text("negative log-likelihood")
    page.get_by_role("button", name="Open", exact=True).tap()  # the last number that was opened, now its gradient
    expect(crumbs(page).first).to_contain_text("dL/d conv1")
    expect_true(panel, 1)
    close()
    true_class(page).select_option("")
    expect(page.locator(".loss")).to_be_hidden()

    page.get_by_role("button", name="Open", exact=True).tap()
    expect(crumbs(page).first).to_have_text(re.compile("^conv1"))
    expect_true(panel, 1)
    before = told(page)
    for part in (headline(page), page.locator(".network .cell-mark:not([hidden])").first, panel):
        expect_seen(page, part)
    panel.get_by_role("button", name="Double").tap()
    expect_told(page, before, same=False)
    expect(page.get_by_role("group", name="Changes of the model")).to_contain_text("Changes: 1")
    expect_seen(page, page.get_by_role("button", name="Undo", exact=True).last)
    page.get_by_role("button", name="Undo", exact=True).last.tap()
    expect_told(page, before)

    page.get_by_role("button", name="Link").first.tap()
    link = page.get_by_role("textbox", name="The link").input_value()
    fresh = open_page(link, width=1024, height=768, has_touch=True)
    expect_shared(page, fresh)
    expect_seen(fresh, fresh.locator(".network .cell-mark:not([hidden])").first)


@pytest.fixture
def drawn(app, open_page: Callable[..., Page]) -> Page:
    page = open_page(app)
    example(page, "3").click()
    expect_digit(page, "3")
    expect(headline(page)).to_be_visible()
    return page


def test_cell_after_cell_opens_and_is_the_tensors_number(drawn):
    """How long that takes is a figure of `benchmarks.explorer`."""
    panel = cell_panel(drawn)
    for k in range(21):
        step, x, y = (0, 1, 4)[k % 3], 4 + 7 * k % 30, 4 + 11 * k % 30
        feature_maps(drawn, step).click(position={"x": x, "y": y})
        expect_true(panel, 1)
        drawn.keyboard.press("Escape")
        expect(panel).to_be_hidden()


def test_pointing_answers_without_a_request(drawn):
    """How long that takes is a figure of `benchmarks.explorer`."""
    next_frames(drawn)
    asked: list[str] = []
    drawn.on("request", lambda request: asked.append(request.url))
    readings = drawn.evaluate(
        """() => [0, 4, 7].flatMap((step) => {
          const picture = document.querySelector(`[data-step='${step}'] .maps`);
          const box = picture.getBoundingClientRect();
          return Array.from({ length: 40 }, (_, k) => {
            const place = { clientX: box.x + 2 + k % 30, clientY: box.y + 5 + 3 * k, bubbles: true };
            picture.dispatchEvent(new PointerEvent("pointermove", place));
            return document.querySelector(".reading").textContent;
          });
        })"""
    )
    assert len(set(readings)) > 30  # each cell has its own
    assert not asked
