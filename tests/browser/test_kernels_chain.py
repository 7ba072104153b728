"""Several kernels one after the other, in Chromium: against torch, dragged, by keyboard, and from a link."""

import re
from collections.abc import Callable

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from core.models import load
from core.ops.composition import compose
from tests.browser.kernels_page import (
    canvas_bytes,
    choose,
    correlated,
    drag,
    fill,
    magnifier,
    notes,
    open_kernels,
    picture_of,
    pixels,
    read_sum,
    settled,
    shown,
    taps,
    weights,
)


@pytest.fixture
def kernels(app: str, open_page: Callable[..., Page]) -> Page:
    return open_kernels(open_page(app))


def add(page: Page, preset: str) -> None:
    page.get_by_role("button", name="Add a kernel").click()
    choose(page, "preset", preset)
    settled(page)


def cards(page: Page) -> Locator:
    return page.locator(".chain-card[data-stage]")


def pick(page: Page, at: int) -> None:
    cards(page).nth(at).locator(".chain-pick").click()
    settled(page)


def test_each_kernel_gets_what_the_one_before_hands_on(kernels: Page) -> None:
    picture, first = pixels(kernels, "input"), taps(kernels)
    add(kernels, "sobelx")
    second = taps(kernels)
    choose(kernels, "show", "clamp")
    between = correlated(picture, first)
    assert (pixels(kernels, "input") - between.clamp(0, 255)).abs().max() <= 0.51
    assert (pixels(kernels, "output") - correlated(between, second).clamp(0, 255)).abs().max() <= 0.51
    y, x, total, _ = read_sum(kernels)
    assert abs(total - correlated(between, second)[0, y, x]) <= 1e-4 * abs(total)

    pick(kernels, 0)
    for handed, words in ((between.abs(), "absolute"), (between.clamp(0, 255), "clamp")):
        choose(kernels, "pass", words)
        pick(kernels, 1)
        assert (pixels(kernels, "output") - correlated(handed, second).clamp(0, 255)).abs().max() <= 0.51
        pick(kernels, 0)


def test_kernels_are_switched_off_moved_and_taken_out_and_all_of_it_is_undone(kernels: Page) -> None:
    picture = pixels(kernels, "input")
    add(kernels, "box")
    add(kernels, "laplacian")
    names = kernels.locator(".chain-card[data-stage] .chain-name")
    expect(names).to_have_text(["1 Emboss", "2 Box blur", "3 Laplacian"])
    cards(kernels).nth(1).locator("[data-control='chain-on']").uncheck()
    expect(kernels.locator(".kernels-treated")).to_contain_text("This kernel is off")
    assert torch.equal(pixels(kernels, "input"), pixels(kernels, "output"))
    cards(kernels).nth(0).locator("[data-control='chain-on']").uncheck()
    pick(kernels, 2)
    assert torch.equal(pixels(kernels, "input"), picture)
    cards(kernels).nth(2).locator("[data-tool='chain-back']").click()
    expect(names).to_have_text(["1 Emboss", "2 Laplacian", "3 Box blur"])
    expect(cards(kernels).nth(1)).to_have_class(re.compile("current"))
    cards(kernels).nth(0).locator("[data-tool='chain-remove']").click()
    expect(names).to_have_text(["1 Laplacian", "2 Box blur"])
    expect(cards(kernels).nth(0)).to_have_class(re.compile("current"))
    for _ in range(3):
        kernels.get_by_role("button", name="Undo (Ctrl+").click()
    expect(names).to_have_text(["1 Emboss", "2 Box blur", "3 Laplacian"])
    expect(kernels.locator(".chain-card.off")).to_have_count(1)


def test_the_chain_is_walked_and_changed_by_keyboard_alone(kernels: Page) -> None:
    kernels.get_by_role("button", name="Add a kernel").focus()
    kernels.keyboard.press("Enter")
    expect(cards(kernels)).to_have_count(2)
    current = kernels.locator(".chain-card.current")
    cards(kernels).nth(1).locator(".chain-pick").focus()
    kernels.keyboard.press("ArrowLeft")
    expect(current).to_have_attribute("data-stage", "0")
    expect(cards(kernels).nth(0).locator(".chain-pick")).to_be_focused()
    kernels.keyboard.press("Alt+ArrowRight")
    expect(kernels.locator(".chain-card[data-stage] .chain-name")).to_have_text(["1 Gaussian blur", "2 Emboss"])
    expect(current).to_have_attribute("data-stage", "1")
    kernels.keyboard.press("Delete")
    expect(cards(kernels)).to_have_count(1)
    expect(cards(kernels).nth(0).locator(".chain-pick")).to_be_focused()
    kernels.keyboard.press("Delete")  # the last one stays
    expect(cards(kernels)).to_have_count(1)
    expect(cards(kernels).locator("[data-tool='chain-remove']")).to_be_disabled()


def test_two_kernels_are_shown_as_the_one_they_are_and_made_one(kernels: Page) -> None:
    first = taps(kernels)
    add(kernels, "laplacian")
    fill(kernels, "size.rows", 3)
    fill(kernels, "size.columns", 3)
    choose(kernels, "show", "clamp")
    second, before = taps(kernels), pixels(kernels, "output")
    words = kernels.locator(".combined-words")
    expect(words).to_contain_text("Kernels 1 and 2 are one 5×5 kernel")
    expect(words).to_contain_text("25 multiplications a value in one go, 9 + 9")
    check = kernels.locator(".combined-check").evaluate("check => ({ ...check.dataset })")
    assert int(check["count"]) >= 400
    assert float(check["largest"]) <= 1e-6
    kernels.locator("[data-tool='merge']").click()
    expect(cards(kernels)).to_have_count(1)
    assert torch.equal(taps(kernels), compose(first, second))
    apart = (pixels(kernels, "output") - before).abs()
    assert apart[:, 2:-2, 2:-2].max() == 0
    kernels.get_by_role("button", name="Undo (Ctrl+").click()
    expect(cards(kernels)).to_have_count(2)
    pick(kernels, 0)
    choose(kernels, "pass", "absolute")
    expect(words).to_contain_text("between them stand absolute values, which are not linear")
    expect(kernels.locator("[data-tool='merge']")).to_be_hidden()


def test_a_drag_in_a_chain_of_three_changes_what_comes_out_at_its_end(kernels: Page) -> None:
    choose(kernels, "preset", "gaussian")
    add(kernels, "gaussian")
    add(kernels, "emboss")
    fill(kernels, "size.rows", 5)
    fill(kernels, "size.columns", 5)
    pick(kernels, 0)
    last = cards(kernels).nth(2).locator(".chain-picture")
    before = canvas_bytes(last)
    drag(kernels, 12)
    settled(kernels)
    assert not torch.equal(canvas_bytes(last), before)


def test_a_kernel_behind_one_without_a_result_says_so(kernels: Page) -> None:
    choose(kernels, "mode", "reflect")
    choose(kernels, "padding", "valid")
    fill(kernels, "dilation.rows", 16)
    fill(kernels, "size.rows", 15)
    fill(kernels, "stride.rows", 16)
    fill(kernels, "stride.columns", 16)
    add(kernels, "box")
    choose(kernels, "mode", "reflect")
    fill(kernels, "size.rows", 15)
    fill(kernels, "dilation.rows", 16)
    expect(kernels.locator(".kernels-treated")).to_contain_text("needs more than 112 of them")
    kernels.get_by_role("button", name="Add a kernel").click()
    expect(kernels.locator(".kernels-treated")).to_contain_text("a kernel before this one has no result")


def test_a_link_opens_the_same_chain_with_identical_numbers(kernels: Page) -> None:
    weights(kernels).nth(4).dblclick()
    kernels.keyboard.type("1/3")
    kernels.keyboard.press("Enter")
    choose(kernels, "channels", "grey")
    choose(kernels, "source", "shapes")
    add(kernels, "gabor")
    fill(kernels, "stride.rows", 2)
    picture_of(kernels, "output").focus()
    kernels.keyboard.press("ArrowDown")
    expect(magnifier(kernels)).to_have_class(re.compile("pinned"))
    opened, values = read_sum(kernels), pixels(kernels, "output")
    expect(kernels).to_have_url(re.compile(r"kernels=grey\*own_3x3.*\*gabor_9x9.*pixel=\d+\.\d+"))
    page = kernels.context.new_page()
    page.goto(kernels.url)
    shown(page)
    assert read_sum(page) == opened
    assert torch.equal(pixels(page, "output"), values)
    expect(page.locator(".chain-card.current")).to_have_attribute("data-stage", "1")
    expect(page.locator("[data-control='source']")).to_have_value("shapes")
    pick(page, 0)
    assert taps(page)[1, 1] == pytest.approx(1 / 3, abs=1e-6)


def test_broken_parts_of_a_link_are_ignored_and_what_cannot_travel_is_said(app: str, kernels: Page) -> None:
    page = kernels.context.new_page()
    page.goto(f"{app}/#page=kernels&kernels=own_3x3_v1_2&picture=upload&kernel=x&pixel=9")
    shown(page)
    expect(page.locator(".source .problem")).to_contain_text("made with somebody's own picture")
    expect(page.get_by_role("status").filter(has_text="kernels, kernel, pixel")).to_be_visible()
    expect(page.locator(".chain-card[data-stage] .chain-name")).to_have_text(["1 Emboss"])


def test_the_drawing_is_a_source_and_follows_the_pad(kernels: Page) -> None:
    choose(kernels, "source", "drawing")
    expect(notes(kernels)).to_contain_text("nothing is drawn yet")
    assert pixels(kernels, "input").max() == 0
    kernels.locator('#pages [role=tab]:has-text("Draw")').click()
    kernels.locator("[data-example='3']").click()
    kernels.locator('#pages [role=tab]:has-text("Kernels")').click()
    expect(notes(kernels)).to_have_text("")
    inked = pixels(kernels, "input")
    assert inked.shape == (3, 280, 280)
    assert inked.max() == 255
    assert 0.02 < (inked[0] > 128).double().mean() < 0.4


def test_feature_maps_and_learned_kernels_are_the_models_own_numbers(app: str, open_page: Callable[..., Page]) -> None:
    page = open_kernels(open_page(f"{app}/#model=a2"))
    choose(page, "source", "map")
    expect(notes(page)).to_contain_text("conv1, 0: 24 × 24 exact float32 values")
    settled(page)
    expect(page.locator("[data-control='show']")).to_have_value("signed")
    choose(page, "preset", "learned")
    expect(page.locator("[data-control='learned.weight']")).to_have_value("conv1.weight")
    choose(page, "learned.weight", "conv2.weight")
    fill(page, "learned.output", 7)
    fill(page, "learned.input", 3)
    expect(page.locator(".chain-card.current .chain-name")).to_have_text("1 conv2.weight[7, 3]")
    expect(weights(page)).to_have_count(25)
    settled(page)
    weight = load("a2").get_parameter("conv2.weight").detach()[7, 3].double()
    assert (taps(page) - weight).abs().max() <= 1e-5 * weight.abs().max()  # six digits are announced
    weights(page).first.dblclick()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator(".chain-card.current .chain-name")).to_have_text("1 Your kernel")


def test_a_model_that_cannot_be_asked_is_said_and_the_rest_works(kernels: Page) -> None:
    kernels.context.set_offline(True)
    choose(kernels, "source", "map")
    expect(kernels.locator(".source .problem")).to_contain_text("does not answer")
    choose(kernels, "source", "rings")
    expect(kernels.locator(".source .problem")).to_be_hidden()
    choose(kernels, "preset", "learned")
    expect(kernels.locator(".learned .problem")).to_contain_text("does not answer")
    choose(kernels, "preset", "sobely")
    expect(kernels.locator(".learned .problem")).to_be_hidden()
    wanted = correlated(pixels(kernels, "input"), taps(kernels)).abs().clamp(0, 255)
    assert (pixels(kernels, "output") - wanted).abs().max() <= 0.51
    kernels.context.set_offline(False)
