"""Cards of terms and operators: reached by mouse, touch and keyboard, in both languages, without anything moving."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import speak
from tests.browser.test_contributions import example
from tests.browser.test_levels import BOXES, MOVED


def card(page: Page, name: str) -> None:
    expect(page.get_by_role("dialog", name=name, exact=True)).to_be_visible()


def test_a_steps_name_opens_its_operators_card_with_this_layers_numbers(app, open_page):
    page = open_page(app, width=1366, height=768)
    example(page, "3")
    page.get_by_role("button", name="conv: conv3").click()
    assert page.evaluate(BOXES) > 100
    page.get_by_role("button", name="conv2d", exact=True).click()
    card(page, "Convolution")
    told = page.get_by_role("dialog", name="Convolution")
    expect(told).to_contain_text("A small kernel of learned numbers slides over the maps before")
    expect(told).to_contain_text("a kernel of 48×3×3 numbers")
    assert page.evaluate(MOVED) == []
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)
    expect(page.get_by_role("button", name="conv2d", exact=True)).to_be_focused()
    page.get_by_role("button", name="receptive field").click()
    card(page, "Receptive field")
    page.mouse.click(5, 300)
    expect(page.get_by_role("dialog", name="Receptive field")).to_have_count(0)
    page.get_by_role("button", name="kernel", exact=True).first.click()
    page.get_by_role("dialog", name="Kernel").get_by_role("button", name="Walk it in Arithmetic").click()
    expect(page.get_by_role("tab", name="Arithmetic")).to_have_attribute("aria-selected", "true")


def test_terms_are_reached_by_touch_and_by_keyboard_in_both_languages(app, open_page):
    page = open_page(f"{app}#model=a2", width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_role("group", name="Examples").get_by_role("button", name="5").tap()
    page.get_by_role("img", name=re.compile("Feature maps of conv2")).tap(position={"x": 20, "y": 20})
    page.locator(".reading").get_by_role("button", name="channel").tap()
    card(page, "Channel")
    box = page.get_by_role("dialog", name="Channel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Close", exact=True).last.tap()
    speak(page, "zh")
    term = page.locator(".reading").get_by_role("button", name="通道")
    term.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="通道")).to_contain_text("这一层有 20 个通道")
