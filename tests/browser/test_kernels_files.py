"""Pictures of all kinds on the Kernels page: read, or refused in words; and what can be taken along."""

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.conftest import serve
from tests.browser.kernels_page import (
    choose,
    correlated,
    encoded,
    fill,
    learning,
    notes,
    open_kernels,
    pixels,
    read_sum,
    saved,
    settled,
    taps,
    upload,
    weights,
)


@pytest.fixture
def kernels(app: str, open_page: Callable[..., Page]) -> Page:
    return open_kernels(open_page(app))


def test_a_picture_with_transparency_is_laid_on_white_and_keeps_its_shape(kernels: Page) -> None:
    picture = Image.new("RGBA", (60, 20), (200, 40, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 30, 20))
    picture.putpixel((40, 5), (0, 0, 0, 51))
    upload(kernels, "half clear.png", encoded(picture))
    expect(notes(kernels)).to_contain_text("half clear.png, 20 × 60")
    expect(notes(kernels)).to_contain_text("laid on white")
    shown = pixels(kernels, "input")
    assert shown.shape == (3, 20, 60)
    assert shown[:, 10, 5].tolist() == [255, 255, 255]
    assert shown[:, 10, 50].tolist() == [200, 40, 0]
    assert shown[:, 5, 40].tolist() == [204, 204, 204]


def test_an_opened_picture_and_what_is_made_of_it_stay_in_the_browser(kernels: Page) -> None:
    asked: list[str] = []
    kernels.on("request", lambda request: asked.append(request.url))
    upload(kernels, "private.png", encoded(Image.effect_noise((40, 30), 60)))
    expect(notes(kernels)).to_contain_text("private.png")
    weights(kernels).nth(4).focus()
    kernels.keyboard.press("PageUp")
    settled(kernels)
    learning(kernels).get_by_role("button", name="Start").click()
    expect(kernels.locator(".learn-body")).to_be_visible()
    assert asked == []


def test_a_turned_photo_stands_upright_and_a_large_one_is_scaled_down(kernels: Page) -> None:
    picture = Image.new("RGB", (2400, 1200), (250, 250, 250))
    picture.paste((0, 0, 0), (0, 0, 1200, 1200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise: the left half comes up
    upload(kernels, "photo.jpg", encoded(picture, "JPEG", exif=exif, quality=95))
    expect(notes(kernels)).to_contain_text("turned as its EXIF data says")
    expect(notes(kernels)).to_contain_text("scaled down to 1024 × 512")
    shown = pixels(kernels, "input")
    assert shown.shape == (3, 1024, 512)
    assert shown[0, 200].mean() < 10
    assert shown[0, 800].mean() > 240


REFUSED = [
    ("notes.png", b"this is text, whatever its name says", "is not a picture"),
    ("cut.png", encoded(Image.effect_noise((80, 80), 60))[:-200], "is cut off"),
    ("cut.jpg", encoded(Image.effect_noise((80, 80), 60), "JPEG")[:-200], "is cut off"),
    ("cut.webp", encoded(Image.effect_noise((80, 80), 60).convert("RGB"), "WEBP")[:-200], "is cut off"),
    ("empty.png", b"", "is not a picture"),
    ("broken.png", encoded(Image.new("L", (8, 8))).replace(b"IDAT", b"IDAX"), "cannot read it"),
]


def test_files_that_are_no_pictures_are_refused_in_words(kernels: Page) -> None:
    before = pixels(kernels, "input")
    for name, content, words in REFUSED:
        upload(kernels, name, content)
        expect(kernels.locator(".source .problem")).to_contain_text(name)
        expect(kernels.locator(".source .problem")).to_contain_text(words)
    assert torch.equal(pixels(kernels, "input"), before)


def test_a_picture_of_one_pixel_works_or_says_why_not(kernels: Page) -> None:
    upload(kernels, "dot.png", encoded(Image.new("RGB", (1, 1), (10, 20, 30))))
    expect(kernels.locator(".kernels-output-size")).to_have_text("1 × 1")
    choose(kernels, "mode", "reflect")
    expect(kernels.locator(".kernels-treated")).to_contain_text("needs more than 1 of them, and the picture has 1")
    choose(kernels, "mode", "zeros")
    expect(kernels.locator(".kernels-treated")).to_contain_text("Values from")
    choose(kernels, "padding", "valid")
    expect(kernels.locator(".kernels-treated")).to_contain_text("the kernel spans 3 rows, the padded picture has 1")


def test_sixteen_bits_cmyk_and_palettes_are_read_and_what_was_lost_is_said(kernels: Page) -> None:
    deep = np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64)
    upload(kernels, "deep.png", encoded(Image.fromarray(deep)))
    expect(notes(kernels)).to_contain_text("16 bits a channel reduced to 8")
    assert (pixels(kernels, "input")[0] - torch.tensor(deep / 257.0)).abs().max() <= 1

    upload(kernels, "print.jpg", encoded(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", quality=95))
    expect(notes(kernels)).to_contain_text("CMYK converted to RGB")
    red, green, blue = pixels(kernels, "input").mean((1, 2)).tolist()
    assert red > 180
    assert max(green, blue) < 80

    palette = Image.new("P", (20, 10), 1)
    palette.putpalette([0, 0, 0, 10, 200, 90] + [0] * 750)
    upload(kernels, "few.png", encoded(palette))
    expect(notes(kernels)).to_contain_text("few.png, 10 × 20")
    assert pixels(kernels, "input")[:, 3, 3].tolist() == [10, 200, 90]

    upload(kernels, "moving.gif", encoded(Image.new("L", (9, 9), 60), "GIF"))
    expect(notes(kernels)).to_contain_text("only its first frame")


def test_a_picture_of_eight_thousand_by_eight_thousand_is_scaled_down(kernels: Page) -> None:
    large = Image.new("L", (8000, 8000), 40)
    large.paste(200, (0, 0, 8000, 4000))
    upload(kernels, "large.png", encoded(large))
    expect(notes(kernels)).to_contain_text("scaled down to 1024 × 1024", timeout=30_000)
    shown = pixels(kernels, "input")
    assert shown.shape == (3, 1024, 1024)
    assert shown[0, 100].mean() == 200
    assert shown[0, 900].mean() == 40


def test_without_a_camera_the_page_says_so(kernels: Page) -> None:
    webcam, problem = kernels.get_by_role("button", name="Webcam"), kernels.locator(".source .problem")
    webcam.click()
    expect(problem).to_have_text("No camera was found on this machine.")
    expect(webcam).to_have_attribute("aria-pressed", "false")
    kernels.evaluate("() => { Object.defineProperty(navigator, 'mediaDevices', { value: undefined }); }")
    webcam.click()  # as on a page that came over plain http from another machine
    expect(problem).to_contain_text("over https")
    choose(kernels, "source", "print")
    expect(problem).to_be_hidden()


@pytest.fixture
def with_camera(app: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page in a Chromium that has a camera of moving colours."""
    flags = [*chromium.FLAGS, "--use-fake-device-for-media-stream"]
    apart = browser.browser_type.launch(executable_path=chromium.find(), args=flags)

    def opened(permissions: list[str]) -> Page:
        page = apart.new_context(permissions=permissions).new_page()
        page.goto(app)
        page.locator(".headline[data-verdict]").wait_for(timeout=30_000)
        return open_kernels(page)

    yield opened
    apart.close()


def test_the_browsers_refusal_of_the_camera_is_explained(with_camera: Callable[..., Page]) -> None:
    page = with_camera([])
    page.get_by_role("button", name="Webcam").click()
    expect(page.locator(".source .problem")).to_contain_text("The browser was told not to give this page the camera")
    expect(page.get_by_role("button", name="Webcam")).to_have_attribute("aria-pressed", "false")


def test_a_webcam_is_convolved_live_and_let_go(with_camera: Callable[..., Page]) -> None:
    page = with_camera(["camera"])
    page.get_by_role("button", name="Webcam").click()
    expect(notes(page)).to_contain_text("nothing is recorded or sent")
    expect(page.locator(".kernels-output-size")).to_have_text("384 × 512")
    picture = """() => {
      const context = document.querySelector("[data-screen=output] canvas").getContext("2d");
      const { data } = context.getImageData(0, 0, 512, 384);
      return data.reduce((sum, level, k) => (sum * 31 + level * (k % 97)) % 1000003, 7);
    }"""
    page.wait_for_function(f"before => ({picture})() !== before", arg=page.evaluate(picture))
    page.get_by_role("button", name="Webcam").click()
    expect(page.locator("[data-control='source']")).to_have_value("landscape")
    expect(page.get_by_role("button", name="Webcam")).to_have_attribute("aria-pressed", "false")
    settled(page)


def test_it_works_after_the_server_has_gone(open_page: Callable[..., Page]) -> None:
    for address in serve("-m", "explorer", "--no-open", "--model", "a2"):
        page = open_kernels(open_page(address))
    choose(page, "preset", "sobely")
    choose(page, "source", "shapes")
    choose(page, "channels", "grey")
    choose(page, "show", "rescale")
    expect(page.locator(".kernels-treated")).to_contain_text("as 255")
    picture = pixels(page, "input")
    grey = (picture * torch.tensor([19595, 38470, 7471], dtype=torch.float64)[:, None, None]).sum(0, keepdim=True)
    values = correlated(((grey + 0x8000) / 65536).floor(), taps(page))
    wanted = (values - values.min()) / (values.max() - values.min()) * 255
    assert (pixels(page, "output")[:1] - wanted).abs().max() <= 0.51


def test_what_is_saved_is_what_is_shown_and_the_program_gives_the_tensor(
    kernels: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(kernels, "preset", "gaussian")
    fill(kernels, "size.rows", 4)
    fill(kernels, "stride.columns", 2)
    kernels.get_by_role("button", name="Add a kernel").click()
    choose(kernels, "preset", "sobely")
    choose(kernels, "mode", "circular")
    kernels.locator("[data-control='flip']").check()
    fill(kernels, "bias", "-12.5")
    picture, kernel, result = pixels(kernels, "input"), taps(kernels), pixels(kernels, "output")

    values = torch.tensor(np.load(saved(kernels, "Values of the result", tmp_path)))
    assert values.shape == (3, 512, 256)
    assert (values.abs().clamp(0, 255) - result).abs().max() <= 0.51
    image = np.asarray(Image.open(saved(kernels, "Result as shown", tmp_path)).convert("RGB"))
    assert torch.equal(torch.tensor(image).permute(2, 0, 1).double(), result)
    assert np.array_equal(np.load(saved(kernels, "Kernel (NPY)", tmp_path)), kernel.numpy())
    table = np.loadtxt(saved(kernels, "Kernel (CSV)", tmp_path), delimiter=",")
    assert np.array_equal(table, kernel.numpy())
    source = np.asarray(Image.open(saved(kernels, "Picture the chain starts from", tmp_path)).convert("RGB"))
    assert source.shape == (512, 512, 3)
    assert picture.shape == (3, 512, 256)

    program = saved(kernels, "The chain in PyTorch", tmp_path)
    monkeypatch.chdir(tmp_path)
    x = runpy.run_path(str(program))["x"][:, 0]
    assert x.shape == values.shape
    assert (x - values).abs().max() <= 1e-4 * values.abs().max()
    y, column, _, value = read_sum(kernels)
    assert abs(x[0, y, column] - value) <= 1e-4 * abs(value)


def test_the_program_of_a_feature_map_reads_its_exact_values(
    kernels: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(kernels, "source", "map")
    expect(notes(kernels)).to_contain_text("exact float32 values")
    settled(kernels)
    saved(kernels, "Picture the chain starts from", tmp_path)
    values = np.load(saved(kernels, "Values of the result", tmp_path))
    program = saved(kernels, "The chain in PyTorch", tmp_path)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(runpy.run_path(str(program))["x"][0].numpy(), values, rtol=1e-9, atol=1e-12)
