"""conv2d, true convolution, conv1d and conv_transpose2d against torch, with their gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_parity import BACKENDS, LAYOUTS, check, check_meta, in_layout
from torch import Tensor

# Torch warns that it copies the input; what is computed is what counts here.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")

DTYPES = (torch.float64, torch.float32)
both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=str)

# name: input size, weight size, bias?, options
CONV2D = {
    "one number": ((1, 1, 1, 1), (1, 1, 1, 1), True, {}),
    "one window": ((2, 3, 4, 5), (2, 3, 4, 5), True, {}),
    "1x1": ((2, 3, 4, 5), (4, 3, 1, 1), True, {}),
    "1x1 padded beyond its kernel": ((1, 2, 3, 3), (2, 2, 1, 1), True, {"padding": 2}),
    "rectangular": ((2, 2, 5, 7), (3, 2, 2, 3), True, {}),
    "no bias": ((2, 2, 5, 7), (3, 2, 2, 3), False, {}),
    "even kernel": ((1, 2, 6, 6), (2, 2, 4, 2), True, {"padding": (1, 2)}),
    "strided": ((2, 2, 7, 8), (3, 2, 3, 3), True, {"stride": (2, 3)}),
    "stride that does not fit": ((1, 1, 8, 9), (1, 1, 3, 3), True, {"stride": 4}),
    "stride larger than kernel": ((1, 2, 7, 9), (2, 2, 2, 2), True, {"stride": (3, 4), "padding": 1}),
    "padded more than the kernel": ((1, 1, 3, 3), (2, 1, 2, 2), True, {"padding": (3, 4)}),
    "kernel larger than input": ((1, 1, 2, 3), (1, 1, 4, 5), True, {"padding": (2, 1)}),
    "dilated": ((2, 2, 7, 8), (2, 2, 3, 2), True, {"dilation": (2, 3)}),
    "strided, padded, dilated": (
        (2, 2, 7, 8),
        (2, 2, 3, 2),
        True,
        {"stride": (2, 3), "padding": (2, 1), "dilation": 2},
    ),
    "grouped": ((2, 4, 5, 5), (6, 2, 3, 3), True, {"groups": 2, "padding": 1}),
    "depthwise": ((2, 3, 5, 6), (3, 1, 3, 3), True, {"groups": 3, "padding": 1}),
    "depthwise, two kernels each": ((2, 3, 5, 6), (6, 1, 3, 2), True, {"groups": 3, "stride": 2}),
    "same, odd": ((1, 2, 5, 6), (2, 2, 3, 5), True, {"padding": "same"}),
    "same, even": ((1, 2, 5, 6), (2, 2, 2, 4), True, {"padding": "same"}),
    "same, even, dilated": ((1, 2, 7, 6), (2, 2, 2, 4), True, {"padding": "same", "dilation": (3, 1)}),
    "valid": ((1, 2, 5, 6), (2, 2, 2, 4), True, {"padding": "valid"}),
    "empty batch": ((0, 2, 5, 6), (3, 2, 3, 3), True, {"padding": 1}),
    "empty batch, grouped": ((0, 2, 5, 6), (4, 1, 3, 3), True, {"groups": 2, "stride": 2}),
    "many channels": ((1, 17, 3, 4), (9, 17, 3, 3), True, {"padding": 1}),
}
cases = pytest.mark.parametrize("case", CONV2D.values(), ids=CONV2D.keys())


def flipped(input: Tensor, weight: Tensor, bias: Tensor | None = None, **options: object) -> Tensor:
    return F.conv2d(input, weight.flip(2, 3), bias, **options)


def padded_like_a_module(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, *, padding_mode: str, **options: object
) -> Tensor:
    O, C = weight.shape[:2]
    groups = input.shape[1] // C
    kind = torch.nn.Conv2d if input.dim() == 4 else torch.nn.Conv1d
    layer = kind(C * groups, O, weight.shape[2:], groups=groups, padding_mode=padding_mode, **options)
    return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (input,))


def random_tensors(case: tuple, dtype: torch.dtype, device: torch.device, channels: int = 0) -> dict:
    input_size, weight_size, has_bias, _ = case
    make = {"dtype": dtype, "device": device}
    bias = torch.randn(channels or weight_size[0], **make) if has_bias else None
    return {"input": torch.randn(input_size, **make), "weight": torch.randn(weight_size, **make), "bias": bias}


@both
@dtypes
@cases
def test_conv2d_is_torch(ops, case, dtype, device):
    check(ops, "conv2d", F.conv2d, random_tensors(case, dtype, device), case[3])


@both
@cases
def test_convolve2d_is_conv2d_with_flipped_kernels(ops, case, device):
    check(ops, "convolve2d", flipped, random_tensors(case, torch.float64, device), case[3])


@cases
def test_conv2d_runs_on_meta(case):
    check_meta("conv2d", random_tensors(case, torch.float32, torch.device("cpu")), case[3])


@both
@pytest.mark.parametrize("layout", LAYOUTS)
def test_conv2d_reads_any_memory_layout(ops, layout, device):
    tensors = random_tensors(CONV2D["grouped"], torch.float64, device)
    arranged = {key: in_layout(value, layout) if value.dim() == 4 else value for key, value in tensors.items()}
    check(ops, "conv2d", F.conv2d, arranged, CONV2D["grouped"][3])


@both
@pytest.mark.parametrize("channels", [1, 9])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_input_that_is_no_number_reaches_only_the_windows_that_read_it(ops, channels, value, device):
    case = ((2, channels, 6, 7), (2, channels, 3, 3), True, {})
    tensors = random_tensors(case, torch.float64, device)
    tensors["input"][1, 0, 2, 3] = value
    check(ops, "conv2d", F.conv2d, tensors, {"padding": 1})


@both
@pytest.mark.parametrize("name", ["conv2d", "convolve2d"])
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular", "zeros"])
@pytest.mark.parametrize("padding", [(2, 1), "same", 0])
def test_padding_modes_are_those_of_the_module(ops, name, mode, padding, device):
    tensors = random_tensors(((2, 2, 4, 5), (4, 1, 3, 2), True, {}), torch.float64, device)
    options = {"padding": padding, "padding_mode": mode}

    def reference(input: Tensor, weight: Tensor, bias: Tensor, **options: object) -> Tensor:
        kernel = weight if name == "conv2d" else weight.flip(2, 3)
        return padded_like_a_module(input, kernel, bias, **options)

    options["groups"] = 2
    check(ops, name, lambda groups, **rest: reference(**rest), tensors, options)
    if name == "conv2d":
        check_meta(
            name, random_tensors(((2, 2, 4, 5), (4, 1, 3, 2), True, {}), torch.float32, torch.device("cpu")), options
        )


@st.composite
def conv2d_cases(draw):
    groups = draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = [draw(st.integers(low, low + 4)) for low in least]
    N, C, O = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (N, C * groups, *size), (O * groups, C, *kernel), draw(st.booleans()), options


@both
@given(case=conv2d_cases())
@settings(max_examples=30, deadline=None)
def test_any_conv2d_is_torch(ops, case, device):
    tensors = random_tensors(case, torch.float64, device)
    check(ops, "conv2d", F.conv2d, tensors, case[3])
    check(ops, "convolve2d", flipped, tensors, case[3])


@given(case=conv2d_cases())
@settings(max_examples=80, deadline=None)
def test_any_fast_conv2d_is_the_literal_one(case, device):
    tensors = random_tensors(case, torch.float64, device)
    literal, fast = (ops.conv2d(**tensors, **case[3]) for ops in BACKENDS.values())
    torch.testing.assert_close(fast, literal, rtol=1e-12, atol=1e-12)


CONV1D = {
    "one number": ((1, 1, 1), (1, 1, 1), True, {}),
    "plain": ((2, 3, 8), (4, 3, 3), True, {}),
    "strided, padded, dilated": ((2, 2, 9), (3, 2, 3), True, {"stride": 2, "padding": 3, "dilation": 2}),
    "tuples": ((2, 2, 9), (3, 2, 3), False, {"stride": (2,), "padding": (1,), "dilation": (2,)}),
    "grouped": ((2, 4, 7), (6, 2, 2), True, {"groups": 2}),
    "same, even": ((1, 2, 6), (2, 2, 4), True, {"padding": "same"}),
    "valid": ((1, 2, 6), (2, 2, 4), True, {"padding": "valid"}),
    "empty batch": ((0, 2, 6), (2, 2, 3), True, {}),
}
conv1d_cases = pytest.mark.parametrize("case", CONV1D.values(), ids=CONV1D.keys())


@both
@dtypes
@conv1d_cases
def test_conv1d_is_torch(ops, case, dtype, device):
    check(ops, "conv1d", F.conv1d, random_tensors(case, dtype, device), case[3])


@conv1d_cases
def test_conv1d_runs_on_meta(case):
    check_meta("conv1d", random_tensors(case, torch.float32, torch.device("cpu")), case[3])


@both
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [2, "same"])
def test_conv1d_padding_modes_are_those_of_the_module(ops, mode, padding, device):
    tensors = random_tensors(((2, 2, 5), (3, 2, 4), True, {}), torch.float64, device)
    check(ops, "conv1d", padded_like_a_module, tensors, {"padding": padding, "padding_mode": mode})


@both
@given(
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    groups=st.integers(1, 2),
    more=st.integers(0, 4),
    N=st.integers(0, 2),
)
@settings(max_examples=30, deadline=None)
def test_any_conv1d_is_torch(ops, kernel, stride, padding, dilation, groups, more, N, device):
    W = max(1, dilation * (kernel - 1) + 1 - 2 * padding) + more
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    case = ((N, 2 * groups, W), (3 * groups, 2, kernel), True, options)
    check(ops, "conv1d", F.conv1d, random_tensors(case, torch.float64, device), options)


# name: input size, weight size (C, O / groups, kH, kW), bias?, options
TRANSPOSED = {
    "one number": ((1, 1, 1, 1), (1, 1, 1, 1), True, {}),
    "plain": ((2, 3, 3, 4), (3, 2, 2, 3), True, {}),
    "no bias": ((2, 3, 3, 4), (3, 2, 2, 3), False, {}),
    "strided": ((2, 2, 3, 4), (2, 3, 3, 2), True, {"stride": (2, 3)}),
    "stride larger than kernel": ((1, 2, 3, 2), (2, 1, 2, 2), True, {"stride": (3, 4)}),
    "padded": ((1, 2, 4, 4), (2, 2, 3, 3), True, {"padding": (1, 2)}),
    "padded more than the kernel": ((1, 2, 7, 8), (2, 2, 2, 2), True, {"padding": (2, 3)}),
    "output padding": ((1, 2, 3, 4), (2, 2, 3, 3), True, {"stride": 3, "padding": 1, "output_padding": (1, 2)}),
    "output padding from dilation": ((1, 2, 3, 4), (2, 2, 2, 3), True, {"dilation": 3, "output_padding": (1, 2)}),
    "dilated": ((1, 2, 3, 4), (2, 2, 2, 3), True, {"dilation": (3, 2), "stride": 2}),
    "grouped": ((2, 4, 3, 3), (4, 3, 2, 2), True, {"groups": 2, "stride": 2}),
    "depthwise": ((2, 3, 3, 3), (3, 1, 3, 3), True, {"groups": 3, "padding": 1}),
    "empty batch": ((0, 2, 3, 3), (2, 3, 2, 2), True, {"stride": 2}),
}
transposed = pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED.keys())


@both
@dtypes
@transposed
def test_conv_transpose2d_is_torch(ops, case, dtype, device):
    channels = case[1][1] * case[3].get("groups", 1)
    check(ops, "conv_transpose2d", F.conv_transpose2d, random_tensors(case, dtype, device, channels), case[3])


@transposed
def test_conv_transpose2d_runs_on_meta(case):
    channels = case[1][1] * case[3].get("groups", 1)
    check_meta("conv_transpose2d", random_tensors(case, torch.float32, torch.device("cpu"), channels), case[3])


@both
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_conv_transpose2d_is_torch(ops, data, device):
    pair = lambda low, high: data.draw(st.tuples(st.integers(low, high), st.integers(low, high)))  # noqa: E731
    groups, kernel, stride, dilation = data.draw(st.integers(1, 2)), pair(1, 3), pair(1, 3), pair(1, 2)
    extra = tuple(data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    size = pair(1, 4)
    full = [
        (n - 1) * s + d * (k - 1) + e + 1 for n, s, d, k, e in zip(size, stride, dilation, kernel, extra, strict=True)
    ]
    padding = tuple(data.draw(st.integers(0, min(2, (f - 1) // 2))) for f in full)
    options = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups}
    case = ((data.draw(st.integers(0, 2)), 2 * groups, *size), (2 * groups, 3, *kernel), True, options)
    tensors = random_tensors(case, torch.float64, device, 3 * groups)
    check(ops, "conv_transpose2d", F.conv_transpose2d, tensors, options)
