"""The page as a browser gets it: under the policy that forbids everything else, and behind a proxy at a path."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serve
from tests.browser.draw_page import expect_digit
from tests.browser.test_draw import draw

PATH = "/school/convscope"


def test_no_page_breaks_the_policy_it_is_served_under(app, open_page):
    page = open_page(app)
    broken: list[str] = []
    page.on("console", lambda told: broken.append(told.text) if "Content Security Policy" in told.text else None)
    page.reload()
    for tab in ("Arithmetic", "Kernels", "Train", "Draw"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").filter(visible=True)).to_be_visible()
    assert not broken


@pytest.fixture(scope="module")
def behind_a_proxy() -> Iterator[str]:
    """The address of a proxy that shows the app below a path."""
    for app in serve("-m", "explorer", "--no-open", "--root-path", PATH):
        for proxy in serve("-m", "tests.browser.proxy", app, PATH, at=f"{PATH}/"):
            yield f"{proxy}{PATH}/"


def test_the_page_works_below_the_path_of_a_proxy(behind_a_proxy, open_page, examples):
    page = open_page(behind_a_proxy)
    draw(page, examples["4"])
    expect_digit(page, "4")


@pytest.fixture(scope="module")
def slow_network() -> Iterator[str]:
    yield from serve("-m", "tests.browser.fetching")


def test_a_download_says_how_far_it_is_and_can_be_given_up(slow_network, open_page, examples):
    page = open_page(slow_network)
    model = page.get_by_role("combobox", name="Model")
    model.select_option("resnet18")
    told = page.get_by_role("alert").filter(has_text="resnet18 are being fetched")
    expect(told).to_contain_text("MB")
    other = open_page(slow_network)  # nobody else waits
    draw(other, examples["4"])
    expect_digit(other, "4")
    told.get_by_role("button", name="Give up").click()
    expect(model).to_have_value("recommended")
    expect(told).to_be_hidden()
    draw(page, examples["7"])
    expect_digit(page, "7")
