"""Test pictures, picture files, the clipboard and perturbations as inputs; a class opened; what can be taken along."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from playwright.sync_api import Download, Locator, Page, expect

from core import models
from core.data import mnist
from core.data.strokes import preprocess
from core.explain import record
from tests.browser.conftest import serve
from tests.browser.draw_page import (
    cell_panel,
    class_rows,
    crumbs,
    example,
    expect_agrees,
    expect_digit,
    feature_maps,
    headline,
    pad,
    tool,
    true_class,
)

SEVEN = [(250, 200), (620, 200), (400, 900)]
TURN_LEFT = 8
"""EXIF: the picture is stored turned by a quarter clockwise too far, seen from the top."""


@pytest.fixture(scope="module")
def with_mnist(mnist_dir) -> Iterator[str]:
    yield from serve("-m", "explorer", "--no-open", "--data-dir", str(mnist_dir))


def seven(path: Path, *, dark: bool = True, turned: bool = False, alpha: bool = False) -> Path:
    """Write a photograph of a 7: pencil on paper in uneven light, or chalk on a board."""
    paper, ink = ((236, 230, 215), (40, 50, 90)) if dark else ((30, 36, 32), (225, 225, 220))
    picture = Image.new("RGB", (900, 1200), paper)
    ImageDraw.Draw(picture).line(SEVEN, fill=ink, width=46, joint="curve")
    if alpha:
        drawn = np.asarray(picture.convert("L")) < 128
        layers = np.zeros((1200, 900, 4), np.uint8)
        layers[..., 3] = drawn * 255
        Image.fromarray(layers).save(path)
        return path
    grey = np.asarray(picture) * (1 - 0.3 * np.linspace(0, 1, 900))[None, :, None]
    noisy = grey + np.random.default_rng(0).normal(0, 4, grey.shape)
    photo = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    if turned:
        photo = photo.transpose(Image.Transpose.ROTATE_270)
    exif = Image.Exif()
    exif[0x0112] = TURN_LEFT if turned else 1
    photo.save(path, quality=85, exif=exif)
    return path


def more_inputs(page: Page) -> Locator:
    """Open the panel with the other inputs and the changes of the input."""
    button = page.get_by_role("button", name="More inputs")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    return page.get_by_role("group", name="More inputs")


def stages(page: Page) -> Locator:
    """Open the panel with the stages of the preprocessing."""
    button = page.get_by_role("button", name="Stages")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    return page.get_by_role("group", name="Stages")


def choose(page: Page, path: Path) -> None:
    page.locator(".input .source-file").set_input_files(path)


def expect_shares(page: Page, wanted: torch.Tensor) -> None:
    """Wait until the page's probabilities are these."""
    page.wait_for_function(
        """wanted => [...document.querySelectorAll(".bars li")].every((row, k) =>
             Math.abs(Number(row.dataset.probability) - wanted[k]) < 1e-6)""",
        arg=wanted.tolist(),
    )


def probabilities(name: str, picture: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        scores: torch.Tensor = models.load(name)(models.card(name).prepare(picture))
    return scores[0].double().softmax(0)


def test_a_test_picture_is_chosen_by_class_and_travels_in_the_link(with_mnist, mnist_dir, open_page):
    page = open_page(f"{with_mnist}#model=a2")
    more_inputs(page).get_by_role("button", name="MNIST…").click()
    expect(page.locator(".thumb")).to_have_count(60)
    page.locator(".gallery select").select_option("7")
    expect(page.locator(".gallery-told")).to_contain_text("1–60 of 1028")
    page.locator(".gallery-bar button[title='Next pictures']").click()
    expect(page.locator(".gallery-told")).to_contain_text("61–120")
    thumb = page.locator(".thumb").nth(5)
    digits = mnist.load("test", mnist_dir, download=False)
    index = int((digits.labels == 7).nonzero()[65])
    expect(thumb).to_have_attribute("data-index", str(index))
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    wanted = probabilities("a2", digits.pictures[index, 0].float() / 255)
    expect_shares(page, wanted)
    expect(page.locator(".input-told")).to_contain_text(f"Picture {index} of MNIST's test set, a 7")
    prepared = stages(page)
    expect(prepared.locator("[data-stage='normalised']")).to_be_visible()
    expect(prepared.locator("[data-stage='scaled']")).to_be_hidden()
    expect(prepared.get_by_role("checkbox", name="Preprocess the ink")).to_be_disabled()
    page.wait_for_function(f"() => location.hash.includes('digit={index}')")
    fresh = open_page(page.url)
    expect_shares(fresh, wanted)
    feature_maps(fresh, 0).click(position={"x": 30, "y": 30})
    expect_agrees(fresh)


def test_the_errors_of_a_model_are_listed_and_are_errors(with_mnist, open_page):
    page = open_page(f"{with_mnist}#model=a2")
    more_inputs(page).get_by_role("button", name="MNIST…").click()
    page.locator(".gallery .switch input").check()
    expect(page.locator(".gallery-told")).to_contain_text(re.compile(r"\d+ wrong of 10000"), timeout=60_000)
    words = page.locator(".thumb").nth(2).get_attribute("title") or ""
    found = re.fullmatch(r"Picture (\d+): (\d), taken for (\d)", words)
    assert found
    assert found[2] != found[3]
    page.locator(".thumb").nth(2).click()
    expect(headline(page)).to_have_attribute("data-best", found[3])
    page.keyboard.press("ArrowRight")
    expect(page.locator(".thumb").nth(3)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".gallery")).to_be_hidden()


def test_without_mnist_the_page_names_the_options(tmp_path, open_page):
    for address in serve("-m", "explorer", "--no-open", "--data-dir", str(tmp_path)):
        page = open_page(address)
        more_inputs(page).get_by_role("button", name="MNIST…").click()
        expect(page.locator(".gallery .problem")).to_contain_text("--data-dir")
        expect(page.locator(".gallery .problem")).to_contain_text(str(tmp_path))
        expect(page.locator(".gallery").get_by_role("button", name="Download MNIST")).to_be_visible()


def test_a_photograph_is_turned_inverted_squared_and_read(app, open_page, tmp_path):
    page = open_page(app)
    example(page, "5").click()
    expect_digit(page, "5")
    choose(page, seven(tmp_path / "seven.jpg", turned=True))
    expect_digit(page, "7")
    told = page.locator(".input-told")
    for words in ("seven.jpg", "turned as its EXIF", "scaled down to 384 × 288", "dark ink on light paper", "square"):
        expect(told).to_contain_text(words)
    expect(told).to_contain_text("A link cannot carry a picture file")
    feature_maps(page, 0).click(position={"x": 30, "y": 30})
    expect_agrees(page)
    page.keyboard.press("Escape")
    choose(page, seven(tmp_path / "chalk.jpg", dark=False))
    expect(told).to_contain_text("light ink on a dark ground")
    expect_digit(page, "7")
    choose(page, seven(tmp_path / "clear.png", alpha=True))
    expect(told).to_contain_text("transparent parts laid on white")
    expect_digit(page, "7")
    tool(page, "undo").click()
    expect_digit(page, "5")
    expect(told).to_be_empty()


def test_files_that_are_no_pictures_are_refused_in_words(app, open_page, tmp_path):
    page = open_page(app)
    whole = seven(tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.png").write_text("no picture at all")
    Image.new("RGB", (40, 40), "white").save(tmp_path / "blank.png")
    problem = page.locator(".draw .refused")
    reasons = {"cut.jpg": "is cut off", "words.png": "is not a picture", "blank.png": "is of one colour"}
    for name, words in reasons.items():
        choose(page, tmp_path / name)
        expect(problem).to_contain_text(name)
        expect(problem).to_contain_text(words)
    expect(headline(page)).to_have_attribute("data-verdict", "empty")


def test_a_picture_is_pasted(app, open_page, tmp_path):
    page = open_page(app)
    Image.open(seven(tmp_path / "seven.jpg", dark=False)).resize((90, 120)).save(tmp_path / "small.png")
    picture = (tmp_path / "small.png").read_bytes()
    page.evaluate(
        """bytes => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([new Uint8Array(bytes)], "shot.png", { type: "image/png" }));
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(picture),
    )
    expect_digit(page, "7")
    expect(page.locator(".input-told")).to_contain_text("shot.png")


def test_a_hand_takes_the_place_of_a_picture(app, open_page, tmp_path):
    page = open_page(app)
    example(page, "5").click()
    expect_digit(page, "5")
    choose(page, seven(tmp_path / "seven.jpg"))
    expect_digit(page, "7")
    box = pad(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.85 * box["height"], steps=5)
    page.mouse.up()
    expect_digit(page, "1")
    tool(page, "undo").click()
    tool(page, "undo").click()
    expect_digit(page, "5")


def test_sliders_change_the_input_everywhere_and_reset_gives_it_back(app, open_page, examples):
    page = open_page(f"{app}#model=a2")
    example(page, "5").click()
    expect_digit(page, "5")
    told = "rows => rows.map(row => row.dataset.probability).join()"
    before = class_rows(page).evaluate_all(told)
    more_inputs(page).locator(".perturb summary").click()
    page.locator("[data-amount='rotation']").fill("35")
    page.locator("[data-amount='noise']").fill("0.15")
    page.locator(".seed").fill("3")
    page.locator(".seed").press("Enter")
    expect(page.locator(".perturb summary")).to_have_text("Change the input (2 at work)")
    expect(stages(page).get_by_role("img", name="Changed")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.hash.includes('perturb=')")
    feature_maps(page, 3).click(position={"x": 30, "y": 30})
    panel = cell_panel(page)
    expect_agrees(page)
    value = panel.locator(".cell-value").inner_text()
    page.wait_for_function("() => location.hash.includes('seed') && location.hash.includes('cells=')")
    fresh = open_page(page.url)
    expect(cell_panel(fresh).locator(".cell-value")).to_have_text(value)
    expect(fresh.locator("[data-amount='rotation']")).to_have_value("35")
    panel.locator(".cell-close").click()
    more_inputs(page).get_by_role("button", name="Reset").click()
    expect(stages(page).locator("[data-stage='normalised']")).to_be_visible()
    expect(page.get_by_role("img", name="Changed")).to_have_count(0)
    page.wait_for_function(f"before => ({told})([...document.querySelectorAll('.bars li')]) === before", arg=before)
    page.wait_for_function("() => !location.hash.includes('perturb=')")


def test_a_perturbation_that_is_not_allowed_is_left_out_of_the_link_with_a_note(app, open_page):
    page = open_page(f"{app}#perturb=rotation:999&digit=xyz")
    expect(page.locator(".webview-models .toast")).to_contain_text("perturb")
    expect(page.locator(".webview-models .toast")).to_contain_text("digit")
    expect(page.locator(".perturb summary")).to_have_text("Change the input")


def test_the_outline_on_the_pad_follows_a_moved_picture(app, open_page):
    page = open_page(app)
    example(page, "1").click()
    expect_digit(page, "1")
    outline = page.locator(".pad-field")
    left = "field => parseFloat(field.style.left)"
    feature_maps(page, 0).hover(position={"x": 20, "y": 20})
    expect(outline).to_be_visible()
    before = outline.evaluate(left)
    page.mouse.move(5, 5)
    more_inputs(page).locator(".perturb summary").click()
    page.locator("[data-amount='right']").fill("4")
    expect(stages(page).get_by_role("img", name="Changed")).to_be_visible()
    page.keyboard.press("Escape")
    feature_maps(page, 0).hover(position={"x": 20, "y": 20})
    expect(outline).to_be_visible()
    assert outline.evaluate(left) < before


def test_a_class_opens_to_its_softmax_loss_and_gradient(app, open_page, examples):
    page = open_page(f"{app}#model=a2")
    example(page, "5").click()
    expect_digit(page, "5")
    wanted = probabilities("a2", preprocess(examples["5"], pad=1.0).picture)
    page.locator(".bars li[data-class='3'] button").click()
    panel = cell_panel(page)
    expect(crumbs(page).last).to_have_text("P(3)")
    expect_agrees(page)
    panel.locator(".class-label").select_option("3")
    loss = -wanted[3].log().item()
    expect(panel.locator(".class-loss")).to_contain_text(f"{loss:.3f}")
    cells = panel.locator(".classes tbody tr").nth(3).locator("td")
    assert cells.nth(2).inner_text() == "1"
    gradient = float(cells.nth(3).inner_text().replace("−", "-"))
    assert gradient == pytest.approx(wanted[3].item() - 1, rel=1e-4)
    expect(true_class(page)).to_have_value("3")
    panel.locator(".classes button.number").nth(3).click()
    expect(crumbs(page).last).to_contain_text("fc2 [3]")
    expect_agrees(page)
    page.wait_for_function("() => location.hash.includes('class')")
    fresh = open_page(page.url)
    expect(crumbs(fresh)).to_have_text(["P(3)", "fc2 [3]"])


@pytest.fixture
def opened(app, open_page, examples) -> Page:
    """A page on which a cell of A2's second convolution is open."""
    page: Page = open_page(f"{app}#model=a2", permissions=["clipboard-read", "clipboard-write"])
    example(page, "5").click()
    expect_digit(page, "5")
    feature_maps(page, 3).click(position={"x": 40, "y": 60})
    expect_agrees(page)
    return page


def saved(page: Page, menu: str, words: str) -> bytes:
    with page.expect_download() as waiting:
        page.locator(menu).click()
        page.get_by_role("menuitem", name=words, exact=True).click()
    download: Download = waiting.value
    return Path(download.path()).read_bytes()


SAVE = ".cell-tools .menu:nth-child(2) .menu-button"
COPY = ".cell-tools .menu:nth-child(1) .menu-button"


def place_of(page: Page) -> tuple[int, ...]:
    crumb = crumbs(page).last.inner_text()
    return tuple(int(number) for number in re.findall(r"\d+", crumb.split("[")[1]))


def test_exact_numbers_of_an_opened_cell_are_saved(opened, examples):
    trace = record(models.load("a2"), models.card("a2").prepare(preprocess(examples["5"], pad=1.0).picture))
    output = trace.steps[3].output.detach().numpy()
    channel, row, column = place_of(opened)
    tensor = np.load(io.BytesIO(saved(opened, SAVE, "Whole tensor (NPY)")))
    assert tensor.dtype == np.float32
    assert np.allclose(tensor, output, rtol=1e-6, atol=1e-6)
    table = np.loadtxt(io.StringIO(saved(opened, SAVE, "This map (CSV)").decode()), delimiter=",")
    assert np.array_equal(table.astype(np.float32), tensor[0, channel])
    kernel = np.load(io.BytesIO(saved(opened, SAVE, "Kernel (NPY)")))
    assert np.array_equal(kernel, models.load("a2").conv2.weight.detach().numpy())
    rows = saved(opened, SAVE, "Sum, every term (CSV)").decode().strip().splitlines()
    products = [float(line.rsplit(",", 1)[1]) for line in rows[1:]]
    assert len(products) == 10 * 25 + 1
    assert sum(products) == pytest.approx(tensor[0, channel, row, column], rel=1e-5)
    picture = Image.open(io.BytesIO(saved(opened, SAVE, "This map (PNG)")))
    assert picture.size == (8 * 12, 8 * 12)
    assert saved(opened, SAVE, "What is shown (SVG)").startswith(b"<svg")
    assert Image.open(io.BytesIO(saved(opened, SAVE, "What is shown (PNG)"))).width > 400


def copied(page: Page, words: str) -> str:
    page.locator(COPY).click()
    page.get_by_role("menuitem", name=words, exact=True).click()
    expect(page.locator(".cell-said")).to_have_text("Copied.")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_copied_lines_of_pytorch_give_the_shown_number(opened):
    shown = float(opened.locator(".cell-value").inner_text().replace("−", "-"))
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(copied(opened, "PyTorch lines that compute it"), {})
    assert float(printed.getvalue()) == pytest.approx(shown, rel=1e-5)


def test_text_and_latex_are_copied(opened):
    text = copied(opened, "Text")
    assert text.startswith("conv2 [")
    assert text.count(" × ") >= 250
    latex = copied(opened, "LaTeX")
    assert latex.startswith("\\begin{aligned}")
    assert latex.count("{") == latex.count("}")


def test_the_formula_is_typeset_and_copied(opened):
    formula = opened.get_by_role("group", name="Formula")
    expect(formula.get_by_role("math")).to_have_count(1)
    assert formula.locator("munder, msub").count() == 5  # Y, b, Σ, K, X
    opened.get_by_role("button", name="Copy LaTeX").click()
    expect(opened.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    latex = opened.evaluate("() => navigator.clipboard.readText()")
    assert latex == r"Y_{o,y,x} = b_o + \sum_{c,i,j} K_{o,c,i,j}\, X_{c,y + i,x + j}"
    assert formula.locator("annotation").text_content() == latex


def test_the_whole_network_and_the_input_are_saved(opened, examples):
    opened.keyboard.press("Escape")
    opened.get_by_role("button", name="View").click()
    menu = ".view .menu-button"
    network = Image.open(io.BytesIO(saved(opened, menu, "Whole network (PNG)")))
    track = opened.locator(".steps-row").evaluate("row => row.scrollWidth")
    assert network.width >= 2 * track - 4
    svg = saved(opened, menu, "Whole network (SVG)").decode()
    assert svg.count("<image") >= opened.locator(".maps canvas").count()
    assert Image.open(io.BytesIO(saved(opened, menu, "Preprocessing (PNG)"))).width > 300
    tensor = np.load(io.BytesIO(saved(opened, menu, "Input (NPY)")))
    wanted = models.card("a2").prepare(preprocess(examples["5"], pad=1.0).picture).numpy()
    assert np.allclose(tensor, wanted, atol=1e-6)
    table = saved(opened, menu, "Prediction (CSV)").decode().splitlines()
    assert len(table) == 11
    assert sum(float(line.split(",")[1]) for line in table[1:]) == pytest.approx(1)


def test_the_table_twin_says_what_the_map_shows(opened):
    cell_panel(opened).locator(".table-twin summary").click()
    marked = opened.locator(".numbers-table td.marked")
    expect(marked).to_have_count(1)
    shown = float(opened.locator(".cell-value").inner_text().replace("−", "-"))
    assert float(marked.get_attribute("title") or "nan") == pytest.approx(shown, rel=1e-6)
    expect(cell_panel(opened).locator(".numbers-table tbody tr")).to_have_count(8)


def test_the_keys_are_listed(app, open_page: Callable[..., Page]):
    page = open_page(app)
    pad(page).focus()
    page.keyboard.press("?")
    dialog = page.locator("dialog.help[open]")
    expect(dialog).to_contain_text("lower or lift the pen")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    unexplained = page.locator(".draw").evaluate(
        """draw => [...draw.querySelectorAll("button, input, select")]
             .filter((control) => control.offsetParent && !control.closest("[title]") && !control.textContent.trim())
             .map((control) => control.outerHTML)"""
    )
    assert unexplained == []
