"""The arithmetic behind one output element: one small module for each family of operators."""

import torch

from core.explain.terms.activation import ACTIVATIONS
from core.explain.terms.arithmetic import ElementProduct, Quotient, Sum
from core.explain.terms.attention import Attention
from core.explain.terms.base import Addends, Bind, Factor, Formula, Operator, Partials, Quantity, Terms
from core.explain.terms.conv import Convolution, TransposedConvolution
from core.explain.terms.creation import CREATIONS
from core.explain.terms.dropout import Dropout
from core.explain.terms.einsum import Einsum
from core.explain.terms.line import Unexplained
from core.explain.terms.linear import AddedProduct, Linear, MatrixProduct
from core.explain.terms.moved import MOVED
from core.explain.terms.norm import NORMALISATIONS
from core.explain.terms.pairs import PAIRS
from core.explain.terms.parts import PARTS
from core.explain.terms.pool import AdaptiveAveragePool, AdaptiveMaxPool, AveragePool, MaxPool
from core.explain.terms.recurrent import Recurrent
from core.explain.terms.reduction import Reduction, RunningSum, Truth
from core.explain.terms.resampling import RESAMPLING
from core.explain.terms.selection import SELECTIONS
from core.explain.terms.softmax import LogSoftmax, Softmax
from core.explain.terms.spread import SPREADS
from core.explain.terms.views import VIEWS
from core.explain.trace import UNSEEN, Step, named_tensors

__all__ = [
    "BINDERS",
    "OPERATORS",
    "Addends",
    "Bind",
    "Factor",
    "Formula",
    "Operator",
    "Partials",
    "Quantity",
    "Terms",
    "Unexplained",
    "explained",
    "explains",
    "operator",
    "terms",
]

_DECLARED: tuple[Operator, ...] = (
    Convolution(),
    TransposedConvolution(),
    Linear(),
    MatrixProduct(),
    AddedProduct(),
    MaxPool(),
    AveragePool(),
    AdaptiveAveragePool(),
    AdaptiveMaxPool(),
    *NORMALISATIONS,
    Softmax(),
    LogSoftmax(),
    Sum(),
    ElementProduct(),
    Quotient(),
    Reduction(),
    RunningSum(),
    Truth(),
    Dropout(),
    Einsum(),
    Attention(),
    Recurrent(),
    *PAIRS,
    *SELECTIONS,
    *SPREADS,
    *RESAMPLING,
    *MOVED,
    *CREATIONS,
    *ACTIVATIONS,
    *VIEWS,
    *PARTS,
)

OPERATORS: dict[str, Operator] = {name: operator for operator in _DECLARED for name in operator.names}
"""Canonical operation name to its explanation."""

BINDERS: dict[str, Bind] = {name: operator.bind for name, operator in OPERATORS.items()}


def operator(step: Step) -> Operator:
    """Returns the explanation of the step's operation.

    Raises:
        Unexplained: There is none.
    """
    found = OPERATORS.get(step.op)
    if step.op == UNSEEN:
        raise Unexplained(
            "this tensor was made where ConvScope cannot look: TorchScript, NumPy, another thread, a function transform"
        )
    if found is None and step.op.endswith(".apply"):
        raise Unexplained(f"{step.op} is an autograd.Function: what it computes, and its gradient, are its own")
    if found is None:
        raise Unexplained(f"{step.op} is shown by its shapes only: no arithmetic is known for it")
    return found


def explained(step: Step) -> Operator:
    """Returns the explanation of the step's operation, if it holds for these arguments.

    Raises:
        Unexplained: There is none, or it does not.
    """
    found = operator(step)
    for tensor in (step.output, *(tensor for _, tensor in named_tensors(step.arguments))):
        if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
            kind = tensor.dtype if tensor.layout == torch.strided else tensor.layout
            raise Unexplained(f"{step.op} is shown by its shapes only: numbers of {kind} are not explained")
    try:
        found.check(step)
        if "argument_1" in step.arguments:  # a spelling that `bind` did not know
            found.relations(step)
    except KeyError:
        raise Unexplained(f"{step.op} is called in a way that is not known: it is shown by its shapes only") from None
    return found


def explains(step: Step) -> bool:
    """Whether the arithmetic of the step's cells can be shown."""
    try:
        explained(step).relations(step)
    except Unexplained:
        return False
    return True


def terms(step: Step, index: tuple[int, ...]) -> Terms:
    """Returns the products and sums behind `step.output[index]`, in float64.

    Raises:
        IndexError: `index` is no cell of the output.
        Unexplained: No arithmetic is known for this operation or these arguments.
        ValueError: A parameter has been changed since the step was recorded.
    """
    shape = tuple(step.output.shape)
    if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        raise IndexError(f"step {step.index} ({step.op}) has cells of shape {shape}, got index {tuple(index)}")
    return explained(step).terms(step, tuple(int(i) for i in index))
