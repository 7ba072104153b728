"""A person's ways through the Kernels page, in Chromium. What it computes is checked against torch."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import speak
from tests.browser.kernels_page import (
    canvas_bytes,
    choose,
    correlated,
    drag,
    encoded,
    fill,
    magnifier,
    open_kernels,
    picture_of,
    pixels,
    read_sum,
    saved,
    settled,
    taps,
    upload,
    weights,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "conv.json"


@pytest.fixture
def kernels(app: str, open_page: Callable[..., Page]) -> Page:
    return open_kernels(open_page(app))


def grained(side: int) -> bytes:
    """A picture of waves and grain, `side` × `side`, all levels from 0 to 255 in it."""
    waves = np.sin(np.arange(side) / 17)
    grain = np.random.default_rng(0).normal(0, 40, (side, side, 3))
    return encoded(Image.fromarray((127 + 100 * waves[:, None, None] + grain).clip(0, 255).astype(np.uint8)))


def take(page: Page, side: int, size: int) -> None:
    """Take a picture of `side` × `side` and a Gaussian of `size` × `size`."""
    upload(page, "grained.png", grained(side))
    expect(picture_of(page, "input")).to_have_attribute("width", str(side))
    choose(page, "preset", "gaussian")
    for axis in ("rows", "columns"):
        fill(page, f"size.{axis}", size)
    expect(weights(page)).to_have_count(size * size)
    settled(page)


def test_the_picture_on_the_page_is_what_torch_computes(kernels: Page) -> None:
    picture = pixels(kernels, "input")
    for name in ("sobelx", "sharpen", "box", "laplacian", "motion", "gabor"):
        choose(kernels, "preset", name)
        choose(kernels, "show", "clamp")
        kernel = taps(kernels)
        divisor = kernel.sum() if kernels.locator("[data-control='normalise']").is_checked() else 1
        wanted = (correlated(picture, kernel) / divisor).clamp(0, 255)
        assert (pixels(kernels, "output") - wanted).abs().max() <= 0.51, name


def test_every_setting_at_once_is_what_torch_computes(kernels: Page) -> None:
    choose(kernels, "preset", "emboss")
    fill(kernels, "size.rows", 4)
    fill(kernels, "size.columns", 6)
    fill(kernels, "stride.rows", 3)
    fill(kernels, "stride.columns", 2)
    fill(kernels, "dilation.columns", 2)
    fill(kernels, "bias", "40.5")
    choose(kernels, "mode", "reflect")
    kernels.locator("[data-control='flip']").check()
    choose(kernels, "show", "absolute")
    expect(kernels.locator(".kernels-treated")).to_contain_text("Bias 40.5 added")
    flipped = taps(kernels).flip(0, 1)
    picture = pixels(kernels, "input")
    values = correlated(picture, flipped, mode="reflect", stride=(3, 2), dilation=(1, 2)) + 40.5
    assert (pixels(kernels, "output") - values.abs().clamp(0, 255)).abs().max() <= 0.51
    y, x, _, value = read_sum(kernels)
    assert abs(value - values[0, y, x]) <= 1e-4 * abs(values[0, y, x])
    expect(kernels.locator(".kernels-code")).to_have_text(
        'F.conv2d(F.pad(x, (5, 5, 1, 2), mode="reflect"), w.flip(2, 3), stride=(3, 2), dilation=(1, 2))'
    )


def test_the_magnifier_prints_the_whole_sum_of_the_pixel_under_the_pointer(kernels: Page) -> None:
    choose(kernels, "preset", "gaussian")
    picture, kernel = pixels(kernels, "input"), taps(kernels)
    sums = correlated(picture, kernel)
    output = picture_of(kernels, "output")
    for part in ((0.3, 0.4), (0.0, 0.0), (0.999, 0.5)):
        box = output.bounding_box()
        assert box
        before = magnifier(kernels).get_by_role("heading").inner_text()
        output.hover(position={"x": part[1] * box["width"], "y": part[0] * (box["height"] - 1)})
        expect(magnifier(kernels).get_by_role("heading")).not_to_have_text(before)
        y, x, total, value = read_sum(kernels)
        assert abs(y - part[0] * 512) <= 2
        assert abs(x - part[1] * 512) <= 2
        assert abs(total - sums[0, y, x]) <= 1e-4 * abs(total)
        assert abs(value - sums[0, y, x] / kernel.sum()) <= 1e-4 * abs(value)
    kernels.locator(".magnifier-full summary").click()
    expect(kernels.locator(".magnifier-whole")).to_contain_text(" = ")  # written when the details have opened
    written = kernels.locator(".magnifier-whole").inner_text().replace("−", "-")
    left, right = written.split(" = ")
    products = [np.prod([float(factor.strip("()")) for factor in term.split("·")]) for term in left.split(" + ")]
    assert len(products) == 25
    assert abs(sum(products) - float(right)) <= 1e-4 * float(right)
    kernels.locator("[data-channel='2']").click()
    y, x, total, _ = read_sum(kernels)
    assert abs(total - sums[2, y, x]) <= 1e-4 * abs(total)


def test_webgl_paints_what_torch_computes(kernels: Page) -> None:
    by = kernels.locator("[data-control='by']")
    if by.locator("option[value='webgl']").is_disabled():
        pytest.skip("this Chromium has no WebGL2")
    picture = pixels(kernels, "input")
    kernels.evaluate(
        """() => {
          const output = document.querySelector("[data-screen='output'] canvas").getContext("2d");
          const drawn = output.drawImage.bind(output);
          output.putImageData = () => {};  // what is computed at rest must not hide what the card painted
          output.drawImage = (...all) => { window.painted = (window.painted ?? 0) + 1; drawn(...all); };
        }"""
    )
    choose(kernels, "by", "webgl")
    for name, mode, divided in (("sobelx", "circular", False), ("gabor", "reflect", False), ("box", "zeros", True)):
        choose(kernels, "preset", name)
        choose(kernels, "mode", mode)
        choose(kernels, "show", "clamp")
        fill(kernels, "size.rows", 6)
        fill(kernels, "stride.columns", 2)
        before = kernels.evaluate("() => window.painted ?? 0")
        fill(kernels, "bias", 20 if name == "box" else 30)
        kernels.wait_for_function("before => (window.painted ?? 0) > before", arg=before)
        expect(kernels.locator(".kernels-speed")).to_have_attribute("data-path", "webgl")
        kernel = taps(kernels)
        how = {"zeros": "constant"}.get(mode, mode)
        sums = correlated(picture, kernel, mode=how, stride=(1, 2)) / (kernel.sum() if divided else 1)
        wanted = (sums + (20 if name == "box" else 30)).clamp(0, 255)
        assert (pixels(kernels, "output") - wanted).abs().max() <= 1, name


def test_webgl_agrees_with_every_golden_case(kernels: Page) -> None:
    """On the card's own terms: float32 sums, shown in whole levels."""
    if kernels.locator("[data-control='by'] option[value='webgl']").is_disabled():
        pytest.skip("this Chromium has no WebGL2")
    worst = kernels.evaluate(
        """async cases => {
          const modules = performance.getEntriesByType("resource").map(({ name }) => name);
          const page = modules.find(name => name.endsWith("/web/kernels/page.js"));
          const { createPainter } = await import(new URL("./webgl.js", page));
          const { padded, rotated, windowsOf } = await import(new URL("../lib/conv.js", page));
          const painter = createPainter();
          return cases.map(given => {
            const wanted = { rows: given.rows, columns: given.columns, values: given.values };
            const kernel = given.flip ? rotated(wanted) : wanted;
            const { geometry } = windowsOf(given.height, given.width, kernel, given);
            const planes = given.planes.map(plane => padded(Float64Array.from(plane), geometry));
            const divisor = Math.max(...given.sums.flat().map(Math.abs)) / 120 || 1;
            painter.paint(planes, kernel, geometry, divisor, 128, false);
            const copy = new OffscreenCanvas(painter.surface.width, painter.surface.height).getContext("2d");
            copy.drawImage(painter.surface, 0, 0);
            const { data } = copy.getImageData(0, 0, geometry.columns.output, geometry.rows.output);
            const off = (sum, c, k) => Math.abs(data[4 * k + c] - (sum / divisor + 128));
            return Math.max(...given.sums.flatMap((plane, c) => plane.map((sum, k) => off(sum, c, k))));
          });
        }""",
        json.loads(GOLDEN.read_text())["cases"],
    )
    assert len(worst) == 80
    assert max(worst) <= 1


def moved_by_card(page: Page, frames: int = 20) -> None:
    """Choose WebGL2 and move a weight, so many frames one after the other."""
    by = page.locator("[data-control='by']")
    if by.locator("option[value='webgl']").is_disabled():
        pytest.skip("this Chromium has no WebGL2")
    choose(page, "by", "webgl")
    weights(page).nth(1).focus()
    for _ in range(frames):
        page.keyboard.press("ArrowUp")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_time_of_a_frame_is_that_until_its_pixels_are_there(kernels: Page) -> None:
    take(kernels, 1024, 7)
    kernels.evaluate(
        """() => {
          const { prototype } = WebGL2RenderingContext;
          const [drawn, read] = [prototype.drawArrays, prototype.readPixels];
          window.waited = [];
          prototype.drawArrays = function (...all) { this.began = performance.now(); drawn.apply(this, all); };
          prototype.readPixels = function (...all) {
            read.apply(this, all);
            window.waited.push(performance.now() - this.began);
          };
        }"""
    )
    moved_by_card(kernels, 10)
    speed = kernels.locator(".kernels-speed")
    expect(speed).to_have_attribute("data-path", "webgl")
    waited = kernels.evaluate("() => window.waited")
    said = float(speed.get_attribute("data-compute-ms") or "nan")
    assert any(abs(said - real) <= 0.2 * real for real in waited[-2:]), (said, waited)
    assert float(speed.get_attribute("data-ms") or "nan") >= said


def test_a_lost_card_is_said_and_returns(kernels: Page) -> None:
    kernels.evaluate(
        """() => {
          const { prototype } = WebGL2RenderingContext;
          const drawn = prototype.drawArrays;
          prototype.drawArrays = function (...all) {
            window.card ??= this.getExtension("WEBGL_lose_context");
            drawn.apply(this, all);
          };
        }"""
    )
    by = kernels.locator("[data-control='by']")
    moved_by_card(kernels, 2)
    kernels.evaluate("() => window.card.loseContext()")
    expect(by).to_have_value("arrays")
    expect(by.locator("option[value='webgl']")).to_be_disabled()
    choose(kernels, "show", "clamp")
    settled(kernels)
    wanted = correlated(pixels(kernels, "input"), taps(kernels)).clamp(0, 255)
    assert (pixels(kernels, "output") - wanted).abs().max() <= 0.51
    kernels.evaluate("() => window.card.restoreContext()")
    expect(by).to_have_value("webgl")
    moved_by_card(kernels, 2)
    expect(kernels.locator(".kernels-speed")).to_have_attribute("data-path", "webgl")


def test_a_picture_beyond_the_card_is_computed_by_arrays_and_that_is_said(app: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page.add_init_script(
        """const asked = WebGL2RenderingContext.prototype.getParameter;
        WebGL2RenderingContext.prototype.getParameter = function (name) {
          return name === this.MAX_TEXTURE_SIZE ? 256 : asked.call(this, name);
        };"""
    )
    page.goto(app)
    page.locator(".draw .headline[data-verdict]").wait_for(timeout=30_000)
    kernels = open_kernels(page)
    moved_by_card(kernels, 3)
    speed = kernels.locator(".kernels-speed")
    expect(speed).to_contain_text("too large for WebGL2 here, which takes 256 pixels a side")
    expect(speed).not_to_have_attribute("data-path", "webgl")
    settled(kernels)
    wanted = correlated(pixels(kernels, "input"), taps(kernels)).clamp(0, 255)
    assert (pixels(kernels, "output") - wanted).abs().max() <= 0.51
    page.close()


def test_webgl_paints_the_largest_kernels(kernels: Page) -> None:
    if kernels.locator("[data-control='by'] option[value='webgl']").is_disabled():
        pytest.skip("this Chromium has no WebGL2")
    worst = kernels.evaluate(
        """async () => {
          const modules = performance.getEntriesByType("resource").map(({ name }) => name);
          const page = modules.find(name => name.endsWith("/web/kernels/page.js"));
          const { createPainter } = await import(new URL("./webgl.js", page));
          const { addTaps, padded, windowsOf } = await import(new URL("../lib/conv.js", page));
          const kernel = { rows: 15, columns: 15, values: Array.from({ length: 225 }, (_, k) => Math.sin(k)) };
          const plane = Float64Array.from({ length: 40 * 37 }, (_, k) => (k * 31) % 256);
          const settings = { stride: [1, 1], dilation: [1, 1], padding: "same", mode: "replicate" };
          const { geometry } = windowsOf(40, 37, kernel, settings);
          const surrounded = padded(plane, geometry);
          const sums = new Float64Array(geometry.rows.output * geometry.columns.output);
          addTaps(sums, surrounded, kernel.values, geometry);
          const painter = createPainter();
          const divisor = Math.max(...sums.map(Math.abs)) / 120;
          painter.paint([surrounded], kernel, geometry, divisor, 128, false);
          const copy = new OffscreenCanvas(painter.surface.width, painter.surface.height).getContext("2d");
          copy.drawImage(painter.surface, 0, 0);
          const { data } = copy.getImageData(0, 0, geometry.columns.output, geometry.rows.output);
          return Math.max(...sums.map((sum, k) => Math.abs(data[4 * k] - (sum / divisor + 128))));
        }"""
    )
    assert worst <= 1


def test_dragging_a_cell_changes_it_and_is_one_step_of_undo(kernels: Page) -> None:
    before = taps(kernels)
    box = weights(kernels).nth(4).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    kernels.mouse.move(x, y)
    kernels.mouse.down()
    for k in range(1, 11):
        kernels.mouse.move(x + 4 * k, y)
    expect(weights(kernels).nth(4)).to_have_text("2")
    kernels.keyboard.down("Shift")
    kernels.mouse.move(x + 48, y)
    kernels.keyboard.up("Shift")
    expect(weights(kernels).nth(4)).to_have_text("4")
    kernels.mouse.up()
    expect(kernels.locator(".preset")).to_have_value("")
    expect(kernels.locator(".kernels-speed")).to_have_attribute("data-path", "update")
    picture = pixels(kernels, "input")
    wanted = correlated(picture, taps(kernels)).clamp(0, 255)
    assert (pixels(kernels, "output") - wanted).abs().max() <= 0.51
    kernels.get_by_role("button", name="Undo (Ctrl+").click()
    expect(kernels.locator(".preset")).to_have_value("emboss")
    assert torch.equal(taps(kernels), before)
    kernels.get_by_role("button", name="Redo (Ctrl+").click()
    expect(weights(kernels).nth(4)).to_have_text("4")


@pytest.mark.parametrize(("side", "size"), [(512, 5), (1024, 7)])
def test_a_drag_computes_what_the_dragged_weight_changes_and_says_how_fast(kernels: Page, side: int, size: int) -> None:
    take(kernels, side, size)
    drag(kernels, size * size // 2)
    speed = kernels.locator(".kernels-speed")
    expect(speed).to_have_attribute("data-path", "update")
    expect(speed).to_contain_text("frames a second")
    expect(speed).to_contain_text(f"1 changed of {size * size} weights")


@pytest.mark.parametrize("show", ["clamp", "absolute"])
def test_the_middle_of_a_drag_is_painted_as_torch_computes_it_and_its_rest_is_exact(
    kernels: Page, show: str, tmp_path: Path
) -> None:
    take(kernels, 1024, 7)
    choose(kernels, "show", show)
    fill(kernels, "bias", -60)
    picture = pixels(kernels, "input")
    box = weights(kernels).nth(10).bounding_box()
    assert box
    kernels.mouse.move(box["x"] + 5, box["y"] + 5)
    kernels.mouse.down()
    kernels.evaluate("() => { window.later = setTimeout; setTimeout = () => 0; }")  # the hand does not come to rest
    for k in range(1, 6):
        kernels.mouse.move(box["x"] + 5 + 24 * k, box["y"] + 5)
        kernels.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    painted = canvas_bytes(picture_of(kernels, "output"))
    expect(kernels.locator(".kernels")).to_have_attribute("aria-busy", "true")
    expect(kernels.locator(".kernels-speed")).to_have_attribute("data-path", "update")
    kernels.evaluate("() => { setTimeout = window.later; }")
    kernels.mouse.up()
    choose(kernels, "by", "arrays")  # a frame without a change, and rest

    settled(kernels)
    kernel = torch.tensor(np.load(saved(kernels, "Kernel (NPY)", tmp_path)))
    values = torch.tensor(np.load(saved(kernels, "Values of the result", tmp_path)))
    assert kernel[1, 3] > 2
    wanted = correlated(picture, kernel) / kernel.sum() - 60
    assert (values - wanted).abs().max() <= 1e-9
    level = (wanted.abs() if show == "absolute" else wanted).clamp(0, 255)
    assert wanted.min() < -1
    assert (painted - level).abs().max() <= 0.51
    y, x, _, value = read_sum(kernels)
    assert abs(value - wanted[0, y, x]) <= 1e-4 * abs(value)


def test_a_kernel_is_edited_by_keyboard_alone(kernels: Page) -> None:
    kernels.locator(".preset").focus()
    for _ in range(4):
        kernels.keyboard.press("Tab")
        if kernels.evaluate("document.activeElement.classList.contains('tap')"):
            break
    expect(weights(kernels).first).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        kernels.keyboard.press(key)
    kernels.keyboard.type("−0,5")
    kernels.keyboard.press("Enter")
    cell = weights(kernels).nth(4)
    expect(cell).to_have_text("−0.5")
    expect(cell).to_be_focused()
    kernels.keyboard.press("PageUp")
    expect(cell).to_have_text("−0.4")
    kernels.keyboard.press("Shift+PageDown")
    expect(cell).to_have_text("−1.4")
    kernels.keyboard.type("1/8")
    kernels.keyboard.press("Enter")
    expect(cell).to_have_text("0.125")
    kernels.keyboard.press("Delete")
    expect(cell).to_have_text("0")
    kernels.keyboard.press("Control+z")
    kernels.keyboard.press("Control+z")
    expect(cell).to_have_text("−1.4")
    kernels.keyboard.press("Control+y")
    expect(cell).to_have_text("0.125")


def test_what_is_not_a_number_is_said_at_the_cell(kernels: Page) -> None:
    cell = weights(kernels).nth(2)
    cell.dblclick()
    kernels.keyboard.type("abc")
    kernels.keyboard.press("Enter")
    message = kernels.locator(".tap-message")
    expect(message).to_contain_text("“abc” is not a number")
    below, at = message.bounding_box(), cell.bounding_box()
    assert below
    assert at
    assert 0 <= below["y"] - at["y"] - at["height"] < 20
    kernels.keyboard.press("Escape")
    expect(message).to_be_hidden()
    expect(cell).to_have_text("0")


def test_the_pictures_are_walked_by_keyboard(kernels: Page) -> None:
    picture_of(kernels, "output").focus()
    y, x, *_ = read_sum(kernels)
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowDown"):
        kernels.keyboard.press(key)
    expect(magnifier(kernels).get_by_role("heading")).to_contain_text(f"row {y + 11}, column {x + 1}")
    expect(magnifier(kernels)).to_have_class(re.compile("pinned"))
    kernels.keyboard.press("Home")
    expect(magnifier(kernels).get_by_role("heading")).to_contain_text("column 0")
    expect(kernels.locator(".magnified-cell.padding")).to_have_count(3)


def test_three_places_light_up_together(kernels: Page) -> None:
    kernels.locator("[data-part='products'] [data-tap='5']").hover()
    expect(kernels.locator("[data-part='patch'] [data-tap='5']")).to_have_class(re.compile("lit"))
    expect(weights(kernels).nth(5)).to_have_class(re.compile("lit"))
    expect(kernels.locator(".magnifier-reading")).to_contain_text("picture row")


def test_separable_kernels_run_as_two_passes_and_say_so(kernels: Page) -> None:
    choose(kernels, "preset", "gaussian")
    fill(kernels, "size.rows", 9)
    fill(kernels, "size.columns", 7)
    expect(kernels.locator(".kernels-separable")).to_contain_text("16 multiplications a value instead of 63")
    expect(kernels.locator(".kernels-speed")).to_contain_text("two passes")
    vertical = kernels.locator(".taps-down .factor")
    expect(vertical).to_have_count(9)
    expect(vertical.first).to_be_visible()
    choose(kernels, "preset", "laplacian")
    expect(kernels.locator(".kernels-separable")).to_contain_text("Not separable")
    expect(vertical.first).to_be_hidden()


def test_what_no_window_reaches_is_greyed_out(kernels: Page) -> None:
    veil, said = kernels.locator("[data-screen='input'] .screen-veil"), kernels.locator(".kernels-missed")
    expect(veil).to_be_hidden()
    fill(kernels, "stride.rows", 5)
    expect(veil).to_be_visible()
    expect(said).to_have_text("Grey: no window reaches these. Rows: 204, columns: 0.")
    fill(kernels, "stride.rows", 3)
    expect(veil).to_be_hidden()
    expect(said).to_be_empty()


def test_the_sum_stands_below_the_pictures_and_stays_where_it_is(kernels: Page) -> None:
    def tops() -> list[float]:
        settled(kernels)
        return [kernels.locator(part).bounding_box()["y"] for part in (".of-output canvas", ".taps", ".magnifier")]  # type: ignore[index]

    before = tops()
    assert before[2] < 700
    for name in ("gaussian", "sobelx", "box", "motion", "identity"):
        choose(kernels, "preset", name)
        assert tops() == pytest.approx(before, abs=1), name


def test_a_large_window_is_filled_and_still_shows_the_sum(app: str, open_page: Callable[..., Page]) -> None:
    page = open_kernels(open_page(app, width=1920, height=1080))
    for name in ("input", "output"):
        screen, column = (
            page.locator(part).bounding_box() for part in (f"[data-screen='{name}']", f".kernels-view.of-{name}")
        )
        assert screen
        assert column
        assert screen["width"] == pytest.approx(column["width"], abs=1)
        assert screen["width"] > 500
    total = page.locator(".magnifier-sum .value").bounding_box()
    assert total
    assert total["y"] + total["height"] <= 1080


def test_a_number_out_of_range_is_not_taken_and_said(kernels: Page) -> None:
    stride = kernels.locator("[data-control='stride.rows']")
    for typed in ("0", "17", "1.5", ""):
        fill(kernels, "stride.rows", typed)
        expect(stride).to_have_attribute("aria-invalid", "true")
        assert stride.evaluate("field => field.validationMessage") == "Type a whole number from 1 to 16."
    assert pixels(kernels, "output").shape == (3, 512, 512)
    stride.blur()
    expect(stride).to_have_value("1")
    expect(stride).to_have_attribute("aria-invalid", "false")
    bias = kernels.locator("[data-control='bias']")
    bias.fill("two")
    assert "“two” is not a number" in bias.evaluate("field => field.validationMessage")


def test_a_phone_shows_everything_without_sideways_scrolling(app: str, open_page: Callable[..., Page]) -> None:
    page = open_kernels(open_page(app, width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2))
    for control in ("size.rows", "size.columns"):
        fill(page, control, 15)
    expect(weights(page)).to_have_count(225)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for part in ("[data-screen='input']", "[data-screen='output']", ".taps", ".magnifier"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    picture_of(page, "output").tap(position={"x": 30, "y": 40})
    expect(magnifier(page)).to_have_class(re.compile("pinned"))


def test_dark_and_chinese(kernels: Page) -> None:
    light = weights(kernels).nth(2).evaluate("cell => getComputedStyle(cell).backgroundColor")
    kernels.locator(".bar-end .tool[title='Light or dark']").click()
    expect(weights(kernels).nth(2)).not_to_have_css("background-color", light)
    speak(kernels, "zh")
    expect(kernels.locator(".of-kernel .kernels-title")).to_have_text("卷积核")
    expect(kernels.locator(".kernels-treated")).to_contain_text("值从")
    expect(kernels.locator("#pages [data-tab-id=kernels]")).to_have_text("卷积核")
