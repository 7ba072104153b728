"""Convolution compiled for the processor at hand: `direct.cpp`, built once by the system's C++ compiler.

The library lies in the user's cache folder, named by what it depends on, so that a new version, compiler or processor
builds its own. Its threads are those of PyTorch, whose OpenMP runtime it shares. As usual, `CXX` names another compiler
and `CXXFLAGS` adds options.
"""

import atexit
import ctypes
import hashlib
import os
import platform
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, lru_cache
from math import gcd
from pathlib import Path
from shutil import rmtree, which

import torch
from torch import Tensor

from core.files import replace_file

Pair = tuple[int, int]

SOURCE = Path(__file__).with_suffix(".cpp")
NATIVE = "-mcpu=native" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "-march=native"
FLAGS = ("-O3", NATIVE, "-std=c++17", "-fPIC", "-shared")
THREADS = "-fopenmp"
"""Apple's compiler knows no OpenMP: without it one thread computes."""

COMPILERS = ("c++", "g++", "clang++")
PATIENCE = 120
"""Seconds that compiling may take; it takes 2."""

_Numbers = ctypes.c_int64 * 30
"""The struct `Convolution` of `direct.cpp`."""


def missing() -> str | None:
    """Return why this machine has no direct convolution, or None where it has; the first call may compile it."""
    library = _library()
    return library if isinstance(library, str) else None


def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int = 1) -> Tensor:
    """Return the cross-correlation of tensors on the processor, channels-last."""
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight.shape
    (sH, sW), (pH, pW), (dH, dW) = stride, padding, dilation
    outH = (H + 2 * pH - dH * (kH - 1) - 1) // sH + 1
    outW = (W + 2 * pW - dW * (kW - 1) - 1) // sW + 1
    output = input.new_empty(N, outH, outW, O)
    sO, *strides = weight.stride()
    numbers = (
        *(N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, groups, *input.stride()),
        *(O // groups * sO, sO, *strides, outH * outW * O, outW * O, O),
    )
    _forward(numbers, input, weight.data_ptr(), output, 0)
    return output.permute(0, 3, 1, 2)


def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
) -> Tensor:
    """Return dL/dinput, channels-last: for every place between two windows' starts a forward pass.

    The inputs at one place, sH · sW of which lie between the starts of neighbouring windows, are read by the same taps.
    What these send is the forward pass, at stride 1, of the gradient with those taps turned around.
    """
    (N, C, H, W), (O, _, kH, kW), (outH, outW) = input_size, weight.shape, grad_output.shape[2:]
    sO, sC, sI, sJ = weight.stride()
    rows, cols = (
        [_place(k, *axis) for k in range(axis[1])]
        for axis in zip((H, W), stride, padding, dilation, (kH, kW), strict=True)
    )
    everywhere = all(taps for taps, *_ in rows) and all(taps for taps, *_ in cols)
    grad = grad_output.new_empty(N, H, W, C) if everywhere else grad_output.new_zeros(N, H, W, C)
    first, size = weight.data_ptr(), weight.element_size()
    for row, (tapsH, lastI, stepI, gapH, padH, countH) in enumerate(rows):
        for col, (tapsW, lastJ, stepJ, gapW, padW, countW) in enumerate(cols):
            if not (tapsH and tapsW and countH and countW):
                continue
            numbers = (
                *(N, O, outH, outW, C, tapsH, tapsW, countH, countW, 1, 1, padH, padW, gapH, gapW, groups),
                *grad_output.stride(),
                *(O // groups * sO, sC, sO, -stepI * sI, -stepJ * sJ, H * W * C, stride[0] * W * C, stride[1] * C),
            )
            _forward(numbers, grad_output, first + size * (lastI * sI + lastJ * sJ), grad, (row * W + col) * C)
    return grad.permute(0, 3, 1, 2)


@lru_cache(maxsize=4096)
def _place(place: int, size: int, stride: int, padding: int, gap: int, kernel: int) -> tuple[int, ...]:
    """Return what convolves the gradient, along one axis, into the inputs at place + m · stride.

    Returns:
        Number of taps that read them; the last of these taps, and taps between neighbours; the dilation and padding of
        the convolution; its outputs.
    """
    taps = [tap for tap in range(kernel) if (place + padding - tap * gap) % stride == 0]
    if not taps:
        return 0, 0, 0, 0, 0, 0
    step = stride // gcd(stride, gap)
    between = gap * step // stride  # rows of the gradient
    start = (place + padding - taps[0] * gap) // stride
    return len(taps), taps[-1], step, between, between * (len(taps) - 1) - start, len(range(place, size, stride))


def weight_grad(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
) -> Tensor:
    """Return dL/dweight of tensors on the processor."""
    O, C, kH, kW = weight_size
    grad = input.new_empty(kH, kW, C, O)
    numbers = (
        *(*input.shape, O, kH, kW, *grad_output.shape[2:], *stride, *padding, *dilation, groups, *input.stride()),
        *(*grad_output.stride(), 0, 0, 0, 0),
    )
    compiled = _compiled()
    struct, elements = _room("weight_grad_room", numbers, input.element_size(), torch.get_num_threads())
    room = input.new_empty(elements)
    compiled.weight_grad(struct, input.data_ptr(), grad_output.data_ptr(), grad.data_ptr(), room.data_ptr())
    return grad.permute(3, 2, 0, 1)


def _forward(numbers: tuple[int, ...], input: Tensor, weight: int, output: Tensor, begin: int) -> None:
    """Write a forward pass into the output from element `begin` on; the weight's first element is at that address."""
    compiled = _compiled()
    struct, elements = _room("forward_room", numbers, input.element_size(), torch.get_num_threads())
    room = input.new_empty(elements)
    to = output.data_ptr() + begin * output.element_size()
    compiled.forward(struct, input.data_ptr(), weight, to, room.data_ptr())


@lru_cache(maxsize=4096)
def _room(
    asked: str, numbers: tuple[int, ...], element: int, threads: int
) -> tuple["ctypes.Array[ctypes.c_int64]", int]:
    """Return the struct of a convolution, and how many elements of room it takes."""
    struct = _Numbers(*numbers, element, threads)
    elements: int = getattr(_compiled(), asked)(struct)
    return struct, elements


def _compiled() -> ctypes.CDLL:
    library = _library()
    if isinstance(library, str):
        raise RuntimeError(library)
    return library


@cache
def _library() -> ctypes.CDLL | str:
    """Return the compiled functions, or why there are none."""
    names = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
    compiler = next(filter(None, map(which, names)), None)
    if compiler is None or not _is_installed():
        return f"no C++ compiler is found: expected {' or '.join(names)}"
    try:
        try:
            return _loaded(compiler, (*FLAGS, THREADS))
        except subprocess.CalledProcessError as error:
            with suppress(subprocess.CalledProcessError):
                return _loaded(compiler, FLAGS)
            raise error
    except subprocess.CalledProcessError as error:
        return f"{compiler} cannot compile {SOURCE.name}: {error.stderr.strip().partition(chr(10))[0]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{SOURCE.name} cannot be compiled and loaded: {error}"


def _is_installed() -> bool:
    """Return whether a compiler stands behind the command: macOS has stubs that open a dialog where none does."""
    if platform.system() != "Darwin":
        return True
    asked = subprocess.run(["xcode-select", "-p"], capture_output=True, check=False, timeout=PATIENCE)
    return asked.returncode == 0


def _loaded(compiler: str, flags: Sequence[str]) -> ctypes.CDLL:
    library = _build(compiler, flags)
    try:
        return _open(library)
    except OSError:  # a damaged file
        library.unlink()
        return _open(_build(compiler, flags))


def _build(compiler: str, flags: Sequence[str] = (*FLAGS, THREADS)) -> Path:
    """Return the library, compiled unless the cache folder has it."""
    processor = platform.machine(), sorted(torch.cpu.get_capabilities().items())
    flags = [*flags, *shlex.split(os.environ.get("CXXFLAGS", ""))]
    depends = f"{compiler} {os.stat(compiler).st_mtime} {flags} {processor} {torch.__version__}"
    name = hashlib.sha256(SOURCE.read_bytes() + depends.encode()).hexdigest()[:16]
    folder = _cache_folder()
    library = folder / f"direct-{name}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as private:
            made = Path(private) / library.name
            command = [compiler, *flags, str(SOURCE), "-o", str(made)]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
            replace_file(made, library)  # whole or not at all, whoever else compiles
    return library


def _cache_folder() -> Path:
    """Return where the user's compiled code is kept, or, if none can be written there, a folder of this process."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "convscope"
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        return folder
    own = Path(tempfile.mkdtemp(prefix="convscope-"))
    atexit.register(rmtree, own, ignore_errors=True)
    return own


def _open(library: Path) -> ctypes.CDLL:
    functions = ctypes.CDLL(str(library))
    for function in (functions.forward, functions.weight_grad):
        function.argtypes, function.restype = [_Numbers, *(ctypes.c_void_p,) * 4], None
    for function in (functions.forward_room, functions.weight_grad_room):
        function.argtypes, function.restype = [_Numbers], ctypes.c_int64
    return functions
