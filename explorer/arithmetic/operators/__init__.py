"""The operators of the Arithmetic page: one module for each family, beside the page's `web/lib/operators`."""

from explorer.arithmetic.operators import activation, conv, layer, loss, optim, pool
from explorer.arithmetic.operators.base import MOST_ELEMENTS, Operator, Tensors

__all__ = ["MOST_ELEMENTS", "OPERATORS", "Operator", "Tensors"]

FAMILIES = (conv, pool, activation, layer, loss, optim)

OPERATORS: dict[str, Operator] = {name: operator for family in FAMILIES for name, operator in family.OPERATORS.items()}
"""What torch says of each operator, by the name that the page gives it."""
