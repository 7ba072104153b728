"""The worked numbers of the articles, exactly, and the output sizes they are told with."""

import math

import pytest
import torch
from ops_parity import BACKENDS

from core.ops import fft
from core.ops.geometry import conv_output_size, conv_transpose_output_size, pool_output_size

both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())


def image(*rows, device):
    return torch.tensor(rows, dtype=torch.float32, device=device)[None, None]


@both
def test_the_3x3_example_with_its_gradients(ops, device):
    X = image([1, 2, 3], [4, 5, 6], [7, 8, 9], device=device)
    K, grad = image([1, 0], [0, 1], device=device), image([1, 2], [3, 4], device=device)
    assert ops.conv2d(X, K).tolist() == [[[[6, 8], [12, 14]]]]
    assert ops.conv2d_input_grad(X.shape, K, grad).tolist() == [[[[1, 2, 0], [3, 5, 2], [0, 3, 4]]]]
    assert ops.conv2d_weight_grad(X, K.shape, grad).tolist() == [[[[37, 47], [67, 77]]]]
    assert ops.conv2d_bias_grad(grad).tolist() == [10]
    assert ops.conv_transpose2d(grad, K).tolist() == ops.conv2d_input_grad(X.shape, K, grad).tolist()


@both
def test_flipping_matters_for_a_kernel_without_symmetry(ops, device):
    X, K = image([1, 2, 3], [4, 5, 6], [7, 8, 9], device=device), image([1, 2], [3, 4], device=device)
    assert ops.conv2d(X, K).tolist() == [[[[37, 47], [67, 77]]]]
    assert ops.convolve2d(X, K).tolist() == [[[[23, 33], [53, 63]]]]
    torch.testing.assert_close(fft.convolve2d(X, K), ops.convolve2d(X, K))


@both
def test_the_4x4_max_pool(ops, device):
    X = torch.arange(1.0, 17.0, device=device).reshape(1, 1, 4, 4)
    output, indices = ops.max_pool2d(X, 2, 2, return_indices=True)
    assert output.tolist() == [[[[6, 8], [14, 16]]]]
    assert indices.tolist() == [[[[5, 7], [13, 15]]]]
    assert ops.avg_pool2d(X, 2).tolist() == [[[[3.5, 5.5], [11.5, 13.5]]]]


@both
def test_the_cross_entropy_of_one_half(ops, device):
    log_p = torch.tensor([[0.1, 0.2, 0.5, 0.2]], dtype=torch.float64, device=device).log()
    target = torch.tensor([2], device=device)
    assert ops.nll_loss(log_p, target).item() == pytest.approx(-math.log(0.5), abs=1e-15)
    assert round(ops.cross_entropy(log_p, target).item(), 4) == 0.6931


@both
def test_gelu_silu_and_mish_weigh_their_input(ops, device):
    x = torch.tensor([-1.0, 0.0, 1.0, 2.0], dtype=torch.float64, device=device)
    assert [round(y, 4) for y in ops.gelu(x).tolist()] == [-0.1587, 0, 0.8413, 1.9545]
    assert [round(y, 4) for y in ops.gelu(x, "tanh").tolist()] == [-0.1588, 0, 0.8412, 1.9546]
    assert [round(y, 4) for y in ops.silu(x).tolist()] == [-0.2689, 0, 0.7311, 1.7616]
    assert [round(y, 4) for y in ops.mish(x).tolist()] == [-0.3034, 0, 0.8651, 1.944]
    ones = torch.ones_like(x)
    assert ops.gelu_input_grad(x, ones).tolist()[1] == ops.silu_input_grad(x, ones).tolist()[1] == 0.5


@both
def test_group_norm_of_two_pairs_of_channels(ops, device):
    """Means 2 and 20, variances 1 and 100."""
    x = torch.tensor([[1.0, 3.0, 10.0, 30.0]], dtype=torch.float64, device=device)
    weight, bias = (
        torch.tensor([1.0, 1, 2, 2], device=device).double(),
        torch.tensor([0.0, 0, 1, 1], device=device).double(),
    )
    assert ops.group_norm(x, 2, weight, bias, eps=0.0).tolist() == [[-1, 1, -1, 3]]
    grad = torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64, device=device)
    assert ops.group_norm_input_grad(x, grad, 2, weight, eps=0.0).tolist() == [[0, 0, 0, 0]]
    assert ops.group_norm_weight_grad(x, grad, 2, eps=0.0).tolist() == [-1, 0, 0, 0]
    assert ops.group_norm_bias_grad(grad).tolist() == [1, 0, 0, 0]


@both
def test_convolution_is_linear_commutative_and_equivariant(ops, device):
    make = {"dtype": torch.float64, "device": device}
    X, K, L = torch.randn(1, 1, 6, 6, **make), torch.randn(1, 1, 3, 3, **make), torch.randn(1, 1, 2, 2, **make)
    once = ops.convolve2d(ops.convolve2d(X, K), L)
    torch.testing.assert_close(once, ops.convolve2d(X, ops.convolve2d(L, K, padding=2)))
    torch.testing.assert_close(ops.convolve2d(X, K + 2 * K), 3 * ops.convolve2d(X, K))
    shifted = ops.conv2d(X.roll(1, 3), K)
    torch.testing.assert_close(shifted[..., 1:], ops.conv2d(X, K)[..., :-1])


def test_output_sizes_of_the_articles():
    assert conv_output_size(28, 3) == 26
    assert pool_output_size(26, 2, 2) == 13
    assert conv_output_size(28, 5) == 24
    assert pool_output_size(24, 2, 2) == 12
    assert conv_output_size(12, 5) == 8
    assert 20 * pool_output_size(8, 2, 2) ** 2 == 320
    assert conv_output_size(224, 7, 2, 3) == 112
    assert conv_output_size(28, 3, 1, 2, 2) == 28
    assert pool_output_size(5, 2, 2, ceil_mode=True) == 3
    assert conv_transpose_output_size(14, 4, 2, 1) == 28
