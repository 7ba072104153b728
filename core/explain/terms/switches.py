"""PyTorch's switches for float32 products: which one governs an operation, and what it lets the factors be rounded to.

They are read by their new names alone: once anybody has set one of those, the old `allow_tf32` cannot be read any more.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import torch

__all__ = ["product_epsilon"]

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
MATRIX_PRODUCTS = ("linear", "matmul", "addmm")

EPSILON = {"tf32": 2.0**-10, "bf16": 2.0**-7}
"""Machine epsilon of the factors by a switch's word; "ieee" and "none" round nothing."""


def _convolution_on_card() -> Any:
    return torch.backends.cudnn.conv if torch.backends.cudnn.enabled else torch.backends.cuda.matmul  # type: ignore[attr-defined]


SWITCHES: dict[tuple[str, str], Callable[[], Any]] = {
    **dict.fromkeys(product(CONVOLUTIONS, ["cuda"]), _convolution_on_card),
    **dict.fromkeys(product(CONVOLUTIONS, ["cpu"]), lambda: torch.backends.mkldnn.conv),  # type: ignore[attr-defined]
    **dict.fromkeys(product(MATRIX_PRODUCTS, ["cuda"]), lambda: torch.backends.cuda.matmul),
    **dict.fromkeys(product(MATRIX_PRODUCTS, ["cpu"]), lambda: torch.backends.mkldnn.matmul),  # type: ignore[attr-defined]
}
"""The switch that governs an operation's float32 products on a kind of device."""


def product_epsilon(op: str, device: torch.device) -> float:
    """Return the machine epsilon that an operation's float32 factors may be rounded to on a device, or 0."""
    switch = SWITCHES.get((op, device.type))
    return 0.0 if switch is None else EPSILON.get(switch().fp32_precision, 0.0)
