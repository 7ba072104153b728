"""One layer: its largest value, its channels that are all 0, and the kernels behind its maps."""

from typing import Any

import torch
from torch import Tensor

from core.explain import INPUT, Step
from explorer.draw.exports import tensor_of
from explorer.screen.shown import Showing
from explorer.wire.requests import PLACE, checked
from explorer.wire.trace import Layout, encode_maps

__all__ = ["MOST_KERNELS", "layer"]

MOST_KERNELS = 512
"""Most kernels that travel, one for each map."""


def layer(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer what stands out in a step's values, or, `of` "output", in the gradients that arrive at them.

    `largest`: the value of the largest |value| and its cell, None where there is no value that can be compared. `zero`:
    the channels all of whose values are exactly 0, of a vector its values; `channels`: of how many. `kernels`: see
    `_kernels`.
    """
    asked = checked(request, PLACE)
    shown = showing.of(asked)
    tensor, step = tensor_of(shown, asked).detach().cpu(), asked["step"]
    kernels = None if step == INPUT or asked["of"] else _kernels(shown.trace.steps[step])
    layout = Layout.of(tensor.shape)
    if layout is None or tensor.is_complex():
        return {"largest": None, "zero": [], "channels": 0, "kernels": kernels}
    sample = (tensor.dequantize() if tensor.is_quantized else tensor)[0] if tensor.ndim > 1 else tensor
    channels = sample.reshape(len(sample) if len(layout.size) == 1 else layout.channels, -1)
    zero = (channels == 0).all(1).nonzero()[:, 0].tolist()
    return {"largest": _largest(tensor), "zero": zero, "channels": len(channels), "kernels": kernels}


def _largest(tensor: Tensor) -> dict[str, Any] | None:
    """Return the value of the largest |value| that is finite, and its cell."""
    sizes = tensor.double().abs()
    sizes = torch.where(sizes.isfinite(), sizes, -1.0)
    cell = [int(i) for i in torch.unravel_index(sizes.argmax(), sizes.shape)]
    value: float = tensor[tuple(cell)].item()
    return {"value": value, "cell": cell} if sizes[tuple(cell)] >= 0 else None


def _kernels(step: Step) -> dict[str, Any] | None:
    """Return for each map of a convolution the kernel that weighs most; None for other steps or too many maps.

    `inputs`: the input channel that it reads, the one with the largest Σ|w|; `of`: how many kernels a map has.
    """
    if step.op != "conv2d" or step.tensor("weight").shape[0] > MOST_KERNELS:
        return None
    weight = step.tensor("weight").float()
    inputs = weight.abs().sum((2, 3)).argmax(1)
    heaviest = weight[torch.arange(len(weight), device=weight.device), inputs]
    rows, columns = heaviest.shape[1:]
    return {
        "rows": rows,
        "columns": columns,
        "inputs": inputs.tolist(),
        "of": weight.shape[1],
        **encode_maps(heaviest.reshape(len(weight), -1)),
    }
