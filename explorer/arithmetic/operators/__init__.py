"""The operators of the Arithmetic page: one module for each family, beside the page's `web/lib/operators`."""

from explorer.arithmetic.operators import activation, conv, layer, loss, optim, pool
from explorer.arithmetic.operators.base import MOST_ELEMENTS, Listed, Operator, Tensors

__all__ = ["LISTED", "MOST_ELEMENTS", "OPERATORS", "Listed", "Operator", "Tensors"]

FAMILIES = (conv, pool, activation, layer, loss, optim)

OPERATORS: dict[str, Operator] = {name: operator for family in FAMILIES for name, operator in family.OPERATORS.items()}
"""What torch says of each operator, by the name that the page gives it."""

LISTED: dict[str, Listed] = {name: listed for family in FAMILIES for name, listed in family.LISTED.items()}
"""The functions that the page shows; parts of one function that are walked apart are "function.part"."""
