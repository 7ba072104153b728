"""Receptive field arithmetic: size, jump and offset of every step's receptive field on the input, for labels.

Along one axis, a layer of span k and stride s after a field of size r and jump j has r' = r + (k − 1) · j, j' = s · j.
Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
"""

from dataclasses import dataclass

from core.explain.axes import AxisRule, Bins, Lookup, Product, Relation, Reshape, Spread, Taps, Window
from core.explain.receptive import dependencies
from core.explain.trace import INPUT, Step, Trace


@dataclass(frozen=True, slots=True)
class AxisField:
    """On one axis of the input, position o of the step's `axis` is made of [start + jump · o, start + jump · o + size).

    Positions outside the input are padding, also where padding repeats the input (reflect). Where all cells of the
    step share the range, `axis` is None and `jump` 0. Where the axes are mixed (a reshape, channels in groups) `start`
    is None too: only the size is known.
    """

    axis: int | None
    jump: float
    start: float | None
    size: float


Field = tuple[AxisField, ...]


def receptive_field_sizes(trace: Trace) -> list[Field | None]:
    """Returns for each step its field on each axis of the input; None for a step that does not depend on the input.

    A step with two parents has the hull of both fields.
    """
    shape = tuple(trace.input.shape)
    known: dict[int, Field] = {INPUT: tuple(AxisField(axis, 1.0, 0.0, 1.0) for axis in range(len(shape)))}
    for step in trace.steps:
        found = _field(step, known, shape)
        if found is not None:
            known[step.index] = found
    return [known.get(step.index) for step in trace.steps]


def _field(step: Step, known: dict[int, Field], shape: tuple[int, ...]) -> Field | None:
    found: Field | None = None
    for name, relation in dependencies(step, known.keys())[0].items():
        before = known[step.parents[name]]
        after = tuple(_through(one, relation, size) for one, size in zip(before, shape, strict=True))
        found = after if found is None else tuple(map(_hull, found, after, shape))
    return found


def _through(before: AxisField, relation: Relation, size: int) -> AxisField:
    if isinstance(relation, Product):
        if before.axis is not None:
            return _through_rule(before, relation.axes[before.axis], size)
        if before.start is None and any(map(_takes_several, relation.axes)):
            return AxisField(None, 0.0, 0.0, float(size))
        return before
    if before.axis is None:
        return before
    if relation.input_shape[before.axis] == 1:
        return _fixed(before, size)
    axis = kept_axis(relation, before.axis) if isinstance(relation, Reshape) else None
    if axis is None:
        return _lost(before)
    return AxisField(axis, before.jump, before.start, before.size)


def _through_rule(before: AxisField, rule: AxisRule, size: int) -> AxisField:
    start = 0.0 if before.start is None else before.start
    if isinstance(rule, Window) and rule.divide > 1:  # channels in groups move in jumps of several cells
        grown = before.size + (rule.taps - 1) * before.jump
        return AxisField(None, 0.0, 0.0, size) if rule.taps == rule.size else AxisField(None, 0.0, None, grown)
    if isinstance(rule, Window):
        stride, offset, span = float(rule.stride), float(rule.offset), (rule.taps - 1) * rule.dilation + 1.0
    elif isinstance(rule, Bins):
        stride = rule.size / rule.bins
        loose = (rule.bins - 1) / rule.bins if rule.size % rule.bins else 0.0  # bins are rounded outwards
        offset, span = -loose, stride + 2 * loose
    elif isinstance(rule, Lookup):
        stride, offset, span = 1.0, -float((len(rule.table) - rule.size) // 2), 1.0
    elif isinstance(rule, Taps):
        stride = rule.size / max(1, len(rule.table))
        read = [(min(row) - stride * o, max(row) + 1 - stride * o) for o, row in enumerate(rule.table) if row]
        offset, end = min((low for low, _ in read), default=0.0), max((high for _, high in read), default=0.0)
        span = end - offset
    else:
        reach = (rule.taps - 1) * rule.dilation
        stride, offset, span = 1 / rule.stride, (rule.padding - reach) / rule.stride, reach / rule.stride + 1.0
    after = AxisField(
        rule.axis, before.jump * stride, start + offset * before.jump, before.size + (span - 1) * before.jump
    )
    return after if rule.axis is not None else _fixed(after, size)


def _takes_several(rule: AxisRule) -> bool:
    """Whether a position may be made of more than one of the input's."""
    return rule.taps > 1 if isinstance(rule, Window | Spread) else isinstance(rule, Bins | Taps)


def _lost(field: AxisField) -> AxisField:
    """Returns the field where only its size is known."""
    return AxisField(None, 0.0, None, field.size)


def _fixed(field: AxisField, size: int) -> AxisField:
    """Returns the part of a field that all cells share, inside the input."""
    start = field.start or 0.0
    low, high = max(0.0, start), min(float(size), start + field.size)
    return AxisField(None, 0.0, low, max(0.0, high - low))


def kept_axis(relation: Reshape, axis: int) -> int | None:
    """Returns the output axis that is the input's `axis` unchanged: the same size and elements before it, or None."""
    ahead = 1
    for size in relation.input_shape[:axis]:
        ahead *= size
    before = 1
    for place, size in enumerate(relation.output_shape):
        if before == ahead and size == relation.input_shape[axis]:
            return place
        before *= size
    return None


def _hull(one: AxisField, other: AxisField, size: int) -> AxisField:
    if one.start is None and other.start is None:
        return one if one.size >= other.size else other
    if one.start is None or other.start is None:  # they may lie anywhere beside each other
        return AxisField(None, 0.0, 0.0, float(size))
    if one.axis != other.axis or one.jump != other.jump:
        moving = [field for field in (one, other) if field.axis is not None]
        one, other = (AxisField(None, 0.0, 0.0, float(size)) if field in moving else field for field in (one, other))
        one, other = (_fixed(field, size) for field in (one, other))
    low = min(one.start or 0.0, other.start or 0.0)
    high = max((one.start or 0.0) + one.size, (other.start or 0.0) + other.size)
    return AxisField(one.axis, one.jump, low, high - low)
