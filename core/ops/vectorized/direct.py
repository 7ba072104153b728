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
from functools import cache
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

_Numbers = ctypes.c_int64 * 24
"""The struct `Convolution` of `direct.cpp`."""


def missing() -> str | None:
    """Return why this machine has no direct convolution, or None where it has; the first call may compile it."""
    library = _library()
    return library if isinstance(library, str) else None


def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """Return the cross-correlation of float32 tensors on the processor, channels-last; no groups."""
    first, strides = weight.data_ptr(), weight.stride()
    return _forward(input, weight.shape, first, strides, stride, padding, dilation)


def input_grad(weight: Tensor, grad_output: Tensor, padding: Pair, dilation: Pair) -> Tensor:
    """Return dL/dinput at stride 1, with padding within the kernel: the forward pass of the kernel turned around."""
    O, C, kH, kW = weight.shape
    sO, sC, sI, sJ = weight.stride()
    last = weight.data_ptr() + weight.element_size() * ((kH - 1) * sI + (kW - 1) * sJ)
    around = dilation[0] * (kH - 1) - padding[0], dilation[1] * (kW - 1) - padding[1]
    return _forward(grad_output, (C, O, kH, kW), last, (sC, sO, -sI, -sJ), (1, 1), around, dilation)


def weight_grad(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: Pair, padding: Pair, dilation: Pair
) -> Tensor:
    """Return dL/dweight of float32 tensors on the processor; no groups."""
    O, C, kH, kW = weight_size
    grad = input.new_empty(kH, kW, C, O)
    numbers = _Numbers(
        *input.shape, O, kH, kW, *grad_output.shape[2:], *stride, *padding, *dilation,
        *input.stride(), *grad_output.stride(), torch.get_num_threads(),
    )  # fmt: skip
    compiled = _compiled()
    room = input.new_empty(compiled.weight_grad_room(numbers))
    compiled.weight_grad(numbers, input.data_ptr(), grad_output.data_ptr(), grad.data_ptr(), room.data_ptr())
    return grad.permute(3, 2, 0, 1)


def _forward(
    input: Tensor,
    weight_size: Sequence[int],
    weight: int,
    weight_strides: Sequence[int],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> Tensor:
    (N, C, H, W), (O, _, kH, kW), (sH, sW), (pH, pW), (dH, dW) = input.shape, weight_size, stride, padding, dilation
    outH = (H + 2 * pH - dH * (kH - 1) - 1) // sH + 1
    outW = (W + 2 * pW - dW * (kW - 1) - 1) // sW + 1
    output = input.new_empty(N, outH, outW, O)
    numbers = _Numbers(
        N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW,
        *input.stride(), *weight_strides, torch.get_num_threads(),
    )  # fmt: skip
    compiled = _compiled()
    room = input.new_empty(compiled.forward_room(numbers))
    compiled.forward(numbers, input.data_ptr(), weight, output.data_ptr(), room.data_ptr())
    return output.permute(0, 3, 1, 2)


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
