"""What each page asks of the server, asked for real. `python -m tests.explorer.contract_cases` writes the answers.

A file of `tests/golden/contract` is one page's: a list of cases, one a line, in the order in which they are asked.

    {"function": "observe", "request": {…}, "answer": {…}, "varies": ["milliseconds"]}

`varies` names the values, wherever they stand in the answer, that no two machines or moments agree on. Python holds the
functions to the answers (`test_contract.py`), JavaScript the types of `explorer/web/lib/contract` (`contract.test.js`).
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import torch

from core.data.mnist import Pictures
from core.training.folder import RunFolder
from core.training.runs import Runs
from explorer.arithmetic.page import arithmetic_view
from explorer.classroom import Classroom
from explorer.draw.page import draw_view
from explorer.kernels.page import kernels_view
from explorer.models.bar import model_bar
from explorer.models.library import Library
from explorer.screen.shown import Showing
from explorer.train.page import train_view

__all__ = ["GOLDEN", "PAGES", "Case", "answered", "offered", "pages"]

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "contract"

Functions = dict[str, Callable[[Any], Coroutine[Any, Any, Any]]]


class Case(NamedTuple):
    """One question; `until` is asked again until its answer has what it waits for."""

    function: str
    request: dict[str, Any]
    varies: tuple[str, ...] = ()
    until: Callable[[dict[str, Any]], bool] = lambda answer: True


SHOWN = {"strokes": [[[0.35, 0.25], [0.65, 0.25], [0.45, 0.75]]], "brush": 1, "centred": True}
DRAWING = {**SHOWN, "source": None, "perturbation": {"rotation": 10}, "model": "a2", "label": 1, "edits": []}
PLACE = DRAWING | {"step": 0, "cell": [0, 4, 9, 12], "of": ""}
EDITS = [
    {"kind": "set", "parameter": "conv1.weight", "index": [4, 0, 2, 2], "value": 0.5},
    {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 0},
    {"kind": "swap", "call": 1, "activation": "gelu"},
    {"kind": "sgd", "rate": 0.1, "label": 3, **SHOWN, "source": None, "perturbation": {}},
]
GREY = {"width": 4, "height": 4, "data": "AAAAAAD//wAA//8AAAAAAA=="}

DRAW = [
    Case("observe", DRAWING | {"wanted": [[-1, 0], [0, 0]], "structure": ""}, ("milliseconds",)),
    Case(
        "observe",
        DRAWING | {"label": None, "edits": EDITS, "wanted": [[1, 0]], "structure": "", "sort": "activation"},
        ("milliseconds", "count"),  # of the weights that a step of SGD changes: some by less than their last digit
    ),
    Case(
        "observe",
        DRAWING | {"source": GREY, "perturbation": {"invert": True}, "wanted": [], "structure": ""},
        ("milliseconds",),
    ),
    Case("observe", DRAWING | {"source": {"digit": 1}, "wanted": [], "structure": ""}, ("milliseconds",)),
    Case("explain", PLACE),
    Case("explain", PLACE | {"step": 1, "cell": [0, 1, 5, 5], "every": True}),
    Case("explain", PLACE | {"of": "output"}),
    Case("explain", PLACE | {"step": 7, "of": "bias", "cell": [4]}),
    Case("explain", PLACE | {"step": 7, "of": "bias", "cell": [4], "label": None}),
    Case("explain", PLACE | {"step": -1, "of": "class", "cell": [0, 7]}),
    Case("exact", PLACE | {"step": 9, "cell": []}),
    Case("sources", PLACE | {"step": 5, "cell": [0, 10, 2, 2]}),
    Case("sources", PLACE | {"step": 7, "cell": [0, 25]}),
    Case("sources", PLACE | {"of": "output"}),
    Case("number_ink", PLACE | {"step": 5, "cell": [0, 10, 2, 2]}),
    Case("number_ink", PLACE | {"step": -1, "cell": [0, 0, 9, 12]}),
    Case("layer", PLACE | {"step": 3, "cell": []}),
    Case("layer", PLACE | {"step": 8, "cell": []}),
    Case("layer", PLACE | {"step": 2, "of": "output", "cell": []}),
    Case("arithmetic", PLACE),
    Case("arithmetic", PLACE | {"of": "output"}),
    Case("pytorch_lines", PLACE, ("lines",)),
    Case("why", DRAWING | {"method": "grad_cam", "target": None, "layer": None}),
    Case("why", DRAWING | {"method": "saliency", "target": 3, "layer": None}),
    Case("why", DRAWING | {"method": "integrated_gradients", "target": 3, "over": 7, "layer": None}),
    Case("compare", {"first": DRAWING, "second": DRAWING | {"edits": EDITS[:1]}, "drawn": None}),
    Case("compare", {"first": DRAWING, "second": DRAWING | {"model": "a3"}, "drawn": [0, 0]}),
    Case("browse", {"model": "a2", "run": "", "label": 1, "wrong": False, "first": 0, "download": False}),
    Case("comparable", {}),
    Case("explain", PLACE | {"step": 99}),
]

TENSORS = {
    "input": {"shape": [1, 2, 2], "values": [1, -2, 3, 0.5]},
    "gradOutput": {"shape": [1, 2, 2], "values": [1, 1, -1, 2]},
}
NETWORK = {
    "input": {"shape": [1, 4, 4], "values": [k % 5 - 2 for k in range(16)]},
    "weight": {"shape": [1, 1, 3, 3], "values": [0.5, 0, -0.5, 1, 0, -1, 0.5, 0, -0.5]},
    "bias": {"shape": [1], "values": [0.25]},
    "matrix": {"shape": [2, 1], "values": [0.5, -0.5]},
    "offset": {"shape": [2], "values": [0, 0.1]},
    "target": {"shape": [1], "values": [1]},
    "lr": 0.1,
}
ARITHMETIC = [
    Case("check", {"op": "relu", "settings": {}, "tensors": TENSORS}),
    Case("check", {"op": "relu", "settings": {}, "tensors": {}}),
    Case("check_chain", NETWORK),
]

SWEEP = {
    "sizes": [8],
    "images": 1,
    "channels": 1,
    "outputs": 2,
    "kernel": 3,
    "threads": 1,
    "ways": ["taps", "framework"],
}
MEASURED = ("median", "lower", "upper", "gflops", "peak", "prepared", "seconds", "exponent", "error", "estimated")
MACHINE = ("cpu", "cores", "torch", "python", "load_average", "system", "cards")
KERNELS = [
    Case("feature_map", SHOWN | {"model": "a2", "edits": [], "step": 5, "channel": 3}),
    Case("learned_kernels", {"model": "a2"}),
    Case("learned_kernel", {"model": "a2", "edits": EDITS[:1], "name": "conv1.weight", "output": 4, "input": 0}),
    Case("offer_speed", {}, ("missing", "cores")),
    Case("start_speed", SWEEP),
    Case("read_speed", {"run": 1, "since": 0}, MEASURED + MACHINE, lambda answer: not answer["running"]),
    Case("cancel_speed", {"run": 1}),
]

CONFIG = {
    "model": "a2",
    "start": None,
    "data": {"source": "drawn", "count": 60, "validation": 0.2},
    "training": {"epochs": 1, "batch_size": 16, "learning_rate": 0.01},
    "checkpoints": 2,
    "device": "cpu",
    "threads": 1,
}
MOMENT = {"name": "trained", "model": "a2", "step": 0}
TIMES = ("time", "created", "updated", "seconds", "seconds_left", "examples_per_second", "next")


def ended(answer: dict[str, Any]) -> bool:
    return answer["run"]["status"]["state"] in ("done", "failed")


TRAIN = [
    Case("summarise_run", {"config": CONFIG, "drawings": None}, (*TIMES, "most")),
    Case("summarise_run", {"config": CONFIG | {"start": "nobody"}, "drawings": []}, ("missing",)),
    Case("start_run", {"config": CONFIG, "name": "trained", "drawings": None}),
    Case("read_run", {"name": "trained", "since": 10**6}, (*TIMES, "accuracy"), ended),
    Case("read_run", {"name": "long", "since": 0}, TIMES),
    Case("list_runs", {}, (*TIMES, "accuracy")),
    Case("control_run", {"name": "long", "command": "learning_rate", "value": 0.005}),
    Case("moment", MOMENT),
    Case("wrong", {"name": "trained", "indices": [0, 1]}),
    Case("export_run", {"name": "trained", "step": 0, "ending": ".safetensors"}, ("data",)),
    Case("slow_batch", MOMENT),
    Case("slow_maps", MOMENT | {"picture": 1, "wanted": [[9, 0]], "back": False}, ("milliseconds",)),
    Case("slow_update", MOMENT | {"parameter": "conv1.bias", "first": 0}),
    Case("observe", DRAWING | {"model": "trained/a2@0", "wanted": [], "structure": ""}, ("milliseconds",)),
    Case("rename_run", {"name": "trained", "to": "renamed"}),
    Case("delete_run", {"name": "renamed"}),
]

MODELS = [
    Case("describe", {"model": "a2"}),
    Case("describe", {"model": "nothing"}, ("error",)),
    Case("attend_class", {"link": "#page=train"}),
    Case("join_class", {"name": "Ann"}),
    Case("join_class", {"name": ""}, ("error",)),
    Case("look_here", {"link": "#page=train"}, ("error",)),
    Case("allow_training", {"allowed": False}, ("error",)),
    Case("enter_class", {"password": "the teacher's"}),
    Case("look_here", {"link": "#page=train"}),
    Case("allow_training", {"allowed": True}),
    Case("cancel_download", {"model": "a2"}),
    Case("leave_class", {}),
]

PAGES: dict[str, list[Case]] = {
    "draw": DRAW,
    "arithmetic": ARITHMETIC,
    "kernels": KERNELS,
    "train": TRAIN,
    "models": MODELS,
}


@contextmanager
def pages() -> Iterator[dict[str, Functions]]:
    """Give each page's functions as the app offers them, with three test pictures and a run that is done."""
    from tests.core.training.run_cases import told_long

    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        long: RunFolder = told_long(runs / "long", 20)
        assert long.metrics.exists()
        showing = Showing(Library(device="cpu", runs_dir=runs))
        digits = torch.stack([torch.eye(28, dtype=torch.uint8) * shade for shade in (255, 128, 64)])
        showing.inputs._test_set = Pictures(digits[:, None], torch.tensor([0, 1, 1]))
        classroom = Classroom(Runs(runs), password="the teacher's")
        yield {
            "draw": offered(draw_view(showing)),
            "arithmetic": offered(arithmetic_view()),
            "kernels": offered(kernels_view(showing)),
            "train": offered(train_view(showing)),
            "models": offered(model_bar(showing.library, model="a2", language="en", classroom=classroom)),
        }


def offered(view: gr.HTML) -> Functions:
    """Return the functions that a view's module may call, by name."""
    return {function.__name__: function for function in view.server_fns}


def answered(functions: Functions, case: Case) -> dict[str, Any]:
    """Return the answer to a case as JSON carries it, once it has what the case waits for."""
    for _ in range(600):
        answer: dict[str, Any] = json.loads(json.dumps(asyncio.run(functions[case.function](case.request))))
        if "error" in answer or case.until(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{case.function} did not get there within a minute")


def neutral(answer: Any, varies: tuple[str, ...], name: str = "") -> Any:
    """Return an answer without the words that vary: they tell of one machine."""
    if isinstance(answer, dict):
        return {key: neutral(value, varies, key) for key, value in answer.items()}
    if isinstance(answer, list):
        return [neutral(value, varies, name) for value in answer]
    return "…" if name in varies and isinstance(answer, str) else answer


def main(wanted: list[str]) -> None:
    """Write the golden answers of some pages, or of all."""
    GOLDEN.mkdir(exist_ok=True)
    with pages() as found:
        for page in wanted or PAGES:
            cases, lines = PAGES[page], []
            for case in cases:
                answer = neutral(answered(found[page], case), case.varies)
                told = {"function": case.function, "request": case.request, "answer": answer}
                lines.append(json.dumps(told | {"varies": list(case.varies)}, ensure_ascii=False))
            (GOLDEN / f"{page}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
            print(page, len(lines), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
