"""What a person takes along: a tensor's exact numbers, and lines of PyTorch that compute the opened one."""

from collections.abc import Mapping
from pprint import pformat
from typing import Any

import torch
from torch import Tensor

from core import models
from core.explain import INPUT, Step, Trace, operator
from core.explain.terms import explains
from core.explain.trace import named_tensors
from core.told import keyed
from explorer.draw.places import step_of
from explorer.models.library import UNTRAINED, Explored
from explorer.screen.shown import Showing, Shown
from explorer.wire.numbers import in_base64
from explorer.wire.requests import ON_PAD, PLACE, affordable, checked

__all__ = ["MOST_STATED", "exact", "pytorch_lines", "tensor_of"]

MOST_STATED = 4096
"""Most numbers that lines may state one by one, where no file holds them."""

WIDTH = 110

FILES = """\
from core.models import load

model = load({name!r}{weights})
trace = record(model, known.prepare(picture){grad})"""

CHANGED = """\
from explorer.screen.edits import Edits
from explorer.models.library import Library

edits = {edits}
explored = Library({runs}).explored({name!r})
trace, problem = explored.trace(picture, changes=Edits({inputs}).changes(explored, edits){grad})"""


def exact(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer every number of a tensor as float32: a step's output (`of` ""), its gradient ("output") or a parameter.

    Raises:
        ValueError: there is no such step or parameter, or no gradient.
    """
    asked = checked(request, PLACE)
    tensor = tensor_of(showing.of(asked), asked)
    if tensor.is_complex():
        raise ValueError(f"the tensor is {tensor.dtype}; only real numbers can be saved")
    affordable(tensor.numel(), "the tensor has")
    return {"shape": list(tensor.shape), "data": in_base64(tensor.float())}


def tensor_of(shown: Shown, asked: Mapping[str, Any]) -> Tensor:
    """Return the tensor of a place: a step's output, the gradient that arrives at it, or a parameter.

    Raises:
        ValueError: there is no such step or parameter, or no gradient.
    """
    trace = shown.trace
    step: int = asked["step"]
    of: str = asked["of"]
    if step != INPUT:
        step_of(trace, step)
    if of == "output":
        back = shown.back(asked["label"])
        if back is None:
            raise keyed(ValueError("a gradient needs the true label: choose one"), "told.label")
        gradient = back.gradients.get(step)
        return torch.zeros_like(trace.value(step)) if gradient is None else gradient
    if of:
        parameters = trace.steps[step].parameters if step >= 0 else {}
        if of not in parameters:
            known = ", ".join(parameters) or "none"
            raise ValueError(f"step {step + 1} has no parameter {of!r}; its parameters: {known}")
        return trace.steps[step].tensor(of)
    return trace.value(step)


def pytorch_lines(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer `lines`: Python that loads the weights, records the same pass and computes the opened tensor as `output`.

    Where no file holds the model's weights, the tensors of the step are stated instead.

    Raises:
        ValueError: the model's weights are in no file and too many to be stated.
    """
    asked = checked(request, PLACE)
    shown, library = showing.of(asked), showing.library
    explored, trace, data_dir = shown.explored, shown.trace, library.data_dir
    loadable = explored.name in models.names() or "/" in explored.name
    if not loadable or not explored.trained or explored.name.endswith(UNTRAINED):
        return {"lines": _stated(explored, asked, trace)}
    drawing = {key: asked[key] for key in ON_PAD if asked.get(key) or ON_PAD[key].needed}
    run, _, plain = explored.name.rpartition("/")
    folders = {"data_dir": data_dir, "runs_dir": library.runs_dir}
    inputs = [f"{name}={str(path)!r}" for name, path in folders.items() if path]
    folder = f", {f'{library.runs_dir}/{run}'!r}" if run else ""
    names = "record, backward, parameter_gradients" if asked["of"] not in ("", "class") else "record"
    lines = [
        "import torch",
        "import torch.nn.functional as F",
        f"from core.explain import {names}",
        "from core.models import card",
        "from explorer.screen.inputs import Inputs",
        "",
        f"drawing = {pformat(drawing, width=WIDTH, compact=True, sort_dicts=False)}",
        f"inputs = Inputs({', '.join(inputs)})",
        f"known = card({plain!r}{folder})",
        "picture = inputs.read(drawing, known).picture  # intensity in [0, 1]",
        _recorded(explored.name, asked, library.runs_dir),
        *_place(asked, trace),
    ]
    return {"lines": "\n".join(lines) + "\n"}


def _recorded(name: str, asked: Mapping[str, Any], runs_dir: object) -> str:
    grad = ", grad=True" if asked["of"] not in ("", "class") and asked["label"] is not None else ""
    if asked["edits"]:
        edits = pformat(asked["edits"], width=WIDTH, compact=True, sort_dicts=False)
        runs = f"runs_dir=Path({str(runs_dir)!r})" if "/" in name else ""
        header = "from pathlib import Path\n" if runs else ""
        return header + CHANGED.format(edits=edits, runs=runs, name=name, grad=grad, inputs="inputs")
    run, _, plain = name.rpartition("/")
    weights = f", weights={f'{runs_dir}/{run}/{plain}.safetensors'!r}" if run else ""
    return FILES.format(name=plain, weights=weights, grad=grad)


def _place(asked: Mapping[str, Any], trace: Trace) -> list[str]:
    """Return the lines from the trace to the tensor and the opened element of it."""
    index, of, label, cell = asked["step"], asked["of"], asked["label"], ", ".join(map(str, asked["cell"]))
    if of == "class":
        computed = ["output = torch.softmax(trace.output.double(), 1)"]
    elif of == "output":
        computed = [f"output = backward(trace, {label}).gradients[{index}]"]
    elif of and label is not None:
        name = trace.steps[index].parameters[of]
        computed = [f"output = parameter_gradients(trace, {label})[{name!r}]"]
    elif of:
        computed = [f"output = trace.steps[{index}].tensor({of!r})"]
    elif index == INPUT or not explains(trace.steps[index]):
        computed = [f"output = trace.value({index})"]
    else:
        step = trace.steps[index]
        given = [f"{name} = step.arguments[{name!r}]" for name, value in step.arguments.items() if named_tensors(value)]
        where = f" in {step.path}" if step.path else ""
        computed = [f"step = trace.steps[{index}]  # {step.op}{where}", *given, f"output = {_line(step)}"]
    return [*computed, f"print(output[{cell}].item())"]


def _stated(explored: Explored, asked: Mapping[str, Any], trace: Trace) -> str:
    """Return lines that state the tensors of the opened step instead of loading them."""
    index, cell = asked["step"], ", ".join(map(str, asked["cell"]))
    if asked["of"] or index == INPUT or not explains(trace.steps[index]):
        raise keyed(
            ValueError(f"no file holds the weights of {explored.name}: lines can be copied for values of its steps"),
            "told.unsaved",
            model=explored.name,
        )
    step = trace.steps[index]
    tensors = [(name, value) for name, value in step.arguments.items() if named_tensors(value)]
    count = sum(tensor.numel() for _, value in tensors for _, tensor in named_tensors(value))
    if count > MOST_STATED:
        raise keyed(
            ValueError(
                f"no file holds the weights of {explored.name}, and the step has {count:,} numbers, more than the "
                f"{MOST_STATED:,} that lines may state; save its tensors as NPY instead"
            ),
            "told.unsaved.large",
            count=count,
            most=MOST_STATED,
        )
    given = [f"{name} = {_literal(value)}" for name, value in tensors]
    head = ["import torch", "import torch.nn.functional as F", ""]
    return "\n".join([*head, *given, f"output = {_line(step)}", f"print(output[{cell}].item())"]) + "\n"


def _line(step: Step) -> str:
    return operator(step).pytorch(step)


def _literal(value: Any) -> str:
    if isinstance(value, Tensor):
        numbers = pformat(value.detach().cpu().tolist(), width=WIDTH, compact=True)
        return f"torch.tensor({numbers}, dtype={value.dtype})"
    return f"[{', '.join(_literal(tensor) for _, tensor in named_tensors(value))}]"
