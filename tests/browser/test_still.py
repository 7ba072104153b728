"""Nothing on Arithmetic, Kernels, Train and in the bar moves because somebody points, opens a menu or copies a link."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kernels_page import settled
from tests.browser.test_levels import BOXES, MOVED, WIDTHS

SIZES = pytest.mark.parametrize(("width", "height"), WIDTHS)


class Still:
    """Where everything was, and that it is there still."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_timeout(300)  # what a page opens with has arrived, and its sizes are measured
        assert page.evaluate(BOXES) > 60

    def after(self, what: str) -> None:
        moved = self.page.evaluate(MOVED)
        assert moved == [], f"{what} moved {moved[:6]}"

    def pressing(self, name: str) -> None:
        """Press each visible button or summary of that name, and Escape."""
        button = self.page.get_by_role("button", name=name).or_(self.page.locator("summary", has_text=name))
        for one in button.all():
            if not one.is_visible():
                continue
            one.click()
            self.after(name)
            self.page.keyboard.press("Escape")

    def sharing(self) -> None:
        self.page.get_by_role("button", name="Link").first.click()
        self.after("Link")
        self.page.get_by_role("button", name="Copy", exact=True).click()
        expect(self.page.locator(".toast.shown")).to_be_visible()
        self.after("Copy")
        self.page.keyboard.press("Escape")


@SIZES
def test_the_bar_stands_still(app: str, open_page: Callable[..., Page], width: int, height: int) -> None:
    page = open_page(app, width=width, height=height, permissions=["clipboard-write"])
    still = Still(page)
    page.get_by_role("button", name="ⓘ").click()
    still.after("the model's figures")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Model").hover()
    still.after("pointing at the models")
    still.sharing()


@SIZES
def test_arithmetic_stands_still(app: str, open_page: Callable[..., Page], width: int, height: int) -> None:
    page = open_page(f"{app}#page=arithmetic", width=width, height=height, permissions=["clipboard-write"])
    expect(page.locator(".badge.agrees, .check.agrees").first).to_be_attached()
    still = Still(page)
    page.locator(".entry.target").first.hover()
    still.after("pointing at a result")
    page.locator(".entry.in").first.hover()
    still.after("pointing at a cell of the window")
    for name in ("Save", "Panels"):
        still.pressing(name)
    still.sharing()


@SIZES
def test_kernels_stands_still(app: str, open_page: Callable[..., Page], width: int, height: int) -> None:
    page = open_page(f"{app}#page=kernels", width=width, height=height, permissions=["clipboard-write"])
    still = Still(settled(page))
    for screen in ("input", "output"):
        page.locator(f"[data-screen='{screen}'] canvas").hover(position={"x": 40, "y": 40})
        settled(page)
        still.after(f"pointing at the {screen}")
    still.pressing("Save")
    still.sharing()


@SIZES
def test_train_stands_still(app: str, open_page: Callable[..., Page], width: int, height: int) -> None:
    page = open_page(f"{app}#page=train", width=width, height=height, permissions=["clipboard-write"])
    expect(page.locator(".train-summary")).not_to_be_empty(timeout=60_000)
    still = Still(page)
    page.locator(".train-form [data-control='epochs']").hover()
    still.after("pointing at a field")
    still.sharing()
