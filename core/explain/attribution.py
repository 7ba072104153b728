"""Why a class has its score: which parts of the input it hangs on, by four methods.

The score is the log-odds of the class, ln p/(1 − p) = z[class] − ln Σ_others exp z[other]: it says how much speaks for
the class and against all others, is the same for a model that ends in scores and one that ends in log-probabilities,
and does not level off where the model is sure.

Three of the methods ask the model about other inputs or for its gradient and see it as a function, `scores(batch)`;
Captum computes them. Grad-CAM looks inside: it reads a trace, where every operation has its gradient, also one that
works in place, is called as a function, or belongs to a module that runs several times.

Captum takes half a second to import: who asks first waits for it, and nobody else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from core.explain.axes import Product, Relation, Reshape
from core.explain.field_size import kept_axis
from core.explain.loss import gradients_of, scores_of
from core.explain.receptive import dependencies
from core.explain.trace import INPUT, Step, Trace, named_tensors

__all__ = [
    "METHODS",
    "Cam",
    "Scores",
    "Undefined",
    "cam_layers",
    "grad_cam",
    "input_gradient",
    "integrated_gradients",
    "lead",
    "log_odds",
    "occlusion",
    "saliency",
]

METHODS = ("saliency", "grad_cam", "occlusion", "integrated_gradients")

Scores = Callable[[Tensor], Tensor]
"""A batch of inputs `(N, …)` to the score of one class for each, `(N,)`."""

STEPS, STEPS_OF_LARGE = 128, 32
"""Points between baseline and input at which the gradient is read, in Gauss–Legendre's places."""

CHUNK_VALUES = 25_088
"""Input values computed at once: 32 pictures of 28×28, one of 224×224."""

WINDOWS = 7
"""How many windows lie side by side on an axis where occlusion covers it without overlap."""


class Undefined(ValueError):
    """A method gives no map for this model and input; `reason` is one word for it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def log_odds(output: Any, target: int) -> Tensor:
    """Returns z[n, target] − ln Σ_{k ≠ target} exp z[n, k], `(N,)`, in nats; of a single score, the score.

    Args:
        output: scores or log-probabilities z, `(N, classes)`; of several tensors, as `scores_of` finds them.
        target: index of the class.

    Raises:
        Undefined: the output is not one score per class.
        ValueError: there is no such class.
    """
    scores = _class_scores(output, target)
    own = scores[:, target]
    if scores.shape[1] == 1:
        return own
    return own - torch.cat([scores[:, :target], scores[:, target + 1 :]], dim=1).logsumexp(1)


def lead(output: Any, target: int, over: int) -> Tensor:
    """Returns z[n, target] − z[n, over] = ln p[n, target] / p[n, over], `(N,)`, in nats: what decides between two.

    Args:
        output: as `log_odds`.
        target: index of the one class.
        over: index of the other.

    Raises:
        Undefined: as `log_odds`.
        ValueError: there is no such class.
    """
    return _class_scores(output, target)[:, target] - _class_scores(output, over)[:, over]


def _class_scores(output: Any, target: int) -> Tensor:
    returned = named_tensors(output)
    alone = len(returned) == 1 and returned[0][1].ndim == 2 and returned[0][1].is_floating_point()
    scores = returned[0][1] if alone else scores_of(output)
    if scores is None:
        first = returned[0][1] if returned else None
        shape = type(output).__name__ if first is None else f"{first.dtype} of shape {tuple(first.shape)}"
        raise Undefined("no_scores", f"the output is {shape}, expected one score per class, (N, classes)")
    if not 0 <= target < scores.shape[1]:
        raise ValueError(f"there is no class {target}; the model has {scores.shape[1]}")
    return scores


def saliency(scores: Scores, input: Tensor) -> Tensor:
    """Returns ∂score/∂input, with its sign, of the shape of `input` `(1, …)`.

    Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks" (2013).

    Raises:
        Undefined: the score has no gradient.
    """
    from captum.attr import Saliency

    _differentiable(scores, input)
    with _has_gradient():
        found = Saliency(scores).attribute(_leaf(input), abs=False)
    return cast(Tensor, found.detach())


def integrated_gradients(scores: Scores, input: Tensor, baseline: Tensor) -> Tensor:
    """Returns (input − baseline) · ∫₀¹ ∂score/∂input at baseline + α · (input − baseline) dα.

    Complete: its sum is score(input) − score(baseline), to the accuracy of the quadrature.
    Source: Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (2017).

    Raises:
        Undefined: as `saliency`.
    """
    from captum.attr import IntegratedGradients

    _differentiable(scores, input)
    method = IntegratedGradients(_one_by_one_if_needed(scores, input, baseline))
    steps = STEPS if input.numel() <= CHUNK_VALUES else STEPS_OF_LARGE
    with _has_gradient():
        found = method.attribute(_leaf(input), baselines=baseline, n_steps=steps, internal_batch_size=_chunk(input))
    return cast(Tensor, found.detach())


def occlusion(scores: Scores, input: Tensor, baseline: Tensor) -> Tensor:
    """Returns by how much the score falls when a window of the input is covered by the baseline, at each element.

    A window spans all channels; it is a seventh of the side wide. Where windows overlap, their mean. On small inputs
    they overlap by half.
    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014).
    """
    from captum.attr import Occlusion

    shape = tuple(input.shape[1:])
    places = shape if len(shape) < 3 else shape[1:]
    window = tuple(max(1, -(-side // WINDOWS)) for side in places)
    overlap = 2 if input.numel() <= CHUNK_VALUES else 1
    stride = tuple(max(1, side // overlap) for side in window)
    channels = shape[: len(shape) - len(places)]
    found = Occlusion(_of_what_changed(_one_by_one_if_needed(scores, input, baseline), input)).attribute(
        input,
        sliding_window_shapes=channels + window,
        strides=tuple(1 for _ in channels) + stride,
        baselines=baseline,
        perturbations_per_eval=_chunk(input),
    )
    return cast(Tensor, found.detach())


def _of_what_changed(scores: Scores, input: Tensor) -> Scores:
    """Returns the scores, of inputs that are the given one its own: a batch may round the same sum otherwise."""
    with torch.no_grad():
        own = scores(input)

    def told(inputs: Tensor) -> Tensor:
        return torch.where((inputs == input).flatten(1).all(1), own, scores(inputs))

    return told


@dataclass(frozen=True)
class Cam:
    """A class activation map.

    Attributes:
        layer: the step whose maps are weighed.
        values: `(h, w)`, of the size of that step's maps: max(0, Σ_c weights[c] · maps[c]).
        before: the same before negative values became 0.
        weights: `(channels,)`, the mean of ∂score/∂map over the places of each map.
    """

    layer: int
    values: Tensor
    before: Tensor
    weights: Tensor


def grad_cam(trace: Trace, target: int, layer: int | None = None) -> Cam:
    """Returns the map of a layer's channels, each weighed by how much the class's score rises with it.

    Source: Selvaraju et al., "Grad-CAM" (2017), equations 1 and 2.

    Args:
        trace: recorded with `grad=True`; its output is `(1, classes)`.
        target: index of the class.
        layer: a step of `cam_layers(trace)`; by default the last one whose maps the score depends on.

    Raises:
        Undefined: no step has maps of places, the score does not depend on any, or the output is not one score per
            class or has no gradient.
        ValueError: `layer` is no such step.
    """
    score = log_odds(trace.output, target)[0]
    if not score.requires_grad:
        raise Undefined("not_differentiable", "the output has no gradient")
    places = cam_layers(trace)
    if layer is not None and layer not in places:
        raise ValueError(f"step {layer} has no maps to weigh; the steps that have are {', '.join(map(str, places))}")
    with _has_gradient():
        gradients = gradients_of(trace, score)
    reached = [index for index in places if index in gradients]
    if not reached or (layer is not None and layer not in gradients):
        raise Undefined("no_layer", "the score depends on no step with maps that have places on the input")
    chosen = reached[-1] if layer is None else layer
    maps, slopes = (_by_channel(of[chosen], places[chosen]) for of in ({chosen: trace.value(chosen)}, gradients))
    weights = slopes.mean(dim=tuple(range(1, slopes.ndim)))
    before = torch.tensordot(weights, maps, dims=1).detach()
    return Cam(chosen, before.relu(), before, weights.detach())


def input_gradient(trace: Trace, step: int, cell: tuple[int, ...]) -> Tensor:
    """Returns ∂value/∂input of one cell of a step's output, in the input's shape, by autograd; `.grad` is left alone.

    Args:
        trace: recorded with `grad=True`.
        step: a step; its own index, not the input's.
        cell: index in its output.

    Raises:
        Undefined: the value does not depend on the input in a way that autograd follows.
    """
    edge = trace.steps[step].edge
    if edge is None or not trace.input.requires_grad:
        raise Undefined("not_differentiable", f"step {step + 1} ({trace.steps[step].op}) has no gradient")
    one = torch.zeros_like(trace.value(step))
    one[cell] = 1
    with _has_gradient():
        (found,) = torch.autograd.grad(
            [edge], [get_gradient_edge(trace.input)], [one], retain_graph=True, allow_unused=True
        )
    return torch.zeros_like(trace.input) if found is None else found.detach()


def cam_layers(trace: Trace) -> dict[int, tuple[int, ...]]:
    """Returns the steps whose output is maps of places on the input, each with the axes that count the places.

    An axis counts places when it follows one axis of the input behind its channels, and there are several of them.
    """
    axes = {INPUT: tuple(range(2, trace.input.ndim))}
    for step in trace.steps:
        for name, relation in dependencies(step, axes.keys())[0].items():
            followed = tuple(_followed(step, name, relation, axis) for axis in axes[step.parents[name]])
            placed = tuple(axis for axis in followed if axis is not None)
            if placed and len(placed) == len(followed):
                axes[step.index] = placed
                break
    del axes[INPUT]
    return {
        index: placed
        for index, placed in axes.items()
        if trace.value(index).is_floating_point() and all(trace.value(index).shape[axis] > 1 for axis in placed)
    }


def _followed(step: Step, name: str, relation: Relation, axis: int) -> int | None:
    """Returns the axis of the step's output that follows an axis of its argument."""
    if isinstance(relation, Product):
        mixes_and_keeps = step.op.endswith("norm")  # every cell is made of all, and stays at its place
        return axis if mixes_and_keeps else relation.axes[axis].axis
    return kept_axis(relation, axis) if isinstance(relation, Reshape) else None


def _differentiable(scores: Scores, input: Tensor) -> None:
    if not input.is_floating_point():
        raise Undefined("not_differentiable", f"the input is {input.dtype}: only floats have gradients")
    with torch.enable_grad():
        if not scores(_leaf(input)).requires_grad:
            raise Undefined("not_differentiable", "the score has no gradient by the input")


@contextmanager
def _has_gradient() -> Iterator[None]:
    """Names the reason where autograd refuses, as after an in-place operation on what it needs."""
    try:
        yield
    except RuntimeError as error:
        raise Undefined("not_differentiable", f"autograd refuses: {error}") from error


def _one_by_one_if_needed(scores: Scores, input: Tensor, other: Tensor) -> Scores:
    """Returns `scores`, computed one input at a time if the model does not keep those of a batch apart.

    A model in training mode normalises over the batch; another one may only take a single input.
    """
    try:
        with torch.no_grad():
            alone, together = scores(input), scores(torch.cat([input, other]))
        apart = together.shape == (2,) and torch.allclose(together[:1], alone, rtol=1e-3, atol=1e-4)
    except (RuntimeError, ValueError, IndexError):  # what a model written for a batch of one may raise
        apart = False
    return scores if apart else lambda batch: torch.cat([scores(one[None]) for one in batch])


def _leaf(input: Tensor) -> Tensor:
    return input.detach().clone().requires_grad_()


def _chunk(input: Tensor) -> int:
    return max(1, CHUNK_VALUES // input.numel())


def _by_channel(tensor: Tensor, places: tuple[int, ...]) -> Tensor:
    """Returns a `(1, …)` tensor as `(channels, *places)`."""
    others = [axis for axis in range(1, tensor.ndim) if axis not in places]
    moved = tensor.detach()[0].permute(*(axis - 1 for axis in (*others, *places)))
    return moved.reshape(-1, *moved.shape[len(others) :])
