"""Numbers as text: how the elements of tensors cross to the browser."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["grey", "grey_codes", "in_base64"]


def in_base64(values: Tensor | npt.NDArray[Any]) -> str:
    """Return elements in row-major order as base64: bytes as they are, other numbers as little-endian float32."""
    if isinstance(values, Tensor):
        values = (values if values.dtype == torch.uint8 else values.float()).detach().cpu().numpy()
    return base64.b64encode(values.astype(np.uint8 if values.dtype == np.uint8 else "<f4").tobytes()).decode()


def grey_codes(picture: Tensor) -> Tensor:
    """Return intensities in [0, 1] as bytes, `code = round(255 · intensity)`; what lies outside is black or white."""
    return (picture.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def grey(picture: Tensor) -> dict[str, Any]:
    """Return a square picture, intensity in [0, 1], as grey bytes."""
    return {"side": picture.shape[-1], "data": in_base64(grey_codes(picture))}
