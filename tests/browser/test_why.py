"""A person's ways through the panels "Why" and "Compare", and a swapped activation, in Chromium."""

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from core import models
from core.data.strokes import preprocess
from core.explain import record, swapped
from core.explain.attribution import grad_cam, log_odds, saliency
from tests.browser.draw_page import (
    cell_panel,
    class_rows,
    example,
    expect_agrees,
    expect_digit,
    headline,
    model_choice,
    tool,
)

SHARES = "rows => rows.map(row => row.dataset.probability).join()"


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def opened(open_page, address: str, panel: str, *, model: str = "a2", digit: str = "3", **options: object) -> Page:
    page = open_page(f"{address}#model={model}", **options)
    example(page, digit).click()
    expect_digit(page, digit)
    page.get_by_role("button", name={"why": "Why this class?", "compare": "Compare"}[panel]).click()
    return page


def input_of(examples, model: str, digit: str) -> torch.Tensor:
    return models.card(model).prepare(preprocess(examples[digit], pad=1.0).picture)


def test_why_shows_the_numbers_of_four_methods_and_the_sum_that_must_come_out(app, open_page, examples):
    page = opened(open_page, app, "why")
    sums = page.locator(".why-maps .why-sum")
    expect(sums).to_have_count(4)
    for sum_ in sums.all():
        expect(sum_).to_contain_text("Σ = ")
    model, x = models.load("a2"), input_of(examples, "a2", "3")
    slope = saliency(lambda batch: log_odds(model(batch), 3), x)[0, 0]
    row, column = divmod(int(slope.abs().argmax()), 28)
    cells = page.locator("[data-method='saliency'] .why-cells")
    box = cells.bounding_box()
    assert box
    cells.hover(position={"x": (column + 0.5) / 28 * box["width"], "y": (row + 0.5) / 28 * box["height"]})
    reading = page.locator("[data-method='saliency'] .why-reading")
    expect(reading).to_contain_text(f"row {row}, column {column}: ")
    assert number(reading.inner_text().split(": ")[1]) == pytest.approx(slope[row, column].item(), rel=1e-3)
    told = page.locator("[data-method='integrated_gradients'] .why-sum").inner_text()
    total, expected, delta = (number(text) for text in re.findall(r"(?:= |Δ )(−?[\d.e-]+)", told))
    assert total - expected == pytest.approx(0, abs=delta * 1.1)
    assert delta < 0.05 * abs(expected)
    pixel, legend = page.evaluate(
        """([x, y]) => {
          const map = document.querySelector("[data-method='saliency']");
          const colour = (canvas, x, y) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
          const ramp = map.querySelector("canvas.ramp");
          const mark = parseFloat(map.querySelector(".ramp-mark").style.left) / 100;
          return [colour(map.querySelector(".why-cells"), x, y), colour(ramp, Math.round(mark * (ramp.width - 1)), 0)];
        }""",
        [column, row],
    )
    assert pixel == legend


def test_why_is_asked_for_another_class_and_layer_and_the_link_keeps_both(app, open_page, examples):
    page = opened(open_page, app, "why")
    page.locator(".why-class").select_option("8")
    expect(page.locator(".why-score")).to_contain_text("score of 8: −")
    page.locator(".why-layer").select_option("0")
    page.wait_for_function("() => location.hash.includes('why=8.0')")
    trace = record(models.load("a2"), input_of(examples, "a2", "3"), grad=True)
    expected = grad_cam(trace, 8, 0).values.double().sum().item()
    for each in (page, open_page(page.url)):
        expect(each.locator(".why-layer")).to_have_value("0")
        expect(each.locator(".why-class")).to_have_value("8")
        sum_ = each.locator("[data-method='grad_cam'] .why-sum")
        expect(sum_).to_have_text(f"Σ = {expected:.5g}")
    page.locator("[data-method='grad_cam'] summary").click()
    expect(page.locator("[data-method='grad_cam'] tbody tr")).to_have_count(24)


def test_why_follows_the_drawing_and_says_when_there_is_nothing(app, open_page):
    page = opened(open_page, app, "why")
    expect(page.locator(".why-score")).to_contain_text("score of 3")
    example(page, "7").click()
    expect(page.locator(".why-score")).to_contain_text("score of 7")
    tool(page, "clear").click()
    expect(page.locator("[data-method='integrated_gradients'] .why-note")).to_contain_text("Draw something")
    model_choice(page).select_option("a1")
    example(page, "4").click()
    expect(page.locator("[data-method='grad_cam'] .why-note")).to_contain_text("speaks against the class")
    page.locator(".why-layer").select_option("1")
    expect(page.locator("[data-method='grad_cam'] .why-note")).to_be_hidden()


def test_why_is_read_by_keyboard_and_fits_a_phone(app, open_page):
    page = opened(open_page, app, "why", width=360, height=740)
    cells = page.locator("[data-method='grad_cam'] .why-cells")
    expect(page.locator("[data-method='grad_cam'] .why-sum")).to_contain_text("Σ")
    cells.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("[data-method='grad_cam'] .why-reading")).to_contain_text("row 1, column 1")
    expect_inside(page, "why")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compare-row").first).to_be_visible(timeout=15_000)
    expect(page.locator(".why")).to_be_hidden()
    expect_inside(page, "compare")


def expect_inside(page: Page, panel: str) -> None:
    """The page does not scroll sideways, and the panel's choices lie inside it."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    outer = page.locator(f".draw-panel.{panel}").bounding_box()
    assert outer
    choices = page.locator(f".draw-panel.{panel} select:visible").all()
    assert choices
    for choice in choices:
        inner = choice.bounding_box()
        assert inner
        assert inner["x"] + inner["width"] < outer["x"] + outer["width"]


def test_two_drawings_are_compared_step_by_step_and_the_link_keeps_the_kept_one(app, open_page, examples):
    page = opened(open_page, app, "compare")
    page.get_by_role("button", name="a kept drawing").click()
    expect(page.locator(".compare-hint")).to_contain_text("Keep this drawing")
    page.get_by_role("button", name="Keep this drawing").click()
    expect(page.locator("[data-state='identical']")).to_have_count(12)
    example(page, "5").click()
    expect(page.locator("[data-state='differs']")).to_have_count(12)
    expect(page.locator(".compare-head").nth(0)).to_contain_text("the drawing now: 5")
    expect(page.locator(".compare-head").nth(1)).to_contain_text("the kept drawing: 3")
    outputs = [record(models.load("a2"), input_of(examples, "a2", digit)).value(3).double() for digit in "53"]
    row = page.locator("button.compare-row", has_text="4 conv2")
    row.click()
    expect(row).to_have_attribute("aria-pressed", "true")
    largest = (outputs[0] - outputs[1]).abs().max().item()
    expect(row).to_have_attribute("title", re.compile(re.escape(f"max |Δ| = {largest!r}")))
    maps = page.locator(".compare-side .maps")
    expect(maps).to_have_count(3)
    maps.nth(2).hover(position={"x": 12, "y": 12})
    expect(page.locator(".compare-reading")).to_contain_text("difference ≈")
    page.wait_for_function("() => location.hash.includes('compare=') && location.hash.includes('%22step%22%3A3')")
    fresh = open_page(page.url)
    expect(fresh.locator("button.compare-row", has_text="4 conv2")).to_have_attribute("aria-pressed", "true")
    expect(fresh.locator(".compare-head").nth(1)).to_contain_text("the kept drawing: 3")
    expect(fresh.locator(".compare-largest").last).to_have_text(page.locator(".compare-largest").last.inner_text())


def test_two_models_are_compared_and_steps_without_a_counterpart_are_named(app, open_page):
    page = opened(open_page, app, "compare")
    page.locator(".compare-model").select_option("a3")
    expect(page.locator(".compare-head").nth(1)).to_contain_text("CNN: 3")
    expect(page.locator("[data-state='alone']").first).to_contain_text("only")
    expect(page.locator("[data-state='identical']")).to_contain_text("input")
    page.locator(".compare-model").select_option("a2")
    expect(page.locator("[data-state='identical']")).to_have_count(12)
    expect(page.locator("[data-state='alone']")).to_have_count(0)


def test_an_activation_is_swapped_compared_with_before_and_undone_exactly(app, open_page, examples):
    page = opened(open_page, app, "compare")
    bars = class_rows(page)
    before = bars.evaluate_all(SHARES)
    page.get_by_role("button", name="before my changes").click()
    expect(page.locator(".compare-hint")).to_contain_text("There are no changes yet")
    page.locator("[data-step='2'] .step-open").click()
    step = page.locator("[data-step='2']")
    step.locator(".swap").select_option("tanh")
    step = page.locator("[data-step='2'][data-op='tanh']")
    expect(step).to_have_class(re.compile("changed"))
    expect(step.locator(".step-change")).to_have_text("activation swapped")
    expect(page.locator("[data-state='identical']")).to_have_count(3)
    expect(page.locator("[aria-pressed='true'].compare-row")).to_contain_text("tanh")
    output = record(models.load("a2"), input_of(examples, "a2", "3"), within=swapped({0: "tanh"})).output
    share = output[0].double().softmax(0)[3].item()
    page.wait_for_function(
        "p => Math.abs(Number(document.querySelector('.bars [data-class=\"3\"]').dataset.probability) - p) < 1e-6",
        arg=share,
    )
    step.locator(".maps").click(position={"x": 30, "y": 30})
    expect_agrees(page)
    expect(cell_panel(page)).to_contain_text("tanh")
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.hash.includes('swap')")
    fresh = open_page(page.url)
    expect(fresh.locator("[data-step='2'] .swap")).to_have_value("tanh")
    assert bars.evaluate_all(SHARES) != before
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("[data-step='2']")).to_have_attribute("data-op", "relu")
    expect(page.locator(".step.changed")).to_have_count(0)
    expect(page.locator("[data-state='identical']")).to_have_count(12)
    assert bars.evaluate_all(SHARES) == before
    expect(headline(page)).to_have_text("This is a 3")
