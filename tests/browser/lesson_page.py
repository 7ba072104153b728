"""What a person finds of a lesson, and does by keyboard alone on the pages that it leads over, for its tests."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.words import LANGUAGES, named

LESSONS = Path(__file__).resolve().parents[2] / "explorer" / "web" / "learn" / "lessons"
NAMES: list[str] = json.loads((LESSONS / "index.json").read_text())

MOST_TABS = 160
"""So often Tab is pressed at most on the way to a control."""


LOOK_MS = 100
MOST_LOOKS = 200
"""So often, and after so many ms, what a card speaks of is looked for."""


def lesson(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((LESSONS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def card(page: Page) -> Locator:
    """The card in front."""
    return page.locator(".lesson-card")


def told(page: Page) -> Locator:
    """What came of the act or the guess; its data say of which kind it is."""
    return page.locator(".lesson-told")


def expect_card(page: Page, number: int, count: int) -> None:
    expect(card(page).get_by_role("heading")).to_contain_text(f"{number}/{count}")


def focused(page: Page, question: str) -> bool:
    """Ask something of the element that has the focus, `it` in the script."""
    return bool(page.evaluate(f"() => {{ const it = document.activeElement; return Boolean({question}); }}"))


def reach(page: Page, question: str, *, back: bool = False) -> None:
    """Press Tab until the focus is where the question is true."""
    for _ in range(MOST_TABS):
        if focused(page, question):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"no Tab reaches {question}")


def to_page(page: Page) -> None:
    """From the card to what it speaks of."""
    inside = "it.closest('.lesson-card')"
    if not focused(page, inside):
        page.keyboard.press("F6")
        page.wait_for_function("document.activeElement.closest('.lesson-card')")
    for _ in range(MOST_LOOKS):  # until what it speaks of is there, and can be used
        page.keyboard.press("F6")
        if not focused(page, inside):
            return
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError("F6 leads to nothing")


def to_card(page: Page) -> None:
    if not focused(page, "it.closest('.lesson-card')"):
        page.keyboard.press("F6")
    page.wait_for_function("document.activeElement.closest('.lesson-card')")


def press(page: Page, key: str) -> None:
    """Press a button of the card that has these words."""
    to_card(page)
    page.locator(".lesson-title").focus()
    words = json.dumps([language[key] for language in LANGUAGES])
    reach(page, f"it.matches('.lesson-card button') && {words}.includes(it.textContent)")
    page.keyboard.press("Enter")


def guess(page: Page, ask: dict[str, Any], value: str) -> None:
    """Answer the card's question: a number, or the first choice."""
    to_card(page)
    reach(page, "it.matches('.lesson-card .lesson-ask input')")
    if "number" in ask:
        page.keyboard.type(value)
    else:
        page.keyboard.press("Space")
    page.keyboard.press("Enter")


def choose(page: Page, value: str) -> None:
    """Choose an option of the select that has the focus, by its value."""
    assert focused(page, "it.matches('select')")
    page.keyboard.press("Home")
    for _ in range(80):
        if focused(page, f"it.value === {json.dumps(value)}"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no option {value}")


def opened(page: Page) -> None:
    """Open the panel whose button has the focus, unless it is open."""
    if focused(page, "it.getAttribute('aria-expanded') === 'false'"):
        page.keyboard.press("Enter")


def _setting(page: Page, key: str, value: str) -> None:
    to_page(page)
    if focused(page, "it.dataset.tool === 'settings' || it.matches('summary')"):  # the settings are folded away
        page.keyboard.press("Enter")
        to_page(page)
    if focused(page, "it.matches('select')"):
        choose(page, value)
    else:
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
        page.keyboard.press("Enter")


def _preset(page: Page, value: str) -> None:
    to_page(page)
    choose(page, value)


def _keys(*keys: str) -> Callable[..., None]:
    def act(page: Page, *_: str) -> None:
        to_page(page)
        for key in keys:
            page.keyboard.press(key)

    return act


def _example(page: Page, digit: str = "4") -> None:
    to_page(page)
    reach(page, f"it.closest('.examples') && it.textContent === '{digit}'")
    page.keyboard.press("Enter")


def _reach_amount(page: Page, name: str) -> None:
    """Come to the amount of a perturbation, by the keyboard."""
    to_page(page)
    opened(page)
    reach(page, "it.matches('.perturb summary, .perturb input')")
    if focused(page, "it.matches('summary') && !it.parentElement.open"):
        page.keyboard.press("Enter")
    reach(page, f"it.dataset.amount === '{name}'")


def _perturbed(page: Page) -> None:
    _reach_amount(page, "right")
    for _ in range(6):
        page.keyboard.press("ArrowRight")


def _unperturbed(page: Page) -> None:
    to_page(page)
    opened(page)
    reach(page, "it.matches('.amount-end button')")
    page.keyboard.press("Enter")


def _preprocess(page: Page) -> None:
    to_page(page)
    opened(page)
    reach(page, "it.matches('.strip-place input[type=checkbox]')")
    page.keyboard.press("Space")


def _meant(page: Page, name: str = "6") -> None:
    to_page(page)
    opened(page)
    reach(page, f"it.matches('.meant-classes button') && it.textContent === '{name}'")
    page.keyboard.press("Enter")


def _button(page: Page, key: str) -> None:
    to_page(page)
    words = json.dumps([language[key] for language in LANGUAGES])
    reach(page, f"it.matches('button') && {words}.includes(it.textContent)")
    page.keyboard.press("Enter")


def _opened(page: Page, *_: str) -> None:
    expect(page.locator(".draw .headline[data-verdict]")).to_be_visible()
    example = page.locator(".draw .examples").get_by_role("button", name="4", exact=True)
    example.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".draw .headline")).to_have_attribute("data-best", re.compile("."))
    to_page(page)
    reach(page, "it.getAttribute('role') === 'img'")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")


def _pass(page: Page, name: str) -> None:
    to_page(page)
    reach(page, f"it.dataset.pass === '{name}'")
    page.keyboard.press("Enter")


def _enter(page: Page, *_: str) -> None:
    """Press what the card speaks of, opened where it is folded away."""
    to_page(page)
    if focused(page, "it.matches('summary')"):
        page.keyboard.press("Enter")
        to_page(page)
    page.keyboard.press("Enter")


def _labelled(page: Page, count: str) -> None:
    """Write so many drawings of two kinds by the keys of the pad, and label each."""
    to_page(page)
    if focused(page, "it.matches('summary') && !it.parentElement.open"):
        page.keyboard.press("Enter")
    bar = ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16 + [" "]
    corner = ["ArrowLeft"] * 4 + [" "] + ["ArrowDown"] * 8 + ["ArrowRight"] * 8 + [" "]
    reach(page, "it.matches('.handwriting .pad-surface')")
    for k in range(int(count)):
        label, keys = [("1", bar), ("7", corner)][k % 2]
        for key in keys:
            page.keyboard.press(key)
        reach(page, f"it.dataset.label === '{label}'")
        page.keyboard.press("Enter")
        reach(page, "it.matches('.handwriting .pad-surface')", back=True)


def _spoiled(page: Page) -> None:
    """Noise over the digit, until the page is not sure."""
    _reach_amount(page, "noise")
    page.keyboard.press("End")


def _nothing(page: Page, *_: str) -> None:
    """What is waited for comes by itself."""


ACTS: dict[str, Callable[..., None]] = {
    "model": _preset,
    "model.figures": _keys("Enter"),
    "draw.unsure": _spoiled,
    "draw.drawn": _example,
    "draw.read": _example,
    "draw.perturbed": _perturbed,
    "draw.unperturbed": _unperturbed,
    "draw.raw": _preprocess,
    "draw.centred": _preprocess,
    "draw.label": _preset,
    "draw.meant": _meant,
    "draw.stepped": lambda page: _button(page, "backward.step"),
    "draw.undone": lambda page: _button(page, "changes.undo.all"),
    "draw.class": _keys("Enter"),
    "draw.opened": _opened,
    "arithmetic.preset": _preset,
    "arithmetic.op": _preset,
    "arithmetic.set": _setting,
    "arithmetic.pass": _pass,
    "arithmetic.stepped": _keys("ArrowRight"),
    "arithmetic.ended": _keys("End"),
    "arithmetic.edited": _keys("7", "Enter"),
    "properties.edited": lambda page, part="f": _keys(*(["Space"] if part == "flip" else ["7", "Enter"]))(page),
    "kernels.preset": _preset,
    "kernels.pixel": _keys("ArrowRight", "ArrowDown"),
    "lab.opened": _keys("Enter"),
    "lab.measured": _keys("Enter"),
    "train.preset": _enter,
    "train.set": _setting,
    "train.started": _keys("Enter"),
    "train.ran": _keys("Enter"),
    "train.labelled": _labelled,
    "train.moment": _keys("Enter"),
    "train.ended": _nothing,
}
"""How each act that lessons wait for is done, by keyboard alone."""


def act(page: Page, wait: str) -> None:
    """Do what a card waits for."""
    name, _, rest = wait.partition("[")
    ACTS[name](page, *(rest.rstrip("]").split(",") if rest else []))


CLEAR = """there => {
  const [card, ring] = ['.lesson-card', '.lesson-ring:not([hidden])'].map(
    (one) => document.querySelector(one)?.getBoundingClientRect());
  if (!card || !ring) return !there;
  const across = Math.min(card.right, ring.right) - Math.max(card.left, ring.left);
  const down = Math.min(card.bottom, ring.bottom) - Math.max(card.top, ring.top);
  return across <= 0 || down <= 0;
}"""


def expect_beside(page: Page, *, there: bool = True) -> None:
    """The card covers nothing of what it speaks of; that is on the screen, unless an act may have taken it away."""
    page.wait_for_function(CLEAR, arg=there)


__all__ = [
    "ACTS",
    "LESSONS",
    "NAMES",
    "act",
    "card",
    "expect_beside",
    "expect_card",
    "guess",
    "lesson",
    "named",
    "press",
    "told",
]
