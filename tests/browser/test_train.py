"""The Train page as a person uses it: start, watch, steer, look back, explore a moment, teach one's handwriting."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve, speak
from tests.core.training.run_cases import told_long

STATE = ".run-head .run-state"
SECONDS = 60_000


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all runs."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def server(shelf: Path) -> Iterator[str]:
    yield from serve("-m", "explorer", "--no-open", "--runs-dir", str(shelf))


@pytest.fixture
def runs_app(server: str, shelf: Path) -> Iterator[str]:
    """The address of an app without runs."""
    assert not list(shelf.iterdir())
    yield server
    for run in shelf.iterdir():
        shutil.rmtree(run) if run.is_dir() else run.unlink()


@pytest.fixture
def train(runs_app: str, open_page: Callable[..., Page]) -> Page:
    page = open_page(f"{runs_app}/#page=train")
    expect(page.locator(".train-form")).to_be_visible()
    return page


def fill(page: Page, control: str, value: object) -> None:
    field = page.locator(f".train-form [data-control='{control}']")
    field.fill(str(value))
    field.press("Tab")


def begin(page: Page, name: str, *, count: int = 400, epochs: int = 3) -> None:
    """Start a run on digits that the program draws: it needs no download."""
    page.get_by_role("button", name="Digits the program draws").click()
    fill(page, "count", count)
    fill(page, "epochs", epochs)
    page.locator(".train-form [data-control='name']").fill(name)
    told = page.locator(".train-summary")  # the first one of a server waits for imports
    expect(told).to_contain_text("21,840 of 21,840 parameters are trained", timeout=SECONDS)
    start = page.locator(".train-begin .action")
    expect(start).to_be_enabled()
    start.click()
    expect(page.locator(".run-title")).to_have_text(name)


def test_a_run_is_started_watched_and_looked_back_on(train: Page) -> None:
    begin(train, "watched")
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    expect(train.locator(".run-facts")).to_contain_text("21,840 parameters trained, 0 frozen")
    assert train.locator(".train-curves .chart-line:not(.faint)").count() >= 6  # loss, accuracy, gradients of 4 layers
    kept = int(train.locator(".moment > .transport .transport-place").get_attribute("data-count") or 0)
    assert kept > 5

    filters = train.locator(".moment .filter")
    expect(filters).to_have_count(10)
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 5, 5).data].join()"
    last = filters.first.evaluate(pixels)
    prediction = train.locator(".moment-seen .bars").inner_text()
    train.locator(".moment > .transport [data-tool='first']").click()
    expect(train.locator(".moment-caption")).to_have_text("after step 0, epoch 0")
    expect(train.locator(".moment-seen .bars")).not_to_have_text(prediction)
    assert filters.first.evaluate(pixels) != last
    train.locator(".moment > .transport [data-tool='last']").click()
    expect(train.locator(".moment-seen .bars")).to_contain_text(prediction.splitlines()[1])

    shown = train.locator(".confusion-cell").evaluate_all("cells => cells.map(c => Number(c.dataset.count))")
    assert sum(shown) == 40
    wrong = train.locator(".wrong-picture")
    expect(wrong.first).to_be_visible()
    words = wrong.first.get_attribute("title") or ""
    answer = re.match(r"(\d), taken for (\d) with", words)
    assert answer
    wrong.first.click()
    expect(train).to_have_url(re.compile(r"model=watched%2Fa2%40\d+"))
    expect(train.locator(".draw .headline")).to_be_visible()


def test_runs_are_compared_line_for_line_and_a_click_in_a_curve_goes_to_its_moment(train: Page) -> None:
    begin(train, "one", count=200)
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    begin(train, "other", count=200)
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    train.get_by_role("checkbox", name="one").check()
    curves = train.get_by_role("region", name="Curves")
    for chart in ("Loss", "Accuracy"):
        figure = curves.get_by_role("figure").filter(has=train.get_by_role("img", name=chart, exact=True))
        names = [f"{run}, {part}" for run in ("other", "one") for part in ("training", "held back")]
        expect(figure.get_by_role("button")).to_have_text(names)
        lines = figure.locator("path.chart-line:not(.faint)")
        drawn = lines.evaluate_all(
            "all => all.map((line) => [line.getAttribute('stroke'), line.classList.contains('dashed')])"
        )
        (first, second), (third, fourth) = drawn[:2], drawn[2:]
        assert (first[0], third[0], first[1], second[1]) == (second[0], fourth[0], False, True)
        assert first[0] != third[0]

    loss = curves.get_by_role("img", name="Loss", exact=True)
    moment = train.get_by_role("region", name="Time line")
    mark = loss.locator(".chart-mark")
    at_the_end = mark.get_attribute("x1")
    loss.click(position={"x": 70, "y": 100})
    expect(moment.get_by_text("after step 0, epoch 0")).to_be_visible()
    expect(mark).not_to_have_attribute("x1", at_the_end or "")
    loss.press("ArrowLeft")
    for _ in range(30):
        loss.press("ArrowRight")
    loss.press("Enter")
    expect(mark).to_have_attribute("x1", at_the_end or "")


def test_a_starting_point_says_what_to_look_for_and_is_part_of_the_link(train: Page) -> None:
    lesson = train.get_by_role("button", name="Overfitting")
    lesson.click()
    expect(lesson).to_have_attribute("aria-pressed", "true")
    form = train.get_by_role("region", name="New run")
    expect(form.get_by_text("the dashed one stays behind")).to_be_visible()
    expect(train).to_have_url(re.compile("form=%7B%22from%22%3A%22overfit%22%7D"))
    fill(train, "epochs", 7)
    expect(form.get_by_text("Settings of your own")).to_be_visible()
    expect(train).to_have_url(re.compile("epochs"))
    train.reload()
    expect(form.locator("[data-control='epochs']")).to_have_value("7")
    expect(form.locator("[data-control='batch']")).to_have_value("32")
    lesson.click()
    expect(form.locator("[data-control='epochs']")).to_have_value("40")


def test_what_one_run_may_not_take_is_refused_with_its_numbers(train: Page) -> None:
    train.locator(".train-form [data-control='model']").select_option("a1")
    fill(train, "batch", 65_536)
    fill(train, "count", 200_000)
    summary = train.locator(".train-summary")
    expect(summary).to_contain_text(
        re.compile(r"takes about [\d.]+ GB of memory \([\d.]+ MB for its pictures, [\d.]+ GB for a batch")
    )
    expect(train.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    fill(train, "batch", 64)
    expect(summary).to_contain_text("parameters are trained")
    expect(train.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def test_a_run_is_paused_stepped_resumed_and_stopped(train: Page) -> None:
    begin(train, "steered", count=3000, epochs=400)
    progress = train.locator(".run-facts")
    expect(progress).to_contain_text(re.compile(r"step [1-9]"), timeout=SECONDS)
    train.locator("[data-command='pause']").click()
    expect(train.locator(STATE)).to_have_text("paused")
    at = int(re.search(r"step ([\d,]+) of", progress.inner_text()).group(1).replace(",", ""))  # type: ignore[union-attr]
    train.locator("[data-command='step']").click()
    expect(progress).to_contain_text(f"step {at + 1} of")
    rate = train.locator("[data-control='live-rate']")
    rate.fill("0.001")
    rate.press("Enter")
    train.locator("[data-command='resume']").click()
    expect(train.locator(STATE)).to_have_text("training")
    train.reload()
    expect(train.locator(".run-title")).to_have_text("steered")
    expect(train.locator(STATE)).to_have_text("training")
    train.locator("[data-command='stop']").click()
    expect(train.locator(STATE)).to_have_text("stopped")
    expect(train.locator("[data-command='resume']")).to_be_visible()
    row = train.locator("[data-run='steered']")
    expect(row.locator("[data-tool='delete']")).to_be_enabled()
    row.locator("[data-tool='delete']").click()
    row.locator("[data-tool='delete']").click()
    expect(row).to_have_count(0)


def test_the_next_batch_is_followed_in_slow_motion(train: Page) -> None:
    begin(train, "slow", count=200)
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    train.locator(".slow > summary").click()
    expect(train.locator(".slow > .problem")).to_contain_text("The run ends with step")
    train.locator(".moment > .transport [data-tool='first']").click()
    caption, pictures = train.locator(".slow-caption"), train.locator(".slow-pictures button")
    expect(caption).to_contain_text("After step 0 the run takes 32 pictures.")
    expect(pictures).to_have_count(32)
    pictures.nth(2).click()
    expect(caption).to_contain_text("number 3")

    on, at = train.locator(".slow .transport [data-tool='on']"), train.locator(".slow .step.lit")
    on.click()
    expect(caption).to_have_text("Forward: conv1 computes its maps of picture 3.")
    expect(at).to_have_attribute("data-op", "conv2d")
    expect(train.locator(".slow .step.unreached")).to_have_count(10)
    for _ in range(11):
        on.click()
    expect(caption).to_have_text(re.compile(r"The loss of the batch: 2\.\d+"))
    expect(train.locator(".slow-sum")).to_have_text(re.compile(r"The mean over all 32 pictures is L = 2\.\d+"))
    on.click()
    expect(caption).to_contain_text("Backward: how the batch's loss changes with the output of 11 log_softmax")
    train.locator(".slow .scrub").focus()
    for _ in range(11):
        train.keyboard.press("ArrowRight")
    expect(caption).to_have_text("Update: the optimiser moves conv1.weight by the gradient of all 32 pictures.")
    expect(train.locator(".slow-weight")).to_have_count(4)
    expect(train.locator(".slow-table tbody tr")).to_have_count(8)
    expect(train.locator(".slow-update .note")).to_contain_text("agrees with the optimiser")
    train.keyboard.press("End")
    expect(caption).to_contain_text("Step 1 is made")


def test_the_time_line_plays_by_key_and_the_keys_are_listed(train: Page) -> None:
    begin(train, "film", count=200)
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    train.locator(".train-run").focus()
    train.keyboard.press("Home")
    expect(train.locator(".moment-caption")).to_have_text("after step 0, epoch 0")
    for _ in range(4):
        train.keyboard.press("+")
    train.keyboard.press("Space")
    last = train.locator(".moment > .transport .transport-place")
    count = int(last.get_attribute("data-count") or 0)
    expect(last).to_have_attribute("data-at", str(count - 1), timeout=15_000)
    train.keyboard.press("ArrowLeft")
    expect(last).to_have_attribute("data-at", str(count - 2))
    train.keyboard.press("?")
    expect(train.locator(".train dialog")).to_be_visible()
    expect(train.locator(".train dialog")).to_contain_text("play the time line as a film")


def test_what_cannot_be_trained_is_said_before_it_is_started(train: Page) -> None:
    train.get_by_role("button", name="My handwriting").click()
    summary = train.locator(".train-summary")
    expect(summary).to_contain_text("Draw and label some digits first")
    expect(train.locator(".train-begin .action")).to_be_disabled()
    train.get_by_role("button", name="My pictures, frozen ResNet18").click()
    expect(summary).to_contain_text("Name a folder of pictures")
    fill(train, "path", "/nowhere/at/all")
    expect(summary).to_contain_text("/nowhere/at/all")
    train.get_by_role("button", name="Digits the program draws").click()
    expect(summary).to_contain_text("parameters are trained")


def test_a_network_learns_labelled_drawings(train: Page, tmp_path: Path) -> None:
    train.locator(".handwriting > summary").click()
    pad = train.locator(".handwriting .pad-surface")
    box = pad.bounding_box()
    assert box
    for digit in (1, 1, 7, 7):
        train.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
        train.mouse.down()
        if digit == 7:
            train.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.2 * box["height"], steps=4)
        train.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.8 * box["height"], steps=6)
        train.mouse.up()
        train.locator(f".label-button[data-label='{digit}']").click()
    expect(train.locator(".handwriting [role=status]")).to_contain_text("4 labelled drawings")
    train.reload()
    train.locator(".handwriting > summary").click()
    expect(train.locator(".label-button[data-label='7'] .label-count")).to_have_text("2")
    with train.expect_download() as saved:
        train.locator(".handwriting [data-tool='save']").click()
    file = tmp_path / "drawings.json"
    saved.value.save_as(file)

    train.get_by_role("button", name="Fine-tune on these").click()
    fill(train, "epochs", 2)
    fill(train, "replay", 20)
    train.locator(".train-more summary").click()
    fill(train, "validation", 50)
    train.locator(".train-form [data-control='name']").fill("my hand")
    expect(train.locator(".train-summary")).to_contain_text("2 held back")
    train.locator(".train-begin .action").click()
    expect(train.locator(".run-title")).to_have_text("my hand")
    expect(train.locator(STATE)).to_have_text("done", timeout=SECONDS)
    expect(train.locator(".run-facts")).to_contain_text("frozen")

    delete = train.locator(".handwriting [data-tool='delete']")
    delete.click()
    delete.click()
    expect(train.locator(".handwriting [role=status]")).to_contain_text("deleted")
    train.locator(".handwriting input[type=file]").set_input_files(file)
    expect(train.locator(".handwriting [role=status]")).to_contain_text("4 labelled drawings")


def test_a_run_that_told_a_hundred_thousand_batches_is_drawn_thinned(
    runs_app: str, shelf: Path, open_page: Callable[..., Page]
) -> None:
    told_long(shelf / "long", 100_000)
    page = open_page(f"{runs_app}/#page=train")
    charts = page.get_by_role("region", name="Curves")
    expect(charts.get_by_text("One of every 100 batches that were told is drawn")).to_be_visible()
    loss = page.get_by_role("img", name="Loss")
    assert len(str(loss.locator(".chart-line.faint").get_attribute("d")).split("L")) == 1000
    loss.hover(position={"x": 300, "y": 100})
    expect(loss.locator(".chart-pointer")).to_have_count(1)
    expect(charts.locator(".chart-reading").first).to_have_text(re.compile(r"^step [\d,]+ · training [\d.]+"))


def test_the_page_fits_a_phone_and_speaks_chinese(train: Page) -> None:
    train.set_viewport_size({"width": 360, "height": 780})
    expect(train.locator("#pages [role=tab]")).to_have_count(5)
    speak(train, "zh")
    expect(train.locator(".train-form h2")).to_have_text("新的训练")
    assert train.evaluate("document.documentElement.scrollWidth") <= 360
