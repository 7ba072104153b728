"""Who is in the room, whose runs are whose, and what each person may do.

A person is a browser: the random cookie that the guard gives it, of which only a digest is kept. A name is what others
see; it opens nothing. The teacher is whoever said the password.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.told import keyed
from core.training.folder import RunFolder, write_atomically
from core.training.runs import Runs
from explorer.work import person

__all__ = ["Classroom", "Quotas"]

OWNER = "owner.json"
"""In a run's folder: whose it is."""

NOBODY = ""

LONGEST_NAME = 40
SHORTEST_PASSWORD = 8

MOST_PEOPLE = 300
"""Who are remembered at once; those who were away longest are forgotten first."""

AWAY_SECONDS = 20.0
"""After the last sign of a person, until they count as gone and their name is free."""

TRIES, TRIES_SECONDS = 5, 60.0
"""Wrong passwords that one address may say within so long."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Quotas:
    """What one student, and all together, may take of the server.

    Attributes:
        alive: runs of a student that wait or train at once; each is a process.
        kept: runs of a student on the disk.
        disk: bytes that a student's runs may hold before another one is started.
        seconds: longest run, as it is estimated.
        all_alive: runs of everybody that wait or train at once.
    """

    alive: int = 1
    kept: int = 8
    disk: int = 500_000_000
    seconds: float = 600.0
    all_alive: int = 16


@dataclass
class _Someone:
    """A person in the room: their name ("" until they said one), what they look at, when they were last heard of."""

    name: str = NOBODY
    teacher: bool = False
    link: str = ""
    seen: float = 0.0


@dataclass(frozen=True)
class _Owner:
    who: str
    name: str


class Classroom:
    """A class: one teacher's password, students by name, and a page that everybody is sent to.

    Args:
        runs: the runs, which belong to those who start them.
        password: the teacher's.
        quotas: what students may take.
        clock: seconds, for tests.

    Raises:
        ValueError: the password is too short to keep anybody out.
    """

    def __init__(
        self, runs: Runs, *, password: str, quotas: Quotas | None = None, clock: Clock = time.monotonic
    ) -> None:
        if len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"the password has {len(password)} characters, expected at least {SHORTEST_PASSWORD}")
        self.runs = runs
        self.quotas = quotas or Quotas()
        self.training = True
        self._password = password.encode()
        self._clock = clock
        self._people: dict[str, _Someone] = {}
        self._look: tuple[int, str] = (0, "")
        self._tries: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._starting = threading.Lock()

    # Who is there

    def join(self, name: str) -> None:
        """Let whoever asks be known by a name.

        Raises:
            ValueError: it is empty, too long, or another person's who is here.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            problem = ValueError(f"expected a name of 1 to {LONGEST_NAME} characters, got {name[:LONGEST_NAME]!r}")
            raise keyed(problem, "told.class.name", most=LONGEST_NAME)
        with self._lock:
            who, someone = self._someone()
            for other, known in self._people.items():
                if other != who and known.name.casefold() == name.casefold() and self._here(known):
                    problem = ValueError(f"{known.name} is here already: say a name that tells you apart")
                    raise keyed(problem, "told.class.name.taken", name=known.name)
            someone.name = name

    def enter(self, password: str) -> None:
        """Make whoever asks the teacher.

        Raises:
            PermissionError: it is another password, or too many wrong ones came from that address.
        """
        with self._lock:
            address, now = person.get().address, self._clock()
            tries = [tried for tried in self._tries.get(address, []) if now - tried < TRIES_SECONDS]
            if len(tries) >= TRIES:
                problem = PermissionError(
                    f"{len(tries)} wrong passwords came from there: wait {TRIES_SECONDS:.0f} seconds"
                )
                raise keyed(problem, "told.class.password.wait", count=len(tries), seconds=f"{TRIES_SECONDS:.0f}")
            if not hmac.compare_digest(password.encode(), self._password):
                self._tries[address] = [*tries, now]
                raise keyed(PermissionError("that is not the teacher's password"), "told.class.password")
            self._tries.pop(address, None)
            self._someone()[1].teacher = True

    def leave(self) -> None:
        """Forget whoever asks; what they made stays theirs in that browser."""
        with self._lock:
            self._people.pop(_digest(), None)

    def attend(self, link: str) -> dict[str, Any]:
        """Note that whoever asks is here and looks at `link`; return what the class is told."""
        with self._lock:
            known = self._people.get(_digest())
            if known is not None:
                known.link, known.seen = link, self._clock()
            teacher = known is not None and known.teacher
            number, wanted = self._look
            return {
                "name": known.name if known else NOBODY,
                "teacher": teacher,
                "training": self.training,
                "look": {"number": number, "link": wanted},
                "people": self._list() if teacher else [],
                "count": sum(self._here(each) for each in self._people.values()),
            }

    # What the teacher does

    def look_here(self, link: str) -> None:
        """Send everybody to a link; an empty one lets them go."""
        self.teacher_only("send the class to a page")
        with self._lock:
            self._look = (self._look[0] + 1, link)

    def allow_training(self, allowed: bool) -> None:
        """Open or close training for students."""
        self.teacher_only("open and close training")
        self.training = allowed

    # What each may do

    def teacher_only(self, deed: str) -> None:
        """Raises `PermissionError` unless the teacher asks."""
        if not self._known().teacher:
            raise keyed(PermissionError(f"only the teacher may {deed}"), "told.class.teacher")

    def teachers(self, deed: str) -> Callable[[], None]:
        """Return what raises `PermissionError` unless the teacher asks."""
        return partial(self.teacher_only, deed)

    def start(self, start: Callable[[], str], estimate: Callable[[], float | None]) -> str:
        """Start a run that belongs to whoever asks; return its name.

        Args:
            start: starts it and returns its name.
            estimate: the seconds it would take, None where that is not known.

        Raises:
            PermissionError: as `may_start`, or it would take too long.
        """
        self.may_start()
        if not self._known().teacher:
            seconds, longest = estimate(), self.quotas.seconds
            if seconds is not None and seconds > longest:
                problem = PermissionError(
                    f"it would take about {seconds:,.0f} s, a student's run at most {longest:,.0f} s: "
                    "learn fewer pictures or epochs"
                )
                raise keyed(problem, "told.class.long", seconds=f"{seconds:,.0f}", most=f"{longest:,.0f}")
        with self._starting:
            self.may_start()
            name = start()
            someone = self._known()
            owner = {"who": _digest(), "name": someone.name or "the teacher"}
            write_atomically(self.runs.folder / name / OWNER, json.dumps(owner, ensure_ascii=False))
        return name

    def may_start(self) -> None:
        """Check that whoever asks may start a run, or go on with one.

        Raises:
            PermissionError: training is closed, the person has no name, or has reached a limit.
        """
        someone, quotas = self._known(), self.quotas
        if someone.teacher:
            return
        if not someone.name:
            raise keyed(PermissionError("say your name first: runs are kept under it"), "told.class.nameless")
        if not self.training:
            raise keyed(PermissionError("the teacher has closed training for now"), "told.class.closed")
        folders = self._folders()
        mine = [folder for folder in folders if self._owner(folder.path.name).who == _digest()]
        alive, all_alive = (sum(folder.alive for folder in each) for each in (mine, folders))
        if alive >= quotas.alive:
            problem = f"{alive} of your runs trains or waits, at most {quotas.alive} may: stop it first"
            raise keyed(PermissionError(problem), "told.class.alive", most=quotas.alive)
        if all_alive >= quotas.all_alive:
            problem = f"{all_alive} runs train or wait, at most {quotas.all_alive} may: try again later"
            raise keyed(PermissionError(problem), "told.class.full", count=all_alive, most=quotas.all_alive)
        if len(mine) >= quotas.kept:
            problem = f"you keep {len(mine)} runs, at most {quotas.kept}: delete one first"
            raise keyed(PermissionError(problem), "told.class.kept", count=len(mine), most=quotas.kept)
        held = sum(_size(folder.path) for folder in mine)
        if held >= quotas.disk:
            megabytes, most = (f"{size / 1e6:,.0f}" for size in (held, quotas.disk))
            problem = f"your runs hold {megabytes} MB, at most {most} MB: delete one first"
            raise keyed(PermissionError(problem), "told.class.disk", count=megabytes, most=most)

    def may_change(self, run: str) -> None:
        """Check that a run belongs to whoever asks, or the teacher asks.

        Raises:
            FileNotFoundError: there is no run of that name.
            PermissionError: it belongs to somebody else.
        """
        owner = self._owner(self.runs.run(run).name)
        if not self._known().teacher and owner.who != _digest():
            problem = PermissionError(f"{run} belongs to {owner.name or 'the teacher'}: only they may change it")
            if not owner.name:
                raise keyed(problem, "told.class.teacher")
            raise keyed(problem, "told.class.owner", name=run, owner=owner.name)

    def belonging(self, run: str) -> dict[str, Any]:
        """Return the name of a run's owner, and whether whoever asks may change it."""
        owner = self._owner(run)
        return {"owner": owner.name, "yours": self._known().teacher or owner.who == _digest()}

    def _someone(self) -> tuple[str, _Someone]:
        """Return whoever asks, newly noted if need be."""
        who = _digest()
        if who not in self._people and len(self._people) >= MOST_PEOPLE:
            students = (each for each in self._people if not self._people[each].teacher)
            away = min(students, key=lambda each: self._people[each].seen, default=None)
            if away is None or self._here(self._people[away]):
                raise keyed(ValueError(f"{MOST_PEOPLE} people are here: nobody else fits in"), "told.class.crowd")
            del self._people[away]
        someone = self._people.setdefault(who, _Someone())
        someone.seen = self._clock()
        return who, someone

    def _known(self) -> _Someone:
        with self._lock:
            return self._people.get(_digest(), _Someone())

    def _here(self, someone: _Someone) -> bool:
        return self._clock() - someone.seen < AWAY_SECONDS

    def _list(self) -> list[dict[str, Any]]:
        here = [each for each in self._people.values() if self._here(each) and not each.teacher]
        return [{"name": each.name, "link": each.link} for each in sorted(here, key=lambda each: each.name.casefold())]

    def _owner(self, run: str) -> _Owner:
        """Return a run's owner: nobody of a run that was not started in class, or whose owner cannot be read."""
        try:
            told = json.loads((self.runs.folder / run / OWNER).read_text(encoding="utf-8"))
            return _Owner(str(told["who"]), str(told["name"]))
        except (OSError, ValueError, TypeError, KeyError):
            return _Owner(NOBODY, NOBODY)

    def _folders(self) -> list[RunFolder]:
        if not self.runs.folder.is_dir():
            return []
        return [RunFolder(path) for path in self.runs.folder.iterdir() if (path / "config.json").is_file()]


def _digest() -> str:
    """Return what stands for whoever asks, and tells nobody their cookie."""
    return hashlib.sha256(person.get().name.encode()).hexdigest()


def _size(folder: Path) -> int:
    """Return the bytes of the files below a folder, those that vanish meanwhile left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
