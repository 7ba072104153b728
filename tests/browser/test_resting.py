"""What a cell adds up is asked for while the pointer rests on it, so that opening it waits for nothing."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.draw_page import (
    cell_panel,
    crumbs,
    example,
    expect_agrees,
    expect_digit,
    feature_maps,
    readout,
    true_class,
)
from tests.browser.test_levels import BOXES, MOVED
from tests.browser.test_local import asked

OpenPage = Callable[..., Page]

AT = {"x": 20, "y": 20}


def opened(open_page: OpenPage, address: str, **options: object) -> Page:
    page = open_page(f"{address}#model=a2", **{"width": 1366, "height": 768} | options)
    example(page, "5").click()
    expect_digit(page, "5")
    return page


def passing(page: Page) -> None:
    """The curves to the cell that the pointer rests on are drawn."""
    expect(page.locator(".curves.passing .curve").first).to_be_attached()


def test_resting_draws_the_curves_and_opening_asks_nothing_more(app: str, open_page: OpenPage) -> None:
    page = opened(open_page, app)
    page.wait_for_timeout(300)  # what a page opens with has arrived, and its sizes are measured
    assert page.evaluate(BOXES) > 200
    functions = asked(page)
    feature_maps(page, 3).hover(position=AT)
    passing(page)
    expect(page.locator(".curves-told")).to_contain_text("Most to conv2 [")
    assert functions == ["explain", "sources"]
    assert page.evaluate(MOVED) == []
    page.mouse.move(5, 5)
    expect(page.locator(".curve")).to_have_count(0)
    expect(page.locator(".curves-told")).to_be_empty()
    feature_maps(page, 3).hover(position=AT)
    passing(page)
    told = page.locator(".curves-told").inner_text()
    functions.clear()
    page.mouse.down()
    page.mouse.up()
    expect_agrees(page)
    expect(page.locator(".curves:not(.passing) .curve").first).to_be_attached()
    assert "explain" not in functions
    assert "sources" not in functions
    assert crumbs(page).last.inner_text() in told


def test_the_curves_of_the_cell_in_view_come_back_when_the_pointer_leaves_another(
    app: str, open_page: OpenPage
) -> None:
    page = opened(open_page, app)
    feature_maps(page, 3).click(position=AT)
    expect_agrees(page)
    told = page.locator(".curves-told")
    expect(told).to_contain_text("Most to conv2 [")
    before, curves = told.inner_text(), page.locator(".curve").count()
    feature_maps(page, 0).hover(position=AT)
    passing(page)
    expect(told).to_contain_text("Most to conv1 [")
    page.mouse.move(5, 5)
    expect(told).to_have_text(before)
    expect(page.locator(".curves:not(.passing) .curve")).to_have_count(curves)


def test_another_drawing_is_asked_about_anew_while_the_pointer_rests(app: str, open_page: OpenPage) -> None:
    page = opened(open_page, app)
    feature_maps(page, 3).hover(position=AT)
    passing(page)
    first = page.locator(".curves-told").inner_text()
    functions = asked(page)
    example(page, "1").press("Enter")
    expect_digit(page, "1")
    expect(page.locator(".curves-told")).not_to_have_text(first)
    passing(page)
    assert functions.count("explain") == 1
    page.mouse.down()
    page.mouse.up()
    expect_agrees(page)
    assert functions.count("explain") == 1
    true_class(page).select_option("7")
    expect(page.locator(".loss")).to_contain_text("log-likelihood")
    feature_maps(page, 1).hover(position=AT)
    page.mouse.down()
    page.mouse.up()
    expect(crumbs(page).last).to_contain_text("dL/d")
    expect_agrees(page)


def test_one_question_is_in_the_air_and_the_newest_follows(app: str, open_page: OpenPage) -> None:
    page = opened(open_page, app)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if (route.request.post_data_json or {}).get("fn_name") == "explain":
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile("component_server"), hold)
    for y in (20, 40, 60):
        feature_maps(page, 3).hover(position={"x": 20, "y": y})
        page.wait_for_timeout(300)
    assert len(held) == 1
    last = readout(page).inner_text()
    with page.expect_request(lambda request: (request.post_data_json or {}).get("fn_name") == "explain"):
        held[0].continue_()
    expect(page.locator(".curve")).to_have_count(0)  # nobody rests on the first cell any more
    held[1].continue_()
    passing(page)
    assert len(held) == 2
    first, newest = [route.request.post_data_json["data"]["cell"] for route in held]
    assert first != newest
    assert "channel {1}, row {2}, column {3}".format(*newest) in last


def test_a_first_touch_asks_and_the_second_opens(app: str, open_page: OpenPage) -> None:
    page = opened(open_page, app, width=390, height=844, has_touch=True, is_mobile=True)
    functions = asked(page)
    feature_maps(page, 3).tap(position={"x": 50, "y": 17})
    expect(page.locator(".curve").first).to_be_attached()
    assert functions.count("explain") == 1
    feature_maps(page, 3).tap(position={"x": 50, "y": 17})
    expect_agrees(page)
    assert functions.count("explain") == 1


def test_the_keyboards_cell_is_rested_on(app: str, open_page: OpenPage) -> None:
    page = opened(open_page, app)
    feature_maps(page, -1).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(feature_maps(page, 0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    passing(page)
    functions = asked(page)
    page.keyboard.press("Enter")
    expect_agrees(page)
    assert "explain" not in functions


@pytest.mark.parametrize(
    ("place", "language", "name", "words"),
    [
        ("3.0.1.40.3", "en", "conv2 [1, 40, 3]", "Cell [0, 1, 40, 3] is not here: this layer's numbers are 1×20×8×8."),
        ("77.0.1.1.3", "zh", "78 [1, 1, 3]", "没有第 78 层"),
    ],
)
def test_a_number_that_is_not_there_says_so_where_its_sum_would_stand(
    app: str, open_page: OpenPage, place: str, language: str, name: str, words: str
) -> None:
    page = open_page(f"{app}#model=a2&lang={language}&cells={place}", width=1366, height=768)
    panel = cell_panel(page)
    expect(panel.get_by_role("alert")).to_contain_text(words)
    expect(crumbs(page).last).to_have_text(name)
    expect(panel.get_by_role("button")).to_have_count(2)  # its place, and the way out
    expect(panel.get_by_role("group")).to_have_count(0)
    expect(page.locator(".problem:visible")).to_have_count(1)
    expect(page.locator(".cell-mark:visible")).to_have_count(0)
    panel.locator(".cell-close").click()
    expect(panel).to_be_hidden()
    feature_maps(page, 3).click(position=AT)
    expect_agrees(page)
    expect(panel.get_by_role("alert")).to_be_hidden()
