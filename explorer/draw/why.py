"""Why a class has its score: one method's map over the model's input, with its numbers and what must be said of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.explain import attribution, scores_of
from core.explain.attribution import Undefined, lead, log_odds
from core.explain.trace import named_tensors
from explorer.screen.shown import Showing, Shown
from explorer.wire.numbers import grey_codes, in_base64
from explorer.wire.requests import CLASS, DRAWING, STEP, Fields, checked, choice, optional, or_null
from explorer.wire.trace import Layout

__all__ = ["baseline_of", "ink_of", "map_beside", "map_of", "reasons", "why"]

ASKED_WHY: Fields = {
    **DRAWING,
    "method": choice(*attribution.METHODS),
    "target": or_null(CLASS),
    "layer": or_null(STEP),
    "over": optional(CLASS),
}


def why(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer the map of one method over the input of a drawing, with its numbers.

    With a class `over`, what is explained is how far `target` leads over it.
    """
    asked = checked(request, ASKED_WHY)
    shown = showing.of(asked)

    def graded() -> Shown:
        return shown if shown.grad else showing.of(asked, grad=True)

    question = {key: asked[key] for key in ("method", "target", "layer")}
    return reasons(shown, graded, **question, over=asked.get("over"))


def reasons(
    shown: Shown,
    graded: Callable[[], Shown],
    *,
    method: str,
    target: int | None,
    layer: int | None,
    over: int | None = None,
) -> dict[str, Any]:
    """Return the map of a method for a class; `note` says in one word, with a message, why it is missing or empty.

    Args:
        shown: what is on screen.
        graded: returns the same with a trace that can be run backwards.
        method: one of `attribution.METHODS`.
        target: index of the class; None: the one with the highest score.
        layer: the step whose maps Grad-CAM weighs; None: chosen.
        over: a class; the score is then how far `target` leads over it, z[target] − z[over].

    Raises:
        ValueError: there is no such class or layer; Grad-CAM is asked for two classes.
    """
    if method == "grad_cam" and over is not None:
        raise ValueError("Grad-CAM weighs the score of one class, not the difference of two")
    input, baseline = shown.trace.input.detach(), baseline_of(shown)
    answer: dict[str, Any] = {"method": method, "target": target, "ink": ink_of(input, baseline), "note": None}
    try:
        if shown.problem:
            raise Undefined("raises", shown.problem)
        if not input.is_floating_point():
            raise Undefined("no_picture", f"the input is {input.dtype}: a whole number has no parts")
        output = _rows(shown, shown.trace.output)
        target = _best(output) if target is None else target
        answer |= {"target": target, "score": _score(output, target, over)}
        if method == "grad_cam":
            answer |= _cam(graded(), target, layer)
        else:
            answer |= _over_input(shown, input, baseline, target, over, method)
    except Undefined as undefined:
        answer["note"] = {"reason": undefined.reason, "message": str(undefined)}
    return answer


def _over_input(
    shown: Shown, input: Tensor, baseline: Tensor, target: int, over: int | None, method: str
) -> dict[str, Any]:
    known = _scored(_rows(shown, shown.trace.output), target, over).detach()

    def scores(batch: Tensor) -> Tensor:
        if not torch.is_grad_enabled() and torch.equal(batch, input):
            return known.clone()
        return _scored(_asked(shown, batch), target, over)

    if method == "saliency":
        return map_of(attribution.saliency(scores, input)[0])
    found = getattr(attribution, method)(scores, input, baseline)[0]
    with torch.no_grad():
        before = _score(_asked(shown, baseline), target, over)
    return {**map_beside(baseline, input, found), "baseline": before}


def _cam(graded: Shown, target: int, layer: int | None) -> dict[str, Any]:
    trace = graded.trace
    if graded.problem:
        raise Undefined("raises", graded.problem)
    layers = [
        {"index": index, "op": trace.steps[index].op, "path": trace.steps[index].path, "places": places}
        for index, axes in attribution.cam_layers(trace).items()
        for places in [[trace.steps[index].output.shape[axis] for axis in axes]]
    ]
    cam = attribution.grad_cam(trace, target, layer)
    answer = {**map_of(cam.values[None]), "layer": cam.layer, "layers": layers}
    if not cam.values.any() and cam.before.any():
        answer["note"] = {"reason": "negative", "message": f"{cam.before.max().item():g}"}
    return answer


def map_beside(baseline: Tensor, input: Tensor, values: Tensor) -> dict[str, Any]:
    """Return `map_of` values that compare an input with a baseline; where both are the same its `note` says so."""
    told = map_of(values)
    return (
        told | {"note": {"reason": "no_ink", "message": "the input is the baseline"}}
        if torch.equal(input, baseline)
        else told
    )


def map_of(values: Tensor) -> dict[str, Any]:
    """Return an attribution `(channels, …)` as a table of exact numbers, added up over channels, and its sum.

    Of large inputs a number stands for a block of pixels and is their mean.
    """
    if not values.isfinite().all():
        raise Undefined("not_finite", "some values are NaN or infinite")
    values = values.detach().cpu()
    added = values.double()
    while added.ndim > 2:
        added = added.sum(0)
    added = added.reshape(1, 1, *added.shape) if values.ndim > 2 else values.double().reshape(1, *values.shape)
    layout = Layout.of(added.shape)
    if layout is None:
        raise Undefined("no_layer", f"the map has no cells: its shape is {tuple(values.shape)}")
    cells = layout.maps(added)[0]
    low, high = (end.item() for end in torch.aminmax(values))
    note = None
    if low == high == 0:
        note = {"reason": "zero", "message": "every value is exactly 0"}
    elif low == high and values.numel() > 1:
        note = {"reason": "flat", "message": f"{low:g}"}
    return {
        "rows": layout.rows,
        "columns": layout.columns,
        "block": layout.block,
        "values": in_base64(cells),
        "sum": values.double().sum().item(),
        "note": note,
    }


def ink_of(input: Tensor, baseline: Tensor) -> dict[str, Any] | None:
    """Return the input as grey bytes, for its outline; None where it is no picture."""
    if input.ndim != 4:
        return None
    shown, ground = input[0].float().mean(0), baseline[0].float().mean(0)
    low, high = min(shown.min(), ground.min()), max(shown.max(), ground.max())
    layout = Layout.of((1, 1, *shown.shape))
    if layout is None or not torch.isfinite(high - low):
        return None
    grey = layout.maps(((shown - low) / (high - low).clamp(min=1e-12))[None, None])[0]
    return {"rows": layout.rows, "columns": layout.columns, "data": in_base64(grey_codes(grey))}


def baseline_of(shown: Shown) -> Tensor:
    """Return the model's input for an empty pad: what "nothing drawn" is to it; zeros where it takes no pictures."""
    explored = shown.explored
    if explored.card.takes == "tensors":
        return torch.zeros_like(shown.trace.input)
    blank = explored.card.prepare(torch.zeros_like(shown.input.picture))
    return blank.to(explored.device, explored.dtype)


def _best(output: Any) -> int:
    log_odds(output, 0)  # checks that it is one score per class
    return int(named_tensors(output)[0][1][0].argmax())


def _scored(output: Any, target: int, over: int | None) -> Tensor:
    return log_odds(output, target) if over is None else lead(output, target, over)


def _score(output: Any, target: int, over: int | None) -> float:
    score = _scored(output, target, over)[0].item()
    if score - score != 0:
        raise Undefined("not_finite", f"the score is {score}")
    return score


def _rows(shown: Shown, output: Any) -> Any:
    """Return the scores of an output where they were chosen or found, else the output."""
    found = scores_of(output, shown.explored.card.scores)
    return output if found is None else found


def _asked(shown: Shown, batch: Tensor) -> Any:
    """Return the model's output for a batch; what the model raises becomes `Undefined`."""
    try:
        return _rows(shown, shown.explored.run(batch, changes=shown.changes))
    except Undefined:
        raise
    except Exception as error:  # somebody else's model: whatever it raises is told
        raise Undefined("raises", f"{type(error).__name__}: {error}") from error
