"""A person's whole way through the Train page: a network is trained, watched, looked back on, compared, then taught."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.test_train import SECONDS, STATE, fill

PIXELS = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].join()"
FIRST_MAPS = ".moment > .network .step[data-step='0'] .maps canvas"
LABELLED = "0123401234"


@pytest.fixture
def page(mnist_dir: Path, tmp_path: Path, open_page: Callable[..., Page]) -> Iterator[Page]:
    for address in serve("-m", "explorer", "--no-open", "--data-dir", str(mnist_dir), "--runs-dir", str(tmp_path)):
        yield open_page(f"{address}/#page=train")


def steps_made(page: Page) -> int:
    found = re.search(r"step ([\d,]+) of", page.locator(".run-facts").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def to_train(page: Page) -> None:
    page.get_by_role("tab", name="Train").click()
    expect(page.locator(".run-title")).to_be_visible()


def ink(page: Page, strokes: list[list[list[float]]]) -> None:
    """Draw strokes on the pad for labelled drawings."""
    box = page.locator(".handwriting .pad-surface").bounding_box()
    assert box
    for stroke in strokes:
        for k, (x, y) in enumerate(stroke[::4] + stroke[-1:]):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if k == 0:
                page.mouse.down()
        page.mouse.up()


def test_a_network_is_trained_watched_looked_back_on_compared_and_taught(
    page: Page, examples: dict[str, list[list[list[float]]]]
) -> None:
    page.get_by_role("button", name="First success").click()
    expect(page.locator(".train-form [data-control='model']")).to_have_value("a2")
    fill(page, "share", 3)
    fill(page, "epochs", 400)
    page.locator(".train-form [data-control='name']").fill("first")
    expect(page.locator(".train-summary")).to_contain_text("(0 frozen) on 1,620 pictures, 181 held back")
    page.locator(".train-begin .action").click()

    # Curves and the maps of the drawing move.
    maps = page.locator(FIRST_MAPS)
    expect(maps).to_be_visible(timeout=SECONDS)
    line = page.locator(".train-curves .chart-line:not(.faint)").first
    expect(line).to_be_attached(timeout=SECONDS)
    seen, drawn = maps.evaluate(PIXELS), line.get_attribute("d")
    page.wait_for_function(
        f"([place, seen]) => ({PIXELS})(document.querySelector(place)) !== seen", arg=[FIRST_MAPS, seen]
    )
    expect(line).not_to_have_attribute("d", drawn or "")

    # Paused, stepped, resumed; what a pause leaves is a moment of the time line.
    page.locator("[data-command='pause']").click()
    expect(page.locator(STATE)).to_have_text("paused")
    expect(page.locator(".moment-caption")).to_have_text(re.compile(f"after step {steps_made(page):,}, "))
    at = steps_made(page)
    page.locator("[data-command='step']").click()
    expect(page.locator(".run-facts")).to_contain_text(f"step {at + 1} of")
    expect(page.locator(".moment-caption")).to_have_text(re.compile(f"after step {at + 1:,}, "))
    page.locator("[data-command='resume']").click()
    expect(page.locator(STATE)).to_have_text("training")
    page.locator("[data-command='stop']").click()
    expect(page.locator(STATE)).to_have_text("stopped")

    # Back on the time line; a wrong answer of then is opened in Draw.
    page.locator(".moment > .transport [data-tool='first']").click()
    expect(page.locator(".moment-caption")).to_have_text("after step 0, epoch 0")
    wrong = page.locator(".judged .wrong-picture").first
    expect(wrong).to_be_visible()
    wrong.click()
    expect(page).to_have_url(re.compile("model=first%2Fa2%400"))
    expect(page.locator(".draw .headline")).to_be_visible()

    # The run is loaded, and compared with the shipped model.
    to_train(page)
    page.locator(".moment > .transport [data-tool='last']").click()
    expect(page.locator(".moment-caption")).not_to_have_text("after step 0, epoch 0")
    page.get_by_role("button", name="Explore this moment in Draw").click()
    expect(page).to_have_url(re.compile(r"model=first%2Fa2%40[1-9]\d*"))
    expect(page.locator(".draw .headline")).to_be_visible()
    to_train(page)
    page.get_by_role("button", name="Compare with the shipped one").click()
    expect(page.locator(".compare-row").first).to_be_visible()
    expect(page.locator(".compare-model")).to_have_value("a2")
    expect(page.locator(".compare-head")).to_have_count(2)

    # Ten labelled digits; before and after, on the held-back ones and on MNIST's test digits.
    to_train(page)
    page.locator(".handwriting > summary").click()
    for digit in LABELLED:
        ink(page, examples[digit])
        page.locator(f".label-button[data-label='{digit}']").click()
    expect(page.locator(".handwriting [role=status]")).to_contain_text("10 labelled drawings")
    page.get_by_role("button", name="Fine-tune on these").click()
    fill(page, "epochs", 2)
    page.locator(".train-more summary").click()
    fill(page, "validation", 50)
    page.locator(".train-form [data-control='name']").fill("my hand")
    expect(page.locator(".train-summary")).to_contain_text("5 held back")
    page.locator(".train-begin .action").click()
    expect(page.locator(".run-title")).to_have_text("my hand")
    expect(page.locator(STATE)).to_have_text("done", timeout=SECONDS)
    rows = page.locator(".before-after tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("10,000")
    for row in (0, 1):
        for column in (0, 1):
            expect(rows.nth(row).locator("td").nth(column)).to_have_text(re.compile(r"\d %$"))
