"""Your own model in ConvScope: what is given with it, checked and made into something the library can explore."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.explain import RecordingError, Trace, class_scores, maps_of, record
from core.explain.members import modules
from core.explain.trace import named_tensors, rebuilt
from core.models import Card
from core.models.cards import Takes
from explorer.models.library import Example, Explored, Library, device_of

__all__ = ["Preprocess", "Scores", "add"]

Preprocess = Callable[[Tensor], Tensor]

Scores = str | int | Callable[[Any], Tensor]

UNIT = {"mean": (0.0,), "std": (1.0,), "unsure_below": 0.0}
"""Of a card that nobody wrote: pictures stay in [0, 1], and no threshold was measured."""

SIDE = 28
"""Of the pictures that digits are drawn as."""

MOST_CHANNELS = 4
"""An input of more channels is no picture."""


def add(
    library: Library,
    model: nn.Module,
    *inputs: Any,
    kwargs: Mapping[str, Any] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Preprocess | None = None,
    scores: Scores | None = None,
    title: str | None = None,
) -> str:
    """Offer a model in the library as `explorer.explore` describes it; return the name it is asked for by.

    The model stays as it is: mode, precision, device. It runs once, to learn what it returns.

    Raises:
        TypeError: `model` is no module, no input a tensor, `preprocess` not callable, or a class no text.
        ValueError: the first tensor is empty, there are not as many classes as outputs, `preprocess` does not make such
            inputs, `scores` names nothing that is returned, or a model without an example does not run.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if preprocess is not None and not callable(preprocess):
        raise TypeError(f"preprocess must be a function of a picture, got {type(preprocess).__name__}")
    if classes is not None and (isinstance(classes, str) or not all(isinstance(name, str) for name in classes)):
        raise TypeError("classes must be a sequence of texts, one name for each output")
    guessed = not kwargs and all(value is None for value in inputs)
    example = Example((_guessed(model),)) if guessed else _checked(inputs, kwargs or {})
    first, words = example.input, title or type(model).__name__
    takes = _takes(first, preprocess)
    card = Card(_name(words), words, "", tuple(first.shape[1:]), (), takes, preprocess=preprocess, **UNIT)  # type: ignore[arg-type]
    if takes != "tensors":
        card.prepare(torch.zeros(SIDE, SIDE))
    explored = Explored(card.name, card, model, device_of(model), example=None if guessed else example)
    trace = _run(explored, example, guessed=guessed)
    trace.scores = _chosen(scores, trace.output)
    card = replace(card, scores=trace.scores)
    library.add(replace(card, classes=_classes(classes, trace, card)), model, example=explored.example)
    return card.name


def _takes(example: Tensor, preprocess: Preprocess | None) -> Takes:
    """Return what a model's inputs are made of, by the first tensor of its example."""
    shape = tuple(example.shape)
    if preprocess is None and (not example.is_floating_point() or len(shape) != 4 or shape[1] > MOST_CHANNELS):
        return "tensors"
    return "ink" if len(shape) != 4 or shape[1:] == (1, SIDE, SIDE) else "pictures"


def _checked(inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Example:
    """Return the arguments of an example; of a batch of pictures the first, with what belongs to it."""
    given = named_tensors((*inputs, dict(kwargs)))
    if not given:
        kinds = ", ".join(type(value).__name__ for value in (*inputs, *kwargs.values()))
        raise TypeError(f"an example input must be a torch.Tensor, got {kinds}")
    first = given[0][1]
    if not first.numel() or not first.ndim:
        raise ValueError(f"the example input has shape {tuple(first.shape)}, expected (N, …) with at least one element")
    batch = len(first) if first.ndim == 4 else 1

    def alone(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return rebuilt(value, alone)
        value = value.detach()
        return (value[:1] if batch > 1 and value.shape[:1] == (batch,) else value).clone()

    return Example(tuple(map(alone, inputs)), {name: alone(value) for name, value in kwargs.items()})


def _guessed(model: nn.Module) -> Tensor:
    """Return a blank picture with as many channels as the first convolution reads."""
    convolutions = (module for module in modules(model) if isinstance(module, nn.Conv2d))
    first = next(convolutions, None)
    return torch.zeros(1, 1 if first is None else first.in_channels, SIDE, SIDE)


def _run(explored: Explored, example: Example, *, guessed: bool) -> Trace:
    input = example.input.to(explored.device)
    given = example.to(explored.device).fed(input.to(explored.dtype) if guessed else input)
    try:
        return record(explored.model, *given.args, **given.kwargs)
    except RecordingError as error:
        if not guessed:  # the page shows the part that ran, with the model's message
            return error.trace
        shape = tuple(example.input.shape)
        raise ValueError(
            f"without example_input the model was given {shape}, and raised: {error}. Pass an example_input"
        ) from error


def _chosen(scores: Scores | None, output: Any) -> str | None:
    """Return the name of the returned tensor that the caller chose to hold the scores."""
    returned = named_tensors(output)
    if scores is None or not returned:
        return None
    names = [name for name, _ in returned]
    if isinstance(scores, str):
        found = [name for name in names if name == scores]
    elif isinstance(scores, int):
        found = names[scores : scores + 1] if scores >= 0 else names[scores:][:1]
    else:
        chosen = scores(output)
        found = [name for name, tensor in returned if tensor is chosen]
    if not found:
        known = ", ".join(repr(name) for name in names)
        raise ValueError(
            f"scores is {scores!r}, expected the name, the place or the tensor of one that is returned: {known}"
        )
    return found[0]


def _classes(names: Sequence[str] | None, trace: Trace, card: Card) -> tuple[str, ...]:
    """Return the name of each output: the given ones, or their numbers; none where the output is no row of scores."""
    scores = class_scores(trace)
    if names is None:
        return () if scores is None else tuple(map(str, range(scores.shape[1])))
    if scores is not None and len(names) != scores.shape[1]:
        raise ValueError(f"there are {len(names)} classes for {scores.shape[1]} outputs")
    maps = [tensor for _, tensor in named_tensors(trace.output) if tensor.ndim == 4]
    if scores is None and maps and maps_of(trace.output, len(names), card.scores) is None:
        raise ValueError(f"there are {len(names)} classes for {maps[0].shape[1]} maps")
    return tuple(names)


def _name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-") or "model"
