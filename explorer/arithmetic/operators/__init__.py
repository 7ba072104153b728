"""The operators of the Arithmetic page: one module for each family, beside the page's `web/lib/operators`.

It has what torch says of an operator on small matrices, and how an element of a network is cut out as such a case.
"""

from explorer.arithmetic.operators import activation, conv, linear, loss, norm, optim, pool, transpose
from explorer.arithmetic.operators.base import MOST_ELEMENTS, Operator, Tensors
from explorer.arithmetic.operators.cut import Cut

__all__ = ["CUTS", "MOST_ELEMENTS", "OPERATORS", "Operator", "Tensors"]

FAMILIES = (conv, transpose, pool, activation, linear, norm, loss)

OPERATORS: dict[str, Operator] = {
    name: operator for family in (*FAMILIES, optim) for name, operator in family.OPERATORS.items()
}
"""What torch says of each operator, by the name that the page gives it."""

CUTS: dict[str, Cut] = {name: cut for family in FAMILIES for name, cut in family.CUTS.items()}
"""How elements are cut out, by the operation's name in a trace."""
