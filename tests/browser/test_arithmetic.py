"""A person's ways through the Arithmetic page, in Chromium."""

import itertools
import re
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect

from tests.browser.arithmetic_page import (
    at,
    badge,
    cell,
    control,
    expect_checked,
    matrix,
    numbers,
    opened,
    place,
    scrub,
    sum_part,
    tool,
    turn,
    undo_all,
)
from tests.browser.conftest import speak
from tests.browser.words import named

WORKED = {
    "valid": ("output", [6, 8, 12, 14]),
    "firsttap": ("output", [6, 8, 12, 14]),
    "inputgrad": ("gradInput", [1, 2, 0, 3, 5, 2, 0, 3, 4]),
    "weightgrad": ("gradWeight", [37, 47, 67, 77]),
    "maxpool": ("output", [6, 8, 14, 16]),
}
"""For each worked example of the tutorials the matrix that it asks for, and its right answer."""

STATE = """() => [".entry", ".product", ".sum-result", ".formula-numbers", ".code-line.current", ".var"]
  .flatMap((shown) => [...document.querySelectorAll(`.arithmetic ${shown}`)])
  .map((element) => [element.className, element.textContent])"""


@pytest.fixture
def arithmetic(app: str, open_page: Callable[..., Page]) -> Page:
    return opened(open_page(app))


def variables(page: Page) -> dict[str, float]:
    found = page.locator(".var").evaluate_all("all => all.map(({ dataset }) => [dataset.var, Number(dataset.value)])")
    return dict(found)


def test_the_tutorials_worked_numbers_stand_on_the_page(arithmetic):
    for name, (tensor, answer) in WORKED.items():
        control(arithmetic, "preset").select_option(name)
        expect(cell(arithmetic, tensor, 1)).to_have_text("·")
        tool(arithmetic, "last").click()
        assert numbers(arithmetic, tensor) == answer, name
        expect(arithmetic.locator(".article-right")).to_contain_text("✓")
        expect_checked(arithmetic)


def test_max_pooling_sends_the_gradient_to_the_largest_and_average_pooling_spreads_it(arithmetic):
    control(arithmetic, "preset").select_option("maxpool")
    turn(arithmetic, "inputGrad").click()
    cell(arithmetic, "gradOutput", 3).focus()
    arithmetic.keyboard.type("8")
    arithmetic.keyboard.press("Enter")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "gradInput") == [0] * 5 + [1, 0, 1] + [0] * 5 + [1, 0, 8]
    control(arithmetic, "op").select_option("avg")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "gradInput") == [0.25] * 10 + [2, 2, 0.25, 0.25, 2, 2]
    expect_checked(arithmetic)


def test_where_a_tutorial_errs_the_page_shows_its_number_and_the_step(arithmetic):
    control(arithmetic, "preset").select_option("inputgrad")
    article = arithmetic.locator(".article")
    expect(article).to_contain_text("[[1, 2, 0], [3, 4, 0], [0, 0, 0]]")
    expect(article).to_contain_text("step 5: dL/dX[1, 1] is 5, not 4")
    article.locator("button").click()
    assert at(arithmetic) == 4
    expect(sum_part(arithmetic).locator(".sum-result b")).to_have_text("5")


def test_the_tutorials_output_sizes_and_cross_entropy_are_worked_out(arithmetic):
    arithmetic.locator(".chains summary").click()
    lines = arithmetic.locator(".chain-line")
    expect(lines.nth(0)).to_have_text("28 → conv 3×3 → 26 → pool 2×2 → 13")
    expect(lines.nth(1)).to_contain_text("28 → conv 5×5 → 24 → pool 2×2 → 12 → conv 5×5 → 8 → pool 2×2 → 4")
    expect(lines.nth(1)).to_contain_text("20·4·4 = 320")
    expect(lines.nth(2)).to_contain_text("−ln 0.5 = 0.6931")


def test_gradient_descent_moves_the_weights_by_the_rate_times_the_gradient(arithmetic):
    control(arithmetic, "preset").select_option("weightgrad")
    turn(arithmetic, "update").click()
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "newWeight") == [-2.7, -4.7, -6.7, -6.7]
    assert numbers(arithmetic, "newBias") == [-1]
    control(arithmetic, "lr").fill("0.01")
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "newWeight") == [0.63, -0.47, -0.67, 0.23]
    expect_checked(arithmetic)


def test_scrubbing_to_a_step_shows_what_single_steps_show(arithmetic):
    for op, unit in itertools.product(("conv", "max", "avg"), ("value", "product")):
        control(arithmetic, "op").select_option(op)
        control(arithmetic, "padding.rows").select_option("1")
        control(arithmetic, "unit").select_option(unit)
        for pass_name in ("forward", "inputGrad", "weightGrad", "biasGrad", "update")[: 5 if op == "conv" else 2]:
            turn(arithmetic, pass_name).click()
            tool(arithmetic, "first").click()
            count = int(place(arithmetic).get_attribute("data-count") or "")
            wanted = sorted({k for k in (1, count // 3, count // 2, count - 1) if k < min(count, 30)})
            stepped = {}
            for k in range(max(wanted, default=0) + 1):
                if k in wanted:
                    stepped[k] = arithmetic.evaluate(STATE)
                arithmetic.keyboard.press("ArrowRight")
            for k in reversed(wanted):
                scrub(arithmetic).fill(str(k))
                assert at(arithmetic) == k
                assert arithmetic.evaluate(STATE) == stepped[k]


@pytest.mark.parametrize(
    ("preset", "pass_name", "tensor", "answer"),
    [
        ("valid", "forward", "output", [6, 8, 12, 14]),
        ("inputgrad", "inputGrad", "gradInput", [1, 2, 0, 3, 5, 2, 0, 3, 4]),
        ("maxpool", "inputGrad", "gradInput", [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1]),
    ],
)
def test_a_walk_by_keyboard_alone(arithmetic, preset, pass_name, tensor, answer):
    control(arithmetic, "preset").focus()
    arithmetic.keyboard.press("Home")
    while control(arithmetic, "preset").input_value() != preset:
        arithmetic.keyboard.press("ArrowDown")
    for _ in range(40):
        if arithmetic.evaluate("document.activeElement.dataset.pass") == pass_name:
            break
        arithmetic.keyboard.press("Tab")
    arithmetic.keyboard.press("Enter")
    expect(turn(arithmetic, pass_name)).to_have_attribute("aria-pressed", "true")
    steps = int(place(arithmetic).get_attribute("data-count") or "")
    for k in range(1, steps):
        arithmetic.keyboard.press("ArrowRight")
        assert at(arithmetic) == k
        expect(arithmetic.locator("p.spoken")).to_contain_text(f"Step {k + 1} of {steps}")
    assert numbers(arithmetic, tensor) == answer
    arithmetic.keyboard.press("Home")
    assert at(arithmetic) == 0
    arithmetic.keyboard.press("+")
    expect(control(arithmetic, "speed")).to_have_value("2")


def test_playing_reaches_the_end_and_a_click_pins_a_value(arithmetic):
    control(arithmetic, "speed").select_option("16")
    tool(arithmetic, "play").click()
    expect(place(arithmetic)).to_have_attribute("data-at", "8")
    expect(tool(arithmetic, "play")).to_have_attribute("aria-pressed", "false")
    cell(arithmetic, "output", 4).click()
    assert at(arithmetic) == 4
    assert {"y": 1, "x": 1}.items() <= variables(arithmetic).items()
    tool(arithmetic, "play").click()
    expect(place(arithmetic)).to_have_attribute("data-at", "8")


def test_pointing_moves_the_window_and_leaving_gives_it_back(arithmetic):
    title = arithmetic.locator(".sum-title")
    expect(title).to_have_text("Y[0, 0]")
    cell(arithmetic, "output", 5).hover()
    expect(title).to_have_text("Y[1, 2]")
    cell(arithmetic, "input", 24).hover()
    expect(title).to_have_text("Y[2, 2]")
    cell(arithmetic, "weight", 0).hover()
    expect(title).to_have_text("Y[0, 0]")
    expect(arithmetic.locator("[data-tensor=input] .partner")).to_have_count(9)
    place(arithmetic).hover()
    expect(arithmetic.locator(".partner")).to_have_count(0)


def test_the_loop_stands_where_the_walk_stands(arithmetic):
    control(arithmetic, "unit").select_option("product")
    tool(arithmetic, "first").click()
    current = arithmetic.locator(".code-line.current .code-text")
    expect(current).to_have_text(re.compile("total = 0.0 if bias is None else bias"))
    number = arithmetic.locator(".code-line.current .code-number").inner_text()
    expect(arithmetic.locator(".listing-source")).to_have_text(f"core/ops/naive/conv2d.py, line {number}")
    for _ in range(3):
        tool(arithmetic, "on").click()
    expect(current).to_have_text(re.compile(r"total \+= weight\[o, c, i, j\]"))
    wanted = {"n": 0, "o": 0, "y": 0, "x": 0, "c": 0, "i": 0, "j": 2, "row": 0, "col": 2, "total": 7}
    assert variables(arithmetic) == wanted
    expect(arithmetic.locator(".formula-numbers .now")).to_contain_text("1·8")


def test_an_edit_updates_all_that_depends_on_it_and_can_be_undone(arithmetic):
    control(arithmetic, "preset").select_option("valid")
    tool(arithmetic, "last").click()
    cell(arithmetic, "input", 4).focus()
    arithmetic.keyboard.type("50")
    arithmetic.keyboard.press("Enter")
    assert numbers(arithmetic, "output") == [51, 8, 12, 59]
    expect(control(arithmetic, "preset")).to_have_value("")
    expect(arithmetic.locator(".article")).to_be_hidden()
    expect_checked(arithmetic)
    arithmetic.keyboard.press("Control+z")
    assert numbers(arithmetic, "output") == [6, 8, 12, 14]
    expect(arithmetic.locator(".article")).to_be_visible()
    tool(arithmetic, "redo").click()
    assert numbers(arithmetic, "output") == [51, 8, 12, 59]


def test_dragging_a_cell_changes_it_in_one_step_of_undo(arithmetic):
    box = cell(arithmetic, "weight", 4).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    arithmetic.mouse.move(x, y)
    arithmetic.mouse.down()
    for k in range(1, 6):
        arithmetic.mouse.move(x + 4 * k, y)
    arithmetic.mouse.up()
    expect(cell(arithmetic, "weight", 4)).to_have_text("5")
    tool(arithmetic, "undo").click()
    expect(cell(arithmetic, "weight", 4)).to_have_text("0")


def test_what_is_no_number_is_said_at_the_cell_and_the_old_value_stays(arithmetic):
    for text in ("five", "", "1e999", "NaN", "--3"):
        cell(arithmetic, "input", 0).dblclick()
        arithmetic.locator(".tap-input").fill(text)
        arithmetic.keyboard.press("Enter")
        expect(arithmetic.locator(".tap-message:visible")).to_contain_text("is not a number that can be computed with")
        arithmetic.keyboard.press("Escape")
        expect(cell(arithmetic, "input", 0)).to_have_text("1")
        expect(arithmetic.locator(".tap-message:visible")).to_have_count(0)


def test_huge_numbers_overflow_as_in_torch(arithmetic):
    cell(arithmetic, "input", 2).dblclick()
    arithmetic.locator(".tap-input").fill("1e308")
    arithmetic.keyboard.press("Enter")
    cell(arithmetic, "input", 7).dblclick()
    arithmetic.locator(".tap-input").fill("1e308")
    arithmetic.keyboard.press("Enter")
    expect(cell(arithmetic, "output", 0)).to_have_text("∞")
    expect_checked(arithmetic)


IMPOSSIBLE = [
    ({"op": "conv", "input.rows": "2"}, "spans 3 rows, the padded input has 2"),
    ({"op": "max", "padding.rows": "2"}, "Padding 2 is more than half of the window's 2 rows"),
]


def test_impossible_settings_are_explained(arithmetic):
    for changes, words in IMPOSSIBLE:
        undo_all(arithmetic)
        for name, value in changes.items():
            control(arithmetic, name).select_option(value)
        expect(arithmetic.locator(".arithmetic > .problem")).to_contain_text(words)
        expect(arithmetic.locator(".arithmetic-body")).to_be_hidden()
        tool(arithmetic, "undo").click()
        expect(arithmetic.locator(".arithmetic-body")).to_be_visible()


def test_random_numbers_agree_with_autograd_and_the_line_of_pytorch_gives_them(arithmetic):
    for op in ("max", "avg", "conv"):
        control(arithmetic, "op").select_option(op)
        for name, value in {"input.rows": "8", "input.columns": "7", "kernel.rows": "3", "stride.columns": "3"}.items():
            control(arithmetic, name).select_option(value)
        control(arithmetic, "padding.rows").select_option("1")
        control(arithmetic, "inputs").select_option("3")
        if op == "conv":
            control(arithmetic, "outputs").select_option("2")
            control(arithmetic, "flip").check()
        for seed in ("1", "7"):
            control(arithmetic, "seed").fill(seed)
            tool(arithmetic, "random").click()
            expect_checked(arithmetic)
        tool(arithmetic, "last").click()
        names = {"F": F, "X": matrix(arithmetic, "input")}
        if op == "conv":
            names |= {"K": matrix(arithmetic, "weight"), "b": matrix(arithmetic, "bias")}
        exec(arithmetic.locator(".text-formula .torch-call").inner_text(), names)
        torch.testing.assert_close(matrix(arithmetic, "output"), names["Y"], atol=0.01, rtol=0)
        first = numbers(arithmetic, "input")
        control(arithmetic, "seed").fill("1")
        tool(arithmetic, "random").click()
        assert numbers(arithmetic, "input") != first
        control(arithmetic, "seed").fill("7")
        tool(arithmetic, "random").click()
        assert numbers(arithmetic, "input") == first


def test_cells_that_no_window_visits_are_greyed(arithmetic):
    for axis in ("rows", "columns"):
        control(arithmetic, f"stride.{axis}").select_option("3")
    expect(arithmetic.locator("[data-tensor=input] .unread")).to_have_count(16)
    expect(cell(arithmetic, "input", 24)).to_have_attribute("aria-label", re.compile("never visited"))


def test_stepping_hovering_and_scrubbing_ask_the_server_for_nothing(arithmetic):
    expect_checked(arithmetic)
    asked: list[str] = []
    arithmetic.on("request", lambda request: asked.append(request.url))
    for name in ("last", "first", "on", "back"):
        tool(arithmetic, name).click()
    for k in range(9):
        scrub(arithmetic).fill(str(k))
        cell(arithmetic, "output", k).hover()
        cell(arithmetic, "input", 2 * k).hover()
    turn(arithmetic, "weightGrad").click()
    control(arithmetic, "unit").select_option("product")
    arithmetic.keyboard.press("Home")
    assert not [url for url in asked if "server" in url or "queue" in url or "api" in url]


def test_without_the_server_the_arithmetic_goes_on_and_says_that_it_is_unchecked(arithmetic):
    arithmetic.context.set_offline(True)
    cell(arithmetic, "weight", 4).focus()
    arithmetic.keyboard.press("PageUp")
    expect(badge(arithmetic)).to_contain_text("Not checked against autograd", timeout=15_000)
    tool(arithmetic, "last").click()
    assert numbers(arithmetic, "output")[0] == 28
    arithmetic.context.set_offline(False)
    tool(arithmetic, "undo").click()
    expect_checked(arithmetic)


EDITS = """async (cell) => {
  const told = () => Number(document.querySelector(".arithmetic .sum-result b").dataset.value);
  cell.focus();
  const results = [told()];
  for (let k = 0; k < 11; k++) {
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }));
    results.push(told());
    await new Promise(requestAnimationFrame);
  }
  return results;
}"""


PASSES = {
    "conv": ["forward", "inputGrad", "weightGrad", "biasGrad", "update"],
    "max": ["forward", "inputGrad"],
    "avg": ["forward", "inputGrad"],
}


def test_every_edit_of_a_map_of_64_by_64_is_shown_at_once_in_every_direction(arithmetic):
    for op, passes in PASSES.items():
        control(arithmetic, "preset").select_option("large")
        control(arithmetic, "op").select_option(op)
        found = arithmetic.locator("[data-pass]").evaluate_all("all => all.map(({ dataset }) => dataset.pass)")
        assert found == passes
        for name in passes:
            turn(arithmetic, name).click()
            expect_checked(arithmetic)
            edited = arithmetic.locator(".stage-read").locator(".sheet, [data-index='0']").first
            results = edited.evaluate(EDITS)
            assert len(set(results)) == len(results), (name, results)  # every edit changed the value that is shown


def test_a_map_of_62_by_62_is_walked_to_its_end(arithmetic):
    control(arithmetic, "preset").select_option("large")
    control(arithmetic, "speed").select_option("16")
    expect(place(arithmetic)).to_have_attribute("data-count", "3844")
    tool(arithmetic, "play").click()
    expect(place(arithmetic)).to_have_attribute("data-at", "3843", timeout=60_000)


def test_on_a_phone_everything_is_in_reach(app, open_page):
    page = opened(open_page(app, width=360, height=740, has_touch=True))
    expect(control(page, "input.columns")).to_be_hidden()
    box = cell(page, "input", 0).bounding_box()
    assert box
    assert box["y"] < 1.25 * 740
    tool(page, "settings").tap()
    expect(tool(page, "settings")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".arithmetic .export")).to_be_visible()
    control(page, "input.columns").select_option("8")
    control(page, "padding.columns").select_option("2")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    tool(page, "on").tap()
    assert at(page) == 1
    cell(page, "output", 3).tap()
    assert at(page) == 3


def test_the_page_speaks_chinese(arithmetic):
    speak(arithmetic, "zh")
    expect(place(arithmetic)).to_have_text("第 1 步，共 9 步")
    expect(badge(arithmetic)).to_contain_text("已与 autograd 核对")
    expect(cell(arithmetic, "output", 3)).to_have_attribute("aria-label", "Y[1, 0]：尚未计算")


def test_matrices_are_grids_with_a_name_for_every_cell(arithmetic):
    for tensor, name in (("input", "X, input"), ("weight", "K, kernel"), ("output", "Y, output")):
        grid = arithmetic.locator(f"[data-tensor={tensor}] [role=grid]")
        expect(grid).to_have_attribute("aria-label", name)
        assert grid.locator("[role=row] > [role=gridcell]").count() == (25 if tensor == "input" else 9)
    expect(cell(arithmetic, "input", 7)).to_have_attribute("aria-label", "X[1, 2]: 7")


def test_a_question_mark_lists_the_keys(arithmetic):
    arithmetic.locator("#pages [role=tab][data-tab-id=arithmetic]:visible").focus()
    arithmetic.keyboard.press("?")
    dialog = arithmetic.locator(".arithmetic-page dialog.help")
    expect(dialog).to_be_visible()
    expect(dialog.locator("dt")).to_have_count(11)
    arithmetic.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


MARKED = """map => {
  const ramp = map.querySelector(".ramp");
  const at = parseFloat(map.querySelector(".ramp-mark").style.left) / 100;
  const { data } = ramp.getContext("2d").getImageData(Math.round(at * (ramp.width - 1)), 0, 1, 1);
  return { index: Number(map.querySelector(".map-reading").dataset.at), colour: [...data].slice(0, 3) };
}"""
PAINTED = """(map, index) => {
  const sheet = map.querySelector(".sheet"), side = sheet.width / 62;
  const [x, y] = [index % 62, Math.floor(index / 62)].map((place) => Math.floor((place + 0.5) * side));
  return [...sheet.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_the_legend_of_a_large_map_has_the_colours_of_its_picture(app, open_page, dark):
    page = opened(open_page(app, color_scheme="dark" if dark else "light"))
    control(page, "preset").select_option("large")
    tool(page, "last").click()
    output = page.locator("[data-tensor=output]")
    expect(output.locator(".map-legend")).to_have_text("−3636")
    colours = set()
    for x, y in ((30, 90), (146, 70), (132, 180), (10, 10)):
        output.locator(".sheet").hover(position={"x": x, "y": y})
        expect(output.locator(".map-reading")).not_to_have_attribute("data-at", "3843")
        marked = output.evaluate(MARKED)
        place(page).hover()  # the outline of the pointed cell goes
        expect(output.locator(".map-reading")).to_have_attribute("data-at", "3843")
        painted = output.evaluate(PAINTED, marked["index"])
        assert all(abs(one - other) <= 12 for one, other in zip(painted, marked["colour"], strict=True)), (
            painted,
            marked,
        )
        colours.add(tuple(painted))
    assert len(colours) > 2


def test_what_a_teacher_hides_travels_in_the_link(arithmetic, app, open_page):
    arithmetic.locator(".panels summary").click()
    for name in ("result", "code"):
        arithmetic.locator(f".panels [data-panel={name}]").uncheck()
    arithmetic.keyboard.press("Escape")
    expect(arithmetic.locator(".panels .menu-list")).to_be_hidden()
    for page in (arithmetic, None):
        if page is None:
            arithmetic.wait_for_url(re.compile("hide=result_code"))
            page = open_page(arithmetic.url)
        for hidden in (".stage-written", ".sum-result", ".text-code", ".term.value"):
            expect(page.locator(f".arithmetic {hidden}")).to_be_hidden()
        for shown in (".stage-read", ".sum-groups", ".text-symbols", ".text-torch"):
            expect(page.locator(f".arithmetic {shown}")).to_be_visible()
    broken = open_page(f"{app}#page=arithmetic&hide=result_everything")
    expect(broken.locator(".webview-models [role=status]").first).to_contain_text("hide")
    expect(broken.locator(".arithmetic .stage-written")).to_be_visible()


def test_a_walk_is_presented_alone_by_its_link_and_esc_ends_it(app, open_page):
    page = opened(open_page(app))
    side = cell(page, "input", 0).bounding_box()["width"]
    present = page.get_by_role("button", name=named("arithmetic.present"))
    present.click()
    model, title = page.get_by_role("combobox", name=named("bar.model")), page.get_by_role("heading", name="Forward: Y")
    expect(model).to_be_hidden()
    expect(control(page, "op")).to_be_hidden()
    expect(title).to_be_visible()
    assert cell(page, "input", 0).bounding_box()["width"] >= side
    bottom = page.locator(".text-symbols .formula-numbers").evaluate("line => line.getBoundingClientRect().bottom")
    assert bottom <= page.viewport_size["height"]
    page.wait_for_function("location.hash.includes('present=1')")
    again = open_page(page.url)
    expect(again.get_by_role("heading", name="Forward: Y")).to_be_visible()
    again.keyboard.press("Escape")
    expect(again.get_by_role("combobox", name=named("bar.model"))).to_be_visible()
    expect(again.get_by_role("heading", name="Forward: Y")).to_be_hidden()
