"""Lessons are gone through by keyboard alone, in both languages, doing what each card waits for."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lesson_page import NAMES, act, card, expect_beside, expect_card, guess, lesson, press, told

LARGE = ("draw.network", "draw.column[3]", "kernels.kernel", "properties.law[separable]")
"""What fills so much of the window that a card has no room beside it."""

SLOW_MS = 90_000
"""A run or a measurement may take so long."""

PATIENCE_MS = 15_000

VALUE = re.compile(r"^arithmetic\.value\[(\w+),(\d+)\]$")


def shown(page: Page, tensor: str, index: str) -> float | None:
    """The number of a cell as it stands on the page; None where none does."""
    cell = page.locator(f".arithmetic .stage-flow [data-tensor='{tensor}'] [data-index='{index}']")
    if not cell.count():
        return None
    text = cell.first.inner_text().replace("−", "-").strip()
    return None if text in ("·", "") else float(text)


def number_in(text: str) -> float:
    """The page's own number in what it says of a guess."""
    found = re.search(r"(?:page says|页面上正是|页面上是) ([−\d.]+(?:e[-\d]+)?)", text)
    assert found, text
    return float(found[1].rstrip(".").replace("−", "-"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "first"])
def test_a_lesson_is_gone_through_by_keyboard(app, open_page, name, language):
    given = lesson(name)
    page = open_page(f"{app}#lang={language}&lesson={name}", width=1366, height=768)
    count = len(given["cards"])
    asked = 0
    for k, one in enumerate(given["cards"]):
        expect_card(page, k + 1, count)
        ask, wait = one.get("ask"), one.get("wait")
        expect_beside(page, most=0.25 if one["at"] in LARGE else 0)
        assert "{" not in card(page).inner_text()
        if ask:
            asked += 1
            guess(page, ask, "1")
        if wait:
            act(page, wait)
        if ask or wait:
            expect(told(page)).to_have_attribute(
                "data-kind",
                re.compile("right|wrong|done"),
                timeout=SLOW_MS if wait and wait.split(".")[0] in ("train", "lab") else PATIENCE_MS,
            )
            answer = told(page).inner_text()
            assert "…" not in answer
            of = VALUE.match(str(ask.get("number"))) if ask else None
            seen = shown(page, *of.groups()) if of else None
            if seen is not None:
                assert number_in(answer) == pytest.approx(seen, abs=0.006)
        press(page, "lesson.finish" if k == count - 1 else "lesson.next")
    assert asked >= 2
    expect(card(page)).to_have_count(0)
    expect(page.locator(f"[data-lesson='{name}']")).to_have_attribute("data-done", "true")
