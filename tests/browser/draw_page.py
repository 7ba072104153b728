"""What a person finds on the Draw page, in either language, for its tests."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.words import named


def pad(page: Page) -> Locator:
    return page.get_by_role("application", name=named("pad.label"))


def tool(page: Page, name: str) -> Locator:
    """A tool of the pad: erase, undo, redo or clear."""
    return page.get_by_role("toolbar", name=named("pad.tools")).get_by_role("button", name=named(f"pad.{name}"))


def example(page: Page, digit: str) -> Locator:
    return page.get_by_role("group", name=named("examples.title")).get_by_role("button", name=digit, exact=True)


def model_choice(page: Page) -> Locator:
    """The choice of the model."""
    return page.get_by_role("combobox", name=named("bar.model"))


def headline(page: Page) -> Locator:
    """What the drawing is read as; its data say the verdict and the best class."""
    return page.get_by_role("region", name=named("prediction.title")).locator("[data-verdict]")


def expect_digit(page: Page, digit: str) -> None:
    expect(headline(page)).to_have_attribute("data-best", digit)
    expect(headline(page)).to_have_attribute("data-verdict", "sure")


def class_rows(page: Page) -> Locator:
    """A row for each class; its data say the class and its probability."""
    return page.get_by_role("list", name=named("prediction.bars")).get_by_role("listitem")


def true_class(page: Page) -> Locator:
    """The choice of the class that is taken for true: the network then runs backwards."""
    return page.get_by_role("combobox", name=named("backward.name"))


def column(page: Page, index: int) -> Locator:
    """The column of a step; the input is -1."""
    return page.get_by_role("region", name=named("network.title")).locator(f"[data-step='{index}']")


def feature_maps(page: Page, index: int) -> Locator:
    """The picture of a step's maps."""
    return column(page, index).get_by_role("img", name=re.compile("^(Feature maps of|.*特征图)"))


def readout(page: Page) -> Locator:
    """What is said of the cell that is pointed at or kept."""
    return page.get_by_role("status", name=named("network.reading.name"))


def cell_panel(page: Page) -> Locator:
    """The opened cell with its sum."""
    return page.get_by_role("dialog", name=named("cell.title"))


def crumbs(page: Page) -> Locator:
    """The numbers from the first that was opened to the one on screen."""
    return cell_panel(page).get_by_role("list", name=named("cell.way")).get_by_role("button")


def expect_agrees(page: Page) -> None:
    """The opened sum is the tensor's number, as its line says."""
    expect(cell_panel(page).get_by_text(re.compile("^✓ "))).to_be_visible()
