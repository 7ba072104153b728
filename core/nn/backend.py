"""`use_backend`: any model, unchanged, on our own operators."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from core.nn.functional import Functional
from core.ops import naive, vectorized
from core.ops.catalogue import CATALOGUE

BACKENDS = ("naive", "vectorized", "torch")

STANDS_FOR: dict[str, tuple[Any, ...]] = {op.name: op.functions for op in CATALOGUE.values() if op.ours} | {
    "max_pool2d_with_indices": (F.max_pool2d_with_indices,),
    "dropout2d": (F.dropout2d,),
}
"""Which method of `Functional` stands for which functions of torch."""

IN_PLACE: dict[str, tuple[Any, ...]] = {op.name: op.in_place for op in CATALOGUE.values() if op.ours}
"""Those that write over their input."""

_innermost: ContextVar["use_backend | None"] = ContextVar("innermost", default=None)


class use_backend(TorchFunctionMode):
    """Run every model within the block on one implementation of the operators.

        with use_backend("naive"):
            loss = F.cross_entropy(model(input), target)
            loss.backward()

    The functions in `STANDS_FOR` and `IN_PLACE` are computed by `core.ops`, forward and backward, whether a model calls
    them as functions or through modules. Everything else is torch's: what only moves or names data (flatten, cat,
    indexing), tensor arithmetic (+, ·, mean), operators that `core.ops` does not have (elu, layer norm, …) and
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
    in_place = {each: name for name, functions in IN_PLACE.items() for each in functions}
    return table | {each: partial(getattr(functional, name), inplace=True) for each, name in in_place.items()}


_TABLES = {"naive": _table(Functional(naive)), "vectorized": _table(Functional(vectorized)), "torch": {}}
