"""PyTorch's own sample inputs for every operator that we have: values, gradients, and what is refused.

`torch.testing._internal` needs expecttest, as PyTorch's own tests do.
"""

from typing import Any

import pytest
import torch

pytestmark = pytest.mark.filterwarnings("ignore")

from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

from core.explain.trace import named_tensors  # noqa: E402
from core.nn.backend import use_backend  # noqa: E402
from core.ops.catalogue import CATALOGUE  # noqa: E402

OURS = [
    op
    for op in op_db
    if (name := op.name.rpartition(".")[2]) in CATALOGUE and CATALOGUE[name].ours and not op.name.startswith("masked")
]
RANDOM = {"nn.functional.dropout": "its mask is drawn by our own generator"}
REFUSED = {"nn.functional.batch_norm": "input has 1 dimensions, expected at least 2"}
"""What only torch computes, by the message that says so: no batch norm has a vector of nothing."""

SMALL = 120
"""Most numbers that the loops are given."""

EVERY = {"nn.functional.max_pool2d": 19}
"""Of more than a thousand samples every so many is taken."""

CLOSE = {torch.float64: 1e-7, torch.float32: 1e-4}
"""torch's own hardsigmoid multiplies by 1/6 in float32, whatever the numbers are."""


def samples(op: Any, dtype: torch.dtype, backend: str) -> list[Any]:
    found = list(op.sample_inputs("cpu", dtype, requires_grad=True))[:: EVERY.get(op.name, 1)]
    small = [one for one in found if sum(t.numel() for _, t in tensors(one)) <= SMALL]
    return found if backend == "vectorized" else small


def tensors(sample: Any) -> list[tuple[str, torch.Tensor]]:
    return named_tensors([sample.input, *sample.args, sample.kwargs])


def called(op: Any, sample: Any) -> Any:
    """Returns what `op` gives, or its exception; and the gradients of what it gives."""
    try:
        output = op(sample.input, *sample.args, **sample.kwargs)
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        return error, []
    first = named_tensors(output)[0][1]
    leaves = [tensor for _, tensor in tensors(sample) if tensor.requires_grad]
    if not first.requires_grad:
        return output, []
    arriving = torch.linspace(-1, 1, first.numel(), dtype=first.dtype).reshape(first.shape)
    found = torch.autograd.grad(first, leaves, arriving, allow_unused=True)
    return output, [torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True)]


@pytest.mark.parametrize("backend", ["naive", "vectorized"])
@pytest.mark.parametrize("dtype", CLOSE, ids=str)
@pytest.mark.parametrize("op", [op for op in OURS if op.name not in RANDOM], ids=lambda op: op.formatted_name)
def test_samples_have_torchs_values_and_gradients(op, dtype, backend):
    checked = 0
    for sample in samples(op, dtype, backend):
        expected, expected_gradients = called(op, sample)
        with use_backend(backend):
            found, gradients = called(op, sample)
        if isinstance(found, Exception) and not isinstance(expected, Exception):
            assert REFUSED.get(op.name, "no") in str(found), (sample, found)
            continue
        assert isinstance(found, Exception) == isinstance(expected, Exception), (sample, expected, found)
        if not isinstance(found, Exception):
            for one, other in zip(named_tensors(found), named_tensors(expected), strict=True):
                torch.testing.assert_close(one[1], other[1], rtol=CLOSE[dtype], atol=CLOSE[dtype], equal_nan=True)
            for own, torchs in zip(gradients, expected_gradients, strict=True):
                torch.testing.assert_close(own, torchs, rtol=CLOSE[dtype], atol=CLOSE[dtype], equal_nan=True)
            checked += 1
    assert checked or backend == "naive"


@pytest.mark.parametrize("backend", ["naive", "vectorized"])
@pytest.mark.parametrize("op", [op for op in OURS if op.error_inputs_func], ids=lambda op: op.formatted_name)
def test_what_torch_refuses_is_refused(op, backend):
    for error in op.error_inputs("cpu"):
        sample = error.sample_input
        with use_backend(backend), pytest.raises((ValueError, TypeError, RuntimeError, IndexError)):
            op(sample.input, *sample.args, **sample.kwargs)


def test_every_operator_that_torch_has_samples_for_is_tried():
    tried = {op.name.rpartition(".")[2] for op in OURS}
    ours = {name for name, op in CATALOGUE.items() if op.ours}
    assert ours - tried == {"convolve2d", "pad2d"}  # torch has no samples by these names
