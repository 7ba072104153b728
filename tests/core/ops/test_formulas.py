"""Every operator has its formulas; `tests/golden/formulas.json`, which the browser's tests read, holds them.

After a change, write it anew: `PYTHONPATH=. python tests/core/ops/test_formulas.py`.
"""

import json
from pathlib import Path

import pytest

from core.explain.terms import OPERATORS
from core.explain.terms.rearrangement import Rearrangement
from core.ops import naive
from core.ops.catalogue import CATALOGUE
from core.ops.formulas import CHAIN_RULE, FORMULAS
from explorer.arithmetic.listings import listings

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "formulas.json"


def told() -> str:
    """The golden file, a formula on each line."""
    return json.dumps({"chain rule": CHAIN_RULE, **FORMULAS}, indent=0, ensure_ascii=False) + "\n"


def test_the_golden_file_holds_the_formulas():
    assert GOLDEN.read_text() == told()


@pytest.mark.parametrize("name", [name for name, op in CATALOGUE.items() if op.ours])
def test_every_operator_of_the_catalogue_and_its_gradients_have_a_formula(name):
    functions = [name, *(f"{name}_{wrt}_grad" for wrt in ("input", "weight", "bias"))]
    for function in functions:
        if hasattr(naive, function):
            assert any(each == function or each.startswith(f"{function}.") for each in FORMULAS), function


def test_every_listed_loop_has_its_formula():
    assert set(listings()) <= set(FORMULAS)


def test_every_explained_operation_has_a_formula():
    explained = {name for name, operator in OPERATORS.items() if not isinstance(operator, Rearrangement)}
    assert explained <= set(FORMULAS)


if __name__ == "__main__":
    GOLDEN.write_text(told())
