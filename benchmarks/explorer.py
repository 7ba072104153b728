"""How fast the page answers: a real page in Chromium, on the machine that serves it.

`python -m benchmarks.explorer [--json FILE]` starts ConvScope, draws the ten example digits with the mouse at 60 moves
a second, and reads from the page itself how long each move took until the prediction and all maps that include it were
painted. Summary fields: `stroke_p50_ms`, `stroke_p95_ms` (milliseconds: the engine in the page draws what moves, the
server what rests), `server_stroke_p50_ms`, `server_stroke_p95_ms` (on a page that cannot load the engine, and so asks
the server for each movement, as one of a model that the engine does not know), `answer_bytes` (largest answer, sent),
`start_s` (from the command to a usable page), `import_s` (`import torch, gradio` alone, in the same run), `cell_p50_ms`
(from the press on a cell that the pointer rests on to its painted sum), `cell_at_once_p50_ms` (from the press on a cell
that the pointer has only just reached), `level_p50_ms` (from the press on a layer or a
number, or on Escape, until the whole network stands at that level), `hover_p50_ms` and `hover_p95_ms` (the page's work
for one move over the maps), `hover_requests` (made meanwhile); and for ResNet18 at 224×224 with random weights
`resnet18_open_s` (its link, opened on a server that has answered one page of another model, until the maps in view are
painted), `resnet18_again_s` (once more), `resnet18_hover_p50_ms`, `resnet18_scroll_fps` (frames a second under the
wheel, from the first column to the last and back).
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from core.speed.timing import machine, write_json
from tests.browser import chromium

EXAMPLES = Path(__file__).resolve().parent.parent / "explorer" / "web" / "examples.json"
MOVE_SECONDS = 1 / 60
STARTS = 3
RESNET = "model=resnet18%3Auntrained"
CELLS = 30
"""Cells that are opened, and moves over the maps of a column."""

AT_ONCE = 12
"""Cells that are pressed as soon as the pointer is there."""

CELL_MS = 400
"""Between two cells."""

REST_MS = 150
"""The pointer rests on a cell before it is pressed, as a person's does who reads it."""

WHEEL = 120
"""px of one notch of a wheel."""

COLLECT = """() => {
  window.strokes = [];
  window.answers = [];
  new PerformanceObserver((list) => window.strokes.push(...list.getEntriesByName("stroke").map((e) => e.duration)))
    .observe({ type: "measure" });
  new PerformanceObserver((list) => window.answers.push(
    ...list.getEntries().filter((e) => e.name.includes("component_server")).map((e) => e.encodedBodySize)
  )).observe({ type: "resource" });
}"""

PAINTED = """() => {
  const track = document.querySelector(".network .steps"), frame = track?.getBoundingClientRect();
  const all = [...(track?.querySelectorAll(".maps") ?? [])];
  const seen = all.filter((maps) => maps.getBoundingClientRect().left < frame.right);
  return seen.length > 1 && seen.every((maps) => maps.firstChild.getContext("2d").getImageData(5, 5, 1, 1).data[3]);
}"""

LISTEN = """() => {
  window.cells = [];
  window.levels = [];
  window.hovers = [];
  let start = 0, pressed = 0;
  for (const act of ["click", "keydown"]) window.addEventListener(act, (e) => { pressed = e.timeStamp; }, true);
  const since = (list, name) => list.getEntriesByName(name).map((e) => e.startTime + e.duration - pressed);
  new PerformanceObserver((list) => {
    window.cells.push(...since(list, "cell"));
    window.levels.push(...since(list, "level"));
  }).observe({ type: "measure" });
  window.addEventListener("pointermove", () => { start = performance.now(); }, true);
  window.addEventListener("pointermove", () => { window.hovers.push(performance.now() - start); });
}"""

COUNT_FRAMES = """() => {
  window.frames_ = [];
  const next = (now) => { window.frames_.push(now); requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--model", default="recommended")
    parser.add_argument("--digits", default="0123456789", help="example digits to draw")
    parser.add_argument("--port", type=int, default=7899)
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        imports, starts, opened, again = [], [], [], []
        for _ in range(STARTS):
            imports.append(import_seconds())
            with served(options.model, options.port):
                starts.append(seconds_to_usable_page(browser, options.port))
                opened.append(seconds_to_open(browser, options.port, RESNET))
                again.append(seconds_to_open(browser, options.port, RESNET))
        with served(options.model, options.port):
            page = usable_page(browser, options.port)
            samples, answer_bytes = draw_digits(page, options.digits)
            cells, levels, hovers, requests = point_and_click(page)
            at_once = opened_cells(page, AT_ONCE, rest=0)
            page.context.close()
            asking = usable_page(browser, options.port, engine=False)
            by_server, _ = draw_digits(asking, options.digits)
            asking.context.close()
            deep = opened_page(browser, options.port, RESNET)
            _, _, deep_hovers, deep_requests = point_and_click(deep, cells=0)
            fps = frames_a_second(deep)
        browser.close()
    result = {
        "benchmark": "explorer",
        "machine": machine(),
        "model": options.model,
        "moves": len(samples),
        "stroke_p50_ms": statistics.median(samples),
        "stroke_p95_ms": worst(samples),
        "server_stroke_p50_ms": statistics.median(by_server),
        "server_stroke_p95_ms": worst(by_server),
        "answer_bytes": answer_bytes,
        "start_s": statistics.median(starts),
        "import_s": statistics.median(imports),
        "cell_p50_ms": statistics.median(cells),
        "cell_at_once_p50_ms": statistics.median(at_once),
        "level_p50_ms": statistics.median(levels),
        "hover_p50_ms": statistics.median(hovers),
        "hover_p95_ms": worst(hovers),
        "hover_requests": requests + deep_requests,
        "resnet18_open_s": statistics.median(opened),
        "resnet18_again_s": statistics.median(again),
        "resnet18_hover_p50_ms": statistics.median(deep_hovers),
        "resnet18_scroll_fps": fps,
    }
    for name in list(result)[3:]:
        value = result[name]
        print(f"{name:22} {value:>10,.2f}" if isinstance(value, float) else f"{name:22} {value:>10,}")
    if options.json:
        write_json(options.json, result)


def worst(samples: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(samples, n=20)[-1]


def import_seconds() -> float:
    """Return the seconds of a fresh process that imports torch and Gradio and does nothing else."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, gradio"], check=True)
    return time.perf_counter() - started


@contextmanager
def served(model: str, port: int, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the app as its command line does, and give its process."""
    command = [sys.executable, "-m", "explorer", "--no-open", "--model", model, "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def seconds_to_usable_page(browser: Browser, port: int) -> float:
    started = time.perf_counter()
    usable_page(browser, port).context.close()
    return time.perf_counter() - started


def usable_page(browser: Browser, port: int, *, engine: bool = True) -> Page:
    """Return the page once it answered its first (empty) drawing; without its `engine` it cannot compute any itself."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    if not engine:
        page.add_init_script("delete window.Worker")
    deadline = time.monotonic() + 120
    while not listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    page.goto(f"http://127.0.0.1:{port}")
    page.locator(".headline[data-verdict]").wait_for(timeout=60_000)
    return page


def seconds_to_open(browser: Browser, port: int, link: str) -> float:
    """Return the time from opening a link on a fresh page until the maps in view are painted."""
    started = time.perf_counter()
    page = opened_page(browser, port, link)
    seconds = time.perf_counter() - started
    page.context.close()
    return seconds


def opened_page(browser: Browser, port: int, link: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"http://127.0.0.1:{port}/#{link}", wait_until="commit")
    page.wait_for_function(PAINTED, timeout=60_000)
    return page


def point_and_click(page: Page, cells: int = CELLS) -> tuple[list[float], list[float], list[float], int]:
    """Return the milliseconds of opening cells, of changing levels and of each move, and the requests while moving."""
    asked: list[str] = []
    page.evaluate(LISTEN)
    opened = opened_cells(page, cells)
    maps = pictures_of(page)
    maps[0].scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # for the last maps that came into view
    page.evaluate("window.hovers.length = 0")
    page.on("request", lambda request: asked.append(request.url))
    for picture in maps[:4]:
        box = picture.bounding_box()
        assert box
        for k in range(CELLS):
            page.mouse.move(box["x"] + 5 + k, box["y"] + 5 + 2 * k)
    hovers: list[float] = page.evaluate("window.hovers")
    requests = len(asked)
    for layer in page.locator(".network .step-open").all()[: cells // 3]:  # last: it brings pictures of its kernels
        page.wait_for_timeout(REST_MS)
        layer.click()
        page.wait_for_timeout(CELL_MS)
        page.keyboard.press("Escape")
    levels: list[float] = page.evaluate("window.levels")
    return opened, levels, hovers, requests


def opened_cells(page: Page, cells: int, rest: int = REST_MS) -> list[float]:
    """Return the milliseconds from the press on each of some cells, on which the pointer rests before, to its sum."""
    page.evaluate("window.cells.length = 0")
    maps = pictures_of(page)
    for k in range(cells):
        maps[k % len(maps)].hover(position={"x": 6, "y": 6 + 3 * (k // len(maps))})
        if rest:
            page.wait_for_timeout(rest)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(CELL_MS)
        page.keyboard.press("Escape")  # the panel lies over the last columns
    opened: list[float] = page.evaluate("window.cells")
    return opened


def pictures_of(page: Page) -> list[Locator]:
    """Return the maps of each step."""
    return page.locator(".network .step:not([data-step='-1']) .maps:visible").all()


def frames_a_second(page: Page) -> float:
    """Return how many frames are painted a second while the wheel moves through all columns and back."""
    track = page.locator(".network .steps")
    track.hover(position={"x": 60, "y": 20})
    width = int(track.evaluate("track => track.scrollWidth"))
    page.evaluate(COUNT_FRAMES)
    for direction in (1, -1):
        for _ in range(width // WHEEL):
            due = time.perf_counter() + MOVE_SECONDS
            page.mouse.wheel(direction * WHEEL, 0)
            time.sleep(max(0.0, due - time.perf_counter()))
    frames: list[float] = page.evaluate("window.frames_")
    return 1000 * (len(frames) - 1) / (frames[-1] - frames[0])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def draw_digits(page: Page, digits: str, *, answers: bool = True) -> tuple[list[float], int]:
    """Return the milliseconds from each move to its paint, and the size of the largest answer in bytes.

    The page itself notes both: listening to its network from here would take a part of the processor.

    Args:
        page: the page.
        digits: which of the example digits.
        answers: whether a server answers; without one no size is returned.
    """
    examples: list[dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    draw(page, examples[0]["strokes"])  # warms caches and compiles the page's functions
    page.evaluate(COLLECT)
    for example in examples:
        if str(example["label"]) in digits:
            page.locator("[data-tool='clear']").click()
            draw(page, example["strokes"])
    page.wait_for_timeout(1000)
    samples: list[float] = page.evaluate("window.strokes")
    sizes: list[int] = page.evaluate("window.answers")
    return samples, max(sizes) if answers else 0


def draw(page: Page, strokes: list[list[list[float]]]) -> None:
    box = page.locator(".pad-surface").bounding_box()
    assert box
    for stroke in strokes:
        for k, (x, y) in enumerate(stroke):
            due = time.perf_counter() + MOVE_SECONDS
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if k == 0:
                page.mouse.down()
            time.sleep(max(0.0, due - time.perf_counter()))
        page.mouse.up()


if __name__ == "__main__":
    main()
