"""The Draw page's three levels, by touch as by mouse; what stays where it is; its first second; "I meant …"."""

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from core import models
from core.data.strokes import preprocess
from core.explain.attribution import lead
from tests.browser.conftest import next_frames
from tests.browser.draw_page import (
    cell_panel,
    class_rows,
    crumbs,
    example,
    expect_agrees,
    expect_digit,
    feature_maps,
    headline,
    model_choice,
    pad,
    readout,
    tool,
    true_class,
)
from tests.browser.test_draw import draw
from tests.browser.test_language import INK

WIDTHS = [(1366, 768), (1440, 900), (1024, 768), (390, 844)]

BOXES = """() => {
  window.before = new Map();
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  for (const element of document.querySelectorAll(".webview *, #pages [role=tab]")) {
    if (!shown(element) || element.closest("svg, [hidden]")) continue;
    const { x, y } = element.getBoundingClientRect();
    window.before.set(element, { x: x + scrollX, y: y + scrollY, words: element.textContent });
  }
  return window.before.size;
}"""

MOVED = """() => [...window.before].flatMap(([element, { x, y, words }]) => {
  if (!element.isConnected || !element.checkVisibility({ visibilityProperty: true })) return [];
  const marks = ".cell-mark, .screen-mark, .ramp-mark, .pad-field, .bar-before, .lesson-ring";
  if (element.matches(marks)) return [];
  if (!element.children.length && element.textContent !== words) return [];  // a word is as wide as it is
  const box = element.getBoundingClientRect();
  const by = Math.max(Math.abs(box.x + scrollX - x), Math.abs(box.y + scrollY - y));
  return by > 1 ? [`${element.tagName}.${element.className} by ${by}`] : [];
})"""


def level(page: Page, name: str) -> None:
    """The page is at that level."""
    expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1440, 900)])
def test_the_whole_network_is_seen_at_once_with_its_eight_strongest_maps(app, open_page, width, height):
    page = open_page(app, width=width, height=height)
    example(page, "8").click()
    expect_digit(page, "8")
    pictures = page.locator(".step .maps")
    expect(pictures).to_have_count(23)
    for part in (pad(page), headline(page), class_rows(page).last, *pictures.all()):
        expect(part).to_be_in_viewport(ratio=1)
    first = page.locator("[data-step='0']")
    expect(first.get_by_role("button", name="+24")).to_be_visible()
    box = first.locator(".maps").bounding_box()
    assert box
    assert box["width"] >= 33
    assert box["height"] >= 8 * box["width"]


def test_a_touch_reads_a_cell_and_a_second_one_opens_it(app, open_page):
    page = open_page(app, width=390, height=844, has_touch=True, is_mobile=True)
    example(page, "5").tap()
    expect_digit(page, "5")
    maps = feature_maps(page, 4)
    maps.tap(position={"x": 50, "y": 17})
    expect(readout(page)).to_contain_text("conv2 · channel")
    expect(page.locator(".pad-field")).to_be_visible()
    expect(cell_panel(page)).to_be_hidden()
    words = readout(page).inner_text()
    maps.tap(position={"x": 50, "y": 17})
    expect_agrees(page)
    place = [int(number) for number in re.findall(r"\d+", crumbs(page).last.inner_text().split("[")[1])]
    assert f"channel {place[0]}, row {place[1]}, column {place[2]}" in words
    page.get_by_role("button", name="Close").tap()
    expect(cell_panel(page)).to_be_hidden()
    feature_maps(page, 1).tap(position={"x": 20, "y": 20})
    expect(readout(page)).to_contain_text("pool · channel")
    page.get_by_role("button", name="Open", exact=True).tap()
    expect(crumbs(page).last).to_contain_text("pool [")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_nothing_moves_because_somebody_points_chooses_or_copies(app, open_page, width, height):
    page = open_page(app, width=width, height=height, permissions=["clipboard-write"])
    example(page, "5").click()
    expect_digit(page, "5")
    assert page.evaluate(BOXES) > 200
    maps = feature_maps(page, 6)
    maps.hover(position={"x": 15, "y": 15})
    expect(readout(page)).to_contain_text("relu")
    assert page.evaluate(MOVED) == []
    true_class(page).select_option("3")
    expect(page.locator(".loss")).to_contain_text("cross-entropy")
    assert page.evaluate(MOVED) == []
    page.get_by_role("button", name="Link").first.click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".toast.shown")).to_contain_text("opens what you see")
    assert page.evaluate(MOVED) == []
    for name in ("View", "Stages", "I meant"):
        if not page.get_by_role("button", name=name).first.is_visible():
            continue
        page.get_by_role("button", name=name).first.click()
        assert page.evaluate(MOVED) == []
        page.keyboard.press("Escape")


def test_levels_are_gone_through_and_back_by_escape_and_by_the_browser(app, open_page):
    page = open_page(app, width=1366, height=768)
    example(page, "3").click()
    expect_digit(page, "3")
    level(page, "Whole network")
    page.get_by_role("button", name="conv: conv3").click()
    level(page, "One layer")
    told = page.locator("[data-step='7'] .step-says")
    expect(told).to_contain_text("a kernel of 48×3×3 numbers slides over the layer before")
    expect(told).to_contain_text(f"Every value is {48 * 3 * 3} products added up")
    expect(page.locator("[data-step='7'] .step-facts")).to_be_visible()
    feature_maps(page, 7).click(position={"x": 30, "y": 30})
    expect_agrees(page)
    level(page, "One number")
    expect(headline(page)).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-step='7'] > .maps-frame .cell-mark").first).to_be_in_viewport()
    page.go_back()
    level(page, "One layer")
    page.go_back()
    level(page, "Whole network")
    page.go_forward()
    level(page, "One layer")
    feature_maps(page, 7).click(position={"x": 30, "y": 30})
    level(page, "One number")
    page.keyboard.press("Escape")
    level(page, "One layer")
    page.keyboard.press("Escape")
    level(page, "Whole network")
    page.wait_for_url(re.compile(r"pin=7\.0\."))
    pin = re.search(r"pin=7\.0\.(\d+)\.(\d+)\.(\d+)", page.url)
    assert pin
    kept = "channel {}, row {}, column {} ".format(*pin.groups())
    expect(readout(page)).to_contain_text(kept)  # also where the focus went back to the maps
    again = open_page(page.url, width=1366, height=768)
    expect(readout(again)).to_have_text(readout(page).inner_text())
    expect(again.locator("[data-step='7'] .cell-mark").first).to_be_visible()


def test_one_press_leads_from_a_number_down_to_the_ink(app, open_page):
    page = open_page(f"{app}#model=a2")
    example(page, "5").click()
    expect_digit(page, "5")
    feature_maps(page, 3).click(position={"x": 20, "y": 20})
    panel = cell_panel(page)
    expect(crumbs(page)).to_have_count(1)
    panel.get_by_role("button", name="Down to the ink").click()
    expect(crumbs(page)).to_have_count(4, timeout=30_000)  # conv2 ← relu ← max_pool2d ← conv1
    expect(crumbs(page).last).to_contain_text("conv1")
    expect_agrees(page)
    expect(panel.locator(".number.ink").first).to_be_visible()
    expect(panel.get_by_role("button", name="Down to the ink")).to_have_count(0)
    page.go_back()
    expect(crumbs(page)).to_have_count(1)


def test_a_changed_weight_is_seen_in_the_same_view(app, open_page):
    page = open_page(f"{app}#model=a2", width=1366, height=768)
    example(page, "5").click()
    expect_digit(page, "5")
    page.locator(".bars li[data-class='5'] button").click()
    cell_panel(page).locator(".classes button.number").nth(5).click()
    expect(crumbs(page).last).to_contain_text("fc2 [5]")
    weight = cell_panel(page).locator(".addends button.number").nth(1)
    weight.click()
    expect(crumbs(page).last).to_contain_text("weight")
    share = page.locator(".bars li[data-class='5'] .bar-share")
    expect(share).to_be_in_viewport(ratio=1)
    before = share.inner_text()
    page.locator(".element input").fill("-40")
    page.get_by_role("button", name="Set").click()
    expect(share).not_to_have_text(before)
    expect(cell_panel(page)).to_be_visible()
    page.locator(".changes").get_by_role("button", name="Undo", exact=True).click()
    expect(share).to_have_text(before)


def test_a_page_opened_for_the_first_time_shows_a_digit_and_is_drawn_over(app, open_page, examples):
    page = open_page(app, greeted=True, reduced_motion="no-preference")
    expect_digit(page, "3")
    expect(page.locator(".prediction")).to_contain_text("Draw over it")
    draw(page, examples["7"])
    expect_digit(page, "7")
    linked = open_page(f"{app}#model=a2", reduced_motion="no-preference")
    with linked.expect_response(lambda answer: '"observe"' in (answer.request.post_data or "")):
        model_choice(linked).select_option("a1")  # what is on the pad by now is asked about
    next_frames(linked)
    expect(headline(linked)).to_have_attribute("data-verdict", "empty")
    expect(tool(linked, "undo")).to_be_disabled()


def test_the_first_minute_is_gone_through_in_five_acts_and_ends_at_three_doors(app, open_page, examples):
    page = open_page(app, greeted=True, width=1366, height=768)
    expect_digit(page, "3")
    told = page.locator(".lesson-says")
    page.get_by_role("button", name="Show me how it works").click()
    expect(told).to_contain_text("1/5 Draw a digit")
    assert page.evaluate(BOXES) > 200
    draw(page, examples["5"])
    expect_digit(page, "5")
    expect(told).to_contain_text("2/5")
    maps = feature_maps(page, 4)
    maps.hover(position={"x": 12, "y": 12})
    expect(told).to_contain_text("3/5")
    assert page.evaluate(MOVED) == []
    maps.click(position={"x": 12, "y": 12})
    expect(told).to_contain_text("4/5")
    expect(told).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Play the flow").click()
    level(page, "Whole network")
    expect(told).to_contain_text("5/5")
    page.get_by_role("button", name="I meant").click()
    page.get_by_role("group", name="Which one did you mean?").get_by_role("button", name="6", exact=True).click()
    expect(told).to_have_text("Where to now?")
    page.get_by_role("button", name="By hand").click()
    expect(page.get_by_role("tab", name="Arithmetic")).to_have_attribute("aria-selected", "true")
    expect(told).to_be_hidden()


def test_the_cards_go_on_by_keyboard_and_end_with_escape(app, open_page):
    page = open_page(app)
    start = page.get_by_role("button", name="Show me how it works")
    start.focus()
    page.keyboard.press("Enter")
    for card in range(1, 6):
        expect(page.locator(".lesson-says")).to_contain_text(f"{card}/5")
        page.get_by_role("button", name="Next", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Let it learn")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".lesson-card")).to_be_hidden()


def test_i_meant_says_what_decided_between_two_classes(app, open_page, examples):
    page = open_page(f"{app}#model=a2")
    example(page, "5").click()
    expect_digit(page, "5")
    page.get_by_role("button", name="I meant").click()
    page.get_by_role("group", name="Which one did you mean?").get_by_role("button", name="8", exact=True).click()
    expect(true_class(page)).to_have_value("8")
    told = page.locator(".meant-told")
    expect(told).to_contain_text("You meant 8: 5 leads by", timeout=30_000)
    with torch.no_grad():
        output = models.load("a2")(models.card("a2").prepare(preprocess(examples["5"], pad=1.0).picture))
    found = re.search(r"leads by ([\d.]+)", told.inner_text())
    assert found
    assert float(found[1].rstrip(".")) == pytest.approx(-lead(output, 8, 5).item(), rel=1e-2)
    total = page.locator("[data-method='difference'] .why-sum").inner_text()
    numbers = [float(text.replace("−", "-")) for text in re.findall(r"(?:= |Δ )(−?[\d.e-]+)", total)]
    assert numbers[0] - numbers[1] == pytest.approx(0, abs=numbers[2] * 1.1)


@pytest.mark.parametrize(("step", "shown"), [(2, True), (1, False)])
def test_an_activation_is_a_curve_with_the_opened_number_on_it(app, open_page, step, shown):
    page = open_page(f"{app}#model=a2&ink={INK}&cells={step}.0.5.6.6")
    came_in = cell_panel(page).locator(".term-product" if shown else ".addends")
    expect(came_in).to_be_visible()
    curve = cell_panel(page).get_by_role("img", name="What this activation makes of a number")
    expect(curve).to_have_count(int(shown))
    if shown:
        low, high = curve.locator("path").first.evaluate(
            "path => [0, path.getTotalLength()].map(at => path.getPointAtLength(at).x)"
        )
        share = (float(curve.locator("circle").get_attribute("cx") or "nan") - low) / (high - low)
        assert share == pytest.approx((float(came_in.inner_text().replace("−", "-")) + 4) / 8, abs=0.005)
