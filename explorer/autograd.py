"""One operator on small matrices, computed by torch and its autograd: what the page's arithmetic is checked against."""

import math
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.geometry import conv_windows, pool_windows

__all__ = ["MOST_ELEMENTS", "differentiate"]

MOST_ELEMENTS = 4096
"""Most elements that one tensor of a request may have."""

Settings = dict[str, Any]


def differentiate(
    op: str,
    tensors: dict[str, Tensor],
    *,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    flip: bool,
    lr: float,
) -> dict[str, Tensor]:
    """Return an operator's output, its gradients by autograd for L = Σ grad_output · output, and one step of SGD.

    Args:
        op: "conv", "max" or "avg".
        tensors: float64: `input` `(C, H, W)`, `weight` `(O, C, kH, kW)` (of a pooling only its kH, kW count), `bias`
            `(O,)` and `grad_output`, of the output's size without the batch.
        stride: Elements between neighbouring windows.
        padding: Elements on both sides of each axis.
        dilation: Elements between neighbouring taps; "avg" has none.
        flip: Rotate the kernel by 180°, as the convolution of mathematics does.
        lr: Learning rate.

    Returns:
        `output`, `gradInput` and, of a convolution, `gradWeight`, `gradBias`, `newWeight` and `newBias`.

    Raises:
        ValueError: The operator is unknown, settings do not fit, or `grad_output` is not of the output's size.
    """
    input = tensors["input"][None].clone().requires_grad_()
    weight, bias = (tensors[name].clone().requires_grad_() for name in ("weight", "bias"))
    kernel = (weight.shape[2], weight.shape[3])
    if op == "conv":
        conv_windows(input.shape, weight.shape, stride, padding, dilation)
        output = F.conv2d(input, weight.flip(2, 3) if flip else weight, bias, stride, padding, dilation)
    elif op == "max":
        pool_windows(input.shape, kernel, stride, padding, dilation)
        output = F.max_pool2d(input, kernel, stride, padding, dilation)
    elif op == "avg":
        pool_windows(input.shape, kernel, stride, padding)
        output = F.avg_pool2d(input, kernel, stride, padding)
    else:
        raise ValueError(f"the operator is {op!r}, expected conv, max or avg")
    if tensors["grad_output"].shape != output.shape[1:]:
        raise ValueError(
            f"grad_output has shape {tuple(tensors['grad_output'].shape)}, the output {tuple(output.shape[1:])}"
        )
    output.backward(tensors["grad_output"][None])  # type: ignore[no-untyped-call]
    found = {"output": output.detach()[0], "gradInput": cast(Tensor, input.grad)[0]}
    if op == "conv":
        found |= {"gradWeight": cast(Tensor, weight.grad).clone(), "gradBias": cast(Tensor, bias.grad).clone()}
        torch.optim.SGD([weight, bias], lr=lr).step()
        found |= {"newWeight": weight.detach(), "newBias": bias.detach()}
    return found


def answered(tensor: Tensor) -> list[float | str]:
    """Return a tensor's elements in one list, those that are not finite by their name."""
    return [value if math.isfinite(value) else str(value) for value in tensor.flatten().tolist()]
