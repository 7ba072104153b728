"""Dropout with a given mask and its gradient on whole tensors."""

from torch import Tensor

from core.ops.checks import check_dropout

__all__ = ["dropout", "dropout_input_grad"]


def dropout(input: Tensor, mask: Tensor, p: float = 0.5) -> Tensor:
    """Return the elements that the mask keeps, enlarged; see `core.ops.naive.dropout`."""
    check_dropout(input, mask, p)
    return (input * mask).mul_(0.0 if p == 1 else 1 / (1 - p))


def dropout_input_grad(mask: Tensor, grad_output: Tensor, p: float = 0.5) -> Tensor:
    """Return dL/dinput of `dropout`; see `core.ops.naive.dropout_input_grad`."""
    return dropout(grad_output, mask, p)
