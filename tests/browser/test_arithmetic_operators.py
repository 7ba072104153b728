"""Every operator of the Arithmetic page, in Chromium: settings, passes, line of PyTorch, and what it refuses."""

import re
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect

from tests.browser.arithmetic_page import (
    cell,
    choose,
    control,
    expect_checked,
    matrix,
    numbers,
    opened,
    place,
    sum_part,
    tool,
    turn,
    undo_all,
)
from tests.browser.conftest import speak
from tests.browser.test_arithmetic import arithmetic as arithmetic

OPERATORS = (
    *("conv", "transpose", "max", "avg", "adaptive"),
    *("relu", "leakyRelu", "sigmoid", "tanh", "hardsigmoid", "hardswish", "silu", "mish", "gelu"),
    *("linear", "batchNorm", "groupNorm", "crossEntropy", "nll", "sgd", "adam"),
)

WRITTEN = (
    """() => [...document.querySelectorAll(".arithmetic .stage-written [data-index]")].map(cell => cell.textContent)"""
)


def test_the_menu_has_every_operator(arithmetic):
    offered = control(arithmetic, "op").locator("option").evaluate_all("all => all.map(option => option.value)")
    assert offered == list(OPERATORS)


def walked_passes(page: Page, **choices: str) -> Iterator[None]:
    """Choose an operator with random numbers, wait until they are checked, and stop at the end of each pass."""
    choose(page, **choices)
    tool(page, "random").click()
    expect_checked(page)
    for button in page.locator(".pass").all():
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        tool(page, "last").click()
        yield


def test_every_pass_of_every_operator_ends_with_all_its_numbers_checked_by_autograd(arithmetic):
    for op in OPERATORS:
        for _ in walked_passes(arithmetic, op=op):
            texts = arithmetic.evaluate(WRITTEN)
            assert texts, op
            assert "·" not in texts, op
            expect(arithmetic.locator(".code-line.current")).to_have_count(1)
            assert arithmetic.get_by_role("group", name="Formula").locator("math").count() > 0


SETTINGS = {
    "conv": [
        {"fit": "same", "kernel__rows": "5", "dilation__columns": "2"},
        {"fit": "numbers", "mode": "reflect", "padding__rows": "2", "padding__columns": "1", "stride__rows": "2"},
        {"mode": "circular", "padding__columns": "3", "inputs": "2", "outputs": "2"},
        {"mode": "replicate", "padding__rows": "4", "inputs": "4", "outputs": "2", "groups": "2"},
        {"inputs": "3", "outputs": "3", "groups": "3", "stride__columns": "3"},
    ],
    "transpose": [{"padding__rows": "1", "outputPadding__rows": "1", "inputs": "2", "outputs": "2", "groups": "2"}],
    "max": [{"dilation__rows": "2", "stride__columns": "3", "padding__columns": "1"}],
    "avg": [{"padding__rows": "1", "stride__rows": "3"}],
    "adaptive": [{"output__rows": "3", "output__columns": "4"}],
    "leakyRelu": [{}],
    "silu": [{}],
    "mish": [{}],
    "gelu": [{}, {"approximate": "tanh"}],
    "linear": [{"batch": "3", "outFeatures": "2"}],
}


def test_the_line_of_pytorch_gives_the_numbers_on_the_page(arithmetic):
    for op, choices in ((op, choices) for op, cases in SETTINGS.items() for choices in cases):
        choose(arithmetic, op=op, **choices)
        tool(arithmetic, "random").click()
        expect_checked(arithmetic)
        turn(arithmetic, "forward").click()
        tool(arithmetic, "last").click()
        names = {"F": F, "torch": torch}
        for name, letters in {"input": "X", "weight": "KW", "bias": "b"}.items():
            if arithmetic.locator(f".stage-read [data-tensor='{name}']").count():
                names |= dict.fromkeys(letters, matrix(arithmetic, name))
        exec(arithmetic.locator(".text-formula .torch-call").inner_text(), names)
        torch.testing.assert_close(matrix(arithmetic, "output"), names["Y"], atol=0.011, rtol=0)


def test_the_line_of_pytorch_gives_the_loss(arithmetic):
    for reduction in ("mean", "sum", "none"):
        choose(arithmetic, op="crossEntropy", batch="3", reduction=reduction)
        tool(arithmetic, "random").click()
        expect_checked(arithmetic)
        names = {"F": F}
        for pass_name, tensor_name, letter in (("logP", "input", "X"), ("inputGrad", "target", "t")):
            turn(arithmetic, pass_name).click()
            names[letter] = matrix(arithmetic, tensor_name)
        names["t"] = names["t"].long()
        turn(arithmetic, "forward").click()
        tool(arithmetic, "last").click()
        exec(arithmetic.locator(".text-formula .torch-call").inner_text(), names)
        torch.testing.assert_close(matrix(arithmetic, "output"), names["L"].reshape(-1), atol=0.011, rtol=0)


def exact(page: Page, name: str) -> list[float]:
    """The numbers of a matrix as its cells are read out: to seven digits."""
    labels = page.locator(f".arithmetic [data-tensor='{name}'] [data-index]").evaluate_all(
        "all => all.map(({ title }) => title)"
    )
    return [float(label.rsplit(": ", 1)[1].split(", ")[0].replace("−", "-")) for label in labels]


def lines_of(page: Page) -> str:
    page.locator(".arithmetic .export .menu-button").click()
    with page.expect_download() as download:
        page.locator(".menu-choice[data-i18n='arithmetic.export.torch']").click()
    assert download.value.suggested_filename.endswith(".py")
    return download.value.path().read_text()


CASES: dict[str, dict[str, str]] = {op: {} for op in OPERATORS} | {
    "conv": {
        "mode": "circular",
        "padding__columns": "2",
        "inputs": "2",
        "outputs": "2",
        "groups": "2",
        "stride__rows": "2",
    },
    "crossEntropy": {"reduction": "sum"},
    "nll": {"reduction": "none"},
}


@pytest.mark.parametrize("ops", [OPERATORS[:5], OPERATORS[5:11], OPERATORS[11:]], ids=lambda ops: ops[0])
def test_the_lines_that_are_taken_along_run_and_give_the_numbers_of_every_pass(app, open_page, capsys, ops):
    page = opened(open_page(app))
    for op in ops:
        for _ in walked_passes(page, op=op, **CASES[op]):
            lines, names = lines_of(page), {}
            exec(lines, names)
            assert capsys.readouterr().out
            given = [names[name] for name in re.findall(r"\w+", lines.splitlines()[-1])[1:]]
            targets = page.locator(".stage-written [data-tensor]").evaluate_all(
                "all => all.map(({ dataset }) => dataset.tensor)"
            )
            for name, found in zip(targets, given, strict=op not in ("sgd", "adam")):
                shown = exact(page, name)[-found.numel() :]
                torch.testing.assert_close(found.detach().flatten().tolist(), shown, atol=1e-6, rtol=1e-5)


def test_padding_that_repeats_the_input_shows_what_it_holds_and_gives_its_gradient_back(arithmetic):
    choose(arithmetic, mode="reflect", padding__rows="1", padding__columns="2")
    around = arithmetic.locator("[data-tensor=input] .entry.padding")
    assert around.first.inner_text() == "7"
    expect(arithmetic.locator("[data-tensor=input] .entry.padding.in")).not_to_have_count(0)
    turn(arithmetic, "paddedGrad").click()
    tool(arithmetic, "last").click()
    padded = matrix(arithmetic, "gradPadded")
    assert padded.shape == (1, 7, 9)
    turn(arithmetic, "inputGrad").click()
    tool(arithmetic, "last").click()
    assert float(matrix(arithmetic, "gradInput").sum()) == float(padded.sum())
    expect_checked(arithmetic)


def test_only_groups_that_divide_the_channels_are_offered(arithmetic):
    expect(control(arithmetic, "groups")).to_be_hidden()
    choose(arithmetic, inputs="4", outputs="2")
    assert control(arithmetic, "groups").locator("option").all_inner_texts() == ["1", "2"]
    choose(arithmetic, groups="2")
    expect(arithmetic.locator("[data-tensor=weight] .tensor-title .note")).to_have_text("2 × 2 × 3 × 3")
    choose(arithmetic, outputs="3")
    expect(control(arithmetic, "groups")).to_have_value("1")
    expect_checked(arithmetic)


def test_an_operator_begins_where_its_numbers_come_in(arithmetic):
    tool(arithmetic, "last").click()
    for op, name in {"crossEntropy": "logP", "batchNorm": "mean", "nll": "rows"}.items():
        choose(arithmetic, op=op)
        expect(turn(arithmetic, name)).to_have_attribute("aria-pressed", "true")
        expect(cell(arithmetic, "input", 0)).to_be_visible()
        expect(place(arithmetic)).to_have_attribute("data-at", "0")
    choose(arithmetic, preset="inputgrad")
    choose(arithmetic, op="max")
    expect(turn(arithmetic, "inputGrad")).to_have_attribute("aria-pressed", "true")


def test_the_cross_entropy_of_the_tutorial_and_its_gradient_stand_on_the_page(arithmetic):
    choose(arithmetic, preset="crossentropy")
    expect(arithmetic.locator(".article-right")).to_contain_text("✓ The right answer: 0.6931")
    expect(cell(arithmetic, "logP", 2)).to_have_attribute("aria-label", re.compile("−0.6931472"))
    expect(arithmetic.locator(".sum-line-of")).to_have_text("−ln 0.5")
    expect(sum_part(arithmetic).locator(".sum-result b")).to_have_text("0.6931472")
    choose(arithmetic, preset="pminusy")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "gradInput") == [0.1, 0.2, -0.5, 0.2]
    expect(arithmetic.locator(".article-right")).to_contain_text("[0.1, 0.2, −0.5, 0.2]")
    expect_checked(arithmetic)


def test_max_pooling_of_the_tutorial_runs_backward(arithmetic):
    choose(arithmetic, preset="maxpoolgrad")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "gradInput") == [0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4]
    expect(arithmetic.locator(".article-right")).to_contain_text("✓")


def test_momentum_carries_its_state_from_step_to_step(arithmetic):
    choose(arithmetic, op="sgd")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "buffer")[::3] == [2, 3.8, 5.42, 6.878]
    assert numbers(arithmetic, "steps")[::3] == [0.8, 0.42, -0.12, -0.81]
    control(arithmetic, "momentum").fill("0")
    expect(arithmetic.locator("[data-tensor=buffer]")).to_have_count(0)
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "steps")[::3] == [0.8, 0.6, 0.4, 0.2]
    expect_checked(arithmetic)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(arithmetic):
    choose(arithmetic, op="adam")
    control(arithmetic, "unit").select_option("product")
    for k, value in enumerate(("2", "0.2", "0.004", "2")):
        expect(arithmetic.locator(".product-value").nth(k)).to_have_text(value)
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "steps")[:3] == [0.9, -0.1, -1.9]


def test_the_gate_of_relu_is_closed_where_its_input_is_not_positive(arithmetic):
    choose(arithmetic, op="relu")
    turn(arithmetic, "inputGrad").click()
    expect(arithmetic.locator(".sum-line-of")).to_contain_text("the gate is closed")
    tool(arithmetic, "last").click()
    expect(arithmetic.locator(".sum-line-of")).to_contain_text("the gate lets 1 of")
    assert numbers(arithmetic, "gradInput") == [0] * 5 + [1] * 4


def test_batch_norm_in_evaluation_uses_the_running_statistics(arithmetic):
    choose(arithmetic, op="batchNorm")
    expect(turn(arithmetic, "gradMeans")).to_be_visible()
    control(arithmetic, "training").uncheck()
    expect(turn(arithmetic, "gradMeans")).to_have_count(0)
    expect(arithmetic.locator("[data-tensor=runningVar]")).to_be_visible()
    cell(arithmetic, "runningVar", 0).focus()
    arithmetic.keyboard.type("4")
    arithmetic.keyboard.press("Enter")
    expect_checked(arithmetic)
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "output")[::2] == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.001)


REFUSED = [
    ("conv", {"fit": "same", "stride__rows": "2"}, "keeps the size only with stride 1; the stride is 2"),
    ("conv", {"mode": "reflect", "input__rows": "3", "padding__rows": "3"}, "needs more than 3 rows"),
    ("transpose", {"outputPadding__columns": "2"}, "must be smaller than the stride 2 or the dilation 1"),
    ("batchNorm", {"batch": "1"}, "at least two rows"),
    ("groupNorm", {"input__rows": "1", "input__columns": "1", "normGroups": "4"}, "at least two values"),
]


def test_settings_that_pytorch_refuses_are_explained(arithmetic):
    for op, choices, words in REFUSED:
        undo_all(arithmetic)
        choose(arithmetic, op=op, **choices)
        expect(arithmetic.locator(".arithmetic > .problem")).to_contain_text(words)
        expect(arithmetic.locator(".arithmetic-body")).to_be_hidden()
        tool(arithmetic, "undo").click()
        expect(arithmetic.locator(".arithmetic-body")).to_be_visible()
        expect_checked(arithmetic)


UNFIT = [
    ("crossEntropy", "target", "9", "9 is no class: type a whole number from 0 to 3"),
    ("nll", "target", "0.5", "is no class"),
    ("batchNorm", "runningVar", "-1", "A variance cannot be negative"),
]


def test_a_number_that_cannot_stand_in_a_cell_is_said_there(arithmetic):
    for op, name, typed, words in UNFIT:
        choose(arithmetic, op=op)
        if op == "batchNorm":
            control(arithmetic, "training").uncheck()
        else:
            turn(arithmetic, "rows").click()
        before = cell(arithmetic, name, 0).inner_text()
        cell(arithmetic, name, 0).dblclick()
        arithmetic.locator(".tap-input").fill(typed)
        arithmetic.keyboard.press("Enter")
        expect(arithmetic.locator(".tap-message:visible")).to_contain_text(words)
        arithmetic.keyboard.press("Escape")
        expect(cell(arithmetic, name, 0)).to_have_text(before)
        cell(arithmetic, name, 0).focus()
        arithmetic.keyboard.press("Shift+PageDown")
        expect(cell(arithmetic, name, 0)).to_have_text(before)


def test_on_a_phone_no_setting_of_any_operator_is_cut(app, open_page):
    page = opened(open_page(app, width=360, height=740, has_touch=True))
    tool(page, "settings").tap()
    for op in OPERATORS:
        choose(page, op=op)
        cut = page.locator(".arithmetic .controls, .arithmetic .arithmetic-head, .arithmetic .passes").evaluate_all(
            """all => all.flatMap(part => [...part.querySelectorAll("*")])
              .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > 360)
              .map(element => element.textContent)"""
        )
        assert cut == [], op
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_in_chinese_the_operators_have_chinese_names(arithmetic):
    speak(arithmetic, "zh")
    choose(arithmetic, op="batchNorm")
    expect(arithmetic.locator("[data-tensor=gradOutput], [data-tensor=input]").first).to_contain_text("输入")
    expect(arithmetic.locator(".pass-direction").first).to_have_text("前向")
    expect(control(arithmetic, "op").locator("option:checked")).to_have_text(re.compile("批归一化"))
