"""The ways to compute one convolution (stride 1, no padding, no bias), from literal loops to the graphics card.

Each is prepared for its tensors first: layouts, transfers and compilation are not part of what is timed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops import fft, naive
from core.ops.vectorized import conv2d_products, direct
from core.ops.vectorized.compiled import how_to_install
from core.ops.windows import im2col, sliding_windows
from core.speed.timing import OnCard

__all__ = ["WAYS", "Way"]

Call = Callable[[], Tensor]

_MOVES = (1, 1), (0, 0), (1, 1)
"""Stride, padding and dilation of every way."""


@dataclass(frozen=True)
class Way:
    """One way to compute a convolution.

    Attributes:
        name: what it is asked for by.
        prepare: takes input `(N, C, H, W)` and weight `(O, C, kH, kW)`, float32 on the CPU, and returns the call to
            time, whose result is `(N, O, outH, outW)`, on any device.
        scratch: bytes of its largest temporary, from the same tensors' sizes; 0 where there is none worth a limit.
        missing: why it cannot run on this machine; None when it can.
        compiler: whether it needs a C++ compiler.
        slow: whether it takes so long that larger sizes are estimated from a part of the output.
    """

    name: str
    prepare: Callable[[Tensor, Tensor], Call]
    scratch: Callable[[torch.Size, torch.Size], int] = lambda input, weight: 0
    missing: Callable[[], str | None] = lambda: None
    compiler: bool = False
    slow: bool = False


def _numpy_taps(input: Tensor, weight: Tensor) -> Call:
    """One pass over the whole output for each tap: C·kH·kW Python steps instead of one for each product."""
    images, kernels = input.numpy(), weight.numpy()
    (N, C, H, W), (O, _, kH, kW) = images.shape, kernels.shape
    outH, outW = H - kH + 1, W - kW + 1

    def call() -> Tensor:
        output = np.zeros((N, O, outH, outW), images.dtype)
        for c in range(C):
            for i in range(kH):
                for j in range(kW):
                    output += kernels[:, c, i, j, None, None] * images[:, None, c, i : i + outH, j : j + outW]
        return torch.from_numpy(output)

    return call


def _taps(input: Tensor, weight: Tensor) -> Tensor:
    (_, C, H, W), (_, _, kH, kW) = input.shape, weight.shape
    outH, outW = H - kH + 1, W - kW + 1
    return sum(
        weight[:, c, i, j, None, None] * input[:, None, c, i : i + outH, j : j + outW]
        for c in range(C)
        for i in range(kH)
        for j in range(kW)
    )  # type: ignore[return-value]  # a sum of at least one tensor is a tensor


def _im2col(input: Tensor, weight: Tensor) -> Call:
    (N, _, H, W), (O, _, kH, kW) = input.shape, weight.shape
    matrix = weight.reshape(O, -1)
    return lambda: (matrix @ im2col(input, (kH, kW))).view(N, O, H - kH + 1, W - kW + 1)


def _contraction(input: Tensor, weight: Tensor) -> Call:
    size = tuple(weight.shape[2:])
    return lambda: torch.einsum("ncyxij,ocij->noyx", sliding_windows(input, size), weight)


def _products(input: Tensor, weight: Tensor) -> Call:
    return lambda: conv2d_products.forward(input, weight, *_MOVES, 1)


def _direct(input: Tensor, weight: Tensor) -> Call:
    return lambda: direct.forward(input, weight, *_MOVES)


def _framework(input: Tensor, weight: Tensor) -> Call:
    return lambda: F.conv2d(input, weight)


def _channels_last(input: Tensor, weight: Tensor) -> Call:
    return _framework(
        input.contiguous(memory_format=torch.channels_last), weight.contiguous(memory_format=torch.channels_last)
    )


def _compiled(input: Tensor, weight: Tensor) -> Call:
    torch._dynamo.reset()
    compiled = torch.compile(_taps, dynamic=False)
    return lambda: compiled(input, weight)


def _cuda(input: Tensor, weight: Tensor) -> Call:
    on_card = input.cuda(), weight.cuda()
    return OnCard(_framework(*on_card), on_card[0].device)


def _triton(input: Tensor, weight: Tensor) -> Call:
    from core.ops import triton as ours

    on_card = input.cuda(), weight.cuda()
    return OnCard(lambda: ours.conv2d(*on_card), on_card[0].device)


def _no_card() -> str | None:
    return None if torch.cuda.is_available() else "this machine has no CUDA device"


def _no_triton() -> str | None:
    return _no_card() or (None if find_spec("triton") else "Triton is not installed: it comes with PyTorch on Linux")


def _no_compiler() -> str | None:
    if which("g++") or which("clang++"):
        return None
    return f"torch.compile needs a C++ compiler, and there is none here: {how_to_install()}"


def _windows_bytes(input: torch.Size, weight: torch.Size) -> int:
    (N, C, H, W), (_, _, kH, kW) = input, weight
    return 4 * N * C * kH * kW * (H - kH + 1) * (W - kW + 1)


def _spectra_bytes(input: torch.Size, weight: torch.Size) -> int:
    N, C, H, W = input
    return 8 * N * weight[0] * C * H * (W // 2 + 1)


WAYS = {
    way.name: way
    for way in (
        Way("loops", lambda input, weight: lambda: naive.conv2d(input, weight), slow=True),
        Way("taps", _numpy_taps),
        Way("im2col", _im2col, _windows_bytes),
        Way("einsum", _contraction, _windows_bytes),
        Way("fft", lambda input, weight: lambda: fft.conv2d(input, weight), _spectra_bytes),
        Way("products", _products),
        Way("direct", _direct, missing=direct.missing, compiler=True),
        Way("compiled", _compiled, missing=_no_compiler, compiler=True),
        Way("framework", _framework),
        Way("channels_last", _channels_last),
        Way("cuda", _cuda, missing=_no_card),
        Way("triton", _triton, missing=_no_triton),
    )
}
"""The ways by name, from the slowest in Python to the fastest there is."""
