"""A link to a card brings what the cards before had set up; a card is heard, and the focus goes as it should."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.lesson_page import act, card, expect_beside, expect_card, guess, lesson, press, told

SLOW_MS = 90_000

OPENED = {
    "title": {"en": "Opened", "zh": "打开"},
    "about": {"en": "A number of a layer.", "zh": "一层里的一个数。"},
    "minutes": 1,
    "cards": [
        {
            "open": {"page": "draw", "model": "a2"},
            "at": "draw.examples",
            "says": {"en": "Choose the four.", "zh": "请选“四”。"},
            "wait": "draw.read[4]",
        },
        {
            "at": "draw.network",
            "says": {"en": "Open a number.", "zh": "打开一个数。"},
            "wait": "draw.opened[conv2]",
        },
        {
            "at": "draw.number",
            "says": {"en": "{draw.terms} products of a {draw.best}.", "zh": "{draw.best}：{draw.terms} 个乘积。"},
        },
    ],
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app with a lesson of its own, and runs of its own."""
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "opened.json").write_text(json.dumps(OPENED), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("blur.json"), folder)
    runs = tmp_path_factory.mktemp("runs")
    yield from serve("-m", "explorer", "--no-open", "--lessons", str(folder), "--runs-dir", str(runs))


def says(page: Page) -> str:
    return page.locator(".lesson-says").inner_text()


def test_a_link_brings_the_kernel_and_the_pixel_of_the_cards_before(app, open_page):
    page = open_page(f"{app}#lesson=filters.4", width=1366, height=768)
    expect_card(page, 4, 6)
    preset = page.locator(".kernels [data-control='preset']")
    expect(preset).to_have_value("sobelx")
    expect(page.locator(".lesson-says")).to_contain_text(re.compile(r"value is −?\d"))
    expect_beside(page)
    press(page, "lesson.next")
    press(page, "lesson.next")
    guess(page, {"choose": []}, "")
    act(page, "kernels.preset[laplacian]")
    expect(told(page)).to_have_attribute("data-kind", re.compile("right|wrong"))
    press(page, "lesson.back")
    expect_card(page, 5, 6)
    expect(preset).to_have_value("sobelx")  # as it was when that card came up


def test_a_link_brings_an_edited_number(app, open_page):
    page = open_page(f"{app}#lesson=by-hand.6", width=1366, height=768)
    expect_card(page, 6, 6)
    expect(page.locator(".arithmetic .stage-flow [data-tensor=weight] [data-index='0']")).to_have_text("2")
    expect(page.locator(".lesson-says")).to_contain_text("Y is now [[7, 10], [16, 19]]")


def test_a_link_brings_an_opened_number(app, open_page):
    page = open_page(f"{app}#lesson=opened.3", width=1366, height=768)
    expect_card(page, 3, 3)
    expect(page.locator(".draw .cell-panel")).to_be_visible()
    expect(page.locator(".lesson-says")).to_have_text("250 products of a 4.")
    assert "cells=3.0.10.4.4" in page.url


def test_a_link_brings_a_step_of_gradient_descent(app, open_page):
    page = open_page(f"{app}#lesson=why.5", width=1366, height=768)
    expect_card(page, 5, 8)
    expect(page.locator(".draw .changes-count")).to_be_visible()
    expect(page.locator(".draw .true-label")).to_have_value("6")
    act(page, "draw.undone")
    expect(told(page)).to_have_attribute("data-kind", "done")


def test_a_card_about_a_run_says_that_there_is_none_and_offers_to_start_it(app, open_page):
    page = open_page(f"{app}#lesson=train.3", width=1366, height=768)
    expect_card(page, 3, 8)
    lack = page.locator(".lesson-lack")
    expect(lack).to_contain_text("what card 1 makes")
    lack.get_by_role("button", name="Start it").press("Enter")
    expect_card(page, 1, 8)
    expect(told(page)).to_have_attribute("data-kind", "done", timeout=SLOW_MS)
    expect(page.locator(".run-title")).to_be_visible()
    press(page, "lesson.next")
    expect(told(page)).to_have_attribute("data-kind", "done", timeout=SLOW_MS)
    press(page, "lesson.next")
    expect(lack).to_be_hidden()
    expect(page.locator(".lesson-says")).to_contain_text(re.compile(r"^[\d.]+ % of the held-back"))


def focused(page: Page) -> dict[str, Any]:
    """The element that has the focus as Chromium tells a screen reader of it: role, name, description."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()

    def has_focus(node: dict[str, Any]) -> bool:
        told = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        return bool(told.get("focused")) and node["role"]["value"] != "RootWebArea"

    (node,) = [node for node in nodes if has_focus(node)]
    return {part: node.get(part, {}).get("value", "") for part in ("role", "name", "description")}


@pytest.mark.parametrize(("language", "leave"), [("en", "Leave the lesson (Esc)"), ("zh", "离开课程（Esc）")])
def test_a_card_and_what_comes_of_an_act_are_heard(app, open_page, language, leave):
    given = lesson("by-hand")
    title = given["title"][language]
    page = open_page(f"{app}#lang={language}&lesson=by-hand", width=1366, height=768)
    expect_card(page, 1, 6)
    first = says(page)
    expect(card(page)).to_match_aria_snapshot(
        f"""
        - dialog "{title} · 1/6":
          - heading "{title} · 1/6" [level=2]
          - button "{leave}"
          - paragraph: {json.dumps(first, ensure_ascii=False)}
          - status
        """
    )
    assert focused(page) == {"role": "heading", "name": f"{title} · 1/6", "description": first}
    act(page, "arithmetic.preset[valid]")
    status = card(page).get_by_role("status").last
    expect(status).to_have_text(re.compile("Done|完成"))
    assert focused(page)["role"] == "combobox"  # an act leaves the focus where it was done

    press(page, "lesson.next")
    expect_card(page, 2, 6)
    second = says(page)
    assert second != first
    assert focused(page) == {"role": "heading", "name": f"{title} · 2/6", "description": second}
    guess(page, {"number": ""}, "3")
    expect(status).to_have_text(given["cards"][1]["then"][language])
    assert focused(page)["role"] == "button"  # the way on, after which the verdict is heard
    act(page, "arithmetic.stepped")
    expect(status).to_contain_text(re.compile("You said 3; the page says 8|3.*8"))
    live = page.evaluate(
        "it => [it.ariaLive ?? it.getAttribute('role'), getComputedStyle(it).display]", status.element_handle()
    )
    assert live[0] in ("polite", "status")
    assert live[1] != "none"

    card(page).get_by_role("heading").focus()
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)


def test_every_control_of_a_card_has_a_name(app, open_page):
    page = open_page(f"{app}#lesson=size.2", width=1366, height=768)
    expect_card(page, 2, 6)
    snapshot = card(page).aria_snapshot()
    assert 'textbox "Your guess:"' in snapshot
    assert not re.search(r"- (button|textbox|radio)\s*(:|$)", snapshot, re.MULTILINE)


def test_a_teachers_lesson_over_two_pages_runs(app, open_page):
    page = open_page(f"{app}#lang=zh&page=learn", width=1366, height=768)
    page.locator("[data-lesson=blur]").get_by_role("button", name="开始").press("Enter")
    expect_card(page, 1, 3)
    expect(page.locator(".lesson-says")).to_contain_text("有 9 个相等的数")
    guess(page, {"choose": []}, "")
    act(page, "kernels.preset[gaussian]")
    expect(told(page)).to_have_text("你猜 一样，页面上是 不一样。 之前 9，现在 6.17。")
    expect(page.locator(".lesson-says")).to_contain_text("有 9 个相等的数")  # the question is as it was asked
    press(page, "lesson.next")
    act(page, "kernels.pixel")
    expect(told(page)).to_have_attribute("data-kind", "done")
    press(page, "lesson.next")
    expect_card(page, 3, 3)
    guess(page, {"number": ""}, "10")
    expect(told(page)).to_contain_text("10 × 24 × 24")
    press(page, "lesson.finish")
    expect(page.locator("[data-lesson=blur]")).to_have_attribute("data-done", "true")
