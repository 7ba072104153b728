"""How fast the page answers: a real page in Chromium, on the machine that serves it.

`python -m benchmarks.explorer [--json FILE]` starts ConvScope, draws the ten example digits with the mouse at 60 moves
a second, and reads from the page itself how long each move took until the prediction and all maps that include it were
painted. Summary fields: `stroke_p50_ms`, `stroke_p95_ms` (milliseconds), `answer_bytes` (largest answer, as sent),
`start_s` (from the command to a usable page), `import_s` (`import torch, gradio` alone, in the same run).
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

from playwright.sync_api import Browser, Page, Response, sync_playwright

from core.speed.timing import machine, write_json
from tests.browser import chromium

EXAMPLES = Path(__file__).resolve().parent.parent / "explorer" / "web" / "examples.json"
MOVE_SECONDS = 1 / 60
STARTS = 3

COLLECT = """() => {
  window.strokes = [];
  new PerformanceObserver((list) => window.strokes.push(...list.getEntriesByName("stroke").map((e) => e.duration)))
    .observe({ type: "measure" });
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
        imports, starts = [], []
        for _ in range(STARTS):
            imports.append(import_seconds())
            with served(options.model, options.port):
                starts.append(seconds_to_usable_page(browser, options.port))
        with served(options.model, options.port):
            page = usable_page(browser, options.port)
            samples, answer_bytes = draw_digits(page, options.digits)
        browser.close()
    quantiles = statistics.quantiles(samples, n=20)
    result = {
        "benchmark": "explorer",
        "machine": machine(),
        "model": options.model,
        "moves": len(samples),
        "stroke_p50_ms": statistics.median(samples),
        "stroke_p95_ms": quantiles[-1],
        "answer_bytes": answer_bytes,
        "start_s": statistics.median(starts),
        "import_s": statistics.median(imports),
    }
    for name in ("moves", "stroke_p50_ms", "stroke_p95_ms", "answer_bytes", "start_s", "import_s"):
        print(
            f"{name:14} {result[name]:>10,.1f}" if isinstance(result[name], float) else f"{name:14} {result[name]:>10,}"
        )
    if options.json:
        write_json(options.json, result)


def import_seconds() -> float:
    """Return the seconds of a fresh process that imports torch and Gradio and does nothing else."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, gradio"], check=True)
    return time.perf_counter() - started


@contextmanager
def served(model: str, port: int, *options: str) -> Iterator[None]:
    """Run the app as its command line does."""
    command = [sys.executable, "-m", "explorer", "--no-open", "--model", model, "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def seconds_to_usable_page(browser: Browser, port: int) -> float:
    started = time.perf_counter()
    usable_page(browser, port).context.close()
    return time.perf_counter() - started


def usable_page(browser: Browser, port: int) -> Page:
    """Return the page once it answered its first (empty) drawing."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    deadline = time.monotonic() + 120
    while not listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    page.goto(f"http://127.0.0.1:{port}")
    page.locator(".headline[data-verdict]").wait_for(timeout=60_000)
    return page


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def draw_digits(page: Page, digits: str) -> tuple[list[float], int]:
    """Return the milliseconds from each move to its paint, and the size of the largest answer in bytes."""
    sizes: list[int] = []

    def measure(response: Response) -> None:
        if "component_server" in response.url:
            sizes.append(int(response.headers.get("content-length", 0)))

    page.on("response", measure)
    examples: list[dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    draw(page, examples[0]["strokes"])  # warms caches and compiles the page's functions
    page.evaluate(COLLECT)
    for example in examples:
        if str(example["label"]) in digits:
            page.locator("[data-tool='clear']").click()
            draw(page, example["strokes"])
    page.wait_for_timeout(1000)
    samples: list[float] = page.evaluate("window.strokes")
    return samples, max(sizes)


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
