"""The products under conv2d: either formulation gives torch's numbers, block by block, in any layout."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.ops.vectorized import conv2d_products as products
from core.ops.vectorized.conv2d_products import Formulation, formulation

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}

LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": Tensor.contiguous,
    "channels last": lambda t: t.contiguous(memory_format=torch.channels_last),
    "transposed": lambda t: t.mT.contiguous().mT,
    "every second column": lambda t: torch.stack((t, t), dim=-1).flatten(3)[..., ::2],
    "at an offset": lambda t: torch.cat((t[:, :1], t), dim=1)[:, 1:],
    "one value expanded": lambda t: t[:1, :1].expand_as(t) if t.numel() else t,
}

# name: input size, weight size, stride, padding, dilation, groups
CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], Any, Any, Any, int]] = {
    "columns": ((2, 1, 7, 8), (3, 1, 3, 2), (1, 1), (0, 0), (1, 1), 1),
    "columns, many outputs": ((3, 2, 7, 8), (16, 2, 3, 3), (1, 2), (1, 0), (1, 1), 1),
    "columns, strided and dilated": ((2, 3, 9, 10), (4, 3, 3, 2), (2, 3), (2, 1), (2, 1), 1),
    "columns, grouped": ((2, 4, 6, 7), (6, 2, 3, 3), (2, 1), (1, 1), (1, 2), 2),
    "columns, depthwise": ((2, 16, 6, 7), (16, 1, 3, 3), (1, 1), (1, 1), (1, 1), 16),
    "columns, grouped with many taps": ((2, 40, 5, 5), (4, 20, 3, 3), (1, 1), (1, 1), (1, 1), 2),
    "rows": ((3, 17, 32, 30), (6, 17, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "rows, one image": ((1, 17, 40, 30), (6, 17, 3, 5), (1, 1), (0, 2), (1, 1), 1),
    "rows, small": ((2, 9, 8, 7), (5, 9, 3, 3), (1, 1), (1, 2), (1, 1), 1),
    "rows, strided": ((2, 20, 9, 10), (5, 20, 3, 2), (2, 3), (1, 1), (1, 2), 1),
    "rows, few channels strided": ((2, 3, 11, 12), (8, 3, 5, 6), (2, 2), (2, 2), (1, 1), 1),
    "rows, columns skipped": ((2, 17, 32, 60), (6, 17, 5, 2), (1, 2), (2, 0), (1, 1), 1),
    "rows, dilated": ((2, 17, 34, 33), (4, 17, 3, 2), (1, 1), (2, 1), (3, 2), 1),
    "rows, 1 × 1": ((2, 20, 5, 6), (7, 20, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    "rows, large enough for oneDNN": ((4, 24, 26, 26), (20, 24, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "columns, large enough for oneDNN": ((32, 1, 28, 28), (10, 1, 5, 5), (1, 1), (0, 0), (1, 1), 1),
    "empty batch": ((0, 17, 32, 30), (6, 17, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "empty batch, columns": ((0, 1, 5, 6), (3, 1, 2, 2), (1, 1), (0, 0), (1, 1), 1),
    "padded beyond the kernel": ((2, 20, 4, 5), (3, 20, 2, 2), (1, 1), (3, 2), (1, 1), 1),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture(params=[None, 20_000, 500], ids=["usual blocks", "blocks of images", "blocks of lines"])
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        for name in ("BLOCK", "IMAGE"):
            monkeypatch.setattr(products, name, request.param)


def tensors(case: Any, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    input_size, weight_size = case[:2]
    return torch.randn(input_size, dtype=dtype, device=device), torch.randn(weight_size, dtype=dtype, device=device)


def assert_same(actual: Tensor, expected: Tensor) -> None:
    assert actual.dtype == expected.dtype
    scale = expected.abs().max().item() if expected.numel() else 0.0
    torch.testing.assert_close(actual, expected, rtol=0, atol=TOLERANCE[expected.dtype] * max(1.0, scale))


def assert_passes_agree(input: Tensor, weight: Tensor, settings: tuple[Any, ...]) -> None:
    """The forward pass and both gradients are torch's, and leave what they read as it was."""
    exact_input, exact_weight = (t.detach().clone().requires_grad_() for t in (input, weight))
    expected = torch.nn.functional.conv2d(exact_input, exact_weight, None, *settings)
    grad = torch.randn_like(expected, memory_format=torch.contiguous_format)
    before = input.clone(), weight.clone(), grad.clone()
    assert_same(products.forward(input, weight, *settings), expected.detach())
    grad_input, grad_weight = torch.autograd.grad(expected, (exact_input, exact_weight), grad)
    for layout in ("contiguous", "channels last"):
        laid = LAYOUTS[layout](grad)
        assert_same(products.input_grad(input.shape, weight, laid, *settings), grad_input)
        assert_same(products.weight_grad(input, weight.shape, laid, *settings), grad_weight)
    for tensor, copy in zip((input, weight, grad), before, strict=True):
        assert torch.equal(tensor, copy)


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@cases
def test_agrees_with_torch(case: Any, dtype: torch.dtype, device: torch.device) -> None:
    input, weight = tensors(case, dtype, device)
    assert_passes_agree(input, weight, case[2:])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@cases
def test_reads_any_layout(case: Any, layout: Callable[[Tensor], Tensor], device: torch.device) -> None:
    input, weight = tensors(case, torch.float64, device)
    assert_passes_agree(layout(input), layout(weight), case[2:])


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[Any, ...]]:
    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride, dilation, groups = pair(1, 4), pair(1, 3), pair(1, 2), draw(st.integers(1, 3))
    padding = pair(0, 3)
    channels, outputs = groups * draw(st.integers(1, 6)), groups * draw(st.sampled_from((1, 2, 16)))
    least = [max(1, dilation[axis] * (kernel[axis] - 1) + 1 - 2 * padding[axis]) for axis in (0, 1)]
    height, width = (low + draw(st.integers(0, 6)) for low in least)
    size = draw(st.integers(0, 3)), channels, height, width
    return size, (outputs, channels // groups, *kernel), (stride, padding, dilation, groups)


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.sampled_from((products.BLOCK, 200)))
def test_agrees_with_torch_on_any_configuration(convolution: Any, block: int) -> None:
    input_size, weight_size, settings = convolution
    input, weight = torch.randn(input_size, dtype=torch.float64), torch.randn(weight_size, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK", block)
        patch.setattr(products, "IMAGE", block)
        assert_passes_agree(input, weight, settings)


@pytest.mark.parametrize(
    ("weight_size", "groups", "expected"),
    [
        ((32, 1, 3, 3), 1, Formulation.COLUMNS),
        ((32, 2, 3, 3), 1, Formulation.COLUMNS),
        ((64, 3, 3, 3), 1, Formulation.ROWS),
        ((64, 8, 3, 3), 8, Formulation.COLUMNS),
        ((20, 10, 5, 5), 1, Formulation.ROWS),
        ((64, 3, 7, 7), 1, Formulation.ROWS),
        ((64, 64, 1, 1), 1, Formulation.ROWS),
    ],
)
def test_rule_chooses(weight_size: Any, groups: int, expected: Formulation) -> None:
    assert formulation(weight_size, groups) is expected


@cases
def test_case_exercises_its_formulation(case: Any) -> None:
    name = next(name for name, candidate in CASES.items() if candidate is case)
    for way in Formulation:
        if name.startswith(way.value):
            assert formulation(case[1], case[5]) is way


@given(*(st.integers(1, 9) for _ in range(3)), *(st.integers(1, 90) for _ in range(2)), *(st.integers(1, 600),) * 2)
def test_blocks_cover_each_output_line_once(
    N: int, outH: int, outW: int, elements: int, positions: int, block: int, image: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK", block)
        patch.setattr(products, "IMAGE", image)
        covered = list(products._blocks((N, outH, outW), elements, positions))
    lines = [(n, y) for ns, ys in covered for n in range(ns.start, ns.stop) for y in range(ys.start, ys.stop)]
    assert sorted(lines) == [(n, y) for n in range(N) for y in range(outH)]
    for ns, ys in covered:
        images, height = ns.stop - ns.start, ys.stop - ys.start
        size = images * height * outW
        assert images == 1 or (size <= positions and size * elements <= block)
        assert height in (1, outH) or height * outW * elements <= image


@pytest.mark.parametrize("parameter", [False, True], ids=["plain", "requires grad"])
@cases
def test_autograd_records_nothing(case: Any, parameter: bool, device: torch.device) -> None:
    input, weight = (t.requires_grad_(parameter) for t in tensors(case, torch.float32, device))
    output = products.forward(input, weight, *case[2:])
    grads = (
        products.input_grad(input.shape, weight, output, *case[2:]),
        products.weight_grad(input, weight.shape, output, *case[2:]),
    )
    assert not any(tensor.requires_grad for tensor in (output, *grads))


@cases
def test_knows_its_sizes_without_data(case: Any) -> None:
    input, weight = (torch.empty(size, device="meta") for size in case[:2])
    output = products.forward(input, weight, *case[2:])
    assert output.shape == torch.nn.functional.conv2d(input, weight, None, *case[2:]).shape
    assert products.input_grad(input.shape, weight, output, *case[2:]).shape == input.shape
    assert products.weight_grad(input, weight.shape, output, *case[2:]).shape == weight.shape
    assert output.is_meta


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["columns", "rows, strided", "rows"])
def test_a_bad_element_reaches_only_the_outputs_that_read_it(name: str, bad: float, device: torch.device) -> None:
    case = CASES[name]
    input, weight = tensors(case, torch.float64, device)
    input[0, 0, 2, 3] = bad
    expected = torch.nn.functional.conv2d(input, weight, None, *case[2:])
    assert torch.equal(products.forward(input, weight, *case[2:]).isfinite(), expected.isfinite())


@pytest.mark.parametrize("room", [1, 2_000, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("case", [case for case in CASES.values() if case[5] == 1 and case[0][0]], ids=str)
def test_some_channels_at_a_time_give_the_same(case: Any, layout: Callable[[Tensor], Tensor], room: int) -> None:
    input, weight = tensors(case, torch.float64, torch.device("cpu"))
    input = layout(input)
    expected = torch.nn.functional.conv2d(input, weight, None, *case[2:5])
    assert_same(products.forward_by_channels(input, weight, *case[2:5], room), expected)
