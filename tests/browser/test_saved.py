"""A saved page: one file, opened from the disk, with no server and no network."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from torch import Tensor, nn

from explorer import explore
from explorer.models.library import Library
from explorer.models.own import add
from explorer.publish.saved import save
from tests.browser.draw_page import cell_panel, expect_agrees, feature_maps, headline
from tests.browser.test_draw import draw
from tests.explorer.engine_models import library

Opened = Callable[[Path], Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Opens a file; what is asked of anything but the file, and what the console complains of, fails the test."""
    problems: list[str] = []
    asked: list[tuple[str, str]] = []
    window = browser.new_context(reduced_motion="reduce", viewport={"width": 1366, "height": 768}, offline=True)

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(message.text)

    def page_of(path: Path) -> Page:
        page = window.new_page()
        own = path.as_uri()
        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append((request.url, own)))
        page.goto(own + "#lang=en")
        page.locator(".draw .headline[data-verdict]").wait_for(timeout=30_000)
        return page

    yield page_of
    window.close()
    assert not problems
    assert asked
    assert not [url for url, own in asked if url.split("#")[0] != own and not url.startswith(("blob:", "data:"))]


def test_a_saved_page_is_drawn_on_and_opened_down_to_its_numbers(
    opened: Opened, tmp_path: Path, examples: dict[str, list[list[list[float]]]]
) -> None:
    page = opened(save(tmp_path / "page.html", library(), "branches"))
    expect(headline(page)).to_have_attribute("data-verdict", "best")
    first = page.locator(".bars li").first
    before = first.get_attribute("data-probability") or ""
    page.locator(".pad-opener").click()
    draw(page, examples["4"])
    expect(first).not_to_have_attribute("data-probability", before)
    page.locator(".pad-opener").click()
    for step in (0, 2, 5, 9):  # a convolution, a mean, branches side by side, a residual sum
        feature_maps(page, step).click(position={"x": 9, "y": 9})
        expect_agrees(page)
        cell_panel(page).locator(".cell-close").click()
    page.get_by_role("tab", name="Kernels").click()
    expect(page.locator("[data-page=kernels] canvas").first).to_be_visible()


def test_a_saved_page_shows_the_example_of_a_model_of_coloured_pictures(opened: Opened, tmp_path: Path) -> None:
    page = opened(save(tmp_path / "page.html", library(), "coloured", language="zh"))
    expect(page.get_by_role("tab", name="Arithmetic")).to_be_visible()
    expect(headline(page)).to_have_attribute("data-verdict", "best")
    feature_maps(page, 3).click(position={"x": 9, "y": 9})
    expect_agrees(page)


def test_explore_saves_what_it_shows(opened: Opened, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)).eval()
    running = explore(
        model, torch.rand(1, 1, 28, 28), classes=["a", "b", "c"], title="Mine", open_browser=False, block=False
    )
    try:
        path = running.save(tmp_path / "mine.html")
    finally:
        running.close()
    page = opened(path)
    expect(page.locator(".model-choice")).to_contain_text("Mine")
    expect(page.locator(".bars")).to_contain_text("b")


class Turned(nn.Module):
    """Scores from a picture that is turned upside down on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(784, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(x.flip(2).flatten(1)))


def test_a_model_that_the_browser_does_not_compute_is_refused_with_the_step_that_it_lacks(tmp_path: Path) -> None:
    own = Library(device="cpu")
    name = add(own, Turned().eval(), torch.rand(1, 1, 28, 28))
    with pytest.raises(
        ValueError, match=r"turned cannot run in the browser: step 1 \(flip\) is not among its operators"
    ):
        save(tmp_path / "page.html", own, name)
    assert not (tmp_path / "page.html").exists()
