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

from core.data import mnist
from core.data.drawn import digits
from core.training.settings import parse
from explorer.models.library import Library
from explorer.publish.site import PAGES, publish
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
from tests.browser.lesson_page import NAMES
from tests.browser.test_draw import draw
from tests.browser.test_inputs import (
    more_inputs,
    opened,
    test_a_hand_takes_the_place_of_a_picture,
    test_a_photograph_is_turned_inverted_squared_and_read,
    test_a_picture_is_pasted,
    test_copied_lines_of_pytorch_give_the_shown_number,
    test_files_that_are_no_pictures_are_refused_in_words,
    test_sliders_change_the_input_everywhere_and_reset_gives_it_back,
    test_text_and_latex_are_copied,
    test_the_outline_on_the_pad_follows_a_moved_picture,
)
from tests.browser.test_lessons import test_a_lesson_is_gone_through_by_keyboard as gone_through

# the same tests as with the server; `app` is the folder below
from tests.browser.test_path import (
    test_the_whole_path_by_keyboard,
    test_the_whole_path_by_mouse,
    test_the_whole_path_by_touch,
)
from tests.browser.test_sent import (
    each_place,
    test_an_operation_without_a_walk_has_no_button_and_a_refused_one_says_why,
    test_what_was_left_out_is_said_until_a_number_is_changed_and_travels_in_the_link,
    walked,
)
from tests.browser.test_why import test_why_shows_the_numbers_of_four_methods_and_the_sum_that_must_come_out
from tests.browser.words import LANGUAGES
from tests.core.conftest import write_mnist
from tests.core.training.run_cases import trained

__all__ = [
    "opened",
    "test_a_hand_takes_the_place_of_a_picture",
    "test_a_photograph_is_turned_inverted_squared_and_read",
    "test_a_picture_is_pasted",
    "test_an_operation_without_a_walk_has_no_button_and_a_refused_one_says_why",
    "test_copied_lines_of_pytorch_give_the_shown_number",
    "test_files_that_are_no_pictures_are_refused_in_words",
    "test_sliders_change_the_input_everywhere_and_reset_gives_it_back",
    "test_text_and_latex_are_copied",
    "test_the_outline_on_the_pad_follows_a_moved_picture",
    "test_the_whole_path_by_keyboard",
    "test_the_whole_path_by_mouse",
    "test_the_whole_path_by_touch",
    "test_what_was_left_out_is_said_until_a_number_is_changed_and_travels_in_the_link",
    "test_why_shows_the_numbers_of_four_methods_and_the_sum_that_must_come_out",
]

MODELS = ("recommended", "a1", "a2")

EXAMPLES = 240
"""Pictures that stand for MNIST's: drawn ones, in its files."""

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
    test = digits(300, seed=2)
    write_mnist(runs / "data", test, test)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist, "SHA256", {"test": test.sha256()})
        library = Library(data_dir=runs / "data", runs_dir=runs)
        publish(folder / AT, library, MODELS, runs=["python"], examples=EXAMPLES)
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


@each_place
def test_a_number_of_a_network_is_walked_on_arithmetic(
    app: str, open_page: OpenPage, place: str, size: str, name: str
) -> None:
    walked(open_page(f"{app}#{place}"), size, name)


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


ELSEWHERE = {
    "speed": "It measures speed",
    "transfer": "It trains what this browser does not train by itself",
    "mistakes": "It leads to a network that did not come with these pages: a3, resnet18",
}
"""Lessons that the folder does not offer, and what it says of them."""

OFFERED = [name for name in NAMES if name not in ELSEWHERE]


def test_every_lesson_is_listed_and_what_cannot_be_gone_through_says_why(app: str, open_page: OpenPage) -> None:
    page = open_page(f"{app}#page=learn")
    rows = page.locator(".lessons-lesson")
    expect(rows).to_have_count(len(NAMES))
    assert [row.get_attribute("data-lesson") for row in rows.all()] == NAMES
    for name in NAMES:
        row = page.locator(f"[data-lesson='{name}']")
        expect(row.get_by_role("button", name=re.compile("^Start"))).to_have_count(0 if name in ELSEWHERE else 1)
        if name in ELSEWHERE:
            expect(row).to_contain_text(ELSEWHERE[name])
    linked = open_page(f"{app}#lesson=speed.2&page=learn")
    expect(linked.locator("[data-lesson='speed']")).to_contain_text("It measures speed")
    expect(linked.locator(".lesson-card")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "language"), [(name, ("en", "zh")[k % 2]) for k, name in enumerate(OFFERED) if name != "first"]
)
def test_a_lesson_is_gone_through_without_a_server(app: str, open_page: OpenPage, name: str, language: str) -> None:
    gone_through(app, open_page, name, language)


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


TEXTS = """() => [...document.querySelectorAll("body *")].flatMap((element) => [
  ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent.trim()),
  ...["title", "aria-label", "placeholder"].map((name) => element.getAttribute(name)),
])"""
"""Every text on the page, seen or told."""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_stand_where_their_keys_do_when_a_link_names_the_language(
    app: str, open_page: OpenPage, language: str
) -> None:
    page = open_page(f"{app}#lang={language}")
    for name in PAGES:
        page.locator(f"#tab-{name}").click()
        expect(page.locator(f"#page-{name} .webview > *").first).to_be_attached()
    next_frames(page)
    assert not LANGUAGES[0].keys() & set(page.evaluate(TEXTS))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1366, 768)])
def test_nothing_moves_while_the_page_comes_up(app: str, open_page: OpenPage, width: int, height: int) -> None:
    page = open_page(app, width=width, height=height)
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


def test_pictures_of_mnist_are_chosen_by_what_a_network_gets_wrong_and_opened_by_a_link(
    app: str, open_page: OpenPage, windows: Windows
) -> None:
    page = open_page(app)
    more_inputs(page).get_by_role("button", name="MNIST…").click()
    gallery = page.get_by_role("region", name="Pictures to choose from")
    expect(gallery.locator(".thumb")).to_have_count(60)
    expect(gallery).to_contain_text(f"1–60 of {EXAMPLES}")
    gallery.get_by_role("combobox", name="Which class is shown").select_option("4")
    expect(gallery).to_contain_text(f"1–{EXAMPLES // 10} of {EXAMPLES // 10}")
    gallery.get_by_role("checkbox").check()
    expect(gallery).to_contain_text(f"wrong of {EXAMPLES}")
    gallery.get_by_role("checkbox").uncheck()
    gallery.locator(".thumb").nth(3).click()
    expect(headline(page)).to_have_attribute("data-best", re.compile(r"\d"))
    expect(page.get_by_text("of MNIST's test set, a 4")).to_be_visible()
    page.keyboard.press("Escape")
    feature_maps(page, 0).click(position={"x": 12, "y": 12})
    expect_agrees(page)
    linked = open_page(page.url)
    expect(linked.locator(".input-told")).to_contain_text("of MNIST's test set, a 4")
    other = windows.open(app, width=1366, height=768)
    other.goto(f"{app}#digit=9999&lang=en")
    expect(other.get_by_text("Picture 9999 of MNIST’s test set did not come with these pages.")).to_be_visible()


def test_a_network_learns_the_pictures_of_mnist_that_came_along(app: str, open_page: OpenPage) -> None:
    page = open_page(f"{app}#page=train")
    source = page.locator("[data-control=source]")
    expect(source.locator("option")).to_have_text(["digits drawn by the program", "MNIST digits"])
    source.select_option("mnist")
    expect(page.locator(".train-summary")).to_contain_text("on 220 pictures, 20 held back", timeout=30_000)
    page.locator(".train-begin .action").click()
    expect(page.locator(".run-head .run-state")).to_have_text("done", timeout=60_000)
    expect(page.locator("tr.chosen")).to_contain_text("MNIST digits")
    page.get_by_role("button", name="Explore this moment in Draw").click()
    expect(page).to_have_url(re.compile(r"model=[^&]+%2Fa2%40\d+"))
    more_inputs(page).get_by_role("button", name="Held back…").click()
    expect(page.locator(".gallery .thumb")).to_have_count(20)
    page.locator(".gallery .thumb").first.click()
    expect(page).to_have_url(re.compile(r"digit=\d+%40"))
    expect(headline(page)).to_have_attribute("data-best", re.compile(r"\d"))


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
