"""Numbers of a network walked on the Arithmetic page: sent from Draw, forward and backward, at the padding too."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.draw_page import cell_panel, expect_agrees, headline

PLACES = [
    ("model=a2&cells=3.0.5.4.4", "10 × 5 × 5", "a2: conv2 [5, 4, 4]"),
    ("model=recommended&cells=0.0.1.0.0", "1 × 5 × 5", "recommended: conv1 [1, 0, 0]"),
    ("model=a1&cells=7.0.5", "1 × 32", "a1: fc1 [5]"),
    ("model=a2&label=3&cells=-1:class.0.3", "1 × 10", "a2: "),
    ("model=a1&label=3&cells=1:output.0.5.4.4", "64 × 3 × 3", "a1: dL/d relu1 [5, 4, 4]"),
    ("model=a1&label=3&cells=3:output.0.5.4.5", "1 × 1 × 1", "a1: dL/d relu2 [5, 4, 5]"),
    ("model=a2&label=3&cells=0:weight.3.0.2.1", "1 × 28 × 28", "a2: dL/d weight of conv1 [3, 0, 2, 1]"),
]


each_place = pytest.mark.parametrize(("place", "size", "name"), PLACES, ids=[place for place, _, _ in PLACES])


@each_place
def test_a_number_of_a_network_is_walked_with_its_numbers(app, open_page, place, size, name):
    page = walked(open_page(f"{app}#{place}"), size, name)
    page.get_by_role("tab", name="Arithmetic").first.click()
    expect(page.locator(".arithmetic .badge.agrees").first).to_be_visible()


def walked(page, size, name):
    """Send the opened number to Arithmetic, where its walk comes to the same number."""
    page.locator('[data-example="3"]').dispatch_event("click")
    expect_agrees(page)
    expect(headline(page)).to_contain_text("3")
    cell_panel(page).get_by_role("button", name="Send to Arithmetic").click()
    expect(page.locator(".origin")).to_contain_text(name)
    expect(page.locator(".stage-read .tensor-title").first).to_contain_text(size)
    result = float(page.locator(".sum-result b").first.get_attribute("data-value") or "")
    page.locator("#pages [role=tab][data-tab-id=draw]:visible").click()
    value = page.locator(".cell-value")
    expect(value).to_be_visible()
    assert float(value.inner_text().replace("−", "-")) == pytest.approx(result, rel=1e-4, abs=1e-7)
    return page


def test_what_was_left_out_is_said_until_a_number_is_changed_and_travels_in_the_link(app, open_page):
    page = open_page(f"{app}#model=a1&cells=7.0.5")
    cell_panel(page).get_by_role("button", name="Send to Arithmetic").click()
    expect(page.locator(".origin")).to_contain_text("The other 9184 add up to")
    page.wait_for_url(re.compile("origin"))
    again = open_page(page.url)
    expect(again.locator(".origin")).to_contain_text("The other 9184 add up to")
    again.locator("[data-tensor=bias] [data-index]").focus()
    again.keyboard.press("PageUp")
    expect(again.locator(".origin")).to_be_hidden()


def test_an_operation_without_a_walk_has_no_button_and_a_refused_one_says_why(app, open_page):
    page = open_page(f"{app}#model=a2&cells=6.0.17")
    expect_agrees(page)
    expect(cell_panel(page).get_by_role("button", name="Send to Arithmetic")).to_have_count(0)
    other = open_page(f"{app}#model=a1&label=3&cells=11:output.0.4")
    cell_panel(other).get_by_role("button", name="Send to Arithmetic").click()
    expect(other.locator(".cell-said")).to_contain_text("the loss reads the true class alone")
