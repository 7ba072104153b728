"""A kernel learned in the page from a picture and its result: recovered, or why it cannot be."""

from collections.abc import Callable

import pytest
import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from tests.browser.kernels_page import (
    canvas_bytes,
    choose,
    correlated,
    encoded,
    fill,
    learning,
    notes,
    open_kernels,
    pixels,
    settled,
    taps,
    upload,
)


@pytest.fixture
def kernels(app: str, open_page: Callable[..., Page]) -> Page:
    return open_kernels(open_page(app))


def start(page: Page, source: str = "stage") -> Locator:
    settled(page)
    choose(page, "learn.from", source)
    learning(page).get_by_role("button", name="Start").click()
    learn = learning(page)
    expect(learn.locator(".learn-body")).to_be_visible()
    return learn


def grid(page: Page, part: str) -> Tensor:
    label = page.locator(f"[data-part='{part}']").get_attribute("aria-label") or ""
    return torch.tensor([float(value.replace("−", "-")) for value in label.split(", ")], dtype=torch.float64)


def test_a_kernel_is_found_step_by_step_and_taken_over(kernels: Page) -> None:
    emboss = taps(kernels)
    learn = start(kernels)
    verdict = learn.locator(".learn-verdict")
    expect(learn).to_have_attribute("data-step", "0")
    assert grid(kernels, "learned").abs().max() == 0
    kernels.keyboard.press("ArrowRight")
    expect(learn).to_have_attribute("data-step", "1")
    errors = [float(learn.get_attribute("data-error") or "nan")]
    for _ in range(5):
        kernels.keyboard.press("ArrowRight")
    expect(learn).to_have_attribute("data-step", "6")
    errors.append(float(learn.get_attribute("data-error") or "nan"))
    expect(verdict).to_contain_text("After 6 of")
    sixth = grid(kernels, "learned")
    kernels.keyboard.press("End")
    expect(verdict).to_contain_text("Found")
    assert (grid(kernels, "learned").reshape(3, 3) - emboss).abs().max() <= 1e-3
    assert float(learn.get_attribute("data-error") or "nan") < 1e-6 < errors[1] < errors[0]
    wanted = canvas_bytes(learn.locator("[data-part='target']"))
    assert (canvas_bytes(learn.locator("[data-part='now']")) - wanted).abs().max() <= 1
    kernels.keyboard.press("Home")
    learn.locator(".scrub").fill("6")
    expect(learn).to_have_attribute("data-step", "6")
    assert torch.equal(grid(kernels, "learned"), sixth)
    kernels.keyboard.press("End")
    expect(verdict).to_contain_text("Found")
    kernels.locator("[data-tool='learn-use']").click()
    expect(kernels.locator(".preset")).to_have_value("")
    assert (taps(kernels) - emboss).abs().max() <= 1e-3


def test_the_descent_plays_and_pauses(kernels: Page) -> None:
    learn = start(kernels)
    learn.locator("[data-control='speed']").select_option("16")
    learn.locator("[data-tool='play']").focus()
    kernels.keyboard.press(" ")
    expect(learn.locator("[data-tool='play']")).to_have_attribute("aria-pressed", "false", timeout=30_000)
    expect(learn.locator(".learn-verdict")).to_contain_text("Found")
    kernels.keyboard.press("Home")
    learn.locator("[data-tool='play']").click()
    expect(learn).not_to_have_attribute("data-step", "0")
    learn.locator("[data-tool='play']").click()
    expect(learn.locator("[data-tool='play']")).to_have_attribute("aria-pressed", "false")


def test_the_descent_begins_by_itself_where_motion_is_welcome(app: str, open_page: Callable[..., Page]) -> None:
    learn = start(open_kernels(open_page(app, reduced_motion="no-preference")))
    expect(learn).not_to_have_attribute("data-step", "0")
    learn.page.keyboard.press("Space")
    expect(learn.locator("[data-tool='play']")).to_have_attribute("aria-pressed", "false")


def test_a_hidden_kernel_is_found_and_shown_at_the_end(kernels: Page) -> None:
    choose(kernels, "learn.from", "hidden")
    fill(kernels, "learn.rows", 2)
    fill(kernels, "learn.columns", 4)
    fill(kernels, "learn.seed", 7)
    learn = start(kernels, "hidden")
    expect(learn.locator("[data-part='truth']")).to_be_hidden()
    kernels.keyboard.press("End")
    expect(learn.locator(".learn-verdict")).to_contain_text("Found")
    expect(learn.locator("[data-part='truth']")).to_be_visible()
    hidden = grid(kernels, "truth")
    assert hidden.shape == (8,)
    assert (hidden / 0.25).frac().abs().max() == 0
    assert (grid(kernels, "learned") - hidden).abs().max() <= 1e-3


def test_a_flat_picture_a_cut_result_and_a_wide_stride_are_named(kernels: Page) -> None:
    learn, verdict = learning(kernels), kernels.locator(".learn-verdict")
    choose(kernels, "preset", "sharpen")
    start(kernels, "painted")
    kernels.keyboard.press("End")
    expect(verdict).to_contain_text("where values beyond were cut")
    expect(verdict).to_contain_text("Not found")
    cut = (grid(kernels, "learned").reshape(3, 3) - taps(kernels)).abs().max()
    learn.locator("[data-control='learn.leave']").check()
    start(kernels, "painted")
    kernels.keyboard.press("End")
    expect(verdict).not_to_contain_text("where values beyond were cut")
    assert (grid(kernels, "learned").reshape(3, 3) - taps(kernels)).abs().max() < cut

    upload(kernels, "flat.png", encoded(Image.new("RGB", (30, 20), (90, 120, 200))))
    expect(notes(kernels)).to_contain_text("flat.png")
    expect(learn.locator(".problem")).to_contain_text("has changed")
    choose(kernels, "channels", "grey")
    start(kernels)
    expect(verdict).to_contain_text("The picture is flat")
    expect(learn).to_have_attribute("data-rank", "0")

    upload(kernels, "grain.png", encoded(Image.effect_noise((30, 30), 80)))
    expect(notes(kernels)).to_contain_text("grain.png")
    for axis in ("rows", "columns"):
        fill(kernels, f"stride.{axis}", 16)
    choose(kernels, "padding", "valid")
    start(kernels)
    kernels.keyboard.press("End")
    expect(verdict).to_contain_text("There are 4 windows for 9 weights")
    expect(verdict).to_contain_text("A smaller stride gives more windows")
    expect(learn).to_have_attribute("data-rank", "3")


def test_two_pictures_are_enough_and_sizes_that_do_not_fit_are_refused(kernels: Page) -> None:
    generator = torch.Generator().manual_seed(3)
    before = torch.randint(60, 190, (1, 40, 50), generator=generator).double()
    kernel = torch.tensor([[0.0, 0.25, 0.0], [0.25, 0.5, -0.25], [0.0, -0.25, 0.5]], dtype=torch.float64)
    after = correlated(before, kernel).round().clamp(0, 255)
    files = {}
    for name, picture in (("before", before), ("after", after), ("small", after[:, :30])):
        files[name] = encoded(Image.fromarray(picture[0].to(torch.uint8).numpy()))
    upload(kernels, "before.png", files["before"])
    expect(notes(kernels)).to_contain_text("before.png")
    settled(kernels)
    choose(kernels, "learn.from", "file")
    learn = learning(kernels)
    learn.get_by_role("button", name="Start").click()
    expect(learn.locator(".problem")).to_contain_text("Open the picture that the kernel made first")
    for name, content, words in (
        ("small.png", files["small"], "makes a result of 40 × 50, the given one has 30 × 50"),
        ("no.png", b"no", "is not a picture"),
    ):
        learn.locator(".learn-file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
        expect(learn.locator(".problem")).to_contain_text(words)
    learn.locator(".learn-file").set_input_files(
        {"name": "after.png", "mimeType": "image/png", "buffer": files["after"]}
    )
    expect(learn.locator(".learn-body")).to_be_visible()
    kernels.keyboard.press("End")
    expect(learn.locator(".learn-verdict")).to_contain_text("the kernel explains 99.9")
    assert (grid(kernels, "learned").reshape(3, 3) - kernel).abs().max() <= 0.01
    assert pixels(kernels, "input").shape == (3, 40, 50)
