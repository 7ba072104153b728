"""Dropout with a given mask and its gradient, one element at a time."""

# mypy: allow-redefinition
from torch import Tensor

from core.ops.checks import check_dropout
from core.ops.naive.numbers import Output, integers, numbers

__all__ = ["dropout", "dropout_input_grad"]


def dropout(input: Tensor, mask: Tensor, p: float = 0.5) -> Tensor:
    """Return the elements that the mask keeps, enlarged so that their expected sum stays the same.

    output[k] = input[k] · mask[k] / (1 − p), all 0 for p = 1

    Args:
        input: Of any size.
        mask: Boolean, True where an element is kept; of the input's size, or 1 where it repeats along a dimension.
        p: Probability in [0, 1] with which the mask was drawn to drop an element.

    Returns:
        Of the size of `input`.

    Raises:
        TypeError: `input` is not of a floating-point dtype, or the mask is not boolean.
        ValueError: Sizes or devices do not fit together, or p is out of its range.

    Source: `torch.nn.functional.dropout`, which draws the mask itself; Srivastava et al. 2014.
    """
    check_dropout(input, mask, p)
    size, output = input.shape, Output(input, input.numel())
    scale = 0.0 if p == 1 else 1 / (1 - p)
    mask = integers(mask.expand(size).reshape(-1))
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x * mask[k] * scale
    return output.tensor().reshape(size)


def dropout_input_grad(mask: Tensor, grad_output: Tensor, p: float = 0.5) -> Tensor:
    """Return dL/dinput of `dropout`: the gradient goes where the value went, enlarged alike.

    grad_input[k] = grad_output[k] · mask[k] / (1 − p)

    Args:
        mask: As given to `dropout`.
        grad_output: Of the size of the output.
        p: As given to `dropout`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype, or the mask is not boolean.
        ValueError: Sizes or devices do not fit together, or p is out of its range.
    """
    return dropout(grad_output, mask, p)
