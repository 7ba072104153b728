"""Operations that only move elements: what they share, and the general way to find where each element comes from."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from operator import attrgetter, getitem
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import Gather, Relation
from core.explain.terms.base import (
    Addends,
    Bind,
    Formula,
    Operator,
    Partials,
    Terms,
    is_outside,
    ones,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Line, Name, Unexplained, named, subscript
from core.explain.trace import Step, named_tensors
from core.ops.formulas import FORMULAS

Relations = Callable[[Step], Mapping[str, Relation]]


class Rearrangement(Operator):
    """Every output element is one input element, or the padding value; declared by where it comes from."""

    only_shape = frozenset({"argument_1", "other"})

    def __init__(self, *names: str, bind: Bind, relations: Relations, call: str = "torch.{op}") -> None:
        self.names = names
        self.bind = bind
        self.call = call
        self._relations = relations

    @override
    def relations(self, step: Step) -> Mapping[str, Relation]:
        return self._relations(step)

    @override
    def formula(self, step: Step) -> Formula:
        return Formula(FORMULAS["rearranged"], {})

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        padding = float(step.arguments.get("value") or 0.0) if step.op == "pad" else 0.0
        addends = []
        relations = self.relations(step)
        for name, relation in relations.items():
            cells = relation.cells(index)
            outside = is_outside(cells, tuple(step.tensor(name).shape))
            if len(relations) > 1 and (len(cells) == 0 or outside.all()):
                continue  # the element comes from another tensor of the list
            factor = read(step, name, cells, padding)
            addends.append(Addends("source", name, (factor,), factor.values, outside=outside))
        given = step.tensor(next(iter(relations))).dtype
        kept = given == step.output.dtype and padding == 0.0
        kind = str(step.output.dtype).removeprefix("torch.")
        after = "" if kept else rf"\mathrm{{{kind}}}(x)"
        return summed(step, index, tuple(addends), after=after, function=partial(_stored, step), exact=True)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        relations = self.relations(step)
        return ones(reached(relations[wrt], index)) if wrt in relations else super().partials(step, wrt, index)

    @override
    def check(self, step: Step) -> None:
        if step.op == "view" and "shape" not in step.arguments:
            raise Unexplained("the same bits are read as another type of number: they are not the same values")

    @override
    def line(self, step: Step) -> Line:
        input = named("input", step.arguments.get("input"))
        if step.op == "getitem":
            index = named("index", step.arguments["index"])
            form = "{}[index]" if isinstance(index, Name) else f"{{}}[{subscript(index)}]"
            return Line(form, (input, index), function=getitem)
        if step.op in _PROPERTIES:
            return Line(f"{{}}.{step.op}", (input,), function=attrgetter(step.op))
        line = super().line(step)
        return replace(line, part=step.part) if step.op in SEVERAL else line


def _stored(step: Step, value: float) -> float:
    """Returns a number as the output's type holds it: a conversion rounds, or cuts off what is not whole."""
    return torch.tensor(value, dtype=torch.float64).to(step.output.dtype).to(torch.float64).item()


_PROPERTIES = {"T", "mT", "data"}

SEVERAL = {"chunk", "split", "unbind", "tensor_split"}
"""Operations that return one tensor for each part."""


def numbers(values: tuple[Any, ...]) -> tuple[int, ...]:
    """Returns sizes or axes given one by one or as one sequence: `view(2, 3)`, `view((2, 3))`."""
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = tuple(values[0])
    if not all(isinstance(value, int) for value in values):
        raise TypeError("sizes and axes are whole numbers")
    return tuple(int(value) for value in values)


def bind_sizes(input: Any, *shape: Any, **named: Any) -> dict[str, Any]:
    """Takes sizes as `view`, `expand` and `repeat` do, one by one or as one sequence."""
    return {"input": input, "shape": numbers(shape or tuple(named.values()))}


def source_shape(step: Step) -> tuple[int, ...]:
    """Returns the sizes of the argument `input`."""
    return tuple(step.tensor("input").shape)


def replayed(step: Step) -> dict[str, Relation]:
    """Returns where each element comes from, by running the operation again on cell numbers in place of values."""
    names = [name for name in ("input", "tensors") if name in step.arguments]
    if not names:
        raise Unexplained(step.op)
    tensors = named_tensors({name: step.arguments[name] for name in names})
    relations: dict[str, Relation] = {}
    for name, tensor in tensors:
        numbered = {
            other: torch.arange(value.numel(), dtype=torch.float64).reshape(value.shape)
            if other == name
            else torch.full(value.shape, -1.0, dtype=torch.float64)
            for other, value in tensors
        }
        arguments = {each: _here(value) for each, value in step.arguments.items()}
        if "tensors" in arguments:
            arguments["tensors"] = list(numbered.values())
        else:
            arguments["input"] = numbered["input"]
        source = _run(step.op, arguments)
        source = source[step.part] if step.op in SEVERAL else source
        relations[name] = Gather(tuple(tensor.shape), source.to(torch.int64).numpy())
    return relations


def _here(value: Any) -> Any:
    """Returns an argument with its tensors on the processor: cell numbers are float64, which an Apple card has not."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    return type(value)(map(_here, value)) if type(value) in (list, tuple) else value


def _run(op: str, arguments: dict[str, Any]) -> Any:
    if op == "getitem":
        return arguments["input"][arguments["index"]]
    if op == "repeat":
        return arguments["input"].repeat(*arguments["shape"])
    return getattr(torch, op)(**arguments)
