"""Activations, softmax, linear, batch normalisation and dropout against torch, with their gradients."""

from math import inf, nan

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_parity import BACKENDS, assert_same, check, check_meta

from core.ops import catalogue

both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())
dtypes = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
ACTIVATIONS = tuple(name for name, op in catalogue.ACTIVATIONS.items() if op.ours)
# Torch multiplies the float64 gradient of hardsigmoid by a float32 1/6: its own relu6 has the exact one.
REFERENCE = {name: getattr(F, name) for name in ACTIVATIONS} | {"hardsigmoid": lambda input: F.relu6(input + 3) / 6}
SIZES = [(), (0,), (1,), (7,), (2, 3), (0, 3, 4), (2, 3, 4, 5)]


@both
@dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_activations_are_torch(ops, name, size, dtype, device):
    check(ops, name, REFERENCE[name], {"input": 4 * torch.randn(size, dtype=dtype, device=device)})


@both
@dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_torch_at_their_corners(ops, name, dtype, device):
    input = torch.tensor([-800, -88.5, -3, -0.0, 0.0, 1e-30, 3, 88.5, 800], dtype=dtype, device=device)
    check(ops, name, REFERENCE[name], {"input": input})


@both
@dtypes
@pytest.mark.parametrize(
    ("name", "options"), [("leaky_relu", {"negative_slope": 0.3}), ("gelu", {"approximate": "tanh"})]
)
def test_activations_with_their_settings_are_torch(ops, name, options, dtype, device):
    for input in (4 * torch.randn(3, 4, dtype=dtype, device=device), torch.tensor([-800.0, 0, 800], dtype=dtype)):
        check(ops, name, REFERENCE[name], {"input": input.to(device)}, options)


@both
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_carry_nan_and_infinity_as_torch_does(ops, name, device):
    input = torch.tensor([nan, inf, -inf], dtype=torch.float64, device=device)
    assert_same(getattr(ops, name)(input), getattr(F, name)(input), name)


@both
@pytest.mark.parametrize("name", ACTIVATIONS)
@given(values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_any_activation_is_torch(ops, name, values, device):
    check(ops, name, REFERENCE[name], {"input": torch.tensor(values, dtype=torch.float64, device=device)})


@both
@dtypes
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    ("size", "dim"), [((5,), 0), ((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((0, 4), 1), ((2, 1), 1)]
)
def test_softmax_is_torch(ops, name, size, dim, dtype, device):
    check(ops, name, getattr(F, name), {"input": 5 * torch.randn(size, dtype=dtype, device=device)}, {"dim": dim})


@both
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_huge_logits_does_not_overflow(ops, name, device):
    input = torch.tensor([[1e4, 0.0, -1e4], [1e300, 1e300, 0.0], [-1e300, -1e300, -1e300]], device=device).double()
    check(ops, name, getattr(F, name), {"input": input.clamp(-1e300, 1e300)}, {"dim": 1})


@both
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    "row", [[nan, 1.0, 2.0], [1.0, nan, 2.0], [inf, 1.0, 2.0], [-inf, 1.0, 2.0], [-inf] * 3], ids=str
)
def test_softmax_carries_nan_and_infinity_as_torch_does(ops, name, row, device):
    input = torch.tensor([row], dtype=torch.float64, device=device)
    assert_same(getattr(ops, name)(input, 1), getattr(F, name)(input, 1), name)


@both
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@given(
    rows=st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=0, max_size=4), dim=st.integers(-1, 1)
)
@settings(max_examples=40, deadline=None)
def test_any_softmax_is_torch(ops, name, rows, dim, device):
    input = torch.tensor(rows, dtype=torch.float64, device=device).reshape(-1, 3)
    if len(rows) or dim % 2:
        check(ops, name, getattr(F, name), {"input": input}, {"dim": dim})


LINEAR = [((2, 3), 4), ((1, 1), 1), ((5,), 3), ((2, 3, 4), 2), ((0, 3), 4), ((2, 0, 3), 4)]


@both
@dtypes
@pytest.mark.parametrize(("size", "O"), LINEAR)
@pytest.mark.parametrize("has_bias", [True, False])
def test_linear_is_torch(ops, size, O, has_bias, dtype, device):
    make = {"dtype": dtype, "device": device}
    bias = torch.randn(O, **make) if has_bias else None
    tensors = {"input": torch.randn(size, **make), "weight": torch.randn(O, size[-1], **make), "bias": bias}
    check(ops, "linear", F.linear, tensors)
    check_meta("linear", tensors)


@both
@given(N=st.integers(0, 4), F_=st.integers(1, 5), O=st.integers(1, 5), transposed=st.booleans())
@settings(max_examples=30, deadline=None)
def test_any_linear_is_torch(ops, N, F_, O, transposed, device):
    make = {"dtype": torch.float64, "device": device}
    weight = torch.randn(F_, O, **make).mT if transposed else torch.randn(O, F_, **make)
    check(
        ops, "linear", F.linear, {"input": torch.randn(N, F_, **make), "weight": weight, "bias": torch.randn(O, **make)}
    )


NORM_SIZES = [(4, 3), (2, 3, 5), (2, 3, 4, 5), (1, 2, 2, 2), (0, 3, 4, 4)]


def norm_tensors(size, dtype, device, affine=True):
    C, make = size[1], {"dtype": dtype, "device": device}
    return {
        "input": 3 * torch.randn(size, **make) + 2,
        "running_mean": torch.randn(C, **make),
        "running_var": torch.rand(C, **make) + 0.1,
        "weight": torch.randn(C, **make) if affine else None,
        "bias": torch.randn(C, **make) if affine else None,
    }


def torch_batch_norm(input, running_mean, running_var, weight, bias, training, eps=1e-5):
    """F.batch_norm with its in-place update kept away from the arguments."""
    stats = [None if stat is None else stat.detach().clone() for stat in (running_mean, running_var)]
    return F.batch_norm(input, *stats, weight, bias, training, 0.1, eps)


@both
@dtypes
@pytest.mark.parametrize("size", NORM_SIZES, ids=str)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_is_torch(ops, size, training, affine, dtype, device):
    tensors = norm_tensors(size, dtype, device, affine)
    check(ops, "batch_norm", torch_batch_norm, tensors, {"training": training})
    check(ops, "batch_norm", torch_batch_norm, tensors, {"training": training, "eps": 0.1})
    check_meta("batch_norm", tensors, {"training": training})


@both
def test_batch_norm_trains_without_running_statistics(ops, device):
    tensors = norm_tensors((3, 2, 4), torch.float64, device) | {"running_mean": None, "running_var": None}
    check(ops, "batch_norm", torch_batch_norm, tensors, {"training": True})


@both
@dtypes
@pytest.mark.parametrize("size", NORM_SIZES, ids=str)
@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
def test_running_statistics_are_those_of_torch(ops, size, momentum, dtype, device):
    tensors = norm_tensors(size, dtype, device)
    input, mean, var = tensors["input"], tensors["running_mean"], tensors["running_var"]
    expected_mean, expected_var = mean.clone(), var.clone()
    F.batch_norm(input, expected_mean, expected_var, training=True, momentum=momentum)
    kept = mean.clone(), var.clone()
    new_mean, new_var = ops.batch_norm_running_stats(input, mean, var, momentum)
    assert_same(new_mean, expected_mean, "running_mean")
    assert_same(new_var, expected_var, "running_var")
    assert torch.equal(mean, kept[0])
    assert torch.equal(var, kept[1])


@both
@given(N=st.integers(2, 4), C=st.integers(1, 3), L=st.integers(1, 4), training=st.booleans(), eps=st.floats(1e-6, 1))
@settings(max_examples=30, deadline=None)
def test_any_batch_norm_is_torch(ops, N, C, L, training, eps, device):
    tensors = norm_tensors((N, C, L), torch.float64, device)
    check(ops, "batch_norm", torch_batch_norm, tensors, {"training": training, "eps": eps})
    mean, var = tensors["running_mean"].clone(), tensors["running_var"].clone()
    F.batch_norm(tensors["input"], mean, var, training=True, momentum=eps)
    found = ops.batch_norm_running_stats(tensors["input"], tensors["running_mean"], tensors["running_var"], eps)
    assert_same(found[0], mean, "running_mean")
    assert_same(found[1], var, "running_var")


@both
@dtypes
@pytest.mark.parametrize(
    ("size", "groups"), [((4, 6), 1), ((2, 4, 5), 1), ((2, 4, 3, 5), 2), ((1, 3, 2, 3), 3), ((0, 4, 3), 2)]
)
@pytest.mark.parametrize("affine", [True, False])
def test_group_norm_is_torch(ops, size, groups, affine, dtype, device):
    tensors = norm_tensors(size, dtype, device, affine)
    tensors = {name: tensors[name] for name in ("input", "weight", "bias")}
    for eps in (1e-5, 0.1):
        check(ops, "group_norm", F.group_norm, tensors, {"num_groups": groups, "eps": eps})
    check_meta("group_norm", tensors, {"num_groups": groups})


@both
@given(N=st.integers(1, 3), D=st.integers(1, 3), G=st.integers(1, 3), L=st.integers(2, 4), eps=st.floats(1e-6, 1))
@settings(max_examples=30, deadline=None)
def test_any_group_norm_is_torch(ops, N, D, G, L, eps, device):
    tensors = norm_tensors((N, D * G, L), torch.float64, device)
    tensors = {name: tensors[name] for name in ("input", "weight", "bias")}
    check(ops, "group_norm", F.group_norm, tensors, {"num_groups": G, "eps": eps})


@both
def test_group_norm_of_a_single_value_is_the_bias_as_in_torch(ops, device):
    tensors = norm_tensors((2, 2), torch.float64, device)
    tensors = {name: tensors[name] for name in ("input", "weight", "bias")}
    check(ops, "group_norm", F.group_norm, tensors, {"num_groups": 2})
    assert torch.equal(ops.group_norm(**tensors, num_groups=2), tensors["bias"].expand(2, 2))


@both
def test_groups_between_layer_and_instance_normalisation(ops, device):
    input = torch.randn(2, 4, 3, 3, dtype=torch.float64, device=device)
    torch.testing.assert_close(ops.group_norm(input, 1), F.layer_norm(input, (4, 3, 3)))
    torch.testing.assert_close(ops.group_norm(input, 4), F.instance_norm(input))


def torch_dropout(input, mask, p):
    return input * mask.to(input.dtype).div(1 - p) if p < 1 else input * 0


@both
@dtypes
@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize(
    ("size", "mask_size"), [((2, 3), (2, 3)), ((2, 3, 4, 5), (2, 3, 1, 1)), ((0, 3), (0, 3)), ((), ())]
)
def test_dropout_keeps_what_the_mask_keeps(ops, size, mask_size, p, dtype, device):
    mask = torch.rand(mask_size, device=device) >= p
    tensors = {"input": torch.randn(size, dtype=dtype, device=device), "mask": mask}
    check(ops, "dropout", torch_dropout, tensors, {"p": p})
    check_meta("dropout", tensors, {"p": p})


@both
@given(size=st.lists(st.integers(0, 4), max_size=4), p=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_any_dropout_keeps_what_the_mask_keeps(ops, size, p, seed, device):
    mask = torch.rand(size, generator=torch.Generator().manual_seed(seed)).to(device) >= p
    input = torch.randn(size, dtype=torch.float64, device=device)
    check(ops, "dropout", torch_dropout, {"input": input, "mask": mask}, {"p": p})


@pytest.mark.parametrize("name", [*ACTIVATIONS, "softmax", "log_softmax"])
def test_elementwise_operators_run_on_meta(name):
    check_meta(name, {"input": torch.randn(2, 3, 4)}, {"dim": 1} if "softmax" in name else {})
