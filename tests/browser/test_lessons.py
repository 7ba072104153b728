"""Lessons are gone through by keyboard alone, in both languages, doing what each card waits for."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import REPOSITORY, serve, speak
from tests.browser.lesson_page import NAMES, act, card, expect_beside, expect_card, guess, lesson, press, told
from tests.browser.words import named

DOCS = REPOSITORY / "docs" / "lessons.md"

SLOW_MS = 90_000
"""A run or a measurement may take so long."""

PATIENCE_MS = 15_000

VALUE = re.compile(r"^arithmetic\.value\[(\w+),(\d+)\]$")


def docs_example() -> str:
    """The lesson that docs/lessons.md shows."""
    found = re.search(r"```json lesson\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app with a teacher's folder of lessons, and runs of its own."""
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "tides.json").write_text(docs_example(), encoding="utf-8")
    (folder / "broken.json").write_text('{\n  "title": 3\n', encoding="utf-8")
    runs = tmp_path_factory.mktemp("runs")
    yield from serve("-m", "explorer", "--no-open", "--lessons", str(folder), "--runs-dir", str(runs))


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
        expect_beside(page)
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
            expect_beside(page, there=False)
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


def listed(page: Page, name: str) -> Locator:
    """A lesson's place on the Learn page."""
    return page.locator(f"[data-lesson='{name}']")


def add(page: Page, file: str, text: str) -> None:
    """Give the page a file of one's own."""
    given = {"name": file, "mimeType": "application/json", "buffer": text.encode()}
    page.get_by_label(named("lessons.own.file")).set_input_files(given)  # type: ignore[arg-type]


def test_a_teachers_lesson_written_from_the_docs_runs(app, open_page):
    page = open_page(f"{app}#page=learn", width=1024, height=768)
    add(page, "first-steps.json", docs_example())
    listed(page, "first-steps").get_by_role("button", name="Start").press("Enter")
    expect_card(page, 1, 3)
    expect(card(page)).to_contain_text("is a sum of 9 products")
    press(page, "lesson.next")
    guess(page, {"choose": []}, "")
    act(page, "arithmetic.stepped")
    expect(told(page)).to_have_attribute("data-kind", "right")
    expect(told(page)).to_contain_text("= 30")
    press(page, "lesson.next")
    guess(page, {"number": ""}, "19")
    expect(told(page)).to_contain_text("You said 19, and the page says 19.")
    press(page, "lesson.finish")
    expect(listed(page, "first-steps")).to_have_attribute("data-done", "true")
    page.get_by_role("button", name="Forget first-steps.json").click()
    expect(listed(page, "first-steps")).to_have_count(0)


def test_what_is_wrong_with_a_file_is_said_with_its_line_in_both_languages(app, open_page):
    page = open_page(f"{app}#page=learn")
    broken = docs_example().replace('"wait": "arithmetic.stepped"', '"wait": "arithmetic.danced"')
    add(page, "own.json", broken)
    line = 1 + broken.split("arithmetic.danced")[0].count("\n")
    own = page.get_by_role("region", name="Your own lessons")
    expect(own).to_contain_text(f"own.json, line {line}: there is no act called “arithmetic.danced” to wait for.")
    speak(page, "zh")
    expect(page.get_by_role("region", name="自己的课程")).to_contain_text(f"own.json 第 {line} 行：没有叫")
    add(page, "by-hand.json", docs_example())
    expect(page.get_by_role("alert").filter(has_text="自带课程已经用了这个名字")).to_be_visible()


def test_a_file_can_be_dropped_on_the_page(app, open_page):
    page = open_page(f"{app}#page=learn")
    page.locator(".lessons-own").evaluate(
        """(place, [name, text]) => {
          const data = new DataTransfer();
          data.items.add(new File([text], name, { type: "application/json" }));
          place.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        ["dropped.json", docs_example()],
    )
    expect(listed(page, "dropped")).to_be_visible()


def test_the_lessons_of_a_folder_are_listed_and_opened_by_a_link(app, open_page):
    page = open_page(f"{app}#page=learn")
    expect(listed(page, "tides")).to_be_visible()
    expect(page.locator("[data-file='broken.json']")).to_contain_text("broken.json, line 3: this is no JSON")
    linked = open_page(f"{app}#lesson=tides.2")
    expect_card(linked, 2, 3)
    expect(linked.get_by_role("tab", name="Arithmetic")).to_have_attribute("aria-selected", "true")


def test_a_lesson_is_left_resumed_and_opened_at_a_card_with_the_pages_as_they_are_then(app, open_page):
    page = open_page(f"{app}#lesson=backward.5", width=1366, height=768)
    expect_card(page, 5, 6)
    expect(page.get_by_role("dialog", name=re.compile("^Backward II"))).to_be_visible()
    expect(card(page).get_by_role("heading")).to_be_focused()
    expect(page.locator(".arithmetic .stage-flow [data-tensor=gradOutput] [data-index='3']")).to_have_text("4")
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    page.get_by_role("tab", name="Learn").click()
    expect(listed(page, "backward")).to_contain_text("At card 5 of 6")
    listed(page, "backward").get_by_role("button", name="Continue").click()
    expect_card(page, 5, 6)
    guess(page, {"number": ""}, "4")
    expect(told(page)).to_contain_text("You said 4; the page says 5.")
    expect(told(page)).to_contain_text("The tutorial prints 4 there.")
    page.reload()
    expect_card(page, 5, 6)
    expect(told(page)).to_contain_text("You said 4; the page says 5.")  # a guess is made once


def test_an_unknown_lesson_is_named_and_left_out(app, open_page):
    page = open_page(f"{app}#lesson=none.3")
    expect(page.get_by_text("lesson=none")).to_be_visible()
    expect(card(page)).to_have_count(0)


def test_a_work_sheet_has_its_answers_on_a_page_of_their_own(app, open_page):
    page = open_page(f"{app}#page=learn", width=1366, height=768)
    listed(page, "by-hand").get_by_role("button", name="Work sheet").click()
    sheet = page.get_by_role("article")
    questions, answers = sheet.locator(".sheet-cards"), sheet.locator(".sheet-answers")
    expect(questions).to_contain_text("What is the second number of Y?")
    expect(questions.locator("svg text", has_text="14")).to_have_count(0)
    expect(answers.locator("svg text", has_text="14").first).to_be_visible()
    expect(answers.get_by_role("listitem").nth(0)).to_contain_text("8 0 + 1·2 + 0·3 + 0·5 + 1·6 = 8.")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("tab", name="Learn")).to_be_hidden()
    expect(answers).to_have_css("break-before", "page")
    assert page.pdf().count(b"/Type /Page\n") >= 2
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Back to the lessons").click()
    expect(listed(page, "by-hand")).to_be_visible()


def test_a_presented_lesson_is_larger_and_follows_a_clicker(app, open_page):
    page = open_page(f"{app}#lesson=by-hand", width=1920, height=1080)
    expect_card(page, 1, 6)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.lesson-says')).fontSize)"
    before = page.evaluate(size)
    page.keyboard.press("PageDown")
    expect_card(page, 1, 6)
    card(page).get_by_role("button", name="Present", exact=True).click()
    assert page.evaluate(size) > before
    page.keyboard.press("PageDown")
    expect_card(page, 2, 6)
    page.keyboard.press("PageUp")
    expect_card(page, 1, 6)
    page.keyboard.press("Escape")
    assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "16px"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768)])
def test_a_card_covers_nothing_that_it_speaks_of_on_small_screens(app, open_page, width, height):
    page = open_page(f"{app}#lesson=relu-pool&lang=zh", width=width, height=height)
    for k, one in enumerate(lesson("relu-pool")["cards"]):
        expect_card(page, k + 1, 7)
        expect_beside(page)
        if one.get("wait"):
            act(page, one["wait"])
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        press(page, "lesson.finish" if k == 6 else "lesson.next")


def test_no_lesson_is_loaded_before_one_is_opened(app, open_page):
    page = open_page(app)
    loaded = "() => performance.getEntriesByType('resource').map(({ name }) => name)"
    before = page.evaluate(loaded)
    assert not [name for name in before if "/lesson/" in name and not name.endswith(("/lesson/open.js",))]
    page.get_by_role("button", name="Show me how it works").click()
    expect(card(page)).to_be_visible()
    assert [name for name in page.evaluate(loaded) if name.endswith("/lesson/player.js")]
