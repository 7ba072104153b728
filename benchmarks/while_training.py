"""How fast the page answers while a run trains on the same cores, and how soon a run stops.

`python -m benchmarks.while_training [--json FILE]` draws the ten example digits in Chromium, as `benchmarks.explorer`
does, with no run and then while the tutorials' A2 trains in its own process, started from the page; then the run is
stopped and resumed a few times, both while it trains and while its process starts. Summary fields: `idle_p50_ms`,
`training_p50_ms`, `training_p95_ms` (a move of the pointer until its paint, milliseconds), `examples_per_second` of the
run meanwhile, `stop_p50_ms` and `stop_worst_ms` (from the click until the page says "stopped").
"""

import argparse
import re
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from benchmarks.explorer import draw_digits, served, usable_page
from core.speed.timing import machine, write_json
from tests.browser import chromium

EPOCHS = 10_000
"""The run does not end before it is stopped."""

STOPPED_AFTER = (0, 4, 0, 4, 0, 4)
"""Seconds after the page says "training" that the run is stopped: 0 while its process still gathers its pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--model", default="recommended", help="what the pad is shown to")
    parser.add_argument("--trained", default="a2", help="what the run trains")
    parser.add_argument("--digits", default="0123456789", help="example digits to draw")
    parser.add_argument("--port", type=int, default=7899)
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    with (
        TemporaryDirectory() as runs,
        sync_playwright() as playwright,
        served(options.model, options.port, "--runs-dir", runs),
    ):
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        page = usable_page(browser, options.port)
        idle, _ = draw_digits(page, options.digits)
        start_run(page, options.trained)
        page.context.close()
        page = usable_page(browser, options.port)
        busy, _ = draw_digits(page, options.digits)
        page.get_by_role("tab", name="Train").click()
        page.locator(".run-head .run-state[data-state='running']").wait_for()
        facts = page.locator(".run-facts").inner_text()
        stops = [seconds_to_stop(page, 1000 * seconds) for seconds in STOPPED_AFTER]
        stop(page)
        browser.close()
    speed = re.search(r"([\d,]+) pictures a second", facts)
    result = {
        "benchmark": "while_training",
        "machine": machine(),
        "model": options.model,
        "trained": options.trained,
        "moves": len(busy),
        "idle_p50_ms": statistics.median(idle),
        "training_p50_ms": statistics.median(busy),
        "training_p95_ms": statistics.quantiles(busy, n=20)[-1],
        "examples_per_second": int(speed[1].replace(",", "")) if speed else 0,
        "stop_p50_ms": 1000 * statistics.median(stops),
        "stop_worst_ms": 1000 * max(stops),
    }
    for name in list(result)[4:]:
        print(f"{name:20} {result[name]:>10,.1f}")
    if options.json:
        write_json(options.json, result)


def start_run(page: Page, model: str) -> None:
    """Start a long run on digits that the program draws, and wait until it trains."""
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Digits the program draws").click()
    page.locator(".train-form [data-control='model']").select_option(model)
    epochs = page.locator(".train-form [data-control='epochs']")
    epochs.fill(str(EPOCHS))
    epochs.press("Tab")
    page.locator(".train-summary:not(:empty)").wait_for()
    page.locator(".train-begin .action:enabled").click()
    page.locator(".chart-line").first.wait_for(state="attached", timeout=60_000)


def seconds_to_stop(page: Page, after: float) -> float:
    """Stop the run so many milliseconds later, then resume it; return how long the page took to say that it stopped."""
    page.wait_for_timeout(after)
    started = time.perf_counter()
    stop(page)
    seconds = time.perf_counter() - started
    page.locator("[data-command='resume']:enabled").click()
    page.locator(".run-head .run-state[data-state='running']").wait_for(timeout=60_000)
    return seconds


def stop(page: Page) -> None:
    page.locator("[data-command='stop']").click()
    page.locator(".run-head .run-state[data-state='stopped']").wait_for()


if __name__ == "__main__":
    main()
