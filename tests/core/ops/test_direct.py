"""The compiled convolution gives torch's numbers for any sizes, groups, layouts and numbers of threads."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.ops import vectorized
from core.ops.vectorized import conv2d_kernels, direct
from core.speed.timing import peak_bytes
from tests.core.ops.test_conv2d_products import LAYOUTS

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-13}
"""Of the largest element."""

# name: input size, weight size, stride, padding, dilation, and groups where there are some
CASES: dict[str, tuple[Any, ...]] = {
    "one channel": ((2, 1, 9, 11), (32, 1, 3, 3), (1, 1), (0, 0), (1, 1)),
    "channels within one vector": ((3, 1, 9, 11), (10, 1, 5, 5), (1, 1), (0, 0), (1, 1)),
    "channels within two vectors": ((2, 3, 9, 11), (20, 3, 3, 2), (1, 1), (0, 0), (1, 1)),
    "one channel out": ((2, 5, 9, 20), (1, 5, 3, 3), (1, 1), (1, 1), (1, 1)),
    "several blocks of output channels": ((2, 3, 6, 7), (150, 3, 3, 3), (1, 1), (1, 1), (1, 1)),
    "several blocks of input channels": ((2, 300, 6, 7), (70, 300, 3, 3), (1, 1), (1, 1), (1, 1)),
    "strips of lines": ((2, 40, 61, 50), (9, 40, 3, 3), (1, 1), (1, 1), (1, 1)),
    "lines wider than a strip": ((1, 3, 4, 24_000), (8, 3, 2, 2), (1, 3), (0, 1), (1, 1)),
    "strided": ((2, 3, 23, 30), (16, 3, 7, 7), (2, 3), (3, 2), (1, 1)),
    "dilated": ((2, 6, 15, 17), (18, 6, 3, 3), (1, 1), (2, 3), (2, 3)),
    "dilated along the height": ((2, 6, 15, 17), (18, 6, 3, 3), (2, 1), (2, 0), (3, 1)),
    "1 × 1": ((2, 20, 5, 6), (24, 20, 1, 1), (1, 1), (0, 0), (1, 1)),
    "one window": ((2, 20, 5, 6), (24, 20, 5, 6), (1, 1), (0, 0), (1, 1)),
    "padded beyond the kernel": ((2, 4, 4, 5), (12, 4, 2, 2), (1, 1), (3, 2), (1, 1)),
    "stride beyond the kernel": ((2, 4, 13, 14), (12, 4, 2, 2), (5, 4), (0, 0), (1, 1)),
    "strided and dilated": ((2, 5, 23, 30), (16, 5, 3, 4), (2, 3), (3, 2), (3, 2)),
    "stride and dilation that share a factor": ((2, 5, 26, 31), (16, 5, 3, 3), (4, 2), (1, 2), (2, 4)),
    "many channels on small maps": ((5, 260, 7, 7), (260, 260, 3, 3), (1, 1), (1, 1), (1, 1)),
    "one image of many channels": ((1, 130, 7, 7), (270, 130, 3, 3), (1, 1), (1, 1), (1, 1)),
    "groups": ((3, 20, 9, 11), (36, 5, 3, 3), (1, 2), (1, 1), (1, 1), 4),
    "groups of one channel that send several": ((2, 6, 9, 8), (18, 1, 3, 3), (1, 1), (1, 0), (2, 1), 6),
    "groups wider than a vector": ((2, 40, 6, 7), (70, 20, 3, 3), (2, 1), (1, 1), (1, 1), 2),
    "1 × 1 in groups": ((2, 12, 5, 6), (24, 4, 1, 1), (1, 1), (0, 0), (1, 1), 3),
    "depthwise, less than a vector": ((2, 5, 13, 14), (5, 1, 3, 3), (1, 1), (1, 1), (1, 1), 5),
    "depthwise, vectors that overlap": ((3, 43, 13, 14), (43, 1, 5, 5), (1, 2), (2, 2), (1, 1), 43),
    "depthwise, whole vectors": ((2, 64, 15, 9), (64, 1, 3, 3), (2, 1), (0, 0), (1, 2), 64),
    "depthwise, kernel wider than a tile": ((2, 20, 6, 40), (20, 1, 2, 17), (1, 1), (0, 8), (1, 1), 20),
    "an empty batch of groups": ((0, 4, 9, 9), (12, 2, 3, 3), (1, 1), (0, 0), (1, 1), 2),
    "an empty batch": ((0, 4, 9, 9), (12, 4, 3, 3), (1, 1), (0, 0), (1, 1)),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if reason := direct.missing():
        pytest.skip(reason)


@pytest.fixture(params=[1, 2, 5])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def assert_passes_agree(
    input: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int = 1
) -> None:
    """The forward pass and the gradients are those of torch in float64, and nothing read is changed."""
    exact = [tensor.double().requires_grad_() for tensor in (input, weight)]
    moves = stride, padding, dilation, groups
    expected = F.conv2d(*exact, None, *moves)
    grad = torch.randn(expected.shape, dtype=input.dtype)
    grads = torch.autograd.grad(expected, exact, grad.double())
    before = input.clone(), weight.clone()
    assert_close(direct.forward(input, weight, *moves), expected.detach(), input.dtype)
    for laid in (grad, grad.contiguous(memory_format=torch.channels_last), grad.mT.contiguous().mT):
        assert_close(direct.input_grad(input.shape, weight, laid, *moves), grads[0], input.dtype)
        assert_close(direct.weight_grad(input, weight.shape, laid, *moves), grads[1], input.dtype)
    for tensor, copy in zip((input, weight), before, strict=True):
        assert torch.equal(tensor, copy)


def assert_close(actual: Tensor, exact: Tensor, dtype: torch.dtype = torch.float32) -> None:
    assert (actual.dtype, actual.shape) == (dtype, exact.shape)
    scale = exact.abs().max().item() if exact.numel() else 0.0
    torch.testing.assert_close(actual.double(), exact, rtol=0, atol=TOLERANCE[dtype] * max(1.0, scale))


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@cases
def test_agrees_with_torch(case: Any, dtype: torch.dtype) -> None:
    assert_passes_agree(torch.randn(case[0], dtype=dtype), torch.randn(case[1], dtype=dtype), *case[2:])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@cases
def test_reads_any_layout(case: Any, layout: Any) -> None:
    assert_passes_agree(layout(torch.randn(case[0])), layout(torch.randn(case[1])), *case[2:])


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], Any, Any, Any, int]:
    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride, padding, dilation = pair(1, 5), pair(1, 3), pair(0, 3), pair(1, 3)
    least = [max(1, dilation[axis] * (kernel[axis] - 1) + 1 - 2 * padding[axis]) for axis in (0, 1)]
    height, width = (low + draw(st.integers(0, 40)) for low in least)
    kind = draw(st.sampled_from(["plain", "groups", "depthwise"]))
    groups = {"plain": 1, "groups": draw(st.integers(2, 5)), "depthwise": draw(st.integers(2, 70))}[kind]
    channels, outputs = (1, 1) if kind == "depthwise" else pair(1, 40 // groups)
    outputs *= draw(st.integers(1, 3)) if kind == "plain" else 1
    size = draw(st.integers(0, 3)), groups * channels, height, width
    return size, (groups * outputs, channels, *kernel), stride, padding, dilation, groups


@settings(max_examples=150, deadline=None)
@given(convolutions(), st.sampled_from(sorted(LAYOUTS)), st.sampled_from(list(TOLERANCE)))
def test_agrees_with_torch_on_any_configuration(convolution: Any, layout: str, dtype: torch.dtype) -> None:
    input_size, weight_size, *moves = convolution
    input, weight = torch.randn(input_size, dtype=dtype), torch.randn(weight_size, dtype=dtype)
    assert_passes_agree(LAYOUTS[layout](input), weight, *moves)


@pytest.mark.parametrize("name", ["strided", "depthwise, vectors that overlap", "1 × 1"])
def test_a_gradient_may_be_asked_of_inputs_that_no_window_read(name: str) -> None:
    input_size, weight_size, *moves = CASES[name]
    larger = (*input_size[:2], input_size[2] + 1, input_size[3])  # as an output padding of a transposed convolution
    weight = torch.randn(weight_size)
    grad = torch.randn(F.conv2d(torch.zeros(input_size), weight, None, *moves).shape)
    exact = torch.nn.grad.conv2d_input(input_size, weight.double(), grad.double(), *moves)
    found = direct.input_grad(larger, weight, grad, *moves)
    assert_close(found[:, :, : input_size[2]], exact)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "name", ["one channel", "channels within two vectors", "strided", "depthwise, vectors that overlap", "groups"]
)
def test_a_bad_element_reaches_only_the_outputs_that_read_it(name: str, bad: float) -> None:
    input, weight = torch.randn(CASES[name][0]), torch.randn(CASES[name][1])
    input[0, 0, 2, 3] = bad
    expected = F.conv2d(input, weight, None, *CASES[name][2:])
    assert torch.equal(direct.forward(input, weight, *CASES[name][2:]).isfinite(), expected.isfinite())


def test_rounding_does_not_grow_with_the_length_of_a_sum() -> None:
    moves = (1, 1), (0, 0), (1, 1)
    many, weight = torch.full((1, 1024, 4, 4), 0.1), torch.full((16, 1024, 3, 3), 0.1)  # 9,216 products
    assert_close(direct.forward(many, weight, *moves), F.conv2d(many.double(), weight.double()))
    wide, grad = torch.full((1, 1, 402, 402), 0.1), torch.full((1, 16, 400, 400), 0.1)  # 160,000 products
    exact = torch.full((16, 1, 3, 3), 400 * 400 * float(wide[0, 0, 0, 0]) * float(grad[0, 0, 0, 0]))
    assert_close(direct.weight_grad(wide, exact.shape, grad, *moves), exact.double())


def test_its_room_is_memory_that_is_seen() -> None:
    input, weight = torch.randn(2, 8, 20, 20), torch.randn(16, 8, 3, 3)
    output = direct.forward(input, weight, (1, 1), (1, 1), (1, 1))
    held = peak_bytes(lambda: direct.forward(input, weight, (1, 1), (1, 1), (1, 1)))
    assert held >= output.nbytes + weight.nbytes + input[0].nbytes // 2  # the weight laid out, and a padded strip


def test_the_same_sums_every_time() -> None:
    input, weight = torch.randn(5, 20, 30, 30), torch.randn(24, 20, 3, 3)
    moves = (1, 1), (1, 1), (1, 1)
    grad = torch.randn(5, 24, 30, 30)
    first = direct.forward(input, weight, *moves), direct.weight_grad(input, weight.shape, grad, *moves)
    again = direct.forward(input, weight, *moves), direct.weight_grad(input, weight.shape, grad, *moves)
    assert all(map(torch.equal, first, again))


@pytest.mark.parametrize(
    ("kernel", "groups", "dtype", "expected"),
    [
        ((3, 3), 1, torch.float32, True),
        ((3, 3), 2, torch.float32, True),
        ((3, 3), 1, torch.float64, True),
        ((1, 3), 1, torch.float32, True),
        ((1, 1), 1, torch.float32, False),  # its windows are the input: a product
        ((1, 1), 2, torch.float32, True),
        ((3, 3), 1, torch.bfloat16, False),
    ],
)
def test_rule_chooses(kernel: tuple[int, int], groups: int, dtype: torch.dtype, expected: bool) -> None:
    assert conv2d_kernels.suits_direct(kernel, groups, torch.zeros(1, dtype=dtype)) is expected


@pytest.mark.parametrize(
    ("size", "groups", "expected"),
    [
        ((64, 4, 9, 9), 1, True),
        ((64, 3, 9, 9), 1, False),  # few channels of many images
        ((64, 3, 9, 9), 3, True),
        ((1, 1, 28, 28), 1, True),
        ((1, 3, 224, 224), 1, False),
    ],
)
def test_rule_chooses_how_a_gradient_is_sent(size: tuple[int, ...], groups: int, expected: bool) -> None:
    assert conv2d_kernels.sends_direct(size, groups) is expected


def test_a_lazily_negated_tensor_is_read_as_what_it_stands_for() -> None:
    input = torch.complex(torch.zeros(2, 3, 8, 8), torch.randn(2, 3, 8, 8)).conj().imag
    weight = torch.randn(16, 3, 3, 3)
    assert input.is_neg()
    output = conv2d_kernels.forward(input, weight, (1, 1), (1, 1), (1, 1), 1)
    assert_close(output, F.conv2d(input.double(), weight.double(), padding=1))


def test_rule_leaves_out_tensors_without_memory() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        assert not conv2d_kernels.suits_direct((3, 3), 1, torch.zeros(1))
    assert not conv2d_kernels.suits_direct((3, 3), 1, torch.zeros(1, device="meta"))


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("size", [(3, 5, 7, 9), (2, 37, 6, 6), (2, 64, 24, 24), (1, 16, 4, 4), (0, 3, 4, 4)], ids=str)
def test_lays_channels_last(size: tuple[int, ...], dtype: torch.dtype) -> None:
    images = torch.randn(size, dtype=dtype)
    laid = direct.channels_last(images)
    assert torch.equal(laid, images)
    assert laid.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.usefixtures("_threads")
@cases
def test_writes_contiguous_images_where_that_is_asked_for(case: Any) -> None:
    input, weight = torch.randn(case[0]), torch.randn(case[1])
    output = direct.forward(input, weight, *case[2:], contiguous=True)
    assert output.is_contiguous()
    torch.testing.assert_close(output, direct.forward(input, weight, *case[2:]), rtol=0, atol=0)
    grad = torch.randn(output.shape)
    sent = direct.input_grad(input.shape, weight, grad, *case[2:], contiguous=True)
    assert sent.is_contiguous()
    torch.testing.assert_close(sent, direct.input_grad(input.shape, weight, grad, *case[2:]), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("input_size", "weight_size", "stride", "expected"),
    [
        ((1, 512, 7, 7), (512, 512, 3, 3), (1, 1), True),
        ((1, 512, 14, 14), (512, 512, 3, 3), (2, 2), True),
        ((1, 512, 14, 14), (512, 512, 3, 3), (1, 1), False),
        ((8, 512, 7, 7), (512, 512, 3, 3), (1, 1), False),
        ((1, 512, 1, 28), (512, 512, 1, 3), (1, 1), True),
        ((1, 64, 1, 12), (64, 64, 1, 3), (1, 1), False),
        ((1, 64, 7, 7), (64, 64, 3, 3), (1, 1), False),
    ],
)
def test_rule_reads_a_weight_once(input_size: Any, weight_size: Any, stride: Any, expected: bool) -> None:
    weight = torch.zeros(weight_size)
    assert conv2d_kernels.reads_weight_once(input_size, weight, stride, 1) is expected
    assert not conv2d_kernels.reads_weight_once(input_size, weight, stride, 2)
    columns = weight.contiguous(memory_format=torch.channels_last)
    assert columns.is_contiguous() or not conv2d_kernels.reads_weight_once(input_size, columns, stride, 1)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("size", [(3, 9, 30, 28), (1, 64, 14, 14), (1, 64, 28, 28), (2, 512, 7, 7)], ids=str)
def test_no_forward_pass_holds_more_than_its_input_and_one_and_a_half_outputs(size: tuple[int, ...]) -> None:
    input, weight = torch.randn(size).contiguous(memory_format=torch.channels_last), torch.randn(128, size[1], 3, 3)
    call = partial(conv2d_kernels.forward, input, weight, (1, 1), (1, 1), (1, 1), 1)
    assert peak_bytes(call) <= input.nbytes + 1.5 * call().nbytes


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("input_size", "outputs", "kernel", "padding", "dilation"),
    [
        pytest.param((1, 5, 3), 4, 2, 1, 1, id="less than a vector"),
        pytest.param((1, 300, 28), 17, 3, 1, 1, id="several sums over channels"),
        pytest.param((2, 4, 9), 4, 2, 4, 1, id="padded beyond the kernel"),
        pytest.param((3, 7, 37), 9, 5, 0, 2, id="dilated"),
        pytest.param((1, 64, 200), 3, 3, 1, 1, id="fewer outputs than threads"),
        pytest.param((1, 70, 12), 60, 3, 1, 1, id="a heavy weight"),
        pytest.param((1, 3, 5), 2, 5, 0, 1, id="one window"),
    ],
)
def test_few_signals_agree_with_torch(
    input_size: tuple[int, int, int], outputs: int, kernel: int, padding: int, dilation: int, dtype: torch.dtype
) -> None:
    moves = 1, padding, dilation
    input = torch.randn(input_size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(kernel, outputs, input_size[1], dtype=torch.float64).permute(1, 2, 0).requires_grad_()
    output = F.conv1d(input, weight, None, *moves)
    grad = torch.randn_like(output)
    expected = output, *torch.autograd.grad(output, (input, weight), grad)
    signals, taps, sent = (tensor.detach().to(dtype) for tensor in (input, weight, grad))
    found = (
        vectorized.conv1d(signals, taps, None, *moves),
        vectorized.conv1d_input_grad(signals.shape, taps, sent, *moves),
        vectorized.conv1d_weight_grad(signals, taps.shape, sent, *moves),
    )
    for mine, exact in zip(found, expected, strict=True):
        assert mine.dtype is dtype
        assert mine.is_contiguous()
        error = (mine - exact).abs().max() / exact.abs().max()
        assert error <= TOLERANCE[dtype]


@pytest.mark.parametrize(("channels", "outputs"), [(960, 128), (1152, 320), (288, 72)])
def test_few_pixels_take_no_copy_of_a_large_weight(channels: int, outputs: int) -> None:
    input = torch.randn(1, channels, 8, 8).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(outputs, channels, 1, 1)
    peak = peak_bytes(partial(conv2d_kernels.forward, input, weight, (1, 1), (0, 0), (1, 1), 1))
    assert peak <= input.nbytes + 1.5 * 4 * outputs * 64
