"""What a person does on the Arithmetic page and reads off it, for its tests."""

import re

import torch
from playwright.sync_api import Locator, Page, expect

from tests.browser.words import named


def opened(page: Page) -> Page:
    """The page with the Arithmetic tab in front, its numbers checked."""
    page.get_by_role("tab", name=named("tab.arithmetic")).click()
    expect_checked(page)
    return page


def badge(page: Page) -> Locator:
    """What autograd says of the numbers on the page."""
    return page.locator(".arithmetic").locator(".badge")


def expect_checked(page: Page) -> None:
    """The badge says that autograd gives the numbers on the page."""
    expect(badge(page)).to_have_class(re.compile("agrees"), timeout=15_000)


def control(page: Page, name: str) -> Locator:
    return page.locator(f".arithmetic [data-control='{name}']")


def choose(page: Page, **choices: str) -> None:
    for name, value in choices.items():
        control(page, name.replace("__", ".")).select_option(value)


def tool(page: Page, name: str) -> Locator:
    return page.locator(f".arithmetic .tool[data-tool='{name}']")


def undo_all(page: Page) -> None:
    """Bring the page back to how it was opened."""
    while tool(page, "undo").is_enabled():
        tool(page, "undo").click()


def turn(page: Page, name: str) -> Locator:
    """The button of a pass: forward, or a gradient."""
    return page.get_by_role("group", name=named("arithmetic.pass")).locator(f"[data-pass='{name}']")


def transport(page: Page) -> Locator:
    return page.get_by_role("group", name=named("arithmetic.transport"))


def scrub(page: Page) -> Locator:
    """The slider over all steps."""
    return transport(page).get_by_role("slider")


def place(page: Page) -> Locator:
    """Which step of how many is shown."""
    return transport(page).get_by_role("status")


def at(page: Page) -> int:
    return int(place(page).get_attribute("data-at") or "")


def sum_part(page: Page) -> Locator:
    """The arithmetic of the step that is shown."""
    return page.get_by_role("region", name=named("arithmetic.sum"))


def cell(page: Page, tensor: str, index: int) -> Locator:
    return page.locator(f".arithmetic [data-tensor='{tensor}'] [data-index='{index}']")


def numbers(page: Page, tensor: str) -> list[float | None]:
    """The numbers of a matrix as they stand on the page; None where none is shown yet."""
    texts = page.locator(f".arithmetic [data-tensor='{tensor}'] [data-index]").all_text_contents()
    return [None if text == "·" else float(text.replace("−", "-")) for text in texts]


def matrix(page: Page, name: str) -> torch.Tensor:
    """A matrix as it stands on the page, which says its shape."""
    shape = page.locator(f".arithmetic [data-tensor='{name}'] .tensor-title .note").inner_text()
    return torch.tensor(numbers(page, name)).reshape([int(size) for size in shape.split(" × ")])
