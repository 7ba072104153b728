"""A switch of the language reaches every word: the page then reads as one that was opened in that language."""

from collections.abc import Callable
from contextlib import suppress
from difflib import unified_diff

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.conftest import speak
from tests.browser.draw_page import readout

# Every text, tool tip and label in the page, in order, seen or not, but for times: they are measured by each page.
WORDS = r"""() => {
  const words = [];
  const time = /[\d.,]+ (ms|s|min)(?![a-z])/g;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.replace(time, "").trim();
      if (text && !node.parentElement.closest("script, style, .kernels-speed")) words.push(text);
    } else if (node.closest("#pages, .bar")) {
      for (const name of ["title", "aria-label", "aria-description", "placeholder"])
        if (node.hasAttribute(name)) words.push(`${name}: ${node.getAttribute(name)}`);
    }
  }
  return words;
}"""
INK = "ImCWIlCyIjDOIiDpIhEFIfEiIcFAIYFgITGBIOGjIIHGIDHnH-IIH6IoH3JHHzJlHwKDHtKgHqK8HnLXHjLwHgMJHdMhHZM5HWNS"
DRAWN = f"model=a2&ink={INK}&label=3"
STATES = {
    "draw": f"{DRAWN}&cells=3.0.1.1.6",
    "backward": f"{DRAWN}&cells=3:weight.1.0.2.2",
    "why": f"{DRAWN}&why=.",
    "classes": f"{DRAWN}&cells=10.0.3",
    "refused": f"{DRAWN}&cells=11.0.3",
    "arithmetic": "page=arithmetic",
    "chain": "page=arithmetic&part=chain",
    "properties": "page=arithmetic&part=properties",
    "kernels": "page=kernels",
    "train": "page=train",
    "learn": "page=learn",
    "lesson": "page=arithmetic&lesson=by-hand.2",
}


ROUNDS = 4
"""How often a page may go on changing after the other has become like it."""


def words(page: Page) -> list[str]:
    return page.evaluate(WORDS)  # type: ignore[no-any-return]


def differences(told: list[str], wanted: list[str]) -> list[str]:
    return [line for line in unified_diff(wanted, told, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("state", STATES)
def test_every_word_follows_the_language(app: str, open_page: Callable[..., Page], state: str) -> None:
    fresh = open_page(f"{app}#{STATES[state]}&lang=zh")
    switched = open_page(f"{app}#{STATES[state]}&lang=en")
    speak(switched, "zh")
    for _ in range(ROUNDS):  # both still ask and draw
        with suppress(TimeoutError):
            switched.wait_for_function(f"wanted => String(({WORDS})()) === wanted", arg=",".join(words(fresh)))
            break
    assert not differences(words(switched), words(fresh))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 900, 1280])
def test_pointing_at_a_cell_moves_nothing(app: str, open_page: Callable[..., Page], language: str, width: int) -> None:
    page = open_page(f"{app}#{DRAWN}&lang={language}", width=width)
    maps = page.get_by_role("img", name="conv1")
    maps.scroll_into_view_if_needed()
    before = maps.bounding_box()
    maps.hover(position={"x": 22, "y": 22})
    expect(readout(page)).to_contain_text("conv1")
    assert maps.bounding_box() == before


def test_the_server_answers_in_the_language_of_the_page(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#page=train&lang=zh")
    page.locator(".train-form [data-control='source']").select_option("folder")
    expect(page.locator(".train-form")).to_contain_text("下的一个图片文件夹")
