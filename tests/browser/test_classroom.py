"""A class in one room: coming in by name, being led, and what belongs to whom."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve

PASSWORD = "the teacher's own"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, which somebody else started."""
    run = tmp_path_factory.mktemp("class") / "cids"
    run.mkdir()
    (run / "config.json").write_text(json.dumps({"model": "a2", "data": {"source": "strokes"}}))
    (run / "status.json").write_text(json.dumps({"state": "done", "message": "", "step": 1, "steps": 1}))
    (run / "owner.json").write_text(json.dumps({"who": "a digest", "name": "Cid"}))
    return run.parent


@pytest.fixture(scope="module")
def classroom(runs: Path) -> Iterator[str]:
    yield from serve("-m", "explorer", "--no-open", "--class", "--password", PASSWORD, "--runs-dir", str(runs))


def sign(page: Page):
    return page.get_by_title("Who you are in this class")


def come_in(page: Page, name: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Come in").first.click()
    expect(sign(page)).to_contain_text(name)


def become_teacher(page: Page, password: str = PASSWORD) -> None:
    page.get_by_text("I am the teacher").click()
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")


def test_a_class_comes_in_and_is_led(classroom, open_page):
    name = f"Ann {secrets.token_hex(2)}"  # another one where the test is run once more: names are taken for a while
    ann, teacher = open_page(classroom), open_page(classroom)
    come_in(ann, name)
    expect(ann.get_by_text("The teacher sees your name and your page")).to_be_visible()
    expect(ann.get_by_role("button", name="Look here")).to_be_hidden()

    become_teacher(teacher, "a wrong one")
    expect(teacher.get_by_role("alert").filter(has_text="that is not the teacher's password")).to_be_visible()
    teacher.get_by_label("Password").fill(PASSWORD)
    teacher.get_by_label("Password").press("Enter")
    expect(sign(teacher)).to_contain_text("Teacher")
    expect(teacher.get_by_role("list", name="Who is here").get_by_role("button", name=name)).to_be_visible()

    sign(ann).press("Escape")
    before = ann.url
    sign(teacher).press("Escape")
    teacher.get_by_role("tab", name="Arithmetic").click()
    sign(teacher).click()
    teacher.get_by_role("button", name="Look here").click()
    expect(ann.get_by_role("tab", name="Arithmetic")).to_have_attribute("aria-selected", "true", timeout=20_000)
    expect(ann.get_by_text("Your teacher shows this")).to_be_visible()
    expect(sign(ann)).to_contain_text(name)  # known again after the page was opened anew
    ann.go_back()
    ann.wait_for_url(before)
    expect(ann.get_by_role("tab", name="Draw")).to_have_attribute("aria-selected", "true")

    person = teacher.get_by_role("list", name="Who is here").get_by_role("listitem").filter(has_text=name)
    expect(person).to_contain_text("Draw")
    person.get_by_role("button").click()
    expect(teacher.get_by_role("tab", name="Draw")).to_have_attribute("aria-selected", "true")


def test_another_ones_run_is_looked_at_and_not_changed(classroom, open_page):
    page = open_page(f"{classroom}/#page=train&lang=en")
    come_in(page, f"Bob {secrets.token_hex(2)}")
    sign(page).press("Escape")
    row = page.get_by_role("row", name="cids")
    expect(row).to_contain_text("by Cid")
    for tool in ("Rename", "Delete the run"):
        expect(row.get_by_role("button", name=tool)).to_be_disabled()
    sign(page).click()
    page.get_by_role("button", name="Leave").click()
    become_teacher(page)
    expect(sign(page)).to_contain_text("Teacher")
    expect(row.get_by_role("button", name="Delete the run")).to_be_enabled()


def test_without_a_class_there_is_no_sign_of_one(app, open_page):
    expect(sign(open_page(app))).to_have_count(0)
