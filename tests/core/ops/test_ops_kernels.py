"""Two kernels as one, and kernels recovered from an image and its result."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ops.composition import compose
from core.ops.recovery import descended, equations, recoverable

SIDES = st.integers(1, 4)
STEPS = st.integers(1, 3)


@settings(deadline=None, max_examples=60)
@given(a=SIDES, b=SIDES, c=SIDES, d=SIDES, stride=STEPS, outer=STEPS, gap=STEPS, gap2=STEPS, seed=st.integers(0, 2**31))
def test_a_composed_kernel_gives_what_the_two_give_one_after_the_other(
    a, b, c, d, stride, outer, gap, gap2, seed, device
):
    generator = torch.Generator().manual_seed(seed)
    sizes = (a, b), (c, d), (2, 1, 40, 40)
    first, second, image = (torch.randn(size, dtype=torch.float64, generator=generator).to(device) for size in sizes)
    between = F.conv2d(image, first[None, None], stride=stride, dilation=gap)
    wanted = F.conv2d(between, second[None, None], stride=outer, dilation=gap2)
    both = compose(first, second, stride, gap, gap2)
    assert both.shape == (gap * (a - 1) + stride * gap2 * (c - 1) + 1, gap * (b - 1) + stride * gap2 * (d - 1) + 1)
    output = F.conv2d(image, both[None, None], stride=stride * outer)[:, :, : wanted.shape[2], : wanted.shape[3]]
    torch.testing.assert_close(output, wanted)


def test_two_blurs_make_a_wider_blur():
    row = torch.tensor([[1.0, 1.0]])
    assert compose(row, row).tolist() == [[1, 2, 1]]
    assert compose(compose(row, row), row.T).tolist() == [[1, 2, 1], [1, 2, 1]]


def test_compose_refuses_what_is_no_kernel():
    with pytest.raises(ValueError, match="first"):
        compose(torch.ones(3), torch.ones(3, 3))
    with pytest.raises(ValueError, match="second"):
        compose(torch.ones(3, 3), torch.ones(1, 1, 3, 3))
    with pytest.raises(TypeError, match="second"):
        compose(torch.ones(3, 3), torch.ones(3, 3, dtype=torch.int64))


def pair(kernel, bias=0.0, *, side=16, stride=1, seed=0):
    image = torch.randn(2, 1, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    image = image.to(kernel.device)
    return image, F.conv2d(image, kernel[None, None], stride=stride) + bias


def test_descent_is_gradient_descent_by_autograd_with_the_bias_at_its_best(device):
    kernel = torch.tensor([[1.0, -2.0], [0.5, 3.0], [0.0, 1.0]], dtype=torch.float64, device=device)
    image, target = pair(kernel, 4.0)
    found = equations(image, target, (3, 2))
    rate = 1 / recoverable(found)[0][0]
    weight = torch.zeros(1, 1, 3, 2, dtype=torch.float64, device=device, requires_grad=True)
    for step in range(6):
        torch.testing.assert_close(descended(found, step)[0], weight.detach().flatten())
        output = F.conv2d(image, weight)
        loss = (output - output.mean() - target + target.mean()).square().mean() / 2
        (gradient,) = torch.autograd.grad(loss, weight)
        weight = (weight - rate * gradient).detach().requires_grad_()


def test_descent_finds_the_kernel_and_the_bias_behind_a_result(device):
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], dtype=torch.float64, device=device)
    image, target = pair(kernel, -7.0)
    found = equations(image, target, 3)
    assert recoverable(found)[1] == 9
    weight, bias = descended(found, 400)
    torch.testing.assert_close(weight.reshape(3, 3), kernel)
    torch.testing.assert_close(bias, torch.tensor(-7.0, dtype=torch.float64, device=device))


def test_no_larger_step_is_safe_and_this_one_never_overshoots(device):
    found = equations(*pair(torch.ones(3, 3, dtype=torch.float64, device=device)), 3)

    def error(weight):
        return weight @ found.gram @ weight - 2 * weight @ found.moment + found.variance

    errors = torch.stack([error(descended(found, step)[0]) for step in range(30)])
    assert (errors.diff() <= 1e-12 * found.variance).all()


@pytest.mark.parametrize(
    ("image", "size", "rank"),
    [
        (torch.full((1, 1, 8, 8), 5.0), 3, 0),
        (torch.arange(64.0).reshape(1, 1, 8, 8), 3, 1),
        (torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(1)), 3, 3),
        (torch.randn(1, 1, 9, 9, generator=torch.Generator().manual_seed(1)), 3, 9),
    ],
    ids=["flat", "ramp", "four windows", "noise"],
)
def test_the_rank_says_what_a_picture_can_teach(image, size, rank, device):
    target = F.conv2d(image, torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(2)))
    assert recoverable(equations(image.to(device), target.to(device), size))[1] == rank


def test_equations_refuse_a_result_of_another_size():
    with pytest.raises(ValueError, match="72 windows, target has 2 elements"):
        equations(torch.ones(2, 1, 8, 8), torch.ones(2, 1, 1, 1), 3)
