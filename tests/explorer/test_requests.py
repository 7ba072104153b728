"""The one request check: every function of every page answers anything at all with words or an answer."""

import copy
import gc
import json
import logging
import math
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.training.folder import RunFolder, write_atomically
from core.training.runs import Runs
from core.training.settings import parse
from core.training.worker import work
from explorer.arithmetic.check import check, check_chain
from explorer.arithmetic.films import animate
from explorer.classroom import Classroom
from explorer.classroom.asked import allow_training, attend_class, enter_class, join_class, leave_class, look_here
from explorer.draw.cell import arithmetic, explain
from explorer.draw.compare import comparable, compare
from explorer.draw.exports import exact, pytorch_lines
from explorer.draw.gallery import Gallery, browse
from explorer.draw.layer import layer
from explorer.draw.sources import number_ink, sources
from explorer.draw.why import why
from explorer.kernels.page import (
    cancel_speed,
    feature_map,
    learned_kernel,
    learned_kernels,
    offer_speed,
    read_speed,
    start_speed,
)
from explorer.kernels.speed_lab import SpeedLab
from explorer.models.bar import cancel_download, describe
from explorer.models.library import UNTRAINED, Library
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.train import page as train
from explorer.train.slow_motion import Steps, slow_batch, slow_maps, slow_update
from explorer.wire.requests import (
    CELL,
    FLAG,
    MOST_VALUES,
    PAGES,
    STROKES,
    checked,
    choice,
    listed,
    number,
    optional,
    or_null,
    record,
    text,
    whole,
)
from explorer.wire.view import MOST_LETTERS
from tests.explorer.answering import Touched, answered, megabytes
from tests.explorer.contract_cases import pages

pytestmark = pytest.mark.usefixtures("no_bugs")

INK = [[[0.4, 0.2], [0.5, 0.8]]]
DRAWING = {"model": "a2" + UNTRAINED, "strokes": INK, "brush": 1.0, "centred": True, "label": None, "edits": []} | {
    "source": None,
    "perturbation": {"noise": 0.1, "seed": 3},
}
PLACE = DRAWING | {"step": 0, "cell": [0, 1, 5, 5], "of": "", "every": False}
SET = {"kind": "set", "parameter": "conv1.weight", "index": [4, 0, 2, 2], "value": 0.5}
SCALE = {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 0}
SGD = {"kind": "sgd", "rate": 0.1, "label": 3, "strokes": INK, "brush": 1, "centred": True}
SWAP = {"kind": "swap", "call": 1, "activation": "gelu"}
PLANES = {"shape": [1, 2, 2], "values": [1, 2, 3, 4]}
CASE = {"op": "relu", "settings": {"lr": 0.1}, "tensors": {"input": PLANES, "gradOutput": PLANES}}
CHAIN = {
    "input": {"shape": [1, 4, 4], "values": [1] * 16},
    "weight": {"shape": [1, 1, 3, 3], "values": [1] * 9},
    "bias": {"shape": [1], "values": [0]},
    "matrix": {"shape": [2, 1], "values": [1, 2]},
    "offset": {"shape": [2], "values": [0, 0]},
    "target": {"shape": [1], "values": [1]},
    "lr": 0.1,
}
AT = {"name": "run", "model": "a2", "step": 2}
CONFIG = {"model": "a2", "data": {"source": "drawn", "count": 40}, "training": {"epochs": 1, "batch_size": 8}}

HUGE = 10**400

REPOSITORY = Path(__file__).resolve().parents[2]


class Unlaunched(Runs):
    """Runs whose processes do not start."""

    def _launch(self, run: RunFolder) -> None:
        run.log.touch()


HOSTILE = [
    *(None, True, -1, 7, 2**63, HUGE, -HUGE, 0.5, 1e308, -1e308, math.nan, math.inf, "", "x", "../x", "\0", "9" * 5000),
    *([], [[]], [None], [HUGE], [math.nan], [[[HUGE, 0]]], [[[[[[]]]]]], ["x"] * 2000, [[0, 0]] * 30_000, {}, {"x": 1}),
    {"digit": HUGE},
    {"width": 4, "height": HUGE, "data": "AAAA"},
    {"width": 4, "height": 4, "data": "A" * 10**6},
    {"noise": HUGE},
    {"seed": HUGE},
    {"kind": []},
    {"shape": [HUGE], "values": []},
    {"shape": [2], "values": [HUGE] * 2},
]


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    run = RunFolder(folder / "run")
    run.checkpoints.mkdir(parents=True)
    more = {"checkpoints": 50, "device": "cpu", "threads": 1}
    config = parse({**CONFIG, "data": {"source": "drawn", "count": 40, "validation": 0.2}, **more})
    write_atomically(run.config, json.dumps(config.json()))
    assert work(run.path) == 0
    return folder


@pytest.fixture(scope="module")
def asking(runs_dir: Path) -> dict[str, tuple[Callable[[Any], dict[str, Any]], dict[str, Any]]]:
    """Every function that a page may call, with a request that it answers; what would start processes starts none."""
    library = Library(runs_dir=runs_dir, data_dir=runs_dir)
    showing, lab = Showing(library), SpeedLab(("false",))
    runs = Unlaunched(runs_dir)
    steps, workshop = Steps(library, runs), train.Workshop(library, runs)
    room = Classroom(runs, password="the teacher's")
    room.enter("the teacher's")
    asked: dict[str, tuple[Any, dict[str, Any]]] = {
        "describe": (answered(describe, library), {"model": "a2" + UNTRAINED}),
        "cancel_download": (answered(cancel_download, library), {"model": "a2" + UNTRAINED}),
        "attend_class": (answered(attend_class, room), {"link": "#page=train"}),
        "join_class": (answered(join_class, room), {"name": "Ann"}),
        "enter_class": (answered(enter_class, room), {"password": "the teacher's"}),
        "look_here": (answered(look_here, room), {"link": "#page=train"}),
        "allow_training": (answered(allow_training, room), {"allowed": True}),
        "leave_class": (answered(leave_class, room), {}),
        "observe": (answered(observe, showing), DRAWING | {"wanted": [[0, 0]], "structure": "", "sort": "index"}),
        "gradients": (answered(observe, showing), DRAWING | {"wanted": [[0, 0]], "structure": "", "label": 3}),
        "explain": (answered(explain, showing), PLACE),
        "explain_gradient": (answered(explain, showing), PLACE | {"of": "weight", "cell": [1, 0, 1, 1], "label": 3}),
        "explain_class": (answered(explain, showing), PLACE | {"of": "class", "cell": [0, 3]}),
        "exact": (answered(exact, showing), PLACE),
        "sources": (answered(sources, showing), PLACE),
        "number_ink": (answered(number_ink, showing), PLACE),
        "layer": (answered(layer, showing), PLACE | {"cell": []}),
        "arithmetic": (answered(arithmetic, showing), PLACE),
        "pytorch_lines": (answered(pytorch_lines, showing), PLACE),
        "why": (answered(why, showing), DRAWING | {"method": "saliency", "target": None, "layer": None}),
        "compare": (answered(compare, showing), {"first": DRAWING, "second": DRAWING, "drawn": [0, 0]}),
        "comparable": (answered(comparable, library), {}),
        "browse": (
            answered(browse, library, Gallery(showing.inputs)),
            {"model": "a2" + UNTRAINED, "run": "", "label": None, "wrong": False, "first": 0, "download": False},
        ),
        "check": (answered(check), CASE),
        "check_chain": (answered(check_chain), CHAIN),
        "animate": (answered(animate), {"format": "gif", "delay": 100, "frames": ["x"]}),
        "feature_map": (answered(feature_map, showing), DRAWING | {"step": 0, "channel": 0}),
        "learned_kernels": (answered(learned_kernels, library), {"model": "a2" + UNTRAINED}),
        "learned_kernel": (
            answered(learned_kernel, showing),
            {"model": "a2" + UNTRAINED, "edits": [], "name": "conv2.weight", "output": 3, "input": 9},
        ),
        "offer_speed": (answered(offer_speed, lab), {}),
        "start_speed": (
            answered(start_speed, lab),
            {"sizes": [8], "images": 1, "channels": 1, "outputs": 1, "kernel": 3, "threads": None, "ways": ["none"]},
        ),
        "read_speed": (answered(read_speed, lab), {"run": 1, "since": 0}),
        "cancel_speed": (answered(cancel_speed, lab), {"run": 1}),
        "list_runs": (answered(train.list_runs, workshop), {}),
        "read_run": (answered(train.read_run, workshop), {"name": "run", "since": 0}),
        "control_run": (answered(train.control_run, workshop), {"name": "run", "command": "stop", "value": None}),
        "rename_run": (answered(train.rename_run, workshop), {"name": "none", "to": "other"}),
        "delete_run": (answered(train.delete_run, workshop), {"name": "none"}),
        "moment": (answered(train.moment, workshop), AT),
        "wrong": (answered(train.wrong, workshop), {"name": "run", "indices": [0, 1]}),
        "export_run": (answered(train.export_run, workshop), {"name": "run", "step": 2, "ending": ".none"}),
        "summarise_run": (answered(train.summarise_run, workshop), {"config": CONFIG, "drawings": []}),
        "start_run": (answered(train.start_run, workshop), {"config": CONFIG, "name": "x", "drawings": []}),
        "slow_batch": (answered(slow_batch, steps), AT),
        "slow_maps": (answered(slow_maps, steps), AT | {"picture": 0, "wanted": [[0, 0]], "back": False}),
        "slow_update": (answered(slow_update, steps), AT | {"parameter": "conv2.bias", "first": 0}),
    }
    for edit in (SET, SCALE, SGD, SWAP):
        asked[f"edit_{edit['kind']}"] = (answered(explain, showing), PLACE | {"edits": [edit]})
    return asked


NAMES = ["describe", "cancel_download", "attend_class", "join_class", "enter_class", "look_here", "allow_training"]
NAMES += ["leave_class", "observe", "gradients", "explain", "explain_gradient"]
NAMES += ["explain_class", "exact", "sources", "number_ink", "layer", "arithmetic", "pytorch_lines", "why"]
NAMES += ["compare", "comparable", "browse"]
NAMES += ["check", "check_chain", "animate", "feature_map", "learned_kernels", "learned_kernel", "offer_speed"]
NAMES += ["start_speed", "read_speed", "cancel_speed", "list_runs", "read_run", "control_run", "rename_run"]
NAMES += ["delete_run", "moment", "wrong", "export_run", "summarise_run", "start_run", "slow_batch"]
NAMES += ["slow_maps", "slow_update", "edit_set", "edit_scale", "edit_sgd", "edit_swap"]

REFUSED = ("browse", "animate", "start_speed", "read_speed", "cancel_speed", "control_run", "rename_run", "delete_run")
REFUSED += ("export_run",)
"""Answered with words here: the pictures, measurements, names and files that they ask for are not there."""


def spoiled(request: Any) -> Iterator[Any]:
    """Return a request with each of its parts, on every level, left out and replaced by each hostile value."""
    yield from HOSTILE
    if isinstance(request, dict):
        for name, value in request.items():
            yield {key: item for key, item in request.items() if key != name}
            yield from (request | {name: worse} for worse in spoiled(value))
    if isinstance(request, list):
        for k, value in enumerate(request[:4]):
            yield from ([*request[:k], worse, *request[k + 1 :]] for worse in spoiled(value))


def test_the_list_of_functions_is_whole(asking):
    assert list(asking) == NAMES
    with pages() as found:
        offered = {name for functions in found.values() for name in functions}
    assert offered <= asking.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_request_as_the_page_sends_it_is_answered(asking, name):
    function, request = asking[name]
    answer = function(copy.deepcopy(request))
    assert ("error" in answer or "missing" in answer) is (name in REFUSED), answer


@dataclass
class Sent:
    """What hostile payloads to one function came to."""

    payloads: int = 0
    unanswered: list[str] = field(default_factory=list)
    longest: int = 0
    slowest: tuple[float, str] = (0.0, "")
    bugs: list[str] = field(default_factory=list)


@dataclass
class All:
    """What they came to together."""

    by_name: dict[str, Sent]
    grown: float
    touched: Touched


class Bugs(logging.Handler):
    """Hears what no function refused."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where temporary files are made."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("temporary"))
    yield Path(tempfile.tempdir)
    tempfile.tempdir = before


@pytest.fixture(scope="module")
def sent(asking, temporary: Path) -> All:
    """Send every function its request with each part spoiled by each hostile value."""
    log, bugs, touched = logging.getLogger("explorer.wire.view"), Bugs(), Touched()
    log.addHandler(bugs)
    for function, request in asking.values():
        function(copy.deepcopy(request))
    gc.collect()
    before, found = megabytes(), {}
    for name, (function, request) in asking.items():
        found[name] = told = Sent()
        bugs.heard.clear()
        for worse in spoiled(request):
            with touched.watching():
                start = time.perf_counter()
                answer = function(worse)
                taken = time.perf_counter() - start
            told.payloads += 1
            if not isinstance(answer, dict):
                told.unanswered.append(str(worse)[:200])
            told.longest = max(told.longest, len(answer.get("error", "")))
            told.slowest = max(told.slowest, (taken, str(worse)[:200]))
        told.bugs = bugs.heard[:]
    log.removeHandler(bugs)
    gc.collect()
    return All(found, megabytes() - before, touched)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_comes_is_answered_in_words_and_within_bounds(sent: All, name: str) -> None:
    told = sent.by_name[name]
    assert told.payloads >= len(HOSTILE)
    assert not told.unanswered
    assert not told.bugs
    assert told.longest <= MOST_LETTERS + 1
    assert told.slowest[0] < 10, told.slowest


def test_thousands_of_payloads_leave_no_memory_behind(sent: All) -> None:
    assert sum(told.payloads for told in sent.by_name.values()) >= 2000
    assert sent.grown <= 200


def test_no_payload_reaches_a_file_outside_the_allowed_folders(sent: All, runs_dir: Path, temporary: Path) -> None:
    own = [runs_dir, temporary]
    program = [REPOSITORY, sys.prefix, sys.base_prefix, Path.home() / ".cache", "/proc", "/sys", "/dev"]
    written = [path for path in sent.touched.written if not _below(path, own)]
    read = [path for path in sent.touched.read if not _below(path, [*own, *program])]
    assert (sorted(map(str, written)), sorted(map(str, read))) == ([], [])
    assert any(_below(path, [runs_dir]) for path in sent.touched.read)
    assert any(_below(path, [runs_dir]) for path in sent.touched.written)
    assert not list(temporary.iterdir())


def _below(path: Path, folders: Iterable[Path | str]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def test_a_small_request_gets_no_huge_answer(asking):
    function, request = asking["observe"]
    answer = function(request | {"wanted": [[0, 0]] * 5000})
    assert f"at most {MOST_VALUES:,} travel in one answer" in answer["error"]
    assert (
        "wanted has 20,000 entries, at most 10,000 are taken"
        in function(request | {"wanted": [[0, 0]] * 20_000})["error"]
    )


def test_many_points_are_counted_before_they_are_read(asking):
    class Unread(list[list[float]]):
        def __iter__(self):
            raise AssertionError("a point was read")

        def __getitem__(self, at):
            raise AssertionError("a point was read")

    function, request = asking["observe"]
    many = request | {"strokes": [Unread([[0.5, 0.5]] * 2_000_000)]}
    tracemalloc.start()
    assert function(many)["error"] == "the drawing has 2,000,000 points, at most 20,000 are accepted"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**7
    long = function(request | {"strokes": [[[0.5] * 10**6]]})["error"]
    assert long == "stroke 0 has a point of 1,000,000 numbers, expected [x, y]"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (whole(0, 9), 10, "the field 'x' is 10, expected a whole number from 0 to 9"),
        (whole(0, 9), True, "the field 'x' is True, expected a whole number from 0 to 9"),
        (whole(0, 9), 1.0, "the field 'x' is 1.0, expected a whole number from 0 to 9"),
        (whole(0, 9), HUGE, "the field 'x' is a whole number of 1,329 bits, expected a whole number from 0 to 9"),
        (number(-1, 1), math.nan, "the field 'x' is nan, expected a number from -1 to 1"),
        (number(-1, 1), "1", "the field 'x' is '1', expected a number from -1 to 1"),
        (text(3), "long", "the field 'x' is 'long', expected text of at most 3 letters"),
        (choice("a", "b"), ["a"], "the field 'x' is ['a'], expected one of a, b"),
        (FLAG, 1, "the field 'x' is 1, expected true or false"),
        (or_null(whole(0, 9)), -1, "the field 'x' is -1, expected a whole number from 0 to 9, or null"),
        (listed(FLAG, 2), [True, 0], "x holds 0, expected true or false"),
        (listed(FLAG, 2), [True, None], "x holds None, expected true or false"),
        (listed(FLAG, 2), [True] * 3, "x has 3 entries, at most 2 are taken"),
        (listed(FLAG, 2), {}, "the field 'x' is {}, expected a list of at most 2 entries, each true or false"),
        (CELL, [0, -1], "x holds -1, expected a whole number from 0"),
        (PAGES, [[0]], "x holds [0], expected [step, first channel]"),
        (record({"y": FLAG}), 3, "the field 'x' is 3, expected an object with y"),
        (record({"y": FLAG}), {"y": 3}, "the field 'y' is 3, expected true or false"),
        (STROKES, "ink", "the field 'x' is 'ink', expected a list of strokes, each a list of points [x, y]"),
        (optional(FLAG), 3, "the field 'x' is 3, expected true or false"),
    ],
)
def test_messages_say_what_came_and_what_was_expected(kind, value, message):
    with pytest.raises(ValueError, match=r"expected|taken") as raised:
        checked({"x": value}, {"x": kind})
    assert str(raised.value) == message


def test_what_fits_passes_and_what_may_be_missing_may():
    fields = {"n": whole(0, 9), "some": listed(choice("a"), 3), "perhaps": optional(FLAG), "null": or_null(FLAG)}
    request = {"n": 9, "some": ["a", "a"], "null": None, "more": 1}
    assert checked(request, fields) is request
    with pytest.raises(ValueError, match="the field 'n' is missing, expected a whole number"):
        checked({}, fields)
