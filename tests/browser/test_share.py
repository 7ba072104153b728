"""The panel that passes on what is on screen, and what a lesson's link shows and says."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_draw import expect_digit

DENIED = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no permission')); }"


def test_a_link_is_copied_without_permission_and_says_where_it_opens(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(app, width=1366, height=768)
    page.locator("[data-example='5']").click()
    expect_digit(page, "5")
    page.evaluate(DENIED)
    page.get_by_role("button", name="Link").first.click()
    panel = page.get_by_role("group", name="Link")
    expect(panel).to_contain_text("opens on this computer only")
    panel.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast.shown")).to_contain_text("Link copied")
    link = panel.get_by_role("textbox", name="The link").input_value()
    again = open_page(link)
    expect_digit(again, "5")


def test_a_lesson_hides_parts_and_says_a_sentence(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(app, width=1366, height=768)
    page.locator("[data-example='5']").click()
    expect_digit(page, "5")
    page.get_by_role("tab", name="Arithmetic").click()
    page.get_by_role("button", name="Link").first.click()
    panel = page.get_by_role("group", name="Link", exact=True)
    panel.get_by_text("For a lesson").click()
    panel.get_by_label("Title").fill("Monday")
    panel.get_by_label("A sentence for the class").fill("Guess the sum first.")
    for part in ("The bar above the pages", "The tabs of the pages", "The sum with its products"):
        panel.get_by_label(part).uncheck()
    expect(page.locator(".sum")).to_be_hidden()
    link = panel.get_by_role("textbox", name="The link").input_value()
    assert "ink=" not in link
    lesson = open_page(link, width=1366, height=768)
    expect(lesson.get_by_text("Guess the sum first.")).to_be_visible()
    expect(lesson.get_by_role("button", name="Link")).to_have_count(0)
    expect(lesson.get_by_role("tab", name="Kernels")).to_have_count(0)
    expect(lesson.locator("figure[data-tensor='input']")).to_be_visible()
    expect(lesson.locator(".sum")).to_be_hidden()
