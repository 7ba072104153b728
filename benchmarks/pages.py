"""How fast the pages that compute in the browser follow a hand: Arithmetic's edits and walks, a drag on Kernels.

`python -m benchmarks.pages [--json FILE]` starts ConvScope and reads from the page itself: the milliseconds of an edit,
medians (`edit_largest_ms`: an 8×8 input of three channels and two outputs; `edit_OP_PASS_ms`: a map of 64×64, in each
pass of convolution and both poolings), the seconds of a walk through 62×62 outputs at 16 steps a frame (`walk_s`), and
the frames a second while one weight is dragged over a picture in colour (`drag_SIDE_SIZE_fps`; `drag_chain_fps`: of the
first of three kernels of 5×5), in a Chromium without the screen's limit. `strokes_ms` is the least time in which `core`
makes a picture of 100 points.
"""

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.explorer import served, usable_page
from core.data.strokes import preprocess
from core.speed.timing import machine, write_json
from tests.browser import chromium

ARITHMETIC = ".arithmetic [data-control='{}']"
EDITS = """async (cell) => {
  cell.focus();
  const times = [];
  for (let k = 0; k < 21; k++) {
    const start = performance.now();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }));
    document.body.offsetHeight;
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 60));
  }
  return times;
}"""
WALK = """async () => {
  const place = document.querySelector(".transport-place");
  const start = performance.now();
  document.querySelector(".transport [data-tool=play]").click();
  while (place.dataset.at !== "3843") await new Promise(requestAnimationFrame);
  return (performance.now() - start) / 1000;
}"""
DRAG = """([x, y, tap, frames]) => new Promise(done => {
  const cell = document.querySelectorAll(".tap")[tap];
  const started = performance.now();
  let count = 0;
  requestAnimationFrame(function move() {
    const place = { clientX: x + (count * 4) % 160, clientY: y };
    cell.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerId: 1, ...place }));
    if (++count < frames) requestAnimationFrame(move);
    else done(1000 * count / (performance.now() - started));
  });
})"""
FRAMES, TRIALS = 60, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--port", type=int, default=7899)
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    figures = {"strokes_ms": 1000 * strokes()}
    with sync_playwright() as playwright, served("recommended", options.port):
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        figures |= edits(opened(browser, options.port, "arithmetic"))
        browser.close()
        unlimited = [*chromium.FLAGS, "--disable-frame-rate-limit"]
        browser = playwright.chromium.launch(executable_path=path, args=unlimited)
        for side, size in [(512, 5), (1024, 7)]:
            page = opened(browser, options.port, "kernels")
            take(page, side, size)
            figures[f"drag_{side}_{size}_fps"] = drag(page, size * size // 2)
        figures["drag_chain_fps"] = drag(chained(opened(browser, options.port, "kernels")), 12)
        browser.close()
    for name, value in figures.items():
        print(f"{name:28} {value:>10,.2f}")
    if options.json:
        write_json(options.json, {"benchmark": "pages", "machine": machine(), **figures})


def strokes() -> float:
    """Return the seconds in which 100 points of a stroke become a picture, the least of 40."""
    turns = np.linspace(0, 6, 100)
    points = [np.stack([np.cos(turns), np.sin(2 * turns)], 1)]
    seconds = []
    for _ in range(40):
        start = time.perf_counter()
        preprocess(points)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def opened(browser: Browser, port: int, name: str) -> Page:
    page = usable_page(browser, port)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("tab", name=name.capitalize()).click()
    return page


def edits(page: Page) -> dict[str, float]:
    """Return the median milliseconds of edits on Arithmetic, and the seconds of a walk."""
    choose = {"input.rows": "8", "input.columns": "8", "inputs": "3", "outputs": "2"}
    for name, value in choose.items():
        page.locator(ARITHMETIC.format(name)).select_option(value)
    first = page.locator(".arithmetic [data-tensor=input] [data-index='9']").first
    figures = {"edit_largest_ms": statistics.median(first.evaluate(EDITS))}
    page.locator(ARITHMETIC.format("preset")).select_option("large")
    for op in ("conv", "max", "avg"):
        page.locator(ARITHMETIC.format("op")).select_option(op)
        for choice in page.locator("[data-pass]").all():
            choice.click()
            page.wait_for_timeout(500)  # for what the server is asked to check
            cell = page.locator(".stage-read").locator(".sheet, [data-index='0']").first
            times = cell.evaluate(EDITS)
            figures[f"edit_{op}_{choice.get_attribute('data-pass')}_ms"] = statistics.median(times)
    page.locator(ARITHMETIC.format("preset")).select_option("large")
    page.locator(ARITHMETIC.format("speed")).select_option("16")
    page.locator(".transport-place[data-count='3844']").wait_for()
    figures["walk_s"] = page.evaluate(WALK)
    return figures


def take(page: Page, side: int, size: int) -> None:
    """Take a picture of waves and grain, and a Gaussian of `size` × `size`."""
    waves = np.sin(np.arange(side) / 17)
    grain = np.random.default_rng(0).normal(0, 40, (side, side, 3))
    picture = io.BytesIO()
    Image.fromarray((127 + 100 * waves[:, None, None] + grain).clip(0, 255).astype(np.uint8)).save(picture, "PNG")
    page.locator(".magnifier .magnified-cell").first.wait_for()
    page.locator(".kernels .source-file").set_input_files(
        {"name": "grained.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.locator(f"[data-screen='input'] canvas[width='{side}']").wait_for()
    page.locator(".kernels [data-control='preset']").select_option("gaussian")
    resize(page, size)


def chained(page: Page) -> Page:
    """Return the page with three kernels of 5×5, the first one in view."""
    page.locator(".magnifier .magnified-cell").first.wait_for()
    for k, preset in enumerate(("gaussian", "gaussian", "emboss")):
        if k:
            page.locator("[data-tool='chain-add']").click()
        page.locator(".kernels [data-control='preset']").select_option(preset)
    resize(page, 5)
    page.locator(".chain-card[data-stage] .chain-pick").first.click()
    return page


def resize(page: Page, size: int) -> None:
    for axis in ("rows", "columns"):
        page.locator(f".kernels [data-control='size.{axis}']").fill(str(size))
    page.locator(".tap").nth(size * size - 1).wait_for()
    page.locator(".kernels[aria-busy='false']").wait_for()


def drag(page: Page, at: int) -> float:
    """Return the most frames a second of some drags of a weight."""
    tap = page.locator(".tap").nth(at)
    tap.hover()
    page.mouse.down()
    box = tap.bounding_box()
    assert box
    place = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, at, FRAMES]
    best = max(float(page.evaluate(DRAG, place)) for _ in range(TRIALS))
    page.mouse.up()
    return best


if __name__ == "__main__":
    main()
