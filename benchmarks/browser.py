"""How fast the published folder answers, with no Python that computes: Chromium on the machine that serves the files.

`python -m benchmarks.browser [--json FILE]` publishes the folder, serves it as any web server does, and draws as
`benchmarks.explorer` does. Summary fields: `stroke_p50_ms`, `stroke_p95_ms` (from a move of the pen until prediction
and all maps are painted), `forward_ms` (the forward pass alone), `cell_p50_ms` (from the press on a cell that the
pointer rests on to its painted sum), `cell_at_once_p50_ms` (without a rest), `level_p50_ms` (until the network stands
at another level), `first_visit_bytes` (sent before the first drawing was answered), `usable_s` (from the address to
that answer, on this machine), `offline_s` (the same on a second visit, with the network off), `train_95_s` (from
*Start* on the Train page until 95 % of the digits that A2 did not learn from are read rightly).
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.explorer import AT_ONCE, draw_digits, opened_cells, point_and_click, worst
from core.speed.timing import machine, write_json
from explorer.models.library import Library
from explorer.publish.site import publish
from tests.browser import chromium

VISITS = 5

PASSES = 400
"""Forward passes that are timed, after as many that are not: the browser compiles what it has seen often."""

ANSWERED = ".headline[data-verdict='sure']"
"""The page has answered the digit that it writes for a stranger."""

FORWARD = """async ({ model, passes }) => {
  const { need } = globalThis.convscope;
  const [{ run }, { readSafetensors }] = ["network", "safetensors"].map((name) => need(`engine/${name}.js`));
  const file = (ending) => fetch(new URL(`../../models/${model}.${ending}`, location.href));
  const plan = await file("json").then((answer) => answer.json());
  const weights = await file("safetensors").then((answer) => answer.arrayBuffer());
  const network = { ...plan, weights: readSafetensors(weights) };
  const data = Float32Array.from({ length: 784 }, (_, k) => ((k * 7) % 29) / 10 - 0.4);
  const input = { shape: [1, 1, 28, 28], data };
  const times = [];
  for (let k = 0; k < 2 * passes; k++) {
    const start = performance.now();
    run(network, input);
    if (k >= passes) times.push(performance.now() - start);
    if (k % 50 === 0) await new Promise((done) => setTimeout(done, 20));
  }
  return times;
}"""
"""Runs where the page's engine runs, in its thread."""


class Counting(SimpleHTTPRequestHandler):
    """Serves files as `http.server` does, and counts what it sends."""

    protocol_version = "HTTP/1.0"
    sent = 0

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file."""
        data = source.read()
        Counting.sent += len(data)
        outputfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--model", default="recommended")
    parser.add_argument("--digits", default="0123456789", help="example digits to draw")
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        publish(Path(folder) / "site", Library(), [options.model])
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        with served(Path(folder) / "site") as address:
            visits = [first_visit(browser, address) for _ in range(VISITS)]
            offline = second_visit(browser, address)
            page = opened(browser.new_context(viewport={"width": 1440, "height": 900}), address)
            samples, _ = draw_digits(page, options.digits, answers=False)
            cells, levels, _, _ = point_and_click(page)
            at_once = opened_cells(page, AT_ONCE, rest=0)
            seconds = trained(browser, address)
            forward: list[float] = page.workers[0].evaluate(FORWARD, {"model": options.model, "passes": PASSES})
        browser.close()
    result = {
        "benchmark": "browser",
        "machine": machine(),
        "model": options.model,
        "moves": len(samples),
        "stroke_p50_ms": statistics.median(samples),
        "stroke_p95_ms": worst(samples),
        "forward_ms": statistics.median(forward),
        "cell_p50_ms": statistics.median(cells),
        "cell_at_once_p50_ms": statistics.median(at_once),
        "level_p50_ms": statistics.median(levels),
        "first_visit_bytes": max(size for _, size in visits),
        "usable_s": statistics.median(seconds for seconds, _ in visits),
        "offline_s": offline,
        "train_95_s": seconds,
    }
    for name in list(result)[3:]:
        value = result[name]
        print(f"{name:22} {value:>10,.2f}" if isinstance(value, float) else f"{name:22} {value:>10,}")
    if options.json:
        write_json(options.json, result)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Show a folder, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def opened(window: BrowserContext, address: str) -> Page:
    page = window.new_page()
    page.goto(address, wait_until="commit")
    page.locator(ANSWERED).wait_for(timeout=60_000)
    return page


def first_visit(browser: Browser, address: str) -> tuple[float, int]:
    """Return the seconds from the address to the first answer in a browser that knows nothing, and the bytes sent."""
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    Counting.sent = 0
    started = time.perf_counter()
    opened(window, address)
    told = time.perf_counter() - started, Counting.sent
    window.close()
    return told


def second_visit(browser: Browser, address: str) -> float:
    """Return the seconds until a page that was visited before answers with the network off."""
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = opened(window, address)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.close()
    window.set_offline(True)
    started = time.perf_counter()
    opened(window, address)
    seconds = time.perf_counter() - started
    window.close()
    return seconds


LEARNT = """() => [...document.querySelectorAll(".run-accuracy")].some((cell) => parseFloat(cell.textContent) >= 95)"""


def trained(browser: Browser, address: str) -> float:
    """Return the seconds from *Start* until a network that trains in the browser reads 95 % of its held-back digits."""
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = window.new_page()
    page.goto(f"{address}#page=train")
    page.locator(".train-begin .action:not(:disabled)").wait_for(timeout=60_000)
    page.wait_for_function("document.querySelector('.train-summary').textContent !== ''")
    started = time.perf_counter()
    page.locator(".train-begin .action").click()
    page.wait_for_function(LEARNT, timeout=120_000)
    seconds = time.perf_counter() - started
    window.close()
    return seconds


if __name__ == "__main__":
    main()
