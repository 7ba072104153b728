"""Our C++, built for the processor at hand once by the system's compiler.

A library lies in the user's cache folder, named by what it depends on, so that a new version, compiler or processor
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

from core.files import replace_file

__all__ = ["functions", "how_to_install", "lacks_compiler", "missing"]

SYSTEM = platform.system()
NATIVE = "-mcpu=native" if (SYSTEM, platform.machine()) == ("Darwin", "arm64") else "-march=native"
FLAGS = (
    *("-O3", NATIVE, "-std=c++17", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-shared"),
    *(() if SYSTEM == "Windows" else ("-fPIC",)),
)
THREADS = "-fopenmp"
"""Apple's compiler knows no OpenMP, others may lack its library: without it one thread computes."""

COMPILERS = ("c++", "g++", "clang++")
INSTALL = {
    "Darwin": "`xcode-select --install` brings one",
    "Windows": "`winget install LLVM.LLVM` brings one, with Visual Studio's Build Tools beside it",
}
ELSEWHERE = "`sudo apt install g++` brings one on Debian and Ubuntu, `sudo dnf install gcc-c++` on Fedora"

PATIENCE = 300
"""Seconds that compiling may take; it takes 10 on a processor that has nothing else to do."""


def missing(name: str) -> str | None:
    """Return in a sentence why this machine has no compiled `NAME.cpp`, or None; the first call may compile it.

    Args:
        name: Of a source, as "pointwise"; with a hyphen, as "direct-double", of what its `REAL` stands for.
    """
    library = _library(name)
    return library if isinstance(library, str) else None


def how_to_install() -> str:
    """Return in a clause what brings a compiler to this system."""
    return INSTALL.get(SYSTEM, ELSEWHERE)


def lacks_compiler() -> str | None:
    """Return the system, "Linux", "Darwin" or "Windows", where it has no compiler; None where it has."""
    if _compiler() is not None:
        return None
    return SYSTEM if SYSTEM in INSTALL else "Linux"


def functions(name: str) -> ctypes.CDLL:
    """Return the functions of a source, named as for `missing`.

    Raises:
        RuntimeError: There are none here, with the reason.
    """
    library = _library(name)
    if isinstance(library, str):
        raise RuntimeError(library)
    return library


@cache
def _library(name: str) -> ctypes.CDLL | str:
    """Return the compiled functions, or why there are none."""
    compiler = _compiler()
    if compiler is None:
        return f"no C++ compiler is found, neither {' nor '.join(_names())}: {how_to_install()}"
    try:
        try:
            return _loaded(compiler, name, (*FLAGS, THREADS))
        except (subprocess.CalledProcessError, OSError) as error:
            with suppress(subprocess.CalledProcessError, OSError):
                return _loaded(compiler, name, FLAGS)
            raise error
    except subprocess.CalledProcessError as error:
        return f"{compiler} cannot compile {name.partition('-')[0]}.cpp: {error.stderr.strip().partition(chr(10))[0]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{name.partition('-')[0]}.cpp cannot be compiled and loaded: {error}"


def _names() -> tuple[str, ...]:
    return (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS


def _compiler() -> str | None:
    """Return the compiler's command, or None where there is none."""
    found = next(filter(None, map(which, _names())), None)
    return found if found and _is_installed() else None


def _is_installed() -> bool:
    """Return whether a compiler stands behind the command: macOS has stubs that open a dialog where none does."""
    if SYSTEM != "Darwin":
        return True
    asked = subprocess.run(["xcode-select", "-p"], capture_output=True, check=False, timeout=PATIENCE)
    return asked.returncode == 0


def _loaded(compiler: str, name: str, flags: Sequence[str]) -> ctypes.CDLL:
    library = _build(compiler, name, flags)
    try:
        return ctypes.CDLL(str(library))
    except OSError:  # a damaged file
        library.unlink()
        return ctypes.CDLL(str(_build(compiler, name, flags)))


def _build(compiler: str, name: str, flags: Sequence[str] = (*FLAGS, THREADS)) -> Path:
    """Return the library, compiled unless the cache folder has it."""
    processor = platform.machine(), sorted(torch.cpu.get_capabilities().items())
    flags = [*flags, *shlex.split(os.environ.get("CXXFLAGS", ""))]
    depends = f"{compiler} {os.stat(compiler).st_mtime} {flags} {processor} {torch.__version__}"
    stem, _, real = name.partition("-")
    source = Path(__file__).with_name(f"{stem}.cpp")
    flags += [f"-DREAL={real}"] if real else []
    text = source.read_bytes() + source.with_name("shared.h").read_bytes()
    digest = hashlib.sha256(text + depends.encode()).hexdigest()[:16]
    folder = _cache_folder()
    library = folder / f"{name}-{digest}{'.dll' if SYSTEM == 'Windows' else '.so'}"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as private:
            made = Path(private) / library.name
            command = [compiler, *flags, str(source), "-o", str(made)]
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
