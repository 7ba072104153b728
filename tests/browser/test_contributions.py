"""Where a number comes from: curves from the maps that contribute most, the ink as it sees it; a layer's kernels."""

import json
import re

import pytest
import torch
from playwright.sync_api import Page, Request, expect

from core import models
from core.data.strokes import preprocess
from core.explain import contributions, record, terms
from tests.browser import draw_page
from tests.browser.conftest import next_frames
from tests.browser.draw_page import expect_agrees, expect_digit, feature_maps
from tests.browser.test_levels import BOXES, MOVED


def example(page: Page, digit: str) -> None:
    draw_page.example(page, digit).click()
    expect_digit(page, digit)


def numbers(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"[-−]?\d+\.\d+", text)]


def told_values(text: str) -> list[float]:
    """What each map contributes, of "Most to conv2 [1, 8, 8]: conv1 [3] −11"."""
    return [float(value.replace("−", "-")) for value in re.findall(r"\] ([−\d.]+)", text)]


def test_curves_come_from_the_maps_that_contribute_most_and_nothing_moves(app, open_page, examples):
    page = open_page(f"{app}#model=a2", width=1366, height=768)
    example(page, "5")
    maps = page.get_by_role("img", name=re.compile("Feature maps of conv2"))
    maps.click(position={"x": 20, "y": 20})
    page.keyboard.press("Escape")
    told = page.locator(".curves-told")
    expect(told).to_contain_text("Most to conv2 [")
    curves = page.locator(".curve")
    left_out = page.locator("[data-step='2']").get_by_role("button", name=re.compile(r"^\+\d+$"))
    shown = 10 - int(left_out.inner_text())
    expect(curves).to_have_count(shown + 1)  # the others come from where they are left out, as one
    place = [int(number) for number in re.findall(r"\d+", told.inner_text().split("[")[1].split("]")[0])]
    trace = record(models.load("a2"), models.card("a2").prepare(preprocess(examples["5"], pad=1.0).picture))
    step = trace.steps[3]
    found = contributions(step, terms(step, (0, *place)))
    values = [each.value for each in found[:3]]
    assert told_values(told.inner_text()) == pytest.approx(values, rel=5e-3)  # they are told with three digits
    widths = sorted((float(curve.get_attribute("stroke-width") or 0) for curve in curves.all()), reverse=True)
    assert widths[0] == 7
    assert page.evaluate(BOXES) > 200
    page.get_by_role("img", name=re.compile("Feature maps of conv1")).hover(position={"x": 20, "y": 20})
    expect(page.locator(".reading")).to_contain_text("conv1 · channel")
    assert page.evaluate(MOVED) == []
    page.mouse.move(5, 5)
    expect(curves).to_have_count(shown + 1)
    page.keyboard.press("Escape")
    expect(curves).to_have_count(0)
    expect(told).to_be_empty()


def test_curves_follow_the_pen_and_go_down_to_the_sum_behind_a_relu(app, open_page):
    page = open_page(app, width=1366, height=768)
    example(page, "8")
    page.get_by_role("img", name=re.compile("Feature maps of norm3,")).click(position={"x": 15, "y": 15})
    expect(page.locator(".curves-told")).to_contain_text("Most to conv3 [")
    before = page.locator(".curves-told").inner_text()
    assert torch.tensor(told_values(before)).abs().diff().le(0).all()
    page.keyboard.press("Escape")
    expect(page.locator(".curves-told")).to_have_text(before)
    example(page, "1")
    expect(page.locator(".curves-told")).not_to_have_text(before)


def test_an_opened_number_begins_in_words_and_shows_the_ink_as_it_sees_it(app, open_page):
    page = open_page(f"{app}#model=a2", width=1366, height=768)
    example(page, "5")
    page.get_by_role("img", name=re.compile("Feature maps of conv2")).click(position={"x": 20, "y": 20})
    panel = page.get_by_role("dialog", name="The sum behind one cell")
    value = panel.locator(".cell-value").inner_text()
    expect(panel).to_contain_text("A convolution adds up 250 products")
    expect(panel).to_contain_text("over 10 channels")
    picture = panel.get_by_role("img", name=re.compile("The ink as this number sees it"))
    expect(picture).to_have_attribute("aria-label", re.compile("raised it by"), timeout=15_000)
    up, down, total = numbers(str(picture.get_attribute("aria-label")))
    assert up - down == pytest.approx(total, abs=0.01 * (up + down))
    assert float(value.replace("−", "-"))
    page.get_by_role("img", name=re.compile("Feature maps of max_pool2d,")).first.click(position={"x": 20, "y": 20})
    expect(panel).to_contain_text("Max pooling keeps the largest of these 4 numbers")
    expect(panel.get_by_role("button", name=re.compile("^Copy( ▾)?$"))).to_be_visible()
    box = panel.bounding_box()
    terms = panel.locator(".addends").first.bounding_box()
    assert box
    assert terms
    assert terms["y"] < box["y"] + 120  # beside the words, in view at once
    expect(page.locator(".bars li[data-class='5'] .bar-share")).to_be_in_viewport(ratio=1)


def test_one_layer_tells_its_largest_value_its_silent_channels_and_its_kernels(app, open_page, examples):
    page = open_page(f"{app}#model=a2", width=1366, height=768)
    example(page, "5")
    page.get_by_role("button", name=re.compile("conv: conv2")).click()
    layer = page.locator("[data-step='3']")
    largest = layer.get_by_role("button", name=re.compile("largest"))
    trace = record(models.load("a2"), models.card("a2").prepare(preprocess(examples["5"], pad=1.0).picture))
    values = trace.steps[3].output
    found = re.search(r"largest (.*) at \[(.*)\]", largest.inner_text())
    assert found
    place = [int(index) for index in found[2].split(", ")]
    assert values[(0, *place)].abs() == values.abs().max()
    kernels = layer.get_by_role("img", name="Kernels")
    kernels.hover(position={"x": 3, "y": 3})
    expect(layer.locator(".layer-kernel-reading")).to_contain_text("map 0, input channel")
    kernels.click(position={"x": 3, "y": 3})
    expect(page.locator(".crumb").last).to_contain_text("weight of conv2 [0, ")
    expect(page.locator(".element input")).to_be_visible()
    page.go_back()
    largest.click()
    expect(page.locator(".crumb").last).to_have_text(f"conv2 [{found[2]}]")


def test_silent_channels_of_any_model_are_shown_one_after_the_other(app, open_page):
    page = open_page(f"{app}#model=a2", width=1366, height=768)
    example(page, "5")
    page.get_by_role("button", name=re.compile("relu: relu")).last.click()
    zero = page.get_by_role("button", name=re.compile(r"of 50 channels are 0"))
    zero.click()
    reading = page.locator(".reading")
    expect(reading).to_contain_text("value ≈ 0")
    first = reading.inner_text()
    zero.click()
    expect(reading).not_to_have_text(first)
    expect(reading).to_contain_text("value ≈ 0")


def test_more_maps_of_the_same_drawing_do_not_ask_for_the_opened_sum_again(app, open_page):
    page = open_page(app)
    example(page, "3")
    asked: list[str] = []

    def function(request: Request) -> str:
        return str(json.loads(request.post_data or "{}").get("fn_name")) if "component_server" in request.url else ""

    page.on("request", lambda request: asked.append(function(request)))
    with page.expect_request_finished(lambda request: function(request) == "observe"):  # other maps are in view now
        feature_maps(page, 4).click(position={"x": 6, "y": 6})
    expect_agrees(page)
    next_frames(page)
    assert asked.count("explain") == 1
    assert asked.count("sources") == 1
