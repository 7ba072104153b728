"""Your own model in ConvScope: what is given with it, checked and made into something the library can explore."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from core.explain import RecordingError, Trace, class_scores, record
from core.explain.members import modules
from core.models import Card
from explorer.models.library import Explored, Library, device_of

__all__ = ["add"]

Preprocess = Callable[[Tensor], Tensor]

UNIT = {"mean": (0.0,), "std": (1.0,), "unsure_below": 0.0}
"""Of a card that nobody wrote: pictures stay in [0, 1], and no threshold was measured."""


def add(
    library: Library,
    model: nn.Module,
    example_input: Tensor | None = None,
    *,
    classes: Sequence[str] | None = None,
    preprocess: Preprocess | None = None,
    title: str | None = None,
) -> str:
    """Offer a model in the library as `explorer.explore` describes it; return the name it is asked for by.

    The model stays as it is: mode, precision, device. It runs once, to learn what it returns.

    Raises:
        TypeError: `model` is no module, `example_input` no tensor, `preprocess` not callable, or a class no text.
        ValueError: `example_input` is not `(N, C, H, W)` floats (any floats with `preprocess`), there are not as many
            classes as outputs, `preprocess` does not make such inputs, or a model without an example does not run.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if preprocess is not None and not callable(preprocess):
        raise TypeError(f"preprocess must be a function of a picture, got {type(preprocess).__name__}")
    if classes is not None and (isinstance(classes, str) or not all(isinstance(name, str) for name in classes)):
        raise TypeError("classes must be a sequence of texts, one name for each output")
    example = _guessed(model) if example_input is None else _checked(example_input, preprocess)
    words = title or type(model).__name__
    card = Card(_name(words), words, "", tuple(example.shape[1:]), (), preprocess=preprocess, **UNIT)  # type: ignore[arg-type]
    card.prepare(torch.zeros(28, 28))
    explored = Explored(card.name, card, model, device_of(model), example=None if example_input is None else example)
    trace = _run(explored, example, guessed=example_input is None)
    library.add(replace(card, classes=_classes(classes, trace)), model, example=explored.example)
    return card.name


def _checked(example: Tensor, preprocess: Preprocess | None) -> Tensor:
    """Return the first sample of an example input."""
    if not isinstance(example, Tensor):
        raise TypeError(f"example_input must be a torch.Tensor, got {type(example).__name__}")
    shape = tuple(example.shape)
    if not example.is_floating_point():
        raise ValueError(f"example_input is {example.dtype}, expected floats")
    if not example.numel() or example.ndim < 2:
        raise ValueError(f"example_input has shape {shape}, expected (N, C, H, W) with at least one element")
    if example.ndim != 4 and preprocess is None:
        raise ValueError(
            f"example_input has shape {shape}, expected (N, C, H, W); a model of other inputs needs preprocess, "
            "a function that makes its input of a picture (1, 28, 28)"
        )
    return example[:1].detach().clone()


def _guessed(model: nn.Module) -> Tensor:
    """Return a blank picture with as many channels as the first convolution reads."""
    convolutions = (module for module in modules(model) if isinstance(module, nn.Conv2d))
    first = next(convolutions, None)
    return torch.zeros(1, 1 if first is None else first.in_channels, 28, 28)


def _run(explored: Explored, example: Tensor, *, guessed: bool) -> Trace:
    try:
        return record(explored.model, example.to(explored.device, explored.dtype))
    except RecordingError as error:
        if not guessed:  # the page shows the part that ran, with the model's message
            return error.trace
        shape = tuple(example.shape)
        raise ValueError(
            f"without example_input the model was given {shape}, and raised: {error}. Pass an example_input"
        ) from error


def _classes(names: Sequence[str] | None, trace: Trace) -> tuple[str, ...]:
    """Return the name of each output: the given ones, or their numbers; none where the output is no row of scores."""
    scores = class_scores(trace)
    if names is None:
        return () if scores is None else tuple(map(str, range(scores.shape[1])))
    if scores is not None and len(names) != scores.shape[1]:
        raise ValueError(f"there are {len(names)} classes for {scores.shape[1]} outputs")
    return tuple(names)


def _name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-") or "model"
