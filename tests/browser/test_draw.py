"""A person's ways through the Draw page, in Chromium."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from core import models
from core.data.strokes import preprocess
from core.explain import Trace, backward, record
from tests.browser.conftest import next_frames, serve, speak
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

Strokes = list[list[list[float]]]


def draw(page: Page, strokes: Strokes, *, size: float = 1.0, at: tuple[float, float] = (0.0, 0.0)) -> None:
    """Draw with the mouse, point by point, `size` times as large and moved by `at` pad sides."""
    box = pad(page).bounding_box()
    assert box
    for stroke in strokes:
        places = [
            (box["x"] + box["width"] * (x * size + at[0]), box["y"] + box["height"] * (y * size + at[1]))
            for x, y in stroke
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def trace_of(name: str, strokes: Strokes) -> Trace:
    model, card = models.load(name), models.card(name)
    return record(model, card.prepare(preprocess(strokes, pad=1.0).picture))


def read_cell(page: Page, step: int, dx: float, dy: float) -> str:
    """Point at a place in a step's picture and return what the page says of it."""
    picture = feature_maps(page, step)
    picture.scroll_into_view_if_needed()
    picture.hover(position={"x": dx, "y": dy})
    return readout(page).inner_text()


def test_every_digit_drawn_with_the_mouse_is_recognised(app, open_page, examples):
    page = open_page(app)
    for digit in "0123456789":
        draw(page, examples[digit])
        expect_digit(page, digit)
        best = page.locator(".bars li.best")
        expect(best).to_have_attribute("data-class", digit)
        shares = class_rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.probability))")
        assert abs(sum(shares) - 1) < 1e-4
        expect(page.get_by_text(f"Most probable: {digit} (")).to_be_visible()
        page.get_by_role("button", name="Clear").click()
        expect(headline(page)).to_have_attribute("data-verdict", "empty")


def test_where_and_how_large_a_digit_is_drawn_does_not_matter(app, open_page, examples):
    page = open_page(app)
    draw(page, examples["4"], size=0.35, at=(0.6, 0.6))
    expect_digit(page, "4")


def test_the_maps_on_the_page_are_the_tensors_of_the_model(app, open_page, examples):
    page = open_page(app)
    example(page, "5").click()
    expect_digit(page, "5")
    trace = trace_of("recommended", examples["5"])
    checked = 0
    for step in trace.steps:
        text = read_cell(page, step.index, 7, 7)
        found = re.search(r"channel (\d+), row (\d+), column (\d+) · value ≈ (\S+)", text)
        if found is None:
            continue
        channel, row, column = (int(found[k]) for k in (1, 2, 3))
        value = step.output[0, channel, row, column].item()
        half_digit = 0.5 * 10.0 ** -len(found[4].partition(".")[2])
        error = half_digit + step.output[0, channel].abs().max().item() / 254  # and half a code step
        assert abs(float(found[4].replace("−", "-")) - value) <= error, text
        checked += 1
    assert checked >= 10


def test_every_column_is_painted_and_the_legend_shows_the_same_colours(app, open_page, examples):
    page = open_page(app)
    example(page, "2").click()
    expect_digit(page, "2")
    pictures = page.locator(".maps canvas")
    expect(pictures).to_have_count(len(trace_of("recommended", examples["2"]).steps) + 1)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()  # columns off screen are not painted
        page.wait_for_function(
            """picture => picture.getContext("2d").getImageData(0, 0, picture.width, picture.height).data
                 .some((byte, k) => k % 4 === 3 && byte === 255)""",
            arg=picture.element_handle(),
        )
    for place in ((7, 7), (20, 31), (12, 60)):  # the second pixel of a cell: the picture may begin between pixels
        reading = read_cell(page, 0, *place)
        picture, legend = page.evaluate(
            """([x, y]) => {
              const pixel = (canvas, x, y) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
              const ramp = document.querySelector(".legend canvas.ramp");
              const mark = parseFloat(document.querySelector(".legend .ramp-mark").style.left) / 100;
              return [pixel(document.querySelector("[data-step='0'] .maps canvas"), x, y),
                      pixel(ramp, Math.round(mark * (ramp.width - 1)), 0)];
            }""",
            list(place),
        )
        assert max(abs(a - b) for a, b in zip(picture, legend, strict=True)) <= 6, reading


def test_a_map_of_one_value_has_no_pattern_on_its_own_scale_and_says_its_value(app, open_page):
    page = open_page(app)
    picture = feature_maps(page, 0).locator("canvas").element_handle()
    colour = "canvas => String([...canvas.getContext('2d').getImageData(12, 0, 1, 1).data])"
    neutral = "236,238,242,255"
    page.wait_for_function(f"([picture, wanted]) => ({colour})(picture) === wanted", arg=[picture, neutral])
    value = re.search(r"value ≈ (\S+)", read_cell(page, 0, 12, 12))
    assert value
    expect(page.locator(".legend .ramp-ticks")).to_contain_text(f"one value all over: {value[1]}")
    assert page.locator(".legend canvas.ramp").evaluate(colour) == neutral
    page.locator(".legend .scope").select_option("layer")
    page.wait_for_function(f"([picture, wanted]) => ({colour})(picture) !== wanted", arg=[picture, neutral])


def test_a_value_is_opened_to_its_sum_and_followed_back_to_the_ink(app, open_page, examples):
    page = open_page(app)
    model_choice(page).select_option("a2")
    example(page, "5").click()
    expect_digit(page, "5")
    trace = trace_of("a2", examples["5"])
    feature_maps(page, 3).click(position={"x": 40, "y": 60})
    panel = cell_panel(page)
    expect_agrees(page)
    place = [int(number) for number in re.findall(r"\d+", crumbs(page).last.inner_text().split("[")[1])]
    value = trace.steps[3].output[0, place[0], place[1], place[2]].item()
    shown = panel.locator(".cell-value").inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(value, rel=1e-6)
    for depth in range(2, 5):  # relu, max_pool2d, conv2d: each number was made by the step before
        panel.locator("button.number").first.click()
        expect(crumbs(page)).to_have_count(depth)
        expect_agrees(page)
    expect(panel.locator(".group .grid-part").first.locator(".number.ink")).to_have_count(25)
    panel.locator(".number.ink").first.hover()
    expect(page.locator("[data-step='-1'] .cell-mark.source")).to_be_visible()
    for depth in (3, 2, 1):
        page.keyboard.press("Escape")
        expect(crumbs(page)).to_have_count(depth)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_pointing_at_a_cell_outlines_what_it_is_made_of_without_the_server(app, open_page):
    """How long that takes is a figure of `benchmarks.explorer`."""
    page = open_page(app)
    example(page, "3").click()
    expect_digit(page, "3")
    next_frames(page)
    page.route(re.compile("component_server"), lambda route: None)  # it answers nothing any more
    feature_maps(page, 4).hover(position={"x": 20, "y": 20})
    expect(page.locator(".pad-field")).to_be_visible()
    expect(page.locator("[data-step='-1'] svg.field path")).to_be_visible()
    expect(page.locator("[data-step='0'] svg.field path")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.locator(".pad-field")).to_be_hidden()


def test_the_network_runs_backwards_and_every_gradient_opens_to_its_sum(app, open_page, examples):
    page = open_page(app)
    model_choice(page).select_option("a2")
    example(page, "5").click()
    expect_digit(page, "5")
    true_class(page).select_option("3")
    expect(page.locator(".loss")).to_contain_text("negative log-likelihood")
    model, card = models.load("a2"), models.card("a2")
    trace = record(model, card.prepare(preprocess(examples["5"], pad=1.0).picture), grad=True)
    gradients = backward(trace, 3).gradients
    panel = cell_panel(page)
    feature_maps(page, 3).click(position={"x": 40, "y": 60})
    expect_agrees(page)
    crumb = crumbs(page).last.inner_text()
    assert crumb.startswith("dL/d conv2 [")
    place = tuple(int(number) for number in re.findall(r"\d+", crumb.split("[")[1]))
    value = gradients[3][(0, *place)].item()
    shown = float(panel.locator(".cell-value").inner_text().replace("−", "-"))
    assert shown == pytest.approx(value, rel=1e-5, abs=1e-12)
    panel.get_by_role("button", name="Value here").click()
    expect(crumbs(page)).to_have_count(2)
    weight = panel.locator(".group .grid-part").nth(1).locator("button.number").first
    weight.click()
    expect(crumbs(page).last).to_contain_text("dL/d weight of conv2")
    expect_agrees(page)
    panel.locator(".cell-close").click()
    true_class(page).select_option("")
    expect(page.locator(".loss")).to_have_text("")


def test_a_step_of_sgd_and_edits_change_the_prediction_and_undo_exactly(app, open_page):
    page = open_page(app)
    model_choice(page).select_option("a2")
    example(page, "5").click()
    expect_digit(page, "5")
    shares = class_rows(page)
    told = "rows => rows.map(row => row.dataset.probability).join()"
    before = shares.evaluate_all(told)
    true_class(page).select_option("3")
    page.locator(".rate").fill("0.02")
    page.get_by_role("button", name="One SGD step").click()
    expect(page.locator(".changes-count")).to_have_text("Changes: 1")
    expect(page.locator(".step.changed")).to_have_count(4)
    page.wait_for_function(f"before => ({told})([...document.querySelectorAll('.bars li')]) !== before", arg=before)
    true_class(page).select_option("")
    feature_maps(page, 0).click(position={"x": 30, "y": 30})
    panel = cell_panel(page)
    panel.get_by_role("button", name="Silence").click()
    expect(panel.locator(".cell-value")).to_have_text("0")
    panel.locator(".group .grid-part").nth(1).locator("button.number").first.click()
    panel.locator(".element input").fill("0.5")
    panel.get_by_role("button", name="Set").click()
    expect(page.locator(".changes-count")).to_have_text("Changes: 3")
    page.keyboard.press("Escape")
    expect(panel.locator(".cell-value")).not_to_have_text("0")
    page.wait_for_function("() => location.hash.includes('edits=')")
    fresh = open_page(page.url)
    expect(fresh.locator(".changes-count")).to_have_text("Changes: 3")
    expect(cell_panel(fresh).locator(".cell-value")).to_have_text(panel.locator(".cell-value").inner_text())
    page.get_by_role("button", name="Undo all").evaluate("button => button.click()")
    expect(page.locator(".step.changed")).to_have_count(0)
    assert shares.evaluate_all(told) == before


def test_an_opened_sum_follows_the_drawing(app, open_page):
    page = open_page(app)
    example(page, "1").click()
    expect_digit(page, "1")
    feature_maps(page, 0).click(position={"x": 19, "y": 19})
    value = cell_panel(page).locator(".cell-value")
    before = value.inner_text()
    tool(page, "undo").click()
    expect(value).not_to_have_text(before)
    expect_agrees(page)


def test_a_link_opens_the_same_numbers_on_a_fresh_page(app, open_page):
    page = open_page(app)
    model_choice(page).select_option("a3")
    example(page, "4").click()
    expect_digit(page, "4")
    speak(page, "zh")
    feature_maps(page, 0).click(position={"x": 22, "y": 22})
    panel = cell_panel(page)
    expect_agrees(page)
    page.wait_for_function("() => location.hash.includes('cells=') && location.hash.includes('lang=zh')")
    expect(panel.locator(".cell-ink-words")).not_to_be_empty()
    told = panel.inner_text()
    shares = page.locator(".bars").inner_text()
    fresh = open_page(page.url)
    expect_agrees(fresh)
    expect(cell_panel(fresh).locator(".cell-ink-words")).not_to_be_empty()
    assert cell_panel(fresh).inner_text() == told
    assert fresh.locator(".bars").inner_text() == shares
    expect(model_choice(fresh)).to_have_value("a3")


def test_a_broken_link_opens_with_a_note(app, open_page):
    page = open_page(f"{app}#model=nothing&ink=%%%&cells=9.9.9&pen=5")
    expect(headline(page)).to_have_attribute("data-verdict", "empty")
    expect(page.locator(".webview-models .toast")).to_contain_text("left out: ink, pen, model=nothing")
    expect(model_choice(page)).to_have_value("recommended")


def test_without_preprocessing_a_small_corner_digit_fails_and_with_it_is_read(app, open_page, examples):
    page = open_page(app)
    draw(page, examples["2"], size=0.3, at=(0.02, 0.02))
    expect_digit(page, "2")
    page.get_by_role("button", name="Stages").click()
    page.get_by_role("checkbox", name="Preprocess the ink").uncheck()
    expect(page.locator("[data-stage='scaled']")).to_be_hidden()
    expect(headline(page)).not_to_have_text("This is a 2")
    page.get_by_role("checkbox", name="Preprocess the ink").check()
    expect_digit(page, "2")


def test_an_example_is_drawn_as_by_a_hand_while_the_maps_follow(app, open_page):
    page = open_page(app, reduced_motion="no-preference")
    page.evaluate(
        """() => {
          window.seen = new Set();
          const bars = document.querySelector(".bars");
          const watched = { subtree: true, characterData: true, childList: true };
          new MutationObserver(() => window.seen.add(bars.innerText)).observe(bars, watched);
        }"""
    )
    example(page, "8").click()
    expect_digit(page, "8")
    page.wait_for_function("() => window.seen.size >= 4")
    tool(page, "undo").click()
    expect(headline(page)).to_have_attribute("data-verdict", "empty")


def test_an_empty_pad_and_a_scribble_are_not_called_digits(app, open_page):
    page = open_page(app)
    expect(headline(page)).to_have_attribute("data-verdict", "empty")
    expect(headline(page)).to_have_text("Draw something")
    zigzag = [[[0.1 + 0.8 * (k % 2), 0.1 + 0.025 * k] for k in range(33)]]
    draw(page, zigzag)
    expect(headline(page)).to_have_attribute("data-verdict", "unsure")


def test_undo_redo_erase_and_clear(app, open_page, examples):
    page = open_page(app)
    example(page, "1").click()
    expect_digit(page, "1")
    draw(page, [[[0.2, 0.5], [0.8, 0.5]]])
    tool(page, "undo").click()
    expect_digit(page, "1")
    page.keyboard.press("Control+y")
    tool(page, "redo").or_(pad(page)).first.focus()
    tool(page, "clear").click()
    expect(headline(page)).to_have_attribute("data-verdict", "empty")
    tool(page, "undo").click()
    tool(page, "undo").click()
    example(page, "8").click()
    expect_digit(page, "8")
    tool(page, "erase").click()
    draw(page, [[[0.1 + x / 10, 0.05 + y / 10] for y in range(10) for x in range(9)]])
    expect(headline(page)).to_have_attribute("data-verdict", "empty")
    expect(tool(page, "clear")).to_be_disabled()
    tool(page, "undo").click()
    expect_digit(page, "8")


def test_the_other_models_read_the_same_drawing(app, open_page, examples):
    page = open_page(app)
    example(page, "7").click()
    expect_digit(page, "7")
    for name in ("a1", "a2", "a3"):
        model_choice(page).select_option(name)
        steps = trace_of(name, examples["7"]).steps
        expect(page.locator(".step")).to_have_count(len(steps) + 1)
        expect_digit(page, "7")
        ops = page.locator(".step[data-op]").evaluate_all("steps => steps.map(step => step.dataset.op)")
        assert ops == ["input", *(step.op for step in steps)]


def test_missing_pretrained_weights_are_explained_and_random_ones_offered(tmp_path, open_page):
    for address in serve("-m", "explorer", "--no-open", "--data-dir", str(tmp_path)):
        page = open_page(address)
        example(page, "3").click()
        model_choice(page).select_option("resnet18")
        problem = page.locator(".webview-models .problem")
        expect(problem).to_contain_text("resnet18", timeout=60_000)
        problem.get_by_role("button").click()
        expect(headline(page)).to_have_attribute("data-verdict", "untrained", timeout=30_000)
        expect(page.locator(".step")).to_have_count(16)  # its blocks are folded
        page.get_by_role("button", name="conv1 (conv2d)").click()
        expect(page.locator("[data-step='0'] .pager")).to_contain_text("of 64")
        page.locator("[data-step='0'] .pager button").last.click()
        expect(page.locator("[data-step='0'] .pager")).to_contain_text("8–15")


def test_the_page_works_by_keyboard_alone(app, open_page):
    page = open_page(app)
    pad(page).focus()
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect_digit(page, "1")
    page.keyboard.press("Control+z")
    expect(headline(page)).to_have_attribute("data-verdict", "empty")
    page.keyboard.press("Control+y")
    expect_digit(page, "1")
    page.keyboard.press("Delete")
    expect(headline(page)).to_have_attribute("data-verdict", "empty")


def test_maps_are_read_by_keyboard(app, open_page):
    page = open_page(f"{app}#sort=index")
    example(page, "0").focus()
    page.keyboard.press("Enter")
    expect_digit(page, "0")
    feature_maps(page, -1).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(feature_maps(page, 0)).to_be_focused()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "PageDown"):
        page.keyboard.press(key)
    expect(readout(page)).to_contain_text("channel 1, row 1, column 2")


def test_a_phone_shows_pad_prediction_and_maps_without_sideways_scrolling(app, open_page, examples):
    page = open_page(app, width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2)
    pad(page).scroll_into_view_if_needed()
    draw(page, examples["6"])
    expect_digit(page, "6")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for part in (".pad-surface", ".prediction", ".brief", "[data-step='0'] .maps"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["width"] > 90
        assert box["x"] >= 0


def test_a_finger_draws_and_the_page_does_not_scroll(app, open_page):
    page = open_page(app, width=360, height=500, has_touch=True, is_mobile=True)
    box = pad(page).bounding_box()
    assert box
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": box["x"] + u * box["width"], "y": box["y"] + v * box["height"]} for u, v in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (0.5, 0.15))
    for k in range(1, 15):
        touch("touchMove", (0.5, 0.15 + 0.05 * k))
    touch("touchEnd")
    expect_digit(page, "1")
    assert page.evaluate("scrollY") == 0


def test_dark_and_light_swap_paper_and_ink(app, open_page):
    page = open_page(app, color_scheme="dark")
    example(page, "3").click()
    expect_digit(page, "3")
    corner = """() => {
      const picture = document.querySelector("[data-step='-1'] .maps canvas");
      return [...picture.getContext("2d").getImageData(0, 0, 1, 1).data];
    }"""
    assert sum(page.evaluate(corner)[:3]) < 120
    page.get_by_role("button", name="Light or dark").click()
    page.wait_for_function(f"() => ({corner})()[0] === 255")
    background = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert background == "rgb(246, 247, 249)"


def test_the_language_changes_in_place(app, open_page):
    page = open_page(app)
    example(page, "9").click()
    expect_digit(page, "9")
    speak(page, "zh")
    expect(headline(page)).to_have_text("这是 9")
    expect(page.locator("#pages [role=tab]").first).to_have_text("手写")
    speak(page, "en")
    expect(headline(page)).to_have_text("This is a 9")


@pytest.fixture(scope="module")
def custom() -> Iterator[str]:
    yield from serve("-m", "tests.browser.custom_model")


def test_a_model_never_seen_before_is_explored_like_any_other(custom: str, open_page: Callable[..., Page]) -> None:
    page = open_page(custom)
    expect(page.locator(".step[data-op='mul']")).to_have_count(0)
    example(page, "3").click()
    expect(headline(page)).to_have_attribute("data-best", re.compile("cat|dog|fish"))
    expect(page.locator(".step[data-op='mul']")).to_have_count(1)
    expect(page.locator(".step[data-op='cat'] .step-facts")).to_contain_text("from")
    expect(class_rows(page)).to_have_count(3)


def test_the_drawing_survives_a_server_that_went_away(open_page, examples):
    for address in serve("-m", "explorer", "--no-open"):
        page = open_page(address)
        example(page, "5").click()
        expect_digit(page, "5")
    draw(page, [[[0.1, 0.1], [0.2, 0.1]]])
    expect(page.get_by_role("alert").filter(has_text="Your drawing is kept")).to_be_visible()
    ink = pad(page).evaluate(
        "pad => pad.getContext('2d').getImageData(0, 0, pad.width, pad.height).data.some(byte => byte)"
    )
    assert ink
