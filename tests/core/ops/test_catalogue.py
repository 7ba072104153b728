"""Every operator of the catalogue is in every table, or there is a reason here; and no table knows one more."""

import inspect
import json
import subprocess
from collections import Counter
from functools import wraps
from pathlib import Path

import pytest
import torch

from core.explain import swapping
from core.explain.terms import OPERATORS as EXPLAINED
from core.nn.backend import IN_PLACE, STANDS_FOR, use_backend
from core.ops import naive, vectorized
from core.ops.catalogue import ACTIVATIONS, CATALOGUE, Op
from explorer.arithmetic.operators import CUTS
from explorer.arithmetic.operators import OPERATORS as PAGE

MODULE = Path(__file__).resolve().parents[3] / "explorer" / "web" / "lib" / "operators" / "index.js"

ONLY_TORCH = "only torch computes it"
NOT_IN_TORCH = "torch has no such function: a model flips its kernel and convolves"
LOSS = "the loss is no step of a model: core.explain.loss and the page's losses explain it"
LACKS = {
    "naive": {},
    "vectorized": {},
    "gradients": {},
    "nn": {"convolve2d": NOT_IN_TORCH},
    "terms": {
        "convolve2d": NOT_IN_TORCH,
        "pad2d": "a trace calls it by torch's name, pad",
        "nll_loss": LOSS,
        "cross_entropy": LOSS,
        "rrelu": "its slopes are random: there is nothing to work out",
    },
    "page": {
        "conv1d": "a convolution of one row",
        "pad2d": "a setting of the convolution",
        "dropout": "its mask is random: there is nothing to work out",
    },
    "cuts": {
        "convolve2d": NOT_IN_TORCH,
        "nll_loss": LOSS,
        "cross_entropy": LOSS,
    },
}
"""For each table the operators that it lacks, each with the reason."""


@pytest.fixture(scope="module")
def browser() -> list[str]:
    """The operators of the browser's module, in the order of its menu."""
    script = f"import {{ OPERATORS }} from '{MODULE.as_uri()}'; console.log(JSON.stringify(Object.keys(OPERATORS)))"
    shown = subprocess.run(["node", "--input-type=module", "--eval", script], check=True, capture_output=True)
    found: list[str] = json.loads(shown.stdout)
    return found


def has(table: str, op: Op, browser: list[str]) -> bool:
    """Whether a table has an operator."""
    return {
        "naive": op.name in naive.__all__,
        "vectorized": op.name in vectorized.__all__,
        "gradients": f"{op.name}_input_grad" in naive.__all__,
        "nn": bool(STANDS_FOR.get(op.name)),
        "terms": op.name in EXPLAINED,
        "page": op.page in PAGE and op.page in browser,
        "cuts": op.name in CUTS,
    }[table]


@pytest.mark.parametrize("table", LACKS)
def test_every_operator_is_in_every_table_or_there_is_a_reason(table, browser):
    reasons = dict(LACKS[table])
    if table == "cuts":
        reasons |= LACKS["page"]
    if table != "terms":
        reasons |= {name: ONLY_TORCH for name, op in CATALOGUE.items() if not op.ours}
    assert {name for name, op in CATALOGUE.items() if not has(table, op, browser)} == set(reasons)


def test_no_table_has_an_operator_that_the_catalogue_lacks(browser):
    computed = {name for name in naive.__all__ if not name.endswith(("_grad", "_stats"))}
    assert computed == {name for name, op in CATALOGUE.items() if op.ours}
    assert set(browser) == set(PAGE) == {op.page for op in CATALOGUE.values() if op.page} | {"sgd", "adam"}
    assert set(CUTS) <= set(CATALOGUE)
    assert set(swapping.ACTIVATIONS) - {"identity"} == {name for name, op in CATALOGUE.items() if op.swap}
    assert set(ACTIVATIONS) >= {name for name, op in CATALOGUE.items() if op.swap or op.settings}


def test_a_function_of_torch_is_stood_for_once():
    functions = [function for op in CATALOGUE.values() for function in (*op.functions, *op.in_place)]
    assert all(count == 1 for count in Counter(functions).values())
    replaced = [function for table in (STANDS_FOR, IN_PLACE) for each in table.values() for function in each]
    assert set(replaced) >= {function for op in CATALOGUE.values() if op.ours for function in op.functions}


def test_a_gradient_has_the_arguments_and_the_defaults_of_its_operator():
    for name in CATALOGUE:
        for wrt in ("input", "weight", "bias"):
            gradient = getattr(naive, f"{name}_{wrt}_grad", None)
            if gradient is None:
                continue
            own = inspect.signature(getattr(naive, name)).parameters
            for parameter in inspect.signature(gradient).parameters.values():
                if parameter.name in own:
                    assert parameter.default in (own[parameter.name].default, parameter.empty), gradient.__name__
                else:
                    assert parameter.name == "grad_output" or parameter.name.removesuffix("_size") in own


@pytest.mark.parametrize("ops", [naive, vectorized], ids=["naive", "vectorized"])
@pytest.mark.parametrize("op", [op for op in ACTIVATIONS.values() if op.ours], ids=lambda op: op.name)
def test_every_spelling_of_an_activation_is_ours(ops, op, monkeypatch):
    called, original = [], getattr(ops, op.name)
    expected = original(torch.tensor([-1.0, 2.0])).tolist()
    monkeypatch.setattr(ops, op.name, wraps(original)(lambda *a, **k: called.append(op) or original(*a, **k)))
    spellings = (*op.functions, *op.in_place)
    with use_backend(ops.__name__.removeprefix("core.ops.")):
        for function in spellings:
            input = torch.tensor([-1.0, 2.0])
            assert function(input).tolist() == expected
            assert input.tolist() == (expected if function in op.in_place else [-1, 2])
    assert len(called) == len(spellings)


def test_settings_of_the_page_are_arguments_of_the_operator():
    for op in CATALOGUE.values():
        assert set(op.settings.values()) <= set(inspect.signature(getattr(naive, op.name, len)).parameters)
