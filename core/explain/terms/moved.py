"""Elements that come from where the operation itself says, when it is run on cell numbers: gathers, assignments."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import Gather, Product, Relation, same
from core.explain.terms.base import Addends, Bind, Formula, Operator, Terms, read, summed
from core.explain.terms.line import Line, Unexplained, named
from core.explain.terms.rearrangement import Rearrangement
from core.explain.trace import Step, named_tensors
from core.ops.formulas import FORMULAS


class Moved(Rearrangement):
    """Every output element is one element of the `sources`, or 0; the line itself is run to see which."""

    def __init__(
        self,
        *names: str,
        bind: Bind,
        call: str = "torch.{op}",
        sources: tuple[str, ...] = ("input",),
        parts: bool = False,
        shapes: tuple[str, ...] = (),
        function: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(*names, bind=bind, relations=self._numbered, call=call)
        self.sources = sources
        self.only_shape = frozenset(shapes)
        self.parts = parts
        self.function = function  # what a form with braces calls

    def _numbered(self, step: Step) -> Mapping[str, Relation]:
        given = {name: step.arguments[name] for name in self.sources if name in step.arguments}
        tensors = named_tensors(given)
        if not tensors:
            raise Unexplained(f"{step.op} without a tensor to take from is not explained")
        sizes = [tensor.numel() for _, tensor in tensors]
        starts = np.cumsum([1, *sizes])
        numbers = {
            name: torch.arange(int(start), int(start) + tensor.numel(), dtype=torch.float64).reshape(tensor.shape)
            for (name, tensor), start in zip(tensors, starts[:-1], strict=True)
        }
        arguments = {name: _filled(value, name, numbers) for name, value in step.arguments.items()}
        constant = {"value": 0} if isinstance(step.arguments.get("value"), int | float) else {}
        line = self.line(replace(step, arguments=step.arguments | constant))
        source = line.run(arguments).to(torch.int64).numpy()
        return {
            name: Gather(tuple(tensor.shape), np.where((source >= a) & (source < b), source - a, -1))
            for (name, tensor), a, b in zip(tensors, starts[:-1], starts[1:], strict=True)
        }

    @override
    def formula(self, step: Step) -> Formula:
        return Formula(FORMULAS.get(step.op, FORMULAS["rearranged"]), {})

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        relations = self.relations(step)
        constant = step.arguments.get("value")
        if isinstance(constant, int | float) and not any(len(one.cells(index)) for one in relations.values()):
            rows = Addends("value", "value", (), np.array([float(constant)]))
            held = torch.tensor(float(constant), dtype=torch.float64).to(step.output.dtype).double().item()
            return summed(step, index, (rows,), function=lambda _: held, exact=True)
        return super().terms(step, index)

    @override
    def line(self, step: Step) -> Line:
        if self.function is not None:
            values = tuple(named(name, value) for name, value in step.arguments.items())
            return Line(self.call, values, function=self.function)
        line = Operator.line(self, step)
        return replace(line, part=step.part) if self.parts else line


class Embedding(Moved):
    """As `torch.nn.functional.embedding`: a row of the weight for each number."""

    @override
    def relations(self, step: Step) -> Mapping[str, Relation]:
        sizes = step.tensor("input").shape
        read_by = Product(tuple(same(axis, size) for axis, size in enumerate(sizes)), tuple(step.output.shape))
        return {**super().relations(step), "input": read_by}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        relations = self.relations(step)
        row = read(step, "weight", relations["weight"].cells(index))
        number = read(step, "input", relations["input"].cells(index))
        return summed(step, index, (Addends("row", "weight[input]", (row, number), row.values),), exact=True)


def _filled(value: Any, name: str, numbers: Mapping[str, Tensor]) -> Any:
    """Returns an argument with the tensors that are numbered replaced by their numbers, the others on the processor."""
    if isinstance(value, Tensor):
        return numbers.get(name, value.detach().cpu())
    if type(value) in (list, tuple):
        return type(value)(_filled(item, f"{name}.{k}", numbers) for k, item in enumerate(value))
    return value


def _assigned(input: Tensor, index: Any, value: Any) -> Tensor:
    """Returns a copy of `input` with `value` at `index`."""
    output = input.clone()
    output[index] = value
    return output


def _copied(input: Tensor, src: Tensor) -> Tensor:
    return input.clone().copy_(src)


def _bind(*names: str, **defaults: Any) -> Bind:
    """Returns what names arguments in this order; those without a default must be given."""

    def bind(*args: Any, **kwargs: Any) -> dict[str, Any]:
        given = defaults | dict(zip(names, args, strict=False)) | kwargs
        given.pop("out", None)
        if not set(given) <= set(names) or len(args) > len(names):
            raise TypeError(f"expected {', '.join(names)}, got {', '.join(given)}")
        return {name: given[name] for name in names if name in given}

    return bind


def _bind_unfold(input: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"input": input} | dict(zip(("kernel_size", "dilation", "padding", "stride"), args, strict=False)) | kwargs


def _bind_some(tensors: Any, *more: Any, **settings: Any) -> dict[str, Any]:
    return {"tensors": [tensors, *more] if isinstance(tensors, Tensor) else tensors, **settings}


def _bind_several(input: Any, *args: Any, **settings: Any) -> dict[str, Any]:
    return {"input": input, **{f"argument_{k}": value for k, value in enumerate(args, 1)}, **settings}


_INDEXED = _bind("input", "dim", "index")
_SET = "(output := {}.clone()).__setitem__({}, {}) or output"

MOVED: tuple[Operator, ...] = (
    Moved("gather", bind=_bind("input", "dim", "index", "sparse_grad", sparse_grad=False)),
    Moved("take_along_dim", bind=_bind("input", "indices", "dim", dim=None)),
    Moved("repeat_interleave", bind=_bind("input", "repeats", "dim", "output_size", dim=None, output_size=None)),
    Moved("tile", bind=_bind_several, call=".{op}"),
    Moved("tril", "triu", bind=_bind("input", "diagonal", diagonal=0)),
    Moved("diagonal", bind=_bind("input", "offset", "dim1", "dim2", offset=0, dim1=0, dim2=1)),
    Moved("diag_embed", bind=_bind("input", "offset", "dim1", "dim2", offset=0, dim1=-2, dim2=-1)),
    Moved("rot90", bind=_bind("input", "k", "dims", k=1, dims=(0, 1))),
    Moved("fliplr", "flipud", "ravel", "atleast_1d", "atleast_2d", "atleast_3d", bind=_bind("input")),
    Moved("channel_shuffle", bind=_bind("input", "groups"), call="F.{op}"),
    Moved("unfold", bind=_bind("input", "dimension", "size", "step"), call=".{op}"),
    Moved("im2col", bind=_bind_unfold, call="F.unfold"),
    Moved("masked_select", bind=_bind("input", "mask")),
    Moved("hstack", "vstack", "dstack", "column_stack", bind=_bind("tensors"), sources=("tensors",)),
    Moved("meshgrid", bind=_bind_some, sources=("tensors",), parts=True, call="torch.meshgrid"),
    Moved("tensor_split", "hsplit", "vsplit", "unsafe_chunk", "unsafe_split", bind=_bind_several, parts=True),
    Embedding(
        "embedding",
        bind=_bind(
            "input",
            "weight",
            "padding_idx",
            "max_norm",
            "norm_type",
            "scale_grad_by_freq",
            "sparse",
            padding_idx=None,
            max_norm=None,
            norm_type=2.0,
            scale_grad_by_freq=False,
            sparse=False,
        ),
        sources=("weight",),
        call="F.{op}",
    ),
    Moved("setitem", bind=_bind("input", "index", "value"), sources=("input", "value"), call=_SET, function=_assigned),
    Moved(
        "copy",
        bind=_bind("input", "src", "non_blocking", non_blocking=False),
        sources=("src",),
        shapes=("input",),
        call="{}.clone().copy_({})",
        function=lambda input, src, non_blocking: _copied(input, src),
    ),
    Moved("index_copy", bind=_bind("input", "dim", "index", "source"), sources=("input", "source")),
    Moved("index_fill", bind=_bind("input", "dim", "index", "value"), call=".{op}"),
    Moved("scatter", bind=_bind("input", "dim", "index", "src"), sources=("input", "src")),
    Moved("masked_scatter", bind=_bind("input", "mask", "source"), sources=("input", "source")),
)
"""Gathers, assignments and other rearrangements whose places depend on an index."""
