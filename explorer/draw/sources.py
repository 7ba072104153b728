"""Where a number comes from: which maps contribute most to its sum, and which ink it answers to."""

from collections.abc import Mapping
from typing import Any

from core.explain import INPUT, Level, Trace, Unexplained, down_to_sum
from core.explain.attribution import Undefined, input_gradient
from explorer.draw.class_sum import logits_step
from explorer.draw.places import cell_of, name_of, step_of
from explorer.draw.why import baseline_of, ink_of, map_beside
from explorer.screen.shown import Showing
from explorer.wire.requests import PLACE, checked

__all__ = ["MOST_CURVES", "number_ink", "sources"]

MOST_CURVES = 12
"""Most contributions of one sum that travel one by one, the largest first; the others as their sum."""


def sources(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer `levels`: what contributes to a value, map by map, and further down while a single value makes it.

    None where the place is no value of a step, or no arithmetic of that step is known.
    """
    asked = checked(request, PLACE)
    trace = showing.of(asked).trace
    place = _value(trace, asked)
    try:
        levels = [] if place is None else down_to_sum(trace, *place)
    except Unexplained:
        levels = []
    return {"levels": [_told(level) for level in levels]}


def number_ink(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer a map over the input: how much more or less ink there is than on an empty pad, times the value's gradient.

        (x − x₀) · ∂value/∂x

    `note` says in one word, with a message, why there is none or it is empty.
    """
    asked = checked(request, PLACE)
    shown = showing.of(asked, grad=True)
    input, baseline = shown.trace.input.detach().cpu(), baseline_of(shown).cpu()
    answer: dict[str, Any] = {"ink": ink_of(input, baseline), "note": None}
    place = _value(shown.trace, asked)
    try:
        if place is None:
            raise Undefined("no_layer", "only values that a step made are seen over the ink")
        seen = ((input - baseline) * input_gradient(shown.trace, *place).cpu())[0]
        return answer | map_beside(baseline, input, seen)
    except Undefined as undefined:
        return answer | {"note": {"reason": undefined.reason, "message": str(undefined)}}


def _value(trace: Trace, asked: Mapping[str, Any]) -> tuple[int, tuple[int, ...]] | None:
    """Return step and cell of the value that a place is about, of a class its logit; None where it is about none.

    Raises:
        ValueError: there is no such step or cell.
    """
    step = logits_step(trace) if asked["of"] == "class" else None if asked["of"] else asked["step"]
    if step is None or step == INPUT:
        return None
    return step, cell_of(step_of(trace, step).output, asked["cell"], name_of(trace, step))


def _told(level: Level) -> dict[str, Any]:
    most, rest = level.contributions[:MOST_CURVES], level.contributions[MOST_CURVES:]
    return {
        "step": level.step,
        "cell": list(level.cell),
        "most": [
            {"step": each.step, "cell": list(each.cell), "value": each.value, "count": each.count} for each in most
        ],
        "rest": {"count": len(rest), "sum": sum(each.value for each in rest)} if rest else None,
    }
