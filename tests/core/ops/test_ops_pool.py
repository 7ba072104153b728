"""Pooling and padding against torch, with their gradients."""

from math import inf, nan

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_parity import BACKENDS, LAYOUTS, check, check_meta, in_layout

both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())
dtypes = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)

# name: input size, options that max_pool2d and avg_pool2d share
POOL = {
    "one number": ((1, 1, 1, 1), {"kernel_size": 1}),
    "one window": ((2, 3, 4, 5), {"kernel_size": (4, 5)}),
    "2x2": ((2, 3, 6, 8), {"kernel_size": 2}),
    "2x2 that does not fit": ((2, 3, 5, 7), {"kernel_size": 2}),
    "2x2, ceil": ((2, 3, 5, 7), {"kernel_size": 2, "ceil_mode": True}),
    "rectangular": ((2, 2, 7, 6), {"kernel_size": (3, 2)}),
    "one row": ((2, 2, 7, 6), {"kernel_size": (1, 3)}),
    "one column": ((2, 2, 7, 6), {"kernel_size": (3, 1), "stride": 1}),
    "1x1 strided": ((2, 2, 5, 6), {"kernel_size": 1, "stride": 2}),
    "overlapping": ((2, 2, 7, 8), {"kernel_size": 3, "stride": (1, 2)}),
    "padded": ((2, 2, 7, 8), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "padded per axis": ((2, 2, 5, 6), {"kernel_size": (2, 5), "stride": (3, 1), "padding": (1, 2)}),
    "padded, ceil": ((2, 2, 6, 7), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    "last window starts in the padding": (
        (1, 1, 3, 3),
        {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True},
    ),
    "stride larger than window, ceil": ((1, 1, 8, 9), {"kernel_size": 2, "stride": 5, "ceil_mode": True}),
    "empty batch": ((0, 2, 6, 6), {"kernel_size": 2}),
    "empty batch, padded": ((0, 2, 6, 6), {"kernel_size": 3, "padding": 1}),
}
pools = pytest.mark.parametrize(("size", "options"), POOL.values(), ids=POOL.keys())
DILATED = {
    "dilated": ((2, 2, 7, 8), {"kernel_size": 2, "stride": 1, "dilation": (2, 3)}),
    "dilated, padded, ceil": (
        (2, 2, 7, 8),
        {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True},
    ),
}
max_pools = pytest.mark.parametrize(("size", "options"), (POOL | DILATED).values(), ids=(POOL | DILATED).keys())


@both
@dtypes
@max_pools
def test_max_pool2d_is_torch(ops, size, options, dtype, device):
    check(ops, "max_pool2d", F.max_pool2d, {"input": torch.randn(size, dtype=dtype, device=device)}, options)


@both
@max_pools
def test_max_pool2d_returns_the_indices_of_torch(ops, size, options, device):
    input = torch.randint(-2, 3, size, device=device).double()
    output, indices = ops.max_pool2d(input, **options, return_indices=True)
    expected, expected_indices = F.max_pool2d(input, **options, return_indices=True)
    assert torch.equal(output, expected)
    assert torch.equal(indices, expected_indices)


@both
@max_pools
def test_ties_route_the_gradient_as_torch_does(ops, size, options, device):
    input = torch.randint(0, 2, size, device=device).double()
    check(ops, "max_pool2d", F.max_pool2d, {"input": input}, options)


@both
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 1, "padding": 1},
        {"kernel_size": 3, "padding": 1, "dilation": 2},
    ],
)
def test_max_pool2d_treats_nan_and_infinity_as_torch_does(ops, options, device):
    values = torch.tensor([nan, -inf, inf, 0.0, 1.0], dtype=torch.float64, device=device)
    input = values[torch.randint(0, 5, (2, 3, 6, 6), device=device)]
    check(ops, "max_pool2d", F.max_pool2d, {"input": input}, options)
    lowest = torch.full((1, 1, 6, 6), -inf, dtype=torch.float64, device=device)
    check(ops, "max_pool2d", F.max_pool2d, {"input": lowest}, options)
    for ours, torchs in zip(
        ops.max_pool2d(input, **options, return_indices=True),
        F.max_pool2d(input, **options, return_indices=True),
        strict=True,
    ):
        torch.testing.assert_close(ours, torchs, rtol=0, atol=0, equal_nan=True)


@both
def test_no_window_aliases_its_input(ops, device):
    input = torch.randn(1, 1, 3, 3, device=device)
    for output in (
        ops.max_pool2d(input, 1),
        ops.max_pool2d(input, 1, return_indices=True)[0],
        ops.avg_pool2d(input, 1),
        ops.adaptive_avg_pool2d(input, 3),
        ops.pad2d(input, (0, 0, 0, 0)),
        ops.relu(input.abs()),
    ):
        output.zero_()
    assert (input != 0).all()


@both
@dtypes
@pools
@pytest.mark.parametrize("more", [{}, {"count_include_pad": False}, {"divisor_override": 7}], ids=str)
def test_avg_pool2d_is_torch(ops, size, options, more, dtype, device):
    check(ops, "avg_pool2d", F.avg_pool2d, {"input": torch.randn(size, dtype=dtype, device=device)}, options | more)


@both
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pooling_reads_any_memory_layout(ops, name, layout, device):
    input = in_layout(torch.randn(2, 3, 5, 6, dtype=torch.float64, device=device), layout)
    check(ops, name, getattr(F, name), {"input": input}, {"kernel_size": 3, "stride": 2, "padding": 1})


ADAPTIVE = [
    ((2, 3, 6, 8), 1),
    ((2, 3, 6, 8), (3, 4)),
    ((2, 3, 5, 7), (3, 4)),
    ((1, 2, 3, 2), (5, 4)),
    ((1, 2, 5, 6), (None, 2)),
    ((1, 2, 5, 6), (1, None)),
    ((0, 2, 5, 6), (2, 2)),
]


@both
@dtypes
@pytest.mark.parametrize(("size", "output_size"), ADAPTIVE)
def test_adaptive_avg_pool2d_is_torch(ops, size, output_size, dtype, device):
    tensors = {"input": torch.randn(size, dtype=dtype, device=device)}
    check(ops, "adaptive_avg_pool2d", F.adaptive_avg_pool2d, tensors, {"output_size": output_size})


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pools
def test_pooling_runs_on_meta(name, size, options):
    check_meta(name, {"input": torch.randn(size)}, options)


@pytest.mark.parametrize(("size", "output_size"), ADAPTIVE)
def test_adaptive_avg_pool2d_runs_on_meta(size, output_size):
    check_meta("adaptive_avg_pool2d", {"input": torch.randn(size)}, {"output_size": output_size})


@st.composite
def pool_cases(draw):
    pair = lambda low, high: draw(st.tuples(st.integers(low, high), st.integers(low, high)))  # noqa: E731
    kernel, stride, dilation = pair(1, 4), pair(1, 4), pair(1, 2)
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    padding = tuple(draw(st.integers(0, min(s, k) // 2)) for s, k in zip(span, kernel, strict=True))
    size = [draw(st.integers(max(1, s - 2 * p), s - 2 * p + 5)) for s, p in zip(span, padding, strict=True)]
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return (draw(st.integers(0, 2)), 2, *size), options, dilation


@both
@given(case=pool_cases())
@settings(max_examples=40, deadline=None)
def test_any_max_pool2d_is_torch(ops, case, device):
    size, options, dilation = case
    # A dilation of 2 would step over a single row or column, which is refused: see test_ops_refusals.
    size = [*size[:2], *(max(2, extent) for extent in size[2:])]
    input = torch.randint(-3, 4, size, device=device).double()
    check(ops, "max_pool2d", F.max_pool2d, {"input": input}, options | {"dilation": dilation})


@both
@given(case=pool_cases(), count_include_pad=st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_avg_pool2d_is_torch(ops, case, count_include_pad, device):
    (N, C, *size), options, _ = case
    size = [max(s, k - 2 * p) for s, k, p in zip(size, options["kernel_size"], options["padding"], strict=True)]
    input = torch.randn(N, C, *size, dtype=torch.float64, device=device)
    check(ops, "avg_pool2d", F.avg_pool2d, {"input": input}, options | {"count_include_pad": count_include_pad})


@both
@given(size=st.tuples(*[st.integers(1, 7)] * 2), output_size=st.tuples(*[st.integers(1, 7)] * 2))
@settings(max_examples=30, deadline=None)
def test_any_adaptive_avg_pool2d_is_torch(ops, size, output_size, device):
    input = torch.randn(2, 1, *size, dtype=torch.float64, device=device)
    check(ops, "adaptive_avg_pool2d", F.adaptive_avg_pool2d, {"input": input}, {"output_size": output_size})


def torch_pad(input, padding, padding_mode="zeros"):
    return F.pad(input, padding, "constant" if padding_mode == "zeros" else padding_mode)


@both
@dtypes
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 2, 3, 0), (3, 3, 2, 2), (0, 1, 0, 1)])
def test_pad2d_is_torch(ops, mode, padding, dtype, device):
    tensors = {"input": torch.randn(2, 2, 4, 5, dtype=dtype, device=device)}
    check(ops, "pad2d", torch_pad, tensors, {"padding": padding, "padding_mode": mode})
    check_meta("pad2d", {"input": torch.randn(2, 2, 4, 5)}, {"padding": padding, "padding_mode": mode})


@both
@given(data=st.data(), mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
@settings(max_examples=40, deadline=None)
def test_any_pad2d_is_torch(ops, data, mode, device):
    H, W = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    most = {"zeros": (5, 5), "replicate": (5, 5), "reflect": (H - 1, W - 1), "circular": (H, W)}[mode]
    padding = tuple(data.draw(st.integers(0, most[axis])) for axis in (1, 1, 0, 0))
    tensors = {"input": torch.randn(2, 1, H, W, dtype=torch.float64, device=device)}
    check(ops, "pad2d", torch_pad, tensors, {"padding": padding, "padding_mode": mode})
