"""The speed lab's worker process: started, read, cancelled, one at a time, and how its end is told."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.ops.vectorized import compiled
from core.speed import WAYS
from explorer.kernels import page as kernels
from explorer.kernels.speed_lab import SpeedLab

WORDS = Path(__file__).resolve().parents[2] / "explorer" / "web" / "i18n"

SETTINGS = {
    "sizes": [6, 8],
    "images": 1,
    "channels": 1,
    "outputs": 2,
    "kernel": 3,
    "threads": 1,
    "ways": ["taps", "framework"],
}
LONG = 'print(\'{"kind": "start"}\', flush=True)\nwhile True: time.sleep(1)'


@pytest.fixture
def made() -> Iterator[Callable[..., SpeedLab]]:
    labs: list[SpeedLab] = []

    def make(script: str | None = None) -> SpeedLab:
        """A lab, its worker replaced by a script where one is given."""
        command = () if script is None else ([sys.executable, "-c", f"import sys, time\n{script}"],)
        labs.append(SpeedLab(*command))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


def whole(lab: SpeedLab, number: int) -> list[dict[str, Any]]:
    """All events of a run, read piece by piece until it is over."""
    events: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = kernels.read_speed(lab, {"run": number, "since": len(events)})
        events += answer["events"]
        assert answer["next"] == len(events)
        if not answer["running"]:
            return events
        time.sleep(0.02)
    raise AssertionError(f"still running after {events}")


def begun(lab: SpeedLab) -> int:
    """A run whose worker has said its first word."""
    number = int(kernels.start_speed(lab, SETTINGS)["run"])
    while not lab.read(number, 0)["events"]:
        time.sleep(0.02)
    return number


def test_a_measurement_is_started_and_read_to_its_end(made: Callable[..., SpeedLab]) -> None:
    lab = made()
    assert lab.offer()["run"] is None
    number = kernels.start_speed(lab, SETTINGS)["run"]
    start, *events, end = whole(lab, number)
    assert (start["kind"], start["points"], start["machine"]["threads"]) == ("start", 4, 1)
    points = {(event["way"], event["size"]) for event in events if event["kind"] == "point"}
    assert points == {("taps", 6), ("taps", 8), ("framework", 6), ("framework", 8)}
    assert {event["way"] for event in events if event["kind"] == "growth"} == {"taps", "framework"}
    assert end == {"kind": "done"}
    answer = lab.read(number, 0)
    assert answer["settings"] | {"ways": list(answer["settings"]["ways"])} == SETTINGS | {"seed": 0}
    assert lab.offer()["run"] == number


def test_the_ways_come_with_what_is_missing_for_them(made: Callable[..., SpeedLab]) -> None:
    offer = kernels.offer_speed(made(), {})
    assert {way["name"]: way["missing"] for way in offer["ways"]} == {name: way.missing() for name, way in WAYS.items()}
    assert [way["name"] for way in offer["ways"] if not way["on"]] == ["compiled"]
    assert offer["cores"] >= 1


def test_without_a_compiler_the_ways_that_need_it_say_how_to_install_one(
    made: Callable[..., SpeedLab], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {way["install"] for way in made().offer()["ways"]} == {None}
    for system, told in (("Linux", "Linux"), ("Darwin", "Darwin"), ("Windows", "Windows"), ("FreeBSD", "Linux")):
        monkeypatch.setattr(compiled, "SYSTEM", system)
        monkeypatch.setattr(compiled, "which", lambda name: None)
        install = {way["name"]: way["install"] for way in made().offer()["ways"]}
        assert {name for name, system in install.items() if system} == {"direct", "compiled"}
        assert install["direct"] == told
        for language in ("en", "zh"):
            words = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
            assert "C++" in words[f"lab.install.{told}"]


def test_a_second_start_is_refused_while_one_runs(made: Callable[..., SpeedLab]) -> None:
    lab = made(LONG)
    number = begun(lab)
    with pytest.raises(ValueError, match=r"is running since \d\d:\d\d:\d\d, for \d+ s; two at once would distort"):
        lab.start(SETTINGS)
    lab.cancel(number)
    assert begun(lab) == number + 1
    with pytest.raises(ValueError, match=f"there is no measurement {number}: the last one is {number + 1}"):
        lab.read(number, 0)


def test_cancelling_kills_the_worker_at_once(made: Callable[..., SpeedLab]) -> None:
    lab = made(LONG)
    number = begun(lab)
    kernels.cancel_speed(lab, {"run": number})  # who waited for the worker's own end would wait forever
    answer = lab.read(number, 0)
    assert not answer["running"]
    assert [event["kind"] for event in answer["events"]] == ["start", "cancelled"]
    assert lab.cancel(number) == {}  # once more changes nothing
    assert lab.read(number, 0)["events"] == answer["events"]


def test_closing_kills_the_workers_children_too(made: Callable[..., SpeedLab], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = f"import time\npipe = open({str(pipe)!r}, 'w'); pipe.write('begun'); pipe.flush(); time.sleep(1000)"
    lab = made(f"import subprocess\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n{LONG}")
    begun(lab)
    with pipe.open() as reader:
        assert reader.read(5) == "begun"
        lab.close()
        assert reader.read() == ""  # it ends when nobody is left to write


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("sys.exit('first\\nout of paper')", "the measurement ended early with status 1: out of paper"),
        ("sys.exit(3)", "the measurement ended early with status 3: it did not say why"),
    ],
)
def test_a_worker_that_dies_is_reported_with_its_last_words(
    made: Callable[..., SpeedLab], script: str, message: str
) -> None:
    lab = made(f"print('{{\"kind\": \"start\"}}', flush=True)\nprint('other words')\n{script}")
    events = whole(lab, lab.start(SETTINGS)["run"])
    assert events == [{"kind": "start"}, {"kind": "failed", "message": message}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": [2]}, "an image of 2×2 is smaller than the kernel, 3×3"),
        ({"sizes": [8, "9"]}, "sizes holds '9', expected a whole number from 0"),
        ({"sizes": None}, "the field 'sizes' is None"),
        ({"images": 0}, "images is 0, expected at least 1"),
        ({"ways": ["magic"]}, "unknown way magic; expected some of loops"),
        ({"ways": []}, "expected at least one image size and one way"),
        ({"threads": 100_000}, "threads is 100000, expected at most"),
    ],
)
def test_bad_settings_are_refused_in_words(made: Callable[..., SpeedLab], change: dict[str, Any], message: str) -> None:
    lab = made()
    with pytest.raises(ValueError, match=message):
        kernels.start_speed(lab, SETTINGS | change)
    assert lab.offer()["run"] is None


def test_what_was_never_started_cannot_be_read_or_cancelled(made: Callable[..., SpeedLab]) -> None:
    for function, request in ((kernels.read_speed, {"run": 1, "since": 0}), (kernels.cancel_speed, {"run": 1})):
        with pytest.raises(ValueError, match="there is no measurement 1: none was started"):
            function(made(), request)
