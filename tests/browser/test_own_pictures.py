"""The input follows the model: pictures in colours, a run's held-back ones, the camera, and `explore()`'s slim band."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core import models
from core.data.mnist import Pictures
from core.models import Card
from core.training.checkpoints import save_base, save_held_back
from core.training.folder import RunFolder
from core.training.settings import parse
from tests.browser import chromium
from tests.browser.conftest import serve
from tests.browser.draw_page import headline, model_choice, pad

SCRIPT = "tests.browser.own_models"
RED, BLUE = (220, 30, 40), (20, 60, 210)
LEAST_NETWORK = 250
"""Height of the network in a notebook's cell of 500 px."""


def served(name: str) -> Callable[[], Iterator[str]]:
    @pytest.fixture(scope="module", name=name)
    def fixture() -> Iterator[str]:
        yield from serve("-m", SCRIPT, name)

    return fixture


pictures, digits, pair, segmenter, tokens, fails = map(
    served, ("pictures", "digits", "pair", "segmenter", "tokens", "fails")
)


@pytest.fixture(scope="module")
def with_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with a run on pictures of two colours, six of which it holds back."""
    folder = tmp_path_factory.mktemp("runs")
    run = RunFolder(folder / "colours")
    run.path.mkdir()
    config = parse({"model": "mobilenet_v3_small", "data": {"source": "folder", "path": "colours", "side": 32}})
    model = models.build("mobilenet_v3_small", classes=2)
    card = Card("", "", "", (3, 32, 32), ("red", "blue"))
    run.config.write_text(json.dumps(config.json()))
    save_base(run, model, card, ())
    models.save_weights(model, run.path / "mobilenet_v3_small.safetensors")
    own = {"unsure_below": 0.5, "recipe": config.json(), "figures": {}, "classes": ["red", "blue"]}
    (run.path / "mobilenet_v3_small.json").write_text(json.dumps(own | {"input_shape": [3, 32, 32]}))
    shown = [torch.tensor(colour, dtype=torch.uint8)[:, None, None].expand(3, 32, 32) for colour in (RED, BLUE) * 3]
    save_held_back(run, Pictures(torch.stack(shown), torch.tensor([0, 1] * 3)))
    yield from serve("-m", "explorer", "--no-open", "--runs-dir", str(folder))


MINE = "#lang=en&model=colours/mobilenet_v3_small"


def photo(
    path: Path, colour: tuple[int, int, int] = RED, square: tuple[int, int, int, int] = (100, 0, 200, 100)
) -> Path:
    """Write a wide picture: a square of a colour in the middle of black."""
    picture = Image.new("RGB", (300, 100), "black")
    picture.paste(colour, square)
    picture.save(path)
    return path


def choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(file)


def told(page: Page, words: str) -> Locator:
    """What is said of the input."""
    return page.get_by_role("status").filter(has_text=words)


def expect_place(canvas: Locator, test: str, x: float = 0.5, y: float = 0.5) -> None:
    """Wait until red, green and blue at a place of a canvas, in shares of its sides, pass a test in JavaScript."""
    canvas.page.wait_for_function(
        f"""([canvas, x, y]) => ({test})(
          ...canvas.getContext("2d").getImageData(canvas.width * x, canvas.height * y, 1, 1).data)""",
        arg=[canvas.element_handle(), x, y],
    )


def expect_colour(canvas: Locator, wanted: tuple[int, int, int], x: float = 0.5, y: float = 0.5) -> None:
    near = " && ".join(f"Math.abs({name} - {value}) < 12" for name, value in zip("rgb", wanted, strict=True))
    expect_place(canvas, f"(r, g, b) => {near}", x, y)


def the_picture(page: Page) -> Locator:
    return page.get_by_role("img", name="The picture that the model is shown")


def stages(page: Page) -> Locator:
    page.get_by_role("button", name="Stages").click()
    return page.get_by_role("group", name="Stages")


def test_a_run_on_pictures_opens_with_one_of_them_in_colours_and_no_pad(with_run, open_page):
    page = open_page(f"{with_run}/{MINE}")
    expect(headline(page)).to_have_attribute("data-verdict", re.compile("sure|unsure"))
    expect(pad(page)).to_be_hidden()
    expect(the_picture(page)).to_be_visible()
    expect(page.get_by_role("button", name="MNIST…")).to_be_hidden()


def test_held_back_pictures_are_chosen_by_class_and_shared_by_link(with_run, open_page):
    page = open_page(f"{with_run}/{MINE}")
    page.get_by_role("button", name="Held back…").click()
    choice = page.get_by_role("region", name="Pictures to choose from")
    expect(choice.get_by_role("button", name=re.compile("^Picture"))).to_have_count(6)
    choice.get_by_label("Which class is shown").select_option("blue")
    expect(choice.get_by_role("button", name=re.compile("^Picture"))).to_have_count(3)
    choice.get_by_role("button", name="Picture 3: blue").click()
    expect(told(page, "Picture 3 that the run “colours” holds back: blue")).to_be_visible()
    page.wait_for_function("() => location.hash.includes('digit=3%40colours')")
    expect_colour(the_picture(page), BLUE, 0.5, 0.4)
    again = open_page(page.url)
    expect(told(again, "Picture 3 that the run")).to_be_visible()


def test_a_picture_is_cut_shown_in_colours_and_kept_when_the_model_changes(with_run, open_page, tmp_path):
    page = open_page(f"{with_run}/{MINE}")
    choose(page, photo(tmp_path / "red.png", square=(130, 25, 170, 75)))
    expect(told(page, "red.png")).to_be_visible()
    shown = stages(page)
    cut = shown.get_by_role("img", name="Cut and resized")
    expect(cut).to_be_visible()
    expect_colour(cut, RED)
    expect_colour(shown.get_by_role("img", name="Your picture"), (0, 0, 0), 0.1)
    page.keyboard.press("Escape")
    model_choice(page).select_option("a2")
    expect(pad(page)).to_be_visible()
    expect(told(page, "light ink on a dark ground")).to_be_visible()
    model_choice(page).select_option("colours/mobilenet_v3_small")
    expect(the_picture(page)).to_be_visible()
    expect_colour(the_picture(page), RED)
    page.get_by_role("button", name="Example", exact=True).click()
    expect(told(page, "red.png")).to_be_hidden()


def test_the_greeting_is_no_picture_for_a_model_of_pictures(with_run, open_page):
    page = open_page(with_run, greeted=True)
    expect(headline(page)).to_contain_text("3", timeout=20_000)
    model_choice(page).select_option("colours/mobilenet_v3_small")
    expect(the_picture(page)).to_be_visible()
    expect(page.get_by_role("button", name="Your drawing")).to_be_hidden()


def test_the_camera_takes_a_picture(with_run, browser, tmp_path):
    flags = [*chromium.FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    own = browser.browser_type.launch(executable_path=chromium.find(), args=flags)
    try:
        page = own.new_page()
        page.goto(f"{with_run}/{MINE}")
        page.get_by_role("button", name="Camera…").click()
        page.get_by_role("button", name="Take it").click()
        expect(told(page, "taken with the camera")).to_be_visible()
        expect(page.get_by_role("img", name="What the camera sees now")).to_be_hidden()
        # Chromium's imitated camera sees green
        expect_place(the_picture(page), "(r, g, b) => g > 100 && 100 > Math.max(r, b)", 0.5, 0.3)
    finally:
        own.close()


@pytest.mark.parametrize(("width", "height"), [(1366, 500), (1024, 768), (390, 844)])
def test_explore_opens_with_the_network_on_top(pictures, open_page, width, height):
    page = open_page(pictures, width=width, height=height)
    expect(pad(page)).to_be_hidden()
    expect(headline(page)).to_have_attribute("data-verdict", "best")
    top = page.locator(".draw-top").bounding_box()
    network = page.locator(".draw > .network").bounding_box()
    assert top
    assert network
    if width > 860:
        assert top["height"] <= 64
        assert min(height, network["y"] + network["height"]) - network["y"] >= LEAST_NETWORK
    assert network["y"] < height / 2


def test_explore_takes_a_picture_in_place_of_the_example_and_gives_it_back(pictures, open_page, tmp_path):
    page = open_page(pictures)
    before = headline(page).text_content()
    choose(page, photo(tmp_path / "red.png"))
    expect(headline(page)).not_to_have_text(before or "")
    page.get_by_role("button", name="More inputs").click()
    page.get_by_role("button", name="Example", exact=True).click()
    expect(headline(page)).to_have_text(before or "")


def test_the_pad_of_a_model_of_digits_opens_on_demand(digits, open_page):
    page = open_page(digits)
    expect(pad(page)).to_be_hidden()
    page.get_by_role("button", name="Draw…").click()
    surface = pad(page)
    expect(surface).to_be_visible()
    before = headline(page).text_content()
    box = surface.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 140, steps=5)
    page.mouse.up()
    expect(headline(page)).not_to_have_text(before or "")


def test_every_input_of_a_model_has_its_column_and_its_name(pair, open_page):
    page = open_page(pair)
    for name in ("image", "numbers"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}"))).to_be_visible()
    expect(headline(page)).to_contain_text(re.compile("cat|dog|fox"))


def test_a_segmentation_shows_which_class_is_where(segmenter, open_page):
    page = open_page(segmenter)
    expect(headline(page)).to_have_attribute("data-verdict", "maps")
    winners = page.get_by_role("img", name=re.compile("Which class wins at each place: .*(ground|car|tree|sky)"))
    expect(winners).to_be_visible()


def test_a_model_of_tokens_has_neither_pad_nor_pictures(tokens, open_page):
    page = open_page(tokens)
    expect(headline(page)).to_have_attribute("data-verdict", "best")
    expect(pad(page)).to_be_hidden()
    expect(page.get_by_role("button", name="More inputs")).to_be_hidden()


def test_a_model_that_fails_says_why_in_the_headline(fails, open_page):
    page = open_page(fails)
    expect(headline(page)).to_contain_text("mat1 and mat2 shapes cannot be multiplied")
    expect(page.get_by_role("button", name=re.compile("^conv"))).to_be_visible()
