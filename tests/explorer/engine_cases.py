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
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from core.data.drawn import DIGITS, drawing
from core.explain import Trace
from explorer.draw.page import draw_view
from explorer.publish.plan import planned
from explorer.publish.route import weights_of
from explorer.screen.shown import Showing
from tests.explorer.contract_cases import offered
from tests.explorer.engine_models import BUILT, library

ROOT = Path(__file__).resolve().parents[2]
NODE = shutil.which("node")

MODELS = ("recommended", "a1", "a2", "a3")
AT_PLACES = ("explain", "arithmetic", "sources", "layer", "exact", "number_ink")
FUNCTIONS = ("observe", *AT_PLACES, "why", "compare")

SLOW = {"a2": 200, "recommended": 40} | dict.fromkeys(("a1", "a3", *BUILT), 20)
"""How often *Why* and *Compare* are asked for: a question takes up to some hundred passes."""

METHODS = (*("saliency", "grad_cam") * 4, "occlusion", "integrated_gradients")
"""Methods of *Why*, as often as they are asked for: the last two take a hundred passes each."""

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
        {"kind": "sgd", "rate": 0.05, "label": rng.randrange(trace.output.shape[-1]), **pad},
    ]
    return rng.sample(found, rng.randrange(1, 3))


def settled(trace: Trace) -> bool:
    """Whether every max pool has one winner, or equals to the last bit.

    Where two numbers of a window are a rounding apart, either may win, and the gradient goes to another place.
    """
    for step in trace.steps:
        if step.op == "max_pool2d":
            windows = step.tensor("input").unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
            largest, second = windows.topk(2).values.unbind(-1)
            gap = (largest - second) / largest.abs().max()
            if bool(((gap > 0) & (gap < NEARLY)).any()):
                return False
    return True


def requests(model: str, showing: Showing, *, seed: int, each: int) -> list[Request]:
    """Return `each` random requests of every function of `FUNCTIONS`, ten of them about a drawing."""
    rng = random.Random(f"{model} {seed}")
    found: list[Request] = []
    explored = showing.library.explored(model)
    trace, _ = explored.trace(explored.blank())
    classes = len(explored.card.classes)
    k = -1
    for shown in drawings(rng, 4 * math.ceil(each / 10)):
        if explored.card.takes != "ink":
            shown |= {"strokes": [], "source": rng.choice([None, "example"])}
            shown["label"] = None if shown["label"] is None else shown["label"] % classes
        asked = shown | {"model": model, "edits": edits(rng, trace, shown) if (k + 1) % 5 == 3 else []}
        if not settled(showing.of(asked).trace):
            continue
        k += 1
        if 10 * k >= each:
            break
        for _ in range(10):
            found.append(("observe", asked | _wanted(rng, trace)))
            found += [(name, asked | place(rng, trace, shown["label"], name)) for name in AT_PLACES]
        if k < SLOW[model] / 10:
            found += [("why", asked | _question(rng, classes)) for _ in range(10)]
            found += [("compare", _sides(rng, trace, asked, shown)) for _ in range(10)]
    return found


def _question(rng: random.Random, classes: int) -> dict[str, Any]:
    method = rng.choice(METHODS)
    target = rng.choice([None, rng.randrange(classes)])
    over = None if method == "grad_cam" or target is None or rng.random() < 0.5 else (target + 3) % classes
    return {"method": method, "target": target, "layer": None, "over": over}


def _sides(rng: random.Random, trace: Trace, asked: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """Return two sides: another drawing, a changed model, or another model."""
    others = [
        {"brush": 1.5, "centred": True},
        {"edits": edits(rng, trace, shown)},
        {"model": rng.choice(MODELS), "edits": []},
    ]
    drawn = rng.choice([None, [rng.randrange(len(trace.steps)), 0]])
    return {"first": asked, "second": asked | rng.choice(others), "drawn": drawn}


def _wanted(rng: random.Random, trace: Trace) -> dict[str, Any]:
    wanted = [[step, 0] for step in rng.sample(range(-1, len(trace.steps)), 3)]
    wanted += [[rng.randrange(len(trace.steps)), rng.randrange(8), rng.randrange(1, 5), rng.randrange(8)]]
    return {"wanted": wanted, "structure": "", "sort": rng.choice(["index", "activation", "gradient", "attribution"])}


def place(rng: random.Random, trace: Trace, label: int | None, function: str) -> dict[str, Any]:
    """Return a random place: a cell, its gradient, an element of a parameter, or a class."""
    step = rng.randrange(len(trace.steps))
    kinds = [""] if label is None else ["", "", "output"]
    if function in ("explain", "arithmetic", "sources", "number_ink"):
        kinds.append("class")
    learned = [name for name in ("weight", "bias") if name in trace.steps[step].parameters]
    if function in ("explain", "arithmetic", "exact"):
        kinds += learned
    of = rng.choice(kinds)
    if of == "class":
        return {"step": -1, "of": of, "cell": [0, rng.randrange(trace.output.shape[-1])]}
    if (of == "output" and rng.random() < 0.2) or (not of and function in ("exact", "layer") and rng.random() < 0.1):
        step = -1
    shape = trace.steps[step].tensor(of).shape if of in learned else trace.value(step).shape
    return {"step": step, "of": of, "cell": [rng.randrange(size) for size in shape]}


def answers(folder: Path, asked: list[Request]) -> tuple[list[Any], list[Any]]:
    """Return Python's answers and the engine's."""
    showing = Showing(library())
    functions = offered(draw_view(showing))
    for model in (*MODELS, *BUILT):
        explored = showing.library.explored(model)
        trace, _ = explored.trace(explored.blank())
        (folder / f"{model}.json").write_text(json.dumps(planned(explored, trace)))
        (folder / f"{model}.safetensors").write_bytes(weights_of(explored))

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

JUMPS = 10
"""How much more room integrated gradients have: a gradient jumps where a ReLU opens, and a point on a jump may fall to
either side."""

NEARLY = 1e-6
"""A difference, of the largest number of a layer, that two orders of adding up may make."""

OWN = ("milliseconds", "structure", "tolerance", "difference", "place")
"""What is not compared: times; the name of a structure; what rounding left and may leave, which each badge is about
(its `agrees` is compared); of several differences that are as good as equal, where the largest is."""

CODED = ("data", "scales", "values")
"""Names of texts that are numbers in base64: bytes as `data`, else float32."""


def differences(python: Any, engine: Any, path: str = "", *, beside: float = 0.0) -> Iterator[str]:
    """Yield where two answers are not the same; `beside`: a score that an attribution is a part of."""
    name = path.rpartition(".")[2]
    if name in OWN:
        return
    if isinstance(python, dict) and isinstance(engine, dict):
        if set(python) - {*OWN} != set(engine) - {*OWN}:
            yield f"{path} has {sorted(engine)}, expected {sorted(python)}"
            return
        if isinstance(python.get("groups"), list):
            beside = max(beside, _largest_factor(python))
            python, engine = _by_place(python), _by_place(engine)
        if "strengths" in python and python["channels"] != engine["channels"]:
            sizes = [np.abs(np.array(each["strengths"], float)) for each in (python, engine)]
            yield from _apart(*sizes, f"{path}.strengths")
            return  # of two channels that are as strong as each other either may come first
        if set(python) == {"value", "cell"}:  # the largest of a layer: of equals either may be it
            yield from differences(python["value"], engine["value"], f"{path}.value")
            return
        if "identical" in python and python["relative"]:  # of two steps' values
            beside = max(beside, python["largest"] / python["relative"])
        if "identical" in python and max(python["relative"], engine["relative"]) < RELATIVE:
            python, engine = (each | {"identical": None} for each in (python, engine))  # the last digit decides
        if all((each.get("note") or {"reason": "zero"})["reason"] == "zero" for each in (python, engine)):
            python, engine = (each | {"note": None} for each in (python, engine))  # the values are compared anyway
        beside = max(beside, abs(python.get("score", 0)), abs(python.get("baseline", 0)))
        if python.get("method") == "integrated_gradients":
            beside *= JUMPS
        if _is_number(python.get("tolerance")):  # how far rounding may move this sum
            beside = max(beside, python["tolerance"] / RELATIVE)
        if "logits" in python:
            beside = max(beside, *(abs(row["logit"]) for row in python["classes"]))
        if "pages" in python:
            yield from _pages_apart(python["pages"], engine["pages"], f"{path}.pages")
        for key in set(python) - {"pages"}:
            yield from differences(python[key], engine.get(key), f"{path}.{key}", beside=beside)
    elif isinstance(python, list) and isinstance(engine, list):
        if len(python) != len(engine):
            yield f"{path} has {len(engine)} entries, expected {len(python)}"
        elif python and all(_is_number(one) for one in python):
            yield from _apart(np.array(python, float), _numbers(engine), path, beside)
        else:
            for k, pair in enumerate(zip(python, engine, strict=True)):
                yield from differences(*pair, f"{path}[{k}]", beside=beside)
    elif name in CODED and isinstance(python, str) and isinstance(engine, str):
        yield from _decoded_apart(python, engine, path, beside)
    elif _is_number(python) and _is_number(engine):
        yield from _apart(np.array([python], float), np.array([engine], float), path, beside)
    elif name == "message" and isinstance(python, str) and isinstance(engine, str) and python != engine:
        with suppress(ValueError):  # a number in words
            yield from _apart(np.array([float(python)]), np.array([float(engine)]), path, beside)
            return
        yield f"{path} is {engine}, expected {python}"
    elif python != engine:
        yield f"{path} is {str(engine)[:90]}, expected {str(python)[:90]}"


def _pages_apart(python: list[Any], engine: list[Any], path: str) -> Iterator[str]:
    """Compare the maps of two sides, and those of their difference: of equal sides that is rounding of theirs."""
    yield from differences(python[:2], engine[:2], path)
    one, two = (_values(pages[2]) for pages in (python, engine))
    sides = max(np.frombuffer(base64.b64decode(page["scales"]), "<f4").max(initial=0) for page in python[:2])
    room = np.abs(one).max(initial=0) / 127 + RELATIVE * sides + FINEST
    if np.abs(one - two).max(initial=0) > room:
        yield f"{path}[2] holds differences that are {np.abs(one - two).max():g} apart"


def _values(page: dict[str, str]) -> Any:
    scales = np.frombuffer(base64.b64decode(page["scales"]), "<f4").astype(float)
    codes = np.frombuffer(base64.b64decode(page["data"]), np.uint8).astype(float).reshape(len(scales), -1)
    return (codes - 128) / 127 * scales[:, None]


def _largest_factor(addends: dict[str, Any]) -> float:
    """Return the largest |number| that is multiplied in a sum."""
    terms = (term for group in addends["groups"] for term in group["terms"])
    return max((abs(value) for term in terms for value in term["values"] if _is_number(value)), default=0.0)


def _by_place(addends: dict[str, Any]) -> dict[str, Any]:
    """Return a sum with its groups and terms in the order of their places: what is as good as equal may swap."""
    groups = sorted(addends["groups"], key=lambda group: group["group"])
    placed = [group | {"terms": sorted(group["terms"], key=lambda term: term["cells"])} for group in groups]
    return addends | {"groups": placed}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: list[Any]) -> "np.typing.NDArray[np.float64]":
    return np.array([value if _is_number(value) else math.nan for value in values], float)


def _decoded_apart(python: str, engine: str, path: str, beside: float) -> Iterator[str]:
    one, two = (base64.b64decode(text) for text in (python, engine))
    if len(one) != len(two):
        yield f"{path} holds {len(two)} bytes, expected {len(one)}"
    elif path.endswith(".data") and not path.endswith("answer.data"):
        codes = [np.frombuffer(each, np.uint8).astype(int) for each in (one, two)]
        if np.abs(codes[0] - codes[1]).max(initial=0) > 1:
            yield f"{path} holds codes that are {np.abs(codes[0] - codes[1]).max()} apart"
    else:
        yield from _apart(*(np.frombuffer(each, "<f4").astype(float) for each in (one, two)), path, beside)


def _apart(one: Any, two: Any, path: str, beside: float = 0.0) -> Iterator[str]:
    scale = np.abs(one).max(initial=beside)
    gap = np.abs(one - two).max(initial=0)
    if gap > RELATIVE * scale + FINEST or not np.isfinite(gap):
        yield f"{path} is {two[np.argmax(np.abs(one - two))]:g}, expected {one[np.argmax(np.abs(one - two))]:g}"
