"""The losses against torch, with their gradients."""

from math import inf

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_parity import BACKENDS, check, check_meta

both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())
dtypes = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
reductions = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
weighted = pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no weights"])

TARGETS = {
    "all classes": [0, 1, 2, 3, 2],
    "some ignored": [0, -100, 2, -100, 1],
    "all ignored": [-100] * 5,
    "empty batch": [],
}
targets = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())


def loss_tensors(target, dtype, device, has_weight):
    make = {"dtype": dtype, "device": device}
    return {
        "input": 3 * torch.randn(len(target), 4, **make),
        "target": torch.tensor(target, dtype=torch.int64, device=device),
        "weight": torch.rand(4, **make) + 0.1 if has_weight else None,
    }


@both
@dtypes
@reductions
@weighted
@targets
def test_nll_loss_is_torch(ops, target, weighted, reduction, dtype, device):
    tensors = loss_tensors(target, dtype, device, weighted)
    check(ops, "nll_loss", F.nll_loss, tensors, {"reduction": reduction}, wrt=["input"])
    check_meta("nll_loss", tensors, {"reduction": reduction})


@both
@dtypes
@reductions
@weighted
@targets
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy_is_torch(ops, target, weighted, reduction, label_smoothing, dtype, device):
    tensors = loss_tensors(target, dtype, device, weighted)
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    check(ops, "cross_entropy", F.cross_entropy, tensors, options, wrt=["input"])
    check_meta("cross_entropy", tensors, options)


@both
@reductions
@weighted
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("N", [3, 0])
def test_cross_entropy_with_probabilities_is_torch(ops, N, weighted, reduction, label_smoothing, device):
    tensors = loss_tensors([0] * N, torch.float64, device, weighted)
    tensors["target"] = torch.rand(N, 4, dtype=torch.float64, device=device).softmax(1)
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    check(ops, "cross_entropy", F.cross_entropy, tensors, options, wrt=["input"])
    check_meta("cross_entropy", tensors, options)


@both
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_another_class_can_be_ignored(ops, name, device):
    tensors = loss_tensors([0, 3, 1, 3], torch.float64, device, True)
    check(ops, name, getattr(F, name), tensors, {"ignore_index": 3}, wrt=["input"])


@both
def test_an_ignored_row_may_hold_infinity(ops, device):
    tensors = loss_tensors([0, -100], torch.float64, device, False)
    tensors["input"][1, 0] = -inf
    check(ops, "nll_loss", F.nll_loss, tensors, {}, wrt=["input"])


@both
def test_an_impossible_wrong_class_costs_nothing(ops, device):
    tensors = loss_tensors([0, 1], torch.float64, device, False)
    tensors["input"][:, 3] = -inf
    check(ops, "cross_entropy", F.cross_entropy, tensors, {}, wrt=["input"])


@both
def test_a_huge_logit_does_not_overflow(ops, device):
    tensors = loss_tensors([0, 1], torch.float64, device, False)
    tensors["input"] = tensors["input"] * 1e5
    check(ops, "cross_entropy", F.cross_entropy, tensors, {}, wrt=["input"])


@both
@given(
    target=st.lists(st.sampled_from([0, 1, 2, 3, -100]), max_size=5),
    has_weight=st.booleans(),
    reduction=st.sampled_from(["mean", "sum", "none"]),
    label_smoothing=st.floats(0, 1),
)
@settings(max_examples=50, deadline=None)
def test_any_cross_entropy_is_torch(ops, target, has_weight, reduction, label_smoothing, device):
    tensors = loss_tensors(target, torch.float64, device, has_weight)
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    check(ops, "cross_entropy", F.cross_entropy, tensors, options, wrt=["input"])
    if label_smoothing == 0:
        check(ops, "nll_loss", F.nll_loss, tensors, {"reduction": reduction}, wrt=["input"])
