"""Random requests of pages, and how the answers of the browser's engine are compared with Python's.

Structure is the same exactly: which fields, which steps, cells, names and formulas. Numbers are float32 sums that two
programs add up in different orders: they agree to `RELATIVE` of the largest number beside them in the answer.
"""

import asyncio
import base64
import json
import math
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.data.drawn import DIGITS, drawing
from core.explain import Trace
from core.models.registry import SHIPPED
from explorer.draw.page import draw_view
from explorer.models.library import Library
from explorer.publish.plan import planned
from explorer.screen.shown import Showing
from tests.explorer.contract_cases import offered

ROOT = Path(__file__).resolve().parents[2]
NODE = shutil.which("node")

MODELS = ("recommended", "a1", "a2", "a3")
FUNCTIONS = ("observe", "explain", "sources", "layer", "exact")

Request = tuple[str, dict[str, Any]]


def drawings(rng: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """Give drawings as pads send them, some with a true class, changes of the model, or perturbed."""
    pen = np.random.default_rng(rng.randrange(2**32))
    forms = [form for digit in DIGITS.values() for form in digit]
    for k in range(count):
        strokes = [[[round(float(x), 4), round(float(y), 4)] for x, y in stroke] for stroke in _on_pad(rng, pen, forms)]
        perturbation = {} if k % 4 else {rng.choice(["rotation", "right", "down"]): rng.randrange(1, 6)}
        if k % 8 == 1:
            perturbation = {"thickness": rng.choice([-1, 1, 3]), "scale": 0.8, "invert": True}
        if k % 8 == 2:
            perturbation = {"noise": 0.1, "seed": rng.randrange(2**31)}
        yield {
            "strokes": [] if k == 0 else strokes,
            "brush": rng.choice([1, 1, 0.6, 2]),
            "centred": rng.random() < 0.8,
            "source": None,
            "perturbation": perturbation,
            "label": None if k % 3 == 0 else rng.randrange(10),
        }


def _on_pad(rng: random.Random, pen: np.random.Generator, forms: list[Any]) -> list[Any]:
    strokes = [np.asarray(stroke, dtype=float) for stroke in drawing(rng.choice(forms), pen)]
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    scale = rng.uniform(0.3, 0.8) / max(float((high - low).max()), 1e-6)
    corner = np.array([rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.2)])
    return [(stroke - low) * scale + corner for stroke in strokes]


def edits(rng: random.Random, trace: Trace, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a few changes of a model: a weight, a channel, an activation, a step of gradient descent."""
    weights = [(name, step.tensor(which)) for step in trace.steps for which, name in step.parameters.items()]
    weights = [(name, tensor) for name, tensor in weights if name.endswith(("weight", "bias"))]
    name, tensor = rng.choice(weights)
    index = [rng.randrange(size) for size in tensor.shape]
    calls = sum(step.op == "relu" for step in trace.steps)
    swaps = ("leaky_relu", "elu", "gelu", "silu", "mish", "sigmoid", "tanh", "hardsigmoid", "hardswish", "identity")
    pad = {key: shown[key] for key in ("strokes", "brush", "centred", "source", "perturbation")}
    found = [
        {"kind": "set", "parameter": name, "index": index, "value": round(rng.gauss(0, 0.5), 3)},
        {
            "kind": "scale",
            "parameters": [name],
            "channel": rng.randrange(tensor.shape[0]),
            "factor": rng.choice([0, 2]),
        },
        {"kind": "swap", "call": rng.randrange(calls), "activation": rng.choice(swaps)},
        {"kind": "sgd", "rate": 0.05, "label": rng.randrange(10), **pad},
    ]
    return rng.sample(found, rng.randrange(1, 3))


def requests(model: str, trace: Trace, *, seed: int, each: int) -> list[Request]:
    """Return `each` random requests of every function of `FUNCTIONS`, ten of them about a drawing."""
    rng = random.Random(f"{model} {seed}")
    found: list[Request] = []
    for k, shown in enumerate(drawings(rng, math.ceil(each / 10))):
        asked = shown | {"model": model, "edits": edits(rng, trace, shown) if k % 5 == 3 else []}
        for _ in range(10):
            found.append(("observe", asked | _wanted(rng, trace)))
            found += [(name, asked | place(rng, trace, shown["label"], name)) for name in FUNCTIONS[1:]]
    return found


def _wanted(rng: random.Random, trace: Trace) -> dict[str, Any]:
    wanted = [[step, 0] for step in rng.sample(range(-1, len(trace.steps)), 3)]
    wanted += [[rng.randrange(len(trace.steps)), rng.randrange(8), rng.randrange(1, 5), rng.randrange(8)]]
    return {"wanted": wanted, "structure": "", "sort": rng.choice(["index", "activation", "gradient", "attribution"])}


def place(rng: random.Random, trace: Trace, label: int | None, function: str) -> dict[str, Any]:
    """Return a random place: a cell, its gradient, an element of a parameter, or a class."""
    step = rng.randrange(len(trace.steps))
    kinds = [""] if label is None else ["", "", "output"]
    if function in ("explain", "sources"):
        kinds.append("class")
    learned = [name for name in ("weight", "bias") if name in trace.steps[step].parameters]
    if function in ("explain", "exact"):
        kinds += learned
    of = rng.choice(kinds)
    if of == "class":
        return {"step": -1, "of": of, "cell": [0, rng.randrange(10)]}
    if (of == "output" and rng.random() < 0.2) or (not of and function in ("exact", "layer") and rng.random() < 0.1):
        step = -1
    shape = trace.steps[step].tensor(of).shape if of in learned else trace.value(step).shape
    return {"step": step, "of": of, "cell": [rng.randrange(size) for size in shape]}


def answers(folder: Path, asked: list[Request]) -> tuple[list[Any], list[Any]]:
    """Return Python's answers and the engine's."""
    showing = Showing(Library(device="cpu"))
    functions = offered(draw_view(showing))
    for model in {request["model"] for _, request in asked}:
        explored = showing.library.explored(model)
        trace, _ = explored.trace(explored.blank())
        (folder / f"{model}.json").write_text(json.dumps(planned(explored, trace)))
        shutil.copy(SHIPPED / f"{model}.safetensors", folder)

    async def told() -> list[Any]:
        return [json.loads(json.dumps(await functions[name](request))) for name, request in asked]

    python = asyncio.run(told())
    (folder / "requests.json").write_text(json.dumps(asked))
    assert NODE
    subprocess.run([NODE, ROOT / "tests/web/engine_answers.js", folder], check=True, timeout=280)
    return python, json.loads((folder / "answers.json").read_text())


RELATIVE = 2e-4
"""How far numbers may be apart, of the largest number beside them: in the same list, map or sum."""

FINEST = 1e-6
"""Below which numbers count as 0: what float32 sums of numbers near 1 leave of them."""

OWN = ("milliseconds", "structure", "tolerance", "difference", "sends")
"""What is not compared: times; the name of a structure; what rounding left and may leave, which each badge is about
(its `agrees` is compared); whether Arithmetic takes a number, which the engine does not cut out."""

CODED = ("data", "scales", "values")
"""Names of texts that are numbers in base64: bytes as `data`, else float32."""


def differences(python: Any, engine: Any, path: str = "") -> Iterator[str]:
    """Yield where two answers are not the same."""
    name = path.rpartition(".")[2]
    if name in OWN:
        return
    if isinstance(python, dict) and isinstance(engine, dict):
        if set(python) - {*OWN} != set(engine) - {*OWN}:
            yield f"{path} has {sorted(engine)}, expected {sorted(python)}"
            return
        if "groups" in python:
            python, engine = _by_place(python), _by_place(engine)
        for key in python:
            yield from differences(python[key], engine.get(key), f"{path}.{key}")
    elif isinstance(python, list) and isinstance(engine, list):
        if len(python) != len(engine):
            yield f"{path} has {len(engine)} entries, expected {len(python)}"
        elif python and all(_is_number(one) for one in python):
            yield from _apart(np.array(python, float), _numbers(engine), path)
        else:
            for k, pair in enumerate(zip(python, engine, strict=True)):
                yield from differences(*pair, f"{path}[{k}]")
    elif name in CODED and isinstance(python, str) and isinstance(engine, str):
        yield from _decoded_apart(python, engine, path)
    elif _is_number(python) and _is_number(engine):
        yield from _apart(np.array([python], float), np.array([engine], float), path)
    elif python != engine:
        yield f"{path} is {str(engine)[:90]}, expected {str(python)[:90]}"


def _by_place(addends: dict[str, Any]) -> dict[str, Any]:
    """Return a sum with its groups and terms in the order of their places: what is as good as equal may swap."""
    groups = sorted(addends["groups"], key=lambda group: group["group"])
    placed = [group | {"terms": sorted(group["terms"], key=lambda term: term["cells"])} for group in groups]
    return addends | {"groups": placed}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: list[Any]) -> "np.typing.NDArray[np.float64]":
    return np.array([value if _is_number(value) else math.nan for value in values], float)


def _decoded_apart(python: str, engine: str, path: str) -> Iterator[str]:
    one, two = (base64.b64decode(text) for text in (python, engine))
    if len(one) != len(two):
        yield f"{path} holds {len(two)} bytes, expected {len(one)}"
    elif path.endswith(".data") and not path.endswith("answer.data"):
        codes = [np.frombuffer(each, np.uint8).astype(int) for each in (one, two)]
        if np.abs(codes[0] - codes[1]).max(initial=0) > 1:
            yield f"{path} holds codes that are {np.abs(codes[0] - codes[1]).max()} apart"
    else:
        yield from _apart(*(np.frombuffer(each, "<f4").astype(float) for each in (one, two)), path)


def _apart(one: Any, two: Any, path: str) -> Iterator[str]:
    scale = np.abs(one).max(initial=0)
    gap = np.abs(one - two).max(initial=0)
    if gap > RELATIVE * scale + FINEST or not np.isfinite(gap):
        yield f"{path} is {two[np.argmax(np.abs(one - two))]:g}, expected {one[np.argmax(np.abs(one - two))]:g}"
