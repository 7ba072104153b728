"""What every operator's explanation is made of: factors, addends, terms; and how an operator is declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.explain.axes import BoolArray, IntArray, Product, Relation, cartesian
from core.explain.terms.line import Line, Unexplained, called
from core.explain.terms.switches import product_epsilon
from core.explain.trace import UNSEEN, Step, named_tensors
from core.ops.formulas import FORMULAS

FloatArray = NDArray[np.float64]
Bind = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """One column of a sum: for each of T terms the cell of `argument` that it reads."""

    argument: str
    """Flat argument name, as in `Step.parents`: "input", "weight", "tensors.1"."""
    cells: IntArray
    """`(T, axes)`; outside the tensor where the term is padding."""
    values: FloatArray
    """`(T,)`, what the operation reads there: 0 on padding (−∞ for a maximum)."""


@dataclass(frozen=True, slots=True, eq=False)
class Addends:
    """T terms of one kind: `products` are what is added up or compared, `rule` says how they follow from `factors`."""

    label: str
    rule: str
    factors: tuple[Factor, ...]
    products: FloatArray
    group_label: str = ""
    """What `groups` counts: "input channel"."""
    groups: IntArray | None = None
    """`(T,)`, or None where all terms are one group."""
    outside: BoolArray | None = None
    """`(T,)`, the terms that read padding; None: no term does."""

    def subtotals(self) -> dict[int, float]:
        """Returns the sum of the products of each group."""
        if self.groups is None:
            return {0: float(self.products.sum())}
        groups, place = np.unique(self.groups, return_inverse=True)
        return dict(zip(groups.tolist(), np.bincount(place, self.products).tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number that the terms share (a batch's mean, the softmax sum), with the sum that it is, if it is one."""

    value: float
    addends: Addends | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The products and sums behind the output element `index`, in float64."""

    op: str
    index: tuple[int, ...]
    addends: tuple[Addends, ...]
    reduction: str
    """"sum" or "max"."""
    reduced: float
    """The sum, or the maximum, of all products."""
    after: str
    """What happens to `reduced`, in LaTeX, where it is called x; "" where nothing does."""
    value: float
    shown: float
    """The tensor's element."""
    tolerance: float
    """How far `shown` may be from `value` by rounding alone."""
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    winner: int | None = None
    """Position of the largest product, for a maximum."""

    @property
    def difference(self) -> float:
        """`shown` − `value`; 0 where both are the same infinity or both are NaN."""
        if self.shown == self.value or (np.isnan(self.shown) and np.isnan(self.value)):
            return 0.0
        return self.shown - self.value

    @property
    def agrees(self) -> bool:
        """Whether the terms give the tensor's element, to `tolerance`."""
        return abs(self.difference) <= self.tolerance

    def __len__(self) -> int:
        return sum(len(addends.products) for addends in self.addends)


@dataclass(frozen=True, slots=True, eq=False)
class Partials:
    """∂output[cell]/∂argument[index] for the T output cells that one cell of an argument takes part in."""

    outputs: IntArray
    """`(T, axes)`, cells of the output."""
    values: FloatArray
    """`(T,)`"""
    rule: str
    """How `values` follow from `factors`; "1" where they are constant."""
    factors: tuple[Factor, ...] = ()
    scale: float = 0.0
    """Magnitude that the rounding of `values` is relative to, where it exceeds theirs (1 − y² of a rounded y)."""
    group_axis: int | None = None
    """Output axis by which the terms are grouped: the output channel."""


Letters = Mapping[str, float | str | None]


class Formula(NamedTuple):
    """A formula of `core.ops.formulas`, as it is for one step."""

    latex: str
    letters: Letters
    """By letter what stands for it, a number or LaTeX; None where an index is left out."""


class Operator:
    """An explainable operator, or a family that shares its arithmetic; one instance of each is registered."""

    names: tuple[str, ...]
    """Canonical operation names."""
    call: str = "F.{op}"
    """How PyTorch spells it; ".{op}" for a method of the first tensor."""
    only_shape: frozenset[str] = frozenset()
    """Tensor arguments whose values are not read: `y` in `x.view_as(y)`."""
    bind: Bind
    """Takes the arguments in every spelling that torch accepts, and names them; defaults included."""

    def relations(self, step: Step) -> Mapping[str, Relation]:
        """Returns for each tensor argument that carries data how the output's cells depend on its cells.

        Raises:
            Unexplained: These arguments are not covered.
        """
        raise NotImplementedError

    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        """Returns the terms of one output element.

        Raises:
            Unexplained: These arguments are not covered.
        """
        raise NotImplementedError

    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        """Returns the derivatives of the output by the cell `index` of the argument `wrt`.

        Raises:
            Unexplained: They are not known for this operation or argument.
        """
        raise Unexplained(f"the gradient of {step.op} by {wrt} is not explained")

    def mixed(self, step: Step, wrt: str, partials: Partials, grad_output: Tensor) -> float:
        """Returns the magnitude that a gradient's rounding is relative to where cells are mixed before they multiply.

        0 where each product is rounded by itself.
        """
        return 0.0

    def formula(self, step: Step) -> Formula:
        """Returns the formula of an output element."""
        return Formula(FORMULAS[step.op], self.letters(step))

    def gradient_formula(self, step: Step, wrt: str) -> Formula | None:
        """Returns the formula of an element of dL/d`wrt`; None where `core.ops` has none."""
        latex = FORMULAS.get(f"{step.op}_{wrt}_grad")
        return None if latex is None else Formula(latex, self.letters(step))

    def letters(self, step: Step) -> Letters:
        """Returns what stands for letters of the formulas in this step."""
        return {}

    def check(self, step: Step) -> None:
        """Refuses arguments whose arithmetic is not covered, for values and gradients alike.

        Raises:
            Unexplained: It is not.
        """

    def line(self, step: Step) -> Line:
        """Returns the call of PyTorch that computes the output from tensors named as the arguments are."""
        names = [name for name in step.arguments if name not in ("inplace", "return_indices", UNSEEN)]
        unnamed = list(takewhile(lambda name: name in _UNNAMED or name.startswith("argument_"), names))
        return called(self.call.format(op=step.op), names, step.arguments, unnamed)

    def pytorch(self, step: Step) -> str:
        """Returns the line as text."""
        return str(self.line(step))

    def replay(self, step: Step, arguments: Mapping[str, Any]) -> Tensor:
        """Returns what the step's line of PyTorch gives for `arguments`: the line shown is the line that runs."""
        return self.line(step).run(arguments)


_UNNAMED = ("equation", "input", "tensors", "shape", "dims", "shifts")
"""Arguments that a line gives by position."""


def one_row(step: Step) -> Letters:
    """Returns that the row's index is left out, where the output has one row of values."""
    return {"n": None} if step.output.numel() == step.output.shape[-1:].numel() else {}


def read(step: Step, argument: str, cells: IntArray, padding: float = 0.0) -> Factor:
    """Returns the factor that reads `cells` of `argument`; cells outside the tensor read `padding`."""
    tensor = step.tensor(argument)
    outside = is_outside(cells, tuple(tensor.shape))
    at = np.where(outside[:, None], 0, cells)
    values = tensor[tuple(torch.from_numpy(np.ascontiguousarray(at.T)).to(tensor.device))]
    numbers = np.broadcast_to(values.cpu().double().numpy(), len(cells))  # a number has one cell, ()
    return Factor(argument, cells, np.where(outside, padding, numbers))


def is_outside(cells: IntArray, shape: tuple[int, ...]) -> BoolArray:
    """Returns for each of `cells` `(T, axes)` whether it lies outside a tensor of this shape."""
    return np.asarray(((cells < 0) | (cells >= np.array(shape, dtype=np.int64))).any(axis=1))


def reached(relation: Relation, index: tuple[int, ...]) -> IntArray:
    """Returns the output cells `(T, axes)` that the input cell `index` takes part in."""
    if isinstance(relation, Product):
        block = tuple(np.arange(size) == i for i, size in zip(index, relation.input_shape, strict=True))
        return cartesian([np.flatnonzero(axis) for axis in relation.block_forward(block)])
    mask = np.zeros(relation.input_shape, dtype=np.bool_)
    mask[index] = True
    return np.argwhere(relation.forward(mask)).astype(np.int64)


def ones(outputs: IntArray, group_axis: int | None = None) -> Partials:
    """Returns derivatives that are all 1."""
    return Partials(outputs, np.ones(len(outputs)), "1", group_axis=group_axis)


def column(operator: Operator, step: Step, wrt: str, index: tuple[int, ...]) -> FloatArray:
    """Returns ∂output/∂`wrt`[index] for every output cell, `(output)`, by autograd in float64.

    The pass backwards is linear in the arriving gradient v: its derivative by v is one column of the Jacobian.
    """
    exact = {name: _exact(value) for name, value in step.arguments.items()}
    head, _, position = wrt.partition(".")
    leaf: Tensor = exact[head][int(position)] if position else exact[head]
    leaf.requires_grad_()
    with torch.enable_grad():
        output = operator.replay(step, exact)
        if not output.requires_grad:
            return np.zeros(tuple(output.shape))
        arriving = torch.zeros_like(output, requires_grad=True)
        (gradient,) = torch.autograd.grad(output, leaf, arriving, create_graph=True, allow_unused=True)
        if gradient is None or not gradient.requires_grad:
            return np.zeros(tuple(output.shape))
        (slopes,) = torch.autograd.grad(gradient[index], arriving, allow_unused=True)
    return np.zeros(tuple(output.shape)) if slopes is None else slopes.numpy()


def _exact(value: Any) -> Any:
    """Returns a copy of an argument with its tensors on the processor, numbers in float64."""
    if isinstance(value, Tensor):
        kind = torch.float64 if value.is_floating_point() else value.dtype
        return value.detach().to("cpu", kind, copy=True)
    return type(value)(map(_exact, value)) if type(value) in (list, tuple) else value


def cell(step: Step, argument: str, index: tuple[int, ...]) -> Factor:
    """Returns the factor that reads one cell."""
    return read(step, argument, np.array([index], dtype=np.int64).reshape(1, len(index)))


def bias(step: Step, at: tuple[int, ...]) -> tuple[Addends, ...]:
    """Returns the bias as addends: one constant term, or none."""
    if step.arguments.get("bias") is None:
        return ()
    factor = cell(step, "bias", at)
    return (Addends("bias", "bias", (factor,), factor.values),)


def summed(
    step: Step,
    index: tuple[int, ...],
    addends: tuple[Addends, ...],
    *,
    after: str = "",
    function: Callable[[float], float] = float,
    scale: float = 0.0,
    magnitude: float | None = None,
    held: float = 0.0,
    terms: int = 0,
    exact: bool = False,
    quantities: Mapping[str, Quantity] | None = None,
) -> Terms:
    """Returns the terms of an element that is `function` of the sum of `addends`.

    Rounding is relative to `magnitude`, by default to that of the products or of the value, or to a larger `scale`;
    `held` is the magnitude of a number in between that may be rounded to the output's type;
    `terms` is how many numbers a shared quantity adds up, where they are more than the products; `exact` says that
    the operation rounds nothing.
    """
    reduced = float(sum(part.products.sum() for part in addends))
    value = function(reduced)
    if magnitude is None:
        magnitude = max(abs(value), float(sum(np.abs(part.products).sum() for part in addends)))
    count = max(terms, sum(len(part.products) for part in addends))
    tolerance = 0.0 if exact else rounding(step, count, max(magnitude, scale), value)
    if held and step.output.dtype in (torch.float16, torch.bfloat16):
        tolerance += torch.finfo(step.output.dtype).eps / 2 * held
    shown = element(step, index)
    return Terms(step.op, index, addends, "sum", reduced, after, value, shown, tolerance, quantities or {})


def element(step: Step, index: tuple[int, ...]) -> float:
    """Returns one element of the step's output."""
    return float(step.output[index].item())


def rounding(step: Step, count: int, magnitude: float, value: float, dtype: torch.dtype | None = None) -> float:
    """Returns how far rounding may move a sum of `count` products whose absolute values sum to `magnitude`.

    (√count + 4) · ε · magnitude, ε of the precision that is added in: float32 for 16-bit numbers, whose result is
    rounded once more. Factors that are rounded before they are multiplied (autocast, TF32) add ε of theirs; below the
    smallest normal number digits are lost. Source: Higham and Mary, "A New Approach to Probabilistic Rounding Error
    Analysis" (2019): errors of a sum grow with √n, not n; the 4 covers the function applied to it.

    Args:
        step: What computes it.
        count: How many products.
        magnitude: Of their sum.
        value: The result.
        dtype: Its type; by default that of the step's output.
    """
    dtype = step.output.dtype if dtype is None else dtype
    if not np.isfinite(magnitude) or not dtype.is_floating_point:
        return 0.0
    kind = torch.finfo(dtype)
    if abs(value) > kind.max * (1 - kind.eps):
        return float("inf")  # it may have become infinity
    added_in = min(kind.eps, torch.finfo(torch.float32).eps)
    relative = (sqrt(count) + 4) * added_in + _rounded_factors(step, dtype)
    rounded_once = 0.0 if added_in == kind.eps else 1.5 * kind.eps * abs(value)
    return relative * magnitude + rounded_once + lowest(dtype)


def _rounded_factors(step: Step, dtype: torch.dtype) -> float:
    """Returns the machine epsilon that an operation's factors are rounded to before it works on them, or 0."""
    given = [tensor.dtype for _, tensor in named_tensors(step.arguments) if tensor.is_floating_point()]
    narrowed = any(torch.finfo(one).eps < torch.finfo(dtype).eps for one in given)
    products = product_epsilon(step.op, step.output.device) if step.output.dtype == torch.float32 else 0.0
    return max(products, torch.finfo(dtype).eps if narrowed else 0.0)


def lowest(dtype: torch.dtype) -> float:
    """Returns the magnitude below which numbers of a type lose digits, or become 0."""
    kind = torch.finfo(dtype)
    return kind.tiny * kind.eps * 2 if dtype == torch.float16 else kind.tiny


def largest(step: Step, index: tuple[int, ...], cells: IntArray) -> Terms:
    """Returns the terms of the maximum of `cells` of the input; padding reads −∞ and the first of equals wins."""
    factor = read(step, "input", cells, padding=-np.inf)
    outside = is_outside(cells, tuple(step.tensor("input").shape))
    winner = int(np.argmax(factor.values))
    value = float(factor.values[winner])
    rows = Addends("window", "input", (factor,), factor.values, outside=outside)
    shown = element(step, index)
    return Terms(step.op, index, (rows,), "max", value, "", value, shown, tolerance=0.0, winner=winner)
