"""A person's changes to a model, applied for one request at a time.

They travel with each request and never stay in the shared model: nobody sees anybody else's, and to undo them is to
leave them out.

    {"kind": "set", "parameter": "conv1.weight", "index": [4, 0, 2, 2], "value": 0.5}
    {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 0}
    {"kind": "sgd", "rate": 0.1, "label": 3, "strokes": […], "brush": 1, "centred": true}
    {"kind": "swap", "call": 2, "activation": "gelu"}    the third activation that is called; null: its own again
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor

from core.explain import ACTIVATIONS, parameter_gradients
from core.told import keyed
from explorer.models.library import MEMORY, UNCHANGED, Changes, Explored
from explorer.models.recent import Memory, Recent
from explorer.screen.inputs import Inputs
from explorer.wire.requests import (
    CELL,
    CHANNEL,
    CLASS,
    MOST_EDITS,
    ON_PAD,
    Fields,
    checked,
    listed,
    number,
    or_null,
    text,
    whole,
)
from explorer.work import checkpoint

__all__ = ["Edits", "steps_many"]

QUICK_STEPS = 4
"""Steps of gradient descent that a request may carry and still count as quick: each is a pass forward and back."""

REMEMBERED = 64
"""Changed models kept at hand, so that drawing on a changed model costs no more than on the original."""

LARGEST = torch.finfo(torch.float32).max
NUMBER = number(-LARGEST, LARGEST)
PARAMETER = text(300)

FIELDS: Mapping[str, Fields] = {
    "set": {"parameter": PARAMETER, "index": CELL, "value": NUMBER},
    "scale": {"parameters": listed(PARAMETER, 16), "channel": CHANNEL, "factor": NUMBER},
    "sgd": {"rate": NUMBER, "label": CLASS, **ON_PAD},
    "swap": {"call": whole(), "activation": or_null(text(40))},
}
"""What each kind of change says."""

Change = Callable[[Explored, Changes, Mapping[str, Any]], Changes]
"""Takes a model, what is changed of it already and one more change."""


class Edits:
    """Applies lists of changes, and remembers the latest results, in a library's memory."""

    def __init__(self, inputs: Inputs | None = None, memory: Memory | None = None) -> None:
        self.inputs = Inputs() if inputs is None else inputs
        self._known: Recent[Changes] = Recent(memory or Memory(MEMORY), most=REMEMBERED, size=_nbytes)

    def changes(self, explored: Explored, edits: Sequence[Any]) -> Changes:
        """Return what differs from the model's own after `edits`.

        Raises:
            ValueError: a change is of no known kind, or does not fit the model.
        """
        if not edits:
            return UNCHANGED
        if len(edits) > MOST_EDITS:
            raise keyed(
                ValueError(f"{len(edits)} changes are more than the {MOST_EDITS} that one request may carry"),
                "told.edits",
                count=len(edits),
                most=MOST_EDITS,
            )
        keys = _keys(explored, edits)
        known = ((k, made) for k in reversed(range(len(keys))) if (made := self._known.get(keys[k])) is not None)
        last, changed = next(known, (-1, UNCHANGED))
        for k in range(last + 1, len(keys)):
            changed = self._known.of(keys[k], partial(_applied, self.inputs, explored, changed, edits[k]))
        return changed

    def drop(self, unwanted: Callable[[Explored], bool]) -> None:
        """Forget the changes of some models."""
        self._known.drop(lambda key: unwanted(key[0]))


def steps_many(request: Any) -> bool:
    """Return whether a request's changes hold so many steps of gradient descent that they may take long."""
    edits = request.get("edits") if isinstance(request, dict) else None
    known = [edit for edit in edits if isinstance(edit, dict)] if isinstance(edits, list) else []
    return len([edit for edit in known if edit.get("kind") == "sgd"]) > QUICK_STEPS


def _keys(explored: Explored, edits: Sequence[Any]) -> list[Hashable]:
    """Return what names the model after each change: itself as it is now, and all changes so far."""
    told, version = blake2b(digest_size=16), explored.version
    keys: list[Hashable] = []
    for edit in edits:
        told.update(json.dumps(edit, sort_keys=True).encode())
        keys.append((explored, version, told.digest()))
    return keys


def _nbytes(changes: Changes) -> int:
    return sum(tensor.nbytes for tensor in changes.parameters.values())


def _applied(inputs: Inputs, explored: Explored, changed: Changes, edit: Any) -> Changes:
    kinds: dict[str, Change] = {"set": _set, "scale": _scaled, "sgd": partial(_stepped, inputs), "swap": _swapped}
    checkpoint()
    kind = edit.get("kind") if isinstance(edit, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"a change is {str(edit)[:80]}, expected an object whose kind is one of {', '.join(kinds)}")
    return kinds[kind](explored, changed, checked(edit, FIELDS[kind]))


def _set(explored: Explored, changed: Changes, edit: Mapping[str, Any]) -> Changes:
    tensor = _parameter(explored, changed, edit["parameter"]).clone()
    index, value = tuple(edit["index"]), float(edit["value"])
    if len(index) != tensor.ndim or not all(0 <= i < size for i, size in zip(index, tensor.shape, strict=True)):
        raise ValueError(f"{edit['parameter']} has elements of shape {tuple(tensor.shape)}, got index {index}")
    tensor[index] = value
    return _with(changed, {edit["parameter"]: tensor})


def _scaled(explored: Explored, changed: Changes, edit: Mapping[str, Any]) -> Changes:
    channel, factor = edit["channel"], float(edit["factor"])
    scaled = {}
    for name in edit["parameters"]:
        tensor = _parameter(explored, changed, name).clone()
        if not (tensor.ndim and channel < len(tensor)):
            raise ValueError(f"{name} has {len(tensor) if tensor.ndim else 0} channels, got channel {channel}")
        tensor[channel] = _parameter(explored, UNCHANGED, name)[channel] * factor
        scaled[name] = tensor
    return _with(changed, scaled)


def _stepped(inputs: Inputs, explored: Explored, changed: Changes, edit: Mapping[str, Any]) -> Changes:
    """Return all parameters after one step of gradient descent on the loss of one drawing: w ← w − rate · dL/dw."""
    rate = float(edit["rate"])
    trace, problem = explored.trace(inputs.read(edit, explored.card).shown_to(explored), grad=True, changes=changed)
    if problem:
        raise ValueError(problem)
    gradients = parameter_gradients(trace, edit["label"])
    return _with(changed, {name: _parameter(explored, changed, name) - rate * grad for name, grad in gradients.items()})


def _swapped(explored: Explored, changed: Changes, edit: Mapping[str, Any]) -> Changes:
    call, activation = edit["call"], edit["activation"]
    swaps = {other: name for other, name in changed.swaps.items() if other != call}
    if activation is not None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"the activation is {activation!r}, expected one of {', '.join(ACTIVATIONS)}")
        swaps[call] = activation
    return replace(changed, swaps=swaps)


def _with(changed: Changes, parameters: Mapping[str, Tensor]) -> Changes:
    return replace(changed, parameters={**changed.parameters, **parameters})


def _parameter(explored: Explored, changed: Changes, name: str) -> Tensor:
    if name in changed.parameters:
        return changed.parameters[name]
    if name not in explored.parameters:
        raise ValueError(f"the model has no parameter {name!r}; it has {', '.join(explored.parameters)}")
    return explored.parameters[name].detach()
