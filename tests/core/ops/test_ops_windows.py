"""Windows, columns, spectra and separable kernels."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_parity import assert_same

from core.ops import fft, separable, windows
from core.ops.vectorized import conv2d, convolve2d

SETTINGS = [
    ((2, 3, 5, 6), {"kernel_size": 3}),
    ((1, 2, 7, 6), {"kernel_size": (2, 3), "stride": (3, 1), "padding": (1, 2), "dilation": (2, 1)}),
    ((1, 1, 1, 1), {"kernel_size": 1}),
    ((2, 2, 3, 4), {"kernel_size": (3, 4)}),
    ((0, 2, 5, 6), {"kernel_size": 2, "padding": 1}),
]
cases = pytest.mark.parametrize(("size", "options"), SETTINGS, ids=str)


def test_sliding_windows_is_a_view(device):
    input = torch.arange(2 * 2 * 7 * 8.0, device=device).reshape(2, 2, 7, 8).transpose(2, 3)
    found = windows.sliding_windows(input, (2, 3), stride=(2, 1), dilation=(3, 2))
    assert found.shape == (2, 2, 3, 3, 2, 3)
    assert found.untyped_storage().data_ptr() == input.untyped_storage().data_ptr()
    for n, c, y, x, i, j in torch.cartesian_prod(*map(torch.arange, found.shape)).tolist():
        assert found[n, c, y, x, i, j] == input[n, c, 2 * y + 3 * i, x + 2 * j]


@cases
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_im2col_and_col2im_are_unfold_and_fold(size, options, dtype, device):
    input = torch.randn(size, dtype=dtype, device=device)
    columns = F.unfold(input, **options)
    assert_same(windows.im2col(input, **options), columns, "im2col")
    scattered = torch.randn_like(columns)
    assert_same(windows.col2im(scattered, size[2:], **options), F.fold(scattered, size[2:], **options), "col2im")


def test_a_convolution_is_one_matrix_product(device):
    input, weight = torch.randn(2, 3, 6, 7, device=device), torch.randn(4, 3, 3, 2, device=device)
    product = weight.flatten(1) @ windows.im2col(input, (3, 2), padding=1)
    torch.testing.assert_close(product.reshape(2, 4, 6, 8), conv2d(input, weight, padding=1))


@given(
    kernel=st.tuples(*[st.integers(1, 3)] * 2),
    stride=st.tuples(*[st.integers(1, 3)] * 2),
    padding=st.tuples(*[st.integers(0, 2)] * 2),
    dilation=st.tuples(*[st.integers(1, 2)] * 2),
    more=st.tuples(*[st.integers(0, 4)] * 2),
)
@settings(max_examples=40, deadline=None)
def test_any_columns_are_those_of_unfold(kernel, stride, padding, dilation, more, device):
    size = [d * (k - 1) + 1 + m for d, k, m in zip(dilation, kernel, more, strict=True)]
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    input = torch.randn(2, 2, *size, dtype=torch.float64, device=device)
    columns = F.unfold(input, **options)
    assert_same(windows.im2col(input, **options), columns, "im2col")
    assert_same(windows.col2im(columns, size, **options), F.fold(columns, size, **options), "col2im")


def test_windows_run_on_meta():
    input = torch.empty(2, 3, 6, 7, device="meta")
    assert windows.sliding_windows(input, 3).shape == (2, 3, 4, 5, 3, 3)
    columns = windows.im2col(input, 3, padding=1)
    assert (columns.shape, columns.device.type) == ((2, 27, 42), "meta")
    assert windows.col2im(columns, (6, 7), 3, padding=1).shape == input.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: windows.sliding_windows(x[0], 2), "input has 3 dimensions, expected 4"),
        (lambda x: windows.sliding_windows(x, 0), "kernel_size must be at least 1, not 0"),
        (lambda x: windows.sliding_windows(x, 6), "kernel spans 6 rows, the padded input has 4"),
        (lambda x: windows.im2col(x, 2, stride=0), "stride must be at least 1, not 0"),
        (lambda x: windows.im2col(x, 2, padding=-1), "padding must not be negative, not -1"),
        (lambda x: windows.col2im(x[0], (4, 5), 3), "columns have 4 rows, expected a multiple of 3·3"),
        (lambda x: windows.col2im(x[0], (3, 3), 2), r"columns has size \(3, 4, 5\), expected \(3, 4, 4\)"),
    ],
)
def test_windows_refuse_what_has_no_windows(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.randn(1, 3, 4, 5))


FFT = [
    ((2, 3, 6, 7), (4, 3, 3, 2), {}),
    ((1, 2, 5, 6), (2, 2, 5, 6), {}),
    ((2, 4, 7, 6), (6, 2, 3, 3), {"groups": 2, "stride": (2, 3), "padding": (1, 2), "dilation": (2, 1)}),
    ((1, 2, 6, 6), (2, 2, 2, 4), {"padding": "same"}),
    ((1, 2, 6, 6), (2, 2, 3, 3), {"padding": 2, "padding_mode": "circular"}),
    ((1, 3, 6, 6), (3, 1, 15, 15), {"padding": 7, "groups": 3}),
]


@pytest.mark.parametrize(("size", "weight_size", "options"), FFT, ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_spectra_multiply_to_a_convolution(size, weight_size, options, dtype, device):
    input = torch.randn(size, dtype=dtype, device=device)
    weight = torch.randn(weight_size, dtype=dtype, device=device)
    bias = torch.randn(weight_size[0], dtype=dtype, device=device)
    for transformed, direct in ((fft.conv2d, conv2d), (fft.convolve2d, convolve2d)):
        expected = direct(input, weight, bias, **options)
        assert_same(transformed(input, weight, bias, **options), expected, transformed.__name__)
        assert_same(transformed(input, weight, **options), direct(input, weight, **options), transformed.__name__)


def test_spectra_check_what_they_are_given():
    with pytest.raises(ValueError, match="input has 2 channels, weight expects 1"):
        fft.conv2d(torch.randn(1, 2, 4, 4), torch.randn(1, 1, 2, 2))


SOBEL = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]
LAPLACE = [[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(
    "kernel", [SOBEL, [[3.0]], [[1.0, 2.0, 3.0]], [[1.0], [0.0]], [[0.0, 0.0], [0.0, 0.0]]], ids=str
)
def test_an_outer_product_separates(kernel, dtype, device):
    kernel = torch.tensor(kernel, dtype=dtype, device=device)
    column, row = separable.separate(kernel)
    assert (column.dtype, row.dtype, column.device, row.device) == (dtype, dtype, kernel.device, kernel.device)
    assert_same(torch.outer(column, row), kernel, "column ⊗ row")
    assert row[row.abs() > row.abs().max() / 2][:1].sum() >= 0


@given(kH=st.integers(1, 7), kW=st.integers(1, 7), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_any_outer_product_separates_until_it_is_disturbed(kH, kW, seed, device):
    generator = torch.Generator().manual_seed(seed)
    kernel = torch.outer(torch.randn(kH, generator=generator), torch.randn(kW, generator=generator)).to(device)
    column, row = separable.separate(kernel)
    torch.testing.assert_close(torch.outer(column, row), kernel, rtol=1e-5, atol=1e-6)
    if min(kH, kW) > 1:
        disturbed = kernel / kernel.norm()
        disturbed += 0.1 * torch.eye(kH, kW, device=device)
        two = torch.linalg.svdvals(disturbed)[1]
        assert (separable.separate(disturbed) is None) == (two > 1e-6 * torch.linalg.svdvals(disturbed)[0]).item()


def test_not_every_kernel_separates():
    laplace = torch.tensor(LAPLACE)
    assert separable.separate(laplace) is None
    assert separable.separate(laplace, tolerance=1.0) is not None


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": (2, 3)}, {"padding": (1, 2)}, {"dilation": (2, 1)}, {"padding": 1, "padding_mode": "reflect"}],
    ids=str,
)
def test_two_passes_are_one_convolution(options, device):
    input = torch.randn(2, 3, 8, 9, dtype=torch.float64, device=device)
    column, row = torch.randn(3, device=device).double(), torch.randn(2, device=device).double()
    kernel = torch.outer(column, row).expand(3, 1, 3, 2)
    expected = conv2d(input, kernel, None, groups=3, **options)
    assert_same(separable.separable_conv2d(input, column, row, **options), expected, "two passes")


@pytest.mark.parametrize(
    ("kernel", "tolerance", "message"),
    [
        (torch.randn(3), 0.1, "kernel has 1 dimensions, expected 2"),
        (torch.randn(0, 3), 0.1, r"kernel has size \(0, 3\)"),
        (torch.tensor([[float("nan")]]), 0.1, "kernel holds NaN or infinity"),
        (torch.randn(2, 2), -1.0, "tolerance must not be negative, not -1.0"),
    ],
)
def test_separate_refuses_what_is_no_kernel(kernel, tolerance, message):
    with pytest.raises(ValueError, match=message):
        separable.separate(kernel, tolerance)
