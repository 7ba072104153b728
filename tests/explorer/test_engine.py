"""The browser's engine answers random requests as Python does: the structure exactly, numbers to float32's rounding.

`ENGINE_CASES=40` asks that many of each function and model in place of `EACH`.
"""

import base64
import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.photos import SETS, ink, photograph
from core.models import card
from explorer.models.library import Library
from explorer.publish.plan import planned, refused
from explorer.screen.shown import Showing
from tests.explorer.engine_cases import FUNCTIONS, MODELS, NODE, answers, differences, requests
from tests.explorer.engine_models import BUILT, library

EACH = int(os.environ.get("ENGINE_CASES", "200"))
"""Random requests of each function and model."""

needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="no Node")


def _told(request: dict[str, Any]) -> str:
    """Return a request in short: without its strokes."""
    if "first" in request:
        return f"{_told(request['first'])} and {_told(request['second'])}"
    edits = [edit["kind"] for edit in request["edits"]]
    return str({key: value for key, value in request.items() if key not in ("strokes", "edits")} | {"edits": edits})


def _kept(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared of an answer: of a refusal, which the page puts into words, only its key."""
    return {"refused": answer.get("key")} if "error" in answer else answer


@needs_node
@pytest.mark.parametrize("model", [*MODELS, *BUILT])
def test_the_engine_answers_random_requests_as_python_does(model: str, tmp_path: Path) -> None:
    asked = requests(model, Showing(library()), seed=0, each=EACH)
    counts = Counter(name for name, _ in asked)
    assert set(counts) == set(FUNCTIONS)
    assert counts["observe"] == counts["explain"] == EACH
    python, engine = answers(tmp_path, asked)
    refused = [name for (name, _), answer in zip(asked, python, strict=True) if "error" in answer]
    assert set(refused) <= {"arithmetic"}  # it does not walk through every operation
    assert len(refused) < EACH / 2
    wrong = [
        f"{name} { ({key: request[key] for key in request if key != 'strokes'}) }: {told}"
        for (name, request), one, two in zip(asked, python, engine, strict=True)
        for told in differences(_kept(one), _kept(two), "answer")
    ]
    assert not wrong, "\n".join(wrong[:5])


@needs_node
def test_what_python_refuses_the_engine_refuses_in_the_same_words(tmp_path: Path) -> None:
    shown = {"strokes": [], "brush": 1, "centred": True, "source": None, "perturbation": {}, "label": None, "edits": []}
    place = shown | {"model": "a2", "step": 0, "cell": [0, 0, 0, 0], "of": ""}
    asked = [
        ("explain", place | {"step": 99}),
        ("explain", place | {"cell": [0, 0, 0]}),
        ("explain", place | {"of": "output"}),
        ("explain", place | {"step": 1, "of": "weight", "cell": [0]}),
        ("exact", place | {"step": 99}),
        ("sources", place | {"step": 99}),
    ]
    python, engine = answers(tmp_path, asked)
    assert [answer["error"] for answer in engine] == [answer["error"] for answer in python]


def _printed(lines: str) -> float:
    """Return the number that lines of Python print."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(lines, {})
    return float(printed.getvalue())


@needs_node
@pytest.mark.parametrize("model", ["a2", "recommended", "branches"])
def test_lines_of_pytorch_compute_the_opened_number(model: str, tmp_path: Path) -> None:
    showing = Showing(library())
    places = [request for name, request in requests(model, showing, seed=1, each=60) if name == "arithmetic"]
    photo = next(photographs())
    places[:4] = [place | {"source": photo, "edits": []} for place in places[:4]] if model == "a2" else places[:4]
    python, engine = answers(tmp_path, [("pytorch_lines", place) for place in places])
    ran = 0
    for asked, one, two in zip(places, python, engine, strict=True):
        assert one.get("key") == two.get("key"), asked
        if "error" in one:
            assert model == "branches"  # which no file holds
            continue
        told = [_printed(each["lines"]) for each in (one, two)]
        assert told[1] == pytest.approx(told[0], rel=1e-3, abs=1e-5), two["lines"]
        ran += 1
    assert ran > (5 if model == "branches" else 50)


def photographs(seed: int = 0) -> Iterator[dict[str, Any]]:
    """Give photographs of digits in all kinds of light, as the page sends them: grey or in colours, wide or high."""
    rng = np.random.default_rng(seed)
    for k, effect in enumerate(SETS.values()):
        photo = (photograph(ink(k % 10, rng), effect, rng) * 255).round().byte().numpy()
        shown = [photo, 255 - photo[: len(photo) * 3 // 4], photo[:, : len(photo[0]) * 4 // 5][::2, ::2]]
        for grey in shown:
            tinted = np.stack([grey, grey // 2 + 60, 255 - (255 - grey) // 2], -1) if k % 2 else grey
            yield {
                "width": grey.shape[1],
                "height": grey.shape[0],
                "data": base64.b64encode(np.ascontiguousarray(tinted).tobytes()).decode(),
            }


@needs_node
def test_photographs_become_the_ink_that_python_makes_of_them(tmp_path: Path) -> None:
    plain = {"strokes": [], "brush": 1, "label": None, "edits": [], "wanted": [[-1, 0]], "structure": "", "model": "a2"}
    changes: list[dict[str, Any]] = [{}, {}, {"rotation": 10}]
    found = [
        ("observe", plain | {"centred": k % 5 > 0, "source": source, "perturbation": changes[k % 3]})
        for k, source in enumerate(photographs())
    ]
    small = {"width": 30, "height": 20, "data": base64.b64encode(bytes(600)).decode()}
    digits = np.full((60, 120), 240, np.uint8)
    digits[10:50, [25, 26, 85, 86]] = 20
    two = {"width": 120, "height": 60, "data": base64.b64encode(digits.tobytes()).decode()}
    refused = [("observe", plain | {"centred": True, "source": source, "perturbation": {}}) for source in (small, two)]
    python, engine = answers(tmp_path, [*found, *refused])
    assert [answer.get("key") for answer in python[-2:]] == ["told.picture.plain", "told.picture.several"]
    assert sum("error" in answer for answer in python[:-2]) <= len(found) / 10
    wrong = [
        f"photograph {k}: {told}"
        for k, (one, two) in enumerate(zip(python, engine, strict=True))
        for told in differences(_kept(one), _kept(two), "answer")
    ]
    assert not wrong, "\n".join(wrong[:8])


def test_differences_are_told() -> None:
    one = {"value": 1.0, "cells": [1, 2], "name": "x", "milliseconds": [1]}
    assert not list(differences(one, one | {"milliseconds": [2], "value": 1.00001}, "answer"))
    assert list(differences(one, one | {"value": 1.01}, "answer")) == ["answer.value is 1.01, expected 1"]
    assert list(differences(one, one | {"name": "y"}, "answer")) == ["answer.name is y, expected x"]
    assert list(differences(one, one | {"more": 1}, "answer"))
    assert list(differences({"data": "AAA="}, {"data": "AgI="}, "maps")) == ["maps.data holds codes that are 2 apart"]


def test_every_shipped_network_for_drawings_runs_in_the_browser_and_others_are_refused_in_words() -> None:
    shipped = Library(device="cpu")
    for name in shipped.names():
        explored = shipped.explored(name if name in MODELS else f"{name}:untrained")
        trace, _ = explored.trace(explored.blank())
        if card(name).takes == "ink" and card(name).channels == 1:
            assert refused(explored, trace) is None, name
            continue
        with pytest.raises(ValueError, match=r"cannot run in the browser: it takes no drawings of 28×28"):
            planned(explored, trace)
