"""A class: who is known, whose runs are whose, what each may take."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.training.folder import RunFolder
from core.training.lock import FileLock
from core.training.runs import Runs
from explorer.classroom import Classroom, Quotas
from explorer.classroom.asked import look_here
from explorer.classroom.register import AWAY_SECONDS, MOST_PEOPLE, OWNER, TRIES, TRIES_SECONDS
from explorer.wire.view import answers
from explorer.work import Person, person

PASSWORD = "eight or more"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def asking(cookie: str, address: str = "10.0.0.1") -> Iterator[None]:
    token = person.set(Person(cookie, address=address))
    try:
        yield
    finally:
        person.reset(token)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def classroom(tmp_path: Path, clock: Clock) -> Classroom:
    room = Classroom(Runs(tmp_path), password=PASSWORD, quotas=Quotas(kept=2, all_alive=2, disk=1000), clock=clock)
    with asking("t"):
        room.enter(PASSWORD)
    for name in ("ann", "bob"):
        with asking(name):
            room.join(name.title())
    return room


def made(room: Classroom, name: str, *, seconds: float | None = 1.0) -> str:
    """Start what looks like a run on the disk, without a process."""

    def start() -> str:
        folder = room.runs.folder / name
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        return name

    return room.start(start, lambda: seconds)


def test_a_password_that_keeps_nobody_out_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the password has 7 characters, expected at least 8"):
        Classroom(Runs(tmp_path), password="seven77")


def test_a_run_is_changed_by_its_owner_and_the_teacher_only(classroom):
    with asking("ann"):
        made(classroom, "one")
        classroom.may_change("one")
        assert classroom.belonging("one") == {"owner": "Ann", "yours": True}
    with asking("bob"):
        assert classroom.belonging("one") == {"owner": "Ann", "yours": False}
        with pytest.raises(PermissionError, match="one belongs to Ann: only they may change it"):
            classroom.may_change("one")
    with asking("t"):
        classroom.may_change("one")
    with asking("a stranger"), pytest.raises(PermissionError, match="belongs to Ann"):
        classroom.may_change("one")


def test_whoever_takes_a_name_that_is_free_again_does_not_take_its_runs(classroom, clock):
    with asking("ann"):
        made(classroom, "one")
    clock.now += AWAY_SECONDS
    with asking("mallory"):
        classroom.join("Ann")
        with pytest.raises(PermissionError, match="belongs to Ann"):
            classroom.may_change("one")


def test_an_owner_is_known_again_by_a_server_that_was_started_anew(classroom, tmp_path):
    with asking("ann"):
        made(classroom, "one")
    again = Classroom(Runs(tmp_path), password=PASSWORD)
    with asking("ann"):
        again.may_change("one")
    assert "ann" not in json.loads((tmp_path / "one" / OWNER).read_text()).values()  # the cookie itself is a secret


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"who": 1}', "\x00"])
def test_a_run_whose_owner_cannot_be_read_is_the_teachers(classroom, text):
    with asking("ann"):
        made(classroom, "one")
        (classroom.runs.folder / "one" / OWNER).write_text(text)
        with pytest.raises(PermissionError, match="belongs to the teacher"):
            classroom.may_change("one")
    with asking("t"):
        classroom.may_change("one")


@pytest.mark.parametrize("name", ["../one", "no such run", ""])
def test_only_a_runs_owner_is_looked_up(classroom, name):
    with asking("t"), pytest.raises((FileNotFoundError, ValueError)):
        classroom.may_change(name)


def test_a_name_that_somebody_here_has_is_refused(classroom, clock):
    with asking("mallory"), pytest.raises(ValueError, match="Ann is here already"):
        classroom.join("  ANN ")
    clock.now += AWAY_SECONDS
    with asking("mallory"):
        classroom.join("Ann")


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\u202eb", "a\x00"])
def test_names_are_words(classroom, name):
    with asking("c"), pytest.raises(ValueError, match="expected a name of 1 to 40 characters"):
        classroom.join(name)


def test_passwords_are_not_guessed(classroom, clock):
    with asking("mallory", "10.0.0.9"):
        for _ in range(TRIES):
            with pytest.raises(PermissionError, match="that is not the teacher's password"):
                classroom.enter("guess")
    with asking("a new cookie", "10.0.0.9"), pytest.raises(PermissionError, match="wrong passwords came from there"):
        classroom.enter(PASSWORD)
    with asking("the teacher, elsewhere", "10.0.0.1"):
        classroom.enter(PASSWORD)
    clock.now += TRIES_SECONDS
    with asking("a new cookie", "10.0.0.9"):
        classroom.enter(PASSWORD)


def test_only_the_teacher_leads_and_sees_who_is_here(classroom):
    with asking("bob"):
        assert classroom.attend("#b")["people"] == []
        for deed in (lambda: classroom.look_here("#x"), lambda: classroom.allow_training(False)):
            with pytest.raises(PermissionError, match="only the teacher may"):
                deed()
    with asking("t"):
        classroom.look_here("#page=train")
        told = classroom.attend("")
        assert told["people"] == [{"name": "Ann", "link": ""}, {"name": "Bob", "link": "#b"}]
    with asking("ann"):
        told = classroom.attend("")
        assert told["look"] == {"number": 1, "link": "#page=train"}
        assert (told["name"], told["teacher"], told["count"]) == ("Ann", False, 3)


def test_the_class_is_led_to_this_page_only(classroom):
    with asking("t"):
        for link in ("https://elsewhere.example", "javascript:alert(1)", "//elsewhere"):
            with pytest.raises(ValueError, match="expected the part of an address from # on"):
                look_here(classroom, {"link": link})


def test_whoever_has_no_name_starts_nothing(classroom):
    with asking("a stranger"), pytest.raises(PermissionError, match="say your name first"):
        made(classroom, "one")
    assert list(classroom.runs.folder.iterdir()) == []


def test_training_is_closed_and_opened(classroom):
    with asking("t"):
        classroom.allow_training(False)
        made(classroom, "the teacher's")
    with asking("ann"):
        with pytest.raises(PermissionError, match="the teacher has closed training"):
            made(classroom, "one")
        assert classroom.attend("")["training"] is False
    with asking("t"):
        classroom.allow_training(True)
    with asking("ann"):
        made(classroom, "one")


def test_a_student_trains_one_run_at_a_time(classroom):
    with asking("ann"):
        made(classroom, "one")
        lock = FileLock(RunFolder(classroom.runs.folder / "one").lock)
        assert lock.acquire()
        with pytest.raises(PermissionError, match="1 of your runs trains or waits, at most 1 may"):
            made(classroom, "two")
    with asking("bob"):
        made(classroom, "bob's")
        other = FileLock(RunFolder(classroom.runs.folder / "bob's").lock)
        assert other.acquire()
    with asking("cid"):
        classroom.join("Cid")
        with pytest.raises(PermissionError, match="2 runs train or wait, at most 2 may"):
            made(classroom, "three")
    lock.release()
    other.release()
    with asking("ann"):
        made(classroom, "two")


def test_a_student_keeps_so_many_runs_of_so_many_bytes(classroom):
    with asking("ann"):
        made(classroom, "one")
        (classroom.runs.folder / "one" / "weights").write_bytes(bytes(2_000_000))
        with pytest.raises(PermissionError, match="your runs hold 2 MB, at most 0 MB"):
            made(classroom, "two")
        (classroom.runs.folder / "one" / "weights").unlink()
        made(classroom, "two")
        with pytest.raises(PermissionError, match="you keep 2 runs, at most 2: delete one first"):
            made(classroom, "three")
    with asking("t"):
        made(classroom, "the teacher's")


def test_a_run_that_takes_too_long_is_refused_before_it_starts(classroom):
    with asking("ann"):
        with pytest.raises(PermissionError, match="it would take about 5,000 s, a student's run at most 600 s"):
            made(classroom, "one", seconds=5000)
        assert list(classroom.runs.folder.iterdir()) == []
        made(classroom, "fetched first", seconds=None)


def test_a_crowd_takes_nobodys_place(classroom, clock):
    for number in range(MOST_PEOPLE - 3):
        with asking(f"crowd {number}"):
            classroom.join(f"crowd {number}")
    with asking("one more"), pytest.raises(ValueError, match=f"{MOST_PEOPLE} people are here"):
        classroom.join("One more")
    clock.now += AWAY_SECONDS
    with asking("one more"):
        classroom.join("One more")
    with asking("t"):
        classroom.look_here("#still the teacher")


def test_what_only_the_teacher_may_is_answered_in_words(classroom):
    def measure(request: object) -> dict[str, object]:
        raise AssertionError("computed")

    asked = answers(measure, permit=classroom.teachers("measure the server"))
    with asking("bob"):
        answer = asyncio.run(asked({}))
    assert (answer["error"], answer["key"]) == ("only the teacher may measure the server", "told.class.teacher")
