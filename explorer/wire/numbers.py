"""Numbers as text: how the elements of tensors cross to the browser."""

from binascii import b2a_base64
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["coloured", "grey", "grey_codes", "in_base64", "named"]


_AS_IS = frozenset({str, int, bool, type(None)})

SHOWN = 160
"""Longest side of a picture that only is looked at, pixels."""


def in_base64(values: Tensor | npt.NDArray[Any]) -> str:
    """Return elements in row-major order as base64: bytes as they are, other numbers as little-endian float32."""
    if isinstance(values, Tensor):
        values = (values if values.dtype == torch.uint8 else values.float()).detach().cpu().numpy()
    kind = np.uint8 if values.dtype == np.uint8 else "<f4"
    return b2a_base64(np.ascontiguousarray(values, kind).data, newline=False).decode()


def named(value: Any) -> Any:
    """Return an answer as JSON has it: a number that is not finite becomes its name, "nan", "inf" or "-inf".

    The one rule for whatever crosses to the page as a number; `numberOf` of `web/lib/numbers.js` reads it. What crosses
    as bytes keeps float32's own, and the codes of maps a code of their own.
    """
    kind = type(value)
    if kind in _AS_IS or (kind is float and isfinite(value)):
        return value
    if isinstance(value, dict):
        return {key: item if type(item) in _AS_IS else named(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        kinds = {*map(type, value)}
        if kinds <= _AS_IS or (kinds == {float} and all(map(isfinite, value))):
            return list(value)
        return [named(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def grey_codes(picture: Tensor) -> Tensor:
    """Return intensities in [0, 1] as bytes, `code = round(255 · intensity)`: below 0 and NaN black, above 1 white."""
    seen = np.fmin(np.fmax(picture.detach().cpu().numpy(), 0), 1)  # they take the number where the other one is NaN
    return torch.from_numpy((seen * 255 + 0.5).astype(np.uint8))


def coloured(picture: Tensor) -> dict[str, Any]:
    """Return a picture `(C, H, W)`, intensity in [0, 1], as bytes pixel by pixel, at most `SHOWN` a side."""
    scale = min(1.0, SHOWN / max(picture.shape[-2:]))
    if scale < 1:
        size = [max(1, round(side * scale)) for side in picture.shape[-2:]]
        picture = F.interpolate(picture[None].float(), size, mode="bilinear", antialias=True)[0]
    channels, height, width = picture.shape
    data = in_base64(grey_codes(picture.float()).movedim(0, 2).contiguous())
    return {"width": width, "height": height, "channels": channels, "data": data}


def grey(picture: Tensor) -> dict[str, Any]:
    """Return a square picture, intensity in [0, 1], as grey bytes."""
    return {"side": picture.shape[-1], "data": in_base64(grey_codes(picture))}
