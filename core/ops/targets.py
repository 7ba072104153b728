"""The edge of the losses: what the true classes must be, and how a loss is reduced."""

import torch
from torch import Tensor

from core.ops.arguments import Size, check_not_empty, check_rank, check_size
from core.ops.checks import check_optional, check_tensors

REDUCTIONS = ("mean", "sum", "none")


def check_classes(input_size: Size, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> None:
    """Refuse class indices that do not fit the scores they are compared with.

    Args:
        input_size: `(N, C)`, scores of C classes.
        target: `(N,)`, int64 class indices.
        weight: `(C,)`, or None.
        ignore_index: The class index whose rows are left out.
        reduction: One of `REDUCTIONS`.

    Raises:
        TypeError: `target` is not int64.
        ValueError: In this order: ranks and sizes, the reduction, a class that does not exist.
    """
    check_indices(input_size, target, weight, reduction)
    check_exist(input_size, target, ignore_index)


def check_indices(input_size: Size, target: Tensor, weight: Tensor | None, reduction: str) -> None:
    """Refuse all that `check_classes` does without a look at the classes themselves.

    Raises:
        TypeError: `target` is not int64.
        ValueError: In this order: ranks and sizes, the reduction.
    """
    _check_scores(input_size, weight, reduction)
    if target.dtype != torch.int64:
        raise TypeError(f"target has dtype {target.dtype}, expected torch.int64 class indices")
    check_size("target", target.shape, input_size[:1])


def check_exist(input_size: Size, target: Tensor, ignore_index: int) -> None:
    """Refuse a class that does not exist.

    Raises:
        ValueError: There is one.
    """
    if target.is_meta:
        return
    wrong = target[((target < 0) | (target >= input_size[1])) & (target != ignore_index)]
    if len(wrong):
        raise ValueError(f"target holds class {wrong[0].item()}, input has {input_size[1]} classes")


def check_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> None:
    """Refuse class indices or class probabilities that do not fit the logits they are compared with.

    Raises:
        TypeError: A tensor is not of a floating-point dtype, or indices are not int64.
        ValueError: In this order: ranks and sizes, the reduction, a class that does not exist, the smoothing.
    """
    if target.is_floating_point():
        check_tensors(input=input, target=target, weight=weight)
        _check_scores(input.shape, weight, reduction)
        check_size("target", target.shape, input.shape)
    else:
        check_tensors(input=input, weight=weight)
        check_classes(input.shape, target, weight, ignore_index, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be between 0 and 1, not {label_smoothing}")


def check_loss_grad(input_size: Size, grad_output: Tensor, reduction: str) -> None:
    """Refuse a gradient that is not of the size of the loss.

    Raises:
        ValueError: It is not one number, or for reduction "none" not one per row.
    """
    check_size("grad_output", grad_output.shape, input_size[:1] if reduction == "none" else ())


def _check_scores(input_size: Size, weight: Tensor | None, reduction: str) -> None:
    check_rank("input", input_size, 2)
    check_not_empty("input", input_size)
    check_optional("weight", weight, input_size[1:])
    if reduction not in REDUCTIONS:
        raise ValueError(f'reduction must be one of {", ".join(REDUCTIONS)}, not "{reduction}"')
