"""`use_backend`: any model, unchanged, on our own operators."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.nn.functional import Functional
from core.ops import naive, vectorized

BACKENDS = ("naive", "vectorized", "torch")

# Which method of `Functional` stands for which functions of torch.
STANDS_FOR: dict[str, tuple[Any, ...]] = {
    "conv1d": (F.conv1d,),
    "conv2d": (F.conv2d,),
    "conv_transpose2d": (F.conv_transpose2d,),
    "linear": (F.linear,),
    "pad": (F.pad,),
    "max_pool2d": (F.max_pool2d, torch.max_pool2d),
    "max_pool2d_with_indices": (F.max_pool2d_with_indices,),
    "avg_pool2d": (F.avg_pool2d,),
    "adaptive_avg_pool2d": (F.adaptive_avg_pool2d,),
    "relu": (F.relu, torch.relu, Tensor.relu),
    "sigmoid": (torch.sigmoid, Tensor.sigmoid),
    "tanh": (torch.tanh, Tensor.tanh),
    "hardsigmoid": (F.hardsigmoid,),
    "hardswish": (F.hardswish,),
    "softmax": (F.softmax, torch.softmax, Tensor.softmax),
    "log_softmax": (F.log_softmax, torch.log_softmax, Tensor.log_softmax),
    "nll_loss": (F.nll_loss,),
    "cross_entropy": (F.cross_entropy,),
    "batch_norm": (F.batch_norm,),
    "dropout": (F.dropout,),
    "dropout2d": (F.dropout2d,),
}
IN_PLACE: dict[str, tuple[Any, ...]] = {
    "relu": (torch.relu_, Tensor.relu_),
    "sigmoid": (torch.sigmoid_, Tensor.sigmoid_),
    "tanh": (torch.tanh_, Tensor.tanh_),
}

_innermost: ContextVar["use_backend | None"] = ContextVar("innermost", default=None)


class use_backend(TorchFunctionMode):
    """Run every model within the block on one implementation of the operators.

        with use_backend("naive"):
            loss = F.cross_entropy(model(input), target)
            loss.backward()

    The functions in `STANDS_FOR` and `IN_PLACE` are computed by `core.ops`, forward and backward, whether a model calls
    them as functions or through modules. Everything else is torch's: what only moves or names data (flatten, cat,
    indexing), tensor arithmetic (+, ·, mean), operators that `core.ops` does not have (gelu, layer norm, …) and
    optimisers. Backward may also run after the block. Of nested blocks the innermost one counts.

    Args:
        name: "naive", "vectorized" or "torch" (which changes nothing).

    Raises:
        ValueError: There is no such backend.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        if name not in BACKENDS:
            raise ValueError(f'backend must be one of {", ".join(BACKENDS)}, not "{name}"')
        self.name = name
        self._replacements = _TABLES[name]
        self._outer: Token[use_backend | None] | None = None

    def __enter__(self) -> "use_backend":
        self._outer = _innermost.set(self)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        if self._outer is not None:
            _innermost.reset(self._outer)

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Compute `func` by what stands for it, if anything does and no inner block has its say."""
        replacement = self._replacements.get(func) if _innermost.get() is self else None
        return (replacement or func)(*args, **kwargs or {})


def _table(functional: Functional) -> dict[Any, Callable[..., Any]]:
    """Return for each function of torch the one that stands for it."""
    table = {each: getattr(functional, name) for name, functions in STANDS_FOR.items() for each in functions}
    for name, functions in IN_PLACE.items():
        table |= dict.fromkeys(functions, partial(getattr(functional, name), inplace=True))
    return table


_TABLES = {"naive": _table(Functional(naive)), "vectorized": _table(Functional(vectorized)), "torch": {}}
