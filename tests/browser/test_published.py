"""The published folder in a browser, with no Python that answers: the same path as with the server, and offline."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from core.training.settings import parse
from explorer.models.library import Library
from explorer.publish.site import publish
from tests.browser.conftest import Windows, free_port, next_frames
from tests.browser.draw_page import (
    cell_panel,
    column,
    example,
    expect_agrees,
    expect_digit,
    feature_maps,
    headline,
    model_choice,
    pad,
    true_class,
)
from tests.browser.test_draw import draw
from tests.browser.test_lessons import test_a_lesson_is_gone_through_by_keyboard as gone_through

# the same tests as with the server; `app` is the folder below
from tests.browser.test_path import test_the_whole_path_by_keyboard, test_the_whole_path_by_mouse
from tests.browser.test_why import test_why_shows_the_numbers_of_four_methods_and_the_sum_that_must_come_out
from tests.core.training.run_cases import trained

__all__ = [
    "test_the_whole_path_by_keyboard",
    "test_the_whole_path_by_mouse",
    "test_why_shows_the_numbers_of_four_methods_and_the_sum_that_must_come_out",
]

MODELS = ("recommended", "a1", "a2")

AT = "a/class"
"""The folder is shown below a path: it must work anywhere."""


def served(folder: Path) -> Iterator[str]:
    """Show a folder as any web server does, and nothing else."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            try:
                urlopen(f"http://127.0.0.1:{port}").close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/{AT}/"
        process.terminate()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, runs = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("runs")
    data = {"source": "drawn", "count": 100, "validation": 0.3}
    trained(runs / "python", parse({"data": data, "training": {"epochs": 2, "batch_size": 16}, "checkpoints": 4}))
    publish(folder / AT, Library(runs_dir=runs), MODELS, runs=["python"])
    yield from served(folder)


OpenPage = Callable[..., Page]


def test_a_stranger_sees_a_network_at_work(app: str, open_page: OpenPage) -> None:
    page = open_page(app, greeted=True)
    expect_digit(page, "3")
    expect(feature_maps(page, 20)).to_be_visible()
    page.get_by_role("tab", name="Arithmetic").click()
    expect(page.get_by_text("Not checked against autograd")).to_contain_text(
        "needs ConvScope on a computer with Python"
    )
    page.get_by_role("tab", name="Kernels").click()
    expect(page.locator("[data-page=kernels] canvas").first).to_be_visible()


def test_opened_sums_and_gradients_add_up_to_the_numbers_of_the_maps(
    app: str, open_page: OpenPage, examples: dict[str, list[list[list[float]]]]
) -> None:
    page = open_page(app)
    draw(page, examples["2"])
    expect_digit(page, "2")
    for step in (0, 1, 2, 3, 19):
        feature_maps(page, step).click(position={"x": 12, "y": 12})
        expect_agrees(page)
        cell_panel(page).locator(".cell-close").click()
    true_class(page).select_option("7")
    expect(page.locator(".loss")).to_contain_text("cross-entropy")
    feature_maps(page, 4).click(position={"x": 12, "y": 12})
    expect_agrees(page)


def test_the_second_visit_needs_no_network(
    app: str, open_page: OpenPage, examples: dict[str, list[list[list[float]]]]
) -> None:
    page = open_page(app, service_workers="allow")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.context.set_offline(True)
    page.reload()
    example(page, "5").click()
    expect_digit(page, "5")
    page.get_by_role("tab", name="Kernels").click()
    expect(page.locator("[data-page=kernels] canvas").first).to_be_visible()
    page.locator(".language").select_option("zh")
    expect(page.get_by_role("tab", name="手写")).to_be_visible()


@pytest.mark.parametrize("name", ["by-hand", "why"])
def test_a_lesson_is_gone_through_without_a_server(app: str, open_page: OpenPage, name: str) -> None:
    gone_through(app, open_page, name, "en")


def test_the_page_says_how_far_its_numbers_are_from_pytorchs(app: str, open_page: OpenPage) -> None:
    page = open_page(app)
    page.locator(".model-bar .popover button").first.click()
    page.get_by_role("button", name="Compare with PyTorch").click()
    told = page.locator(".truth")
    expect(told).to_contain_text("200 drawings")
    apart = re.search(r"is (\S+) of the largest number", told.inner_text())
    assert apart
    assert 0 < float(apart[1]) < 1e-5


def test_a_visit_to_every_page_misses_no_file_and_complains_of_nothing(app: str, windows: Windows) -> None:
    page = windows.open(app, width=1366, height=768)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text if message.type == "error" else ""))
    page.on("response", lambda response: said.append(response.url if response.status >= 400 else ""))
    page.goto(app)
    expect_digit(page, "3")
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(page.locator(f"#{tab.get_attribute('aria-controls')} .webview > *").first).to_be_attached()
    next_frames(page)
    assert not windows.leave()
    assert not [text for text in said if text]


def test_nothing_moves_while_the_page_comes_up(app: str, open_page: OpenPage) -> None:
    page = open_page(app)
    shift = page.evaluate(
        "() => new Promise(done => new PerformanceObserver(list => done(list.getEntries()"
        ".filter(entry => !entry.hadRecentInput).reduce((sum, entry) => sum + entry.value, 0)))"
        ".observe({ type: 'layout-shift', buffered: true }) ?? setTimeout(() => done(0), 500))"
    )
    assert shift <= 0.02


def test_the_networks_are_chosen_as_in_the_app(app: str, open_page: OpenPage) -> None:
    page = open_page(app)
    model_choice(page).select_option("a2")
    expect(column(page, 10)).to_be_visible()
    example(page, "8").click()
    expect(headline(page)).to_have_attribute("data-best", "8")
    pad(page).focus()
    next_frames(page)
    expect(page).to_have_url(re.compile("model=a2"))


def test_a_network_learns_in_the_browser_and_its_moments_open_on_draw(app: str, open_page: OpenPage) -> None:
    page = open_page(f"{app}#page=train")
    expect(page.locator(".train-summary")).to_contain_text("21,840 of 21,840 parameters are trained", timeout=30_000)
    expect(page.locator(".train-form")).to_contain_text("need ConvScope on a computer with Python")
    page.locator(".train-begin .action").click()
    page.wait_for_function(
        "() => parseFloat(document.querySelector('tr.chosen .run-accuracy')?.textContent) >= 95", timeout=120_000
    )
    page.locator(".run-buttons [data-command=stop]").click()
    expect(page.locator(".run-head .run-state")).to_have_text("stopped")
    assert page.locator(".train-curves .chart-line:not(.faint)").count() >= 6
    expect(page.locator(".moment .filter")).to_have_count(10)
    prediction = page.locator(".moment-seen .bars")
    expect(prediction).to_contain_text("3")
    at_the_end = prediction.text_content() or ""
    page.locator(".moment > .transport [data-tool='first']").click()
    expect(page.locator(".moment-caption")).to_have_text("after step 0, epoch 0")
    expect(prediction).not_to_have_text(at_the_end)
    page.locator(".moment > .transport [data-tool='last']").click()
    expect(prediction).to_have_text(at_the_end)

    page.get_by_role("button", name="Explore this moment in Draw").click()
    expect(page).to_have_url(re.compile(r"model=[^&]+%2Fa2%40\d+"))
    address = page.url
    example(page, "3").click()
    expect_digit(page, "3")
    feature_maps(page, 0).click(position={"x": 12, "y": 12})
    expect_agrees(page)
    page.reload()
    expect_digit(page, "3")
    page.get_by_role("tab", name="Train").click()
    expect(page.locator(".run-head .run-state")).to_have_text("stopped")
    page.locator(".wrong-picture").first.click()
    expect(page).to_have_url(re.compile(r"digit=\d+%40"))
    expect(page.locator(".draw .headline")).to_have_attribute("data-best", re.compile(r"\d"))
    page.get_by_role("tab", name="Train").click()
    page.locator(".chosen [data-tool=delete]").click(click_count=2)
    expect(page.locator(".runs tbody tr")).to_have_count(1)
    page.goto(address)
    expect(page.get_by_text("There is no run “Digits the program draws” any more.").first).to_be_visible()


def test_a_run_of_pythons_is_looked_back_on(app: str, open_page: OpenPage) -> None:
    page = open_page(f"{app}#page=train")
    expect(page.locator(".run-title")).to_have_text("python")
    expect(page.locator(".run-head .run-state")).to_have_text("done")
    expect(page.locator(".run-buttons button:visible")).to_have_count(0)
    expect(page.locator(".run-tools button:enabled")).to_have_count(0)
    expect(page.locator(".moment .filter")).to_have_count(10)
    page.locator(".moment > .transport [data-tool='first']").click()
    expect(page.locator(".moment-caption")).to_have_text("after step 0, epoch 0")
    page.locator(".slow summary").click()
    expect(page.locator(".slow .problem")).to_contain_text("needs ConvScope on a computer with Python")
    page.locator(".wrong-picture").first.click()
    expect(page).to_have_url(re.compile(r"digit=\d+%40python"))
    expect(page).to_have_url(re.compile(r"model=python%2Fa2%400"))
    expect(headline(page)).to_have_attribute("data-best", re.compile(r"\d"))
    page.reload()
    expect(headline(page)).to_have_attribute("data-best", re.compile(r"\d"))
