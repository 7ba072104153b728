"""The network view in Chromium: torchvision's networks from a script, joins, folding, sorting and zoom."""

import re
from collections.abc import Iterator

import pytest
import torch
import torchvision
from playwright.sync_api import Locator, Page, expect

from core import models
from core.data.strokes import preprocess
from core.explain import Trace, record
from tests.browser.conftest import next_frames, serve
from tests.browser.draw_page import (
    cell_panel,
    column,
    crumbs,
    example,
    expect_agrees,
    feature_maps,
    headline,
    model_choice,
    readout,
    true_class,
)

SCRIPT = "tests.browser.torchvision_models"


@pytest.fixture(scope="module")
def resnet() -> Iterator[str]:
    """The address of a ResNet18 that a script explores."""
    yield from serve("-m", SCRIPT, "resnet18")


@pytest.fixture(scope="module")
def trace() -> Trace:
    """What that ResNet18 does with its example."""
    torch.manual_seed(0)
    model = torchvision.models.resnet18(weights=None).eval()
    return record(model, torch.rand(1, 3, 64, 64))


UNFOLDED = "#fold=-"
"""A link to all columns: a deep network opens with its blocks folded."""


def view(page: Page) -> Locator:
    """Open the panel with the order and size of the maps."""
    page.get_by_role("button", name=re.compile("^View")).click()
    return page.get_by_role("group", name="View")


def expect_painted(place: Locator) -> None:
    picture = place.locator(".maps canvas")
    picture.page.wait_for_function(
        "picture => picture.getContext('2d').getImageData(5, 5, 1, 1).data[3]", arg=picture.element_handle()
    )


def middle_of(page: Page, edge: str) -> tuple[float, float]:
    """Bring an edge into view and return a place on it."""
    line = page.locator(f"[data-edge='{edge}'] .edge-hit")
    line.evaluate(
        """path => {
          const track = path.closest(".steps");
          track.scrollLeft += path.getBoundingClientRect().left - track.getBoundingClientRect().left - 40;
        }"""
    )
    x, y = line.evaluate(
        """path => {
          const at = path.getPointAtLength(60), box = path.ownerSVGElement.getBoundingClientRect();
          return [box.x + at.x, box.y + at.y];
        }"""
    )
    return x, y


def test_a_script_opens_a_network_on_its_example(resnet, open_page, trace):
    page = open_page(resnet + UNFOLDED)
    expect(model_choice(page)).to_have_value("resnet")
    expect(page.locator(".step")).to_have_count(len(trace.steps) + 1)
    expect(column(page, -1)).to_contain_text("the example; a picture takes its place")
    best = int(trace.output[0].argmax())
    expect(headline(page)).to_have_text(f"Most probable: class number {best}")


def test_a_cell_of_the_network_opens_to_its_sum(resnet, open_page, trace):
    page = open_page(resnet)
    expect_painted(column(page, 0))
    feature_maps(page, 0).click(position={"x": 10, "y": 40})
    panel = cell_panel(page)
    expect_agrees(page)
    place = [int(number) for number in re.findall(r"\d+", crumbs(page).last.inner_text().split("[")[1])]
    shown = float(panel.locator(".cell-value").inner_text().replace("−", "-"))
    assert shown == pytest.approx(trace.steps[0].output[(0, *place)].item(), rel=1e-5)


def test_an_opened_cell_keeps_its_network_and_the_prediction_in_view(resnet, open_page):
    page = open_page(resnet)
    last = page.locator(".network .step").last
    last.locator(".maps").click(position={"x": 5, "y": 5})
    panel = cell_panel(page)
    expect(panel.locator(".badge")).to_be_visible()
    above, below = last.bounding_box(), panel.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"] + 1
    expect(last.locator(".cell-mark").first).to_be_visible()
    expect(headline(page)).to_be_in_viewport(ratio=1)
    last.locator(".maps").click(position={"x": 5, "y": 40})  # and it can be clicked again


def test_deep_networks_open_with_their_blocks_folded_on_one_screen(open_page):
    for address in serve("-m", SCRIPT, "resnet50"):
        page = open_page(address, width=1366, height=768)
        steps = page.locator(".step")
        assert 15 <= steps.count() <= 26
        for step in (steps.first, steps.last):
            expect(step.locator(".maps")).to_be_in_viewport(ratio=1)


def test_a_skip_connection_is_an_edge_that_says_where_it_goes(resnet, open_page, trace):
    page = open_page(resnet + UNFOLDED)
    joins = [step for step in trace.steps if step.op == "add"]
    over = [(parent, step.index) for step in trace.steps for parent in step.parents.values() if step.index - parent > 1]
    expect(page.locator(".edge.skip")).to_have_count(len(over))
    first = joins[0]
    source = min(first.parents.values())
    page.mouse.move(*middle_of(page, f"{source + 1}-{first.index + 1}"))
    words = f"{source + 1} max_pool2d (maxpool) → {first.index + 1} add (layer1.0) · 1×64×16×16 · passes over"
    expect(readout(page)).to_contain_text(words)
    expect(column(page, source)).to_have_class(re.compile("linked"))
    expect(column(page, first.index)).to_have_class(re.compile("linked"))
    page.mouse.down()
    page.mouse.up()
    expect(column(page, first.index)).to_be_in_viewport()
    page.mouse.move(5, 5)
    expect(page.locator(".step.linked")).to_have_count(0)


def test_edges_are_read_and_followed_by_keyboard(resnet, open_page):
    page = open_page(resnet + UNFOLDED)
    page.locator(".steps").focus()
    page.locator(".step-open").first.focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("svg.edges")).to_be_focused()
    expect(readout(page)).to_contain_text("passes over")
    page.keyboard.press("Enter")
    expect(column(page, 9)).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    expect(readout(page)).to_contain_text("→")


def test_modules_and_columns_fold_and_the_link_keeps_it(resnet, open_page, trace):
    page = open_page(resnet + UNFOLDED)
    page.locator("[data-module='layer1.0']").click()
    inside = [step.index for step in trace.steps if step.path.startswith("layer1.0")]
    expect(page.locator("[data-module='layer1.0']")).to_have_attribute("aria-expanded", "false")
    expect(page.locator("[data-module='layer1.0']")).to_contain_text(f"BasicBlock · {len(inside)} layers")
    for step in inside[:-1]:
        expect(column(page, step)).to_have_count(0)
    expect(column(page, inside[-1])).to_be_visible()
    page.get_by_role("button", name="norm: bn1 (batch_norm)").click()
    page.get_by_role("button", name="Fold batch_norm to its name").click()
    expect(feature_maps(page, 1)).to_be_hidden()
    expect(column(page, 1)).to_contain_text("batch_norm")
    page.get_by_role("button", name="Whole network").click()
    expect(page).to_have_url(re.compile(r"fold=layer1\.0\+%211"))
    again = open_page(page.url)
    expect(column(again, inside[0])).to_have_count(0)
    expect(feature_maps(again, 1)).to_be_hidden()
    view(again).get_by_role("button", name="Unfold all").click()
    expect(again.locator(".step")).to_have_count(len(trace.steps) + 1)
    again.get_by_role("button", name="Fold modules").click()
    expect(again.locator("[data-module='layer1']")).to_have_attribute("aria-expanded", "false")
    expect(again.locator("[data-module='layer1.0']")).to_have_count(0)
    assert again.locator(".step").count() < 15


def test_channels_are_sorted_by_activation_gradient_and_attribution(resnet, open_page, trace):
    page = open_page(resnet)
    sort = view(page).get_by_role("combobox")
    assert sort.locator("option[value='gradient']").is_disabled()
    expect(sort).to_have_value("activation")
    page.keyboard.press("Escape")
    means = trace.steps[0].output[0].abs().mean((1, 2))
    strongest = int(means.argmax())
    picture = feature_maps(page, 0)
    reading = readout(page)
    expect(reading).to_have_text("Point at a cell to read its value.")
    picture.hover(position={"x": 3, "y": 3})
    expect(reading).to_contain_text(f"channel {strongest}, row")
    expect(reading).to_contain_text("channel's mean |a|")
    picture.click(position={"x": 3, "y": 3})
    expect(crumbs(page).last).to_contain_text(f"[{strongest}, ")
    page.keyboard.press("Escape")
    true_class(page).select_option("7")
    view(page)
    sort.select_option("attribution")
    page.keyboard.press("Escape")
    picture.hover(position={"x": 5, "y": 5})
    expect(reading).to_contain_text("channel's Σ a · dL/da")
    expect(page).to_have_url(re.compile("sort=attribution"))


def test_maps_are_enlarged_by_buttons_and_wheel_and_cells_stay_the_same(resnet, open_page):
    page = open_page(resnet)
    picture = feature_maps(page, 0)
    small = picture.bounding_box()
    assert small
    picture.hover(position={"x": 20.5, "y": 30.5})
    reading = readout(page)
    expect(reading).to_contain_text("channel")
    words = reading.inner_text()
    view(page).get_by_role("button", name="Larger maps").click()
    expect(page.locator(".zoom")).to_have_text("2×")
    page.keyboard.press("Escape")
    large = picture.bounding_box()
    assert large
    assert (large["width"], large["height"]) == (2 * small["width"], 2 * small["height"])
    picture.hover(position={"x": 41, "y": 61})
    expect(reading).to_have_text(words)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    expect(page.locator(".zoom")).to_have_text("4×")
    page.mouse.wheel(0, 100)
    page.mouse.wheel(0, 100)
    expect(page.locator(".zoom")).to_have_text("1×")
    page.keyboard.up("Control")


def test_cells_of_a_deep_network_are_read_without_the_server(resnet, open_page):
    """How long that takes is a figure of `benchmarks.explorer`."""
    page = open_page(resnet)
    picture = feature_maps(page, 0)
    picture.hover(position={"x": 20, "y": 20})
    expect(page.locator("[data-step='1'] svg.field path")).to_be_visible()
    page.route(re.compile("component_server"), lambda route: None)  # it answers nothing any more
    read = set()
    for y in range(25, 145, 12):
        picture.hover(position={"x": 20, "y": y})
        read.add(readout(page).inner_text())
    assert len(read) == 10  # each cell has its own


def test_maps_are_asked_for_once_and_only_where_they_are_seen(resnet, open_page, trace):
    page = open_page(resnet + UNFOLDED, width=900)
    expect_painted(column(page, 0))
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.post_data or "") if "component_server" in request.url else None
    )
    middle = column(page, len(trace.steps) // 2)
    middle.scroll_into_view_if_needed()
    expect_painted(middle)
    assert asked
    steps = {int(step) for body in asked for step in re.findall(r"\[(-?\d+),0,\d", body)}
    assert len(trace.steps) // 2 in steps
    assert not steps & {-1, 0, 1, len(trace.steps) - 1}, "what is here, and what is far from being seen"
    count = len(asked)
    column(page, 0).scroll_into_view_if_needed()
    middle.scroll_into_view_if_needed()
    next_frames(page)
    assert len(asked) == count


@pytest.mark.parametrize("name", ["densenet121", "shufflenet_v2_x0_5"])
def test_a_network_with_many_branches_opens_and_its_cells_are_their_sums(name, open_page):
    for address in serve("-m", SCRIPT, name):
        page = open_page(address)
        assert page.locator(".step").count() <= 100
        view(page).get_by_role("button", name="Unfold all").click()
        page.keyboard.press("Escape")
        expect(page.locator(".step").nth(100)).to_be_attached()
        assert page.locator(".edge.skip").count() > 10
        page.locator(".step[data-op='conv2d'] .maps").first.click(position={"x": 12, "y": 12})
        expect_agrees(page)
        expect(page.locator(".problem:visible")).to_have_count(0)


def test_a_phone_shows_the_network_without_scrolling_the_page_sideways(resnet, open_page):
    page = open_page(resnet + UNFOLDED, width=360, height=740)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".edge.skip").first).to_be_attached()


def test_what_the_recommended_model_draws_still_comes_whole(app, open_page, examples):
    page = open_page(app)
    example(page, "8").click()
    expect(headline(page)).to_have_attribute("data-best", "8")
    model, card = models.load("recommended"), models.card("recommended")
    steps = record(model, card.prepare(preprocess(examples["8"], pad=1.0).picture)).steps
    last = next(step for step in reversed(steps) if step.op == "conv2d")
    strongest = int(last.output[0].abs().mean((1, 2)).argmax())
    picture = feature_maps(page, last.index)
    picture.scroll_into_view_if_needed()
    picture.hover(position={"x": 3, "y": 3})
    expect(readout(page)).to_contain_text(f"channel {strongest}, row 0")
