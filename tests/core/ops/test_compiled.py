"""Our C++ is compiled once for the processor at hand; without a compiler that is told, and whole tensors compute."""

import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
import torch
import torch.nn.functional as F

from core.ops import vectorized
from core.ops.vectorized import compiled, conv2d_kernels, direct, pointwise
from tests.core.ops.test_direct import assert_passes_agree


def _forget() -> None:
    """Ask for the compiled functions anew."""
    for answer in (compiled._library, direct._functions, direct._machine, pointwise._functions):
        answer.cache_clear()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A process that has compiled nothing yet, with an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("CXX", "CXXFLAGS"):
        monkeypatch.delenv(name, raising=False)
    _forget()
    yield tmp_path / "convscope"
    _forget()


def command(folder: Path, text: str) -> str:
    """A program of this name that stands for the compiler."""
    program = folder / "c++"
    program.write_text(f"#!{sys.executable}\n{text}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def assert_falls_back() -> None:
    input, weight = torch.randn(2, 3, 8, 8), torch.randn(16, 3, 3, 3)
    output = conv2d_kernels.forward(input, weight, (1, 1), (1, 1), (1, 1), 1)
    torch.testing.assert_close(output, F.conv2d(input, weight, padding=1), rtol=0, atol=1e-5)


def test_is_compiled_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled.missing("direct-float") is None
    (library,) = fresh.iterdir()
    assert library.name.startswith("direct-")
    _forget()
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: pytest.fail("compiled again"))
    assert compiled.missing("direct-float") is None


def test_a_damaged_library_is_compiled_anew(fresh: Path) -> None:
    library = compiled._build(str(which("c++")), "direct-float")
    whole = library.stat().st_size
    library.write_bytes(b"no library")
    assert compiled.missing("direct-float") is None
    assert library.stat().st_size == whole


def test_without_a_compiler_products_compute(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "which", lambda name: None)
    reason = "no C++ compiler is found, neither c++ nor g++ nor clang++: `sudo apt install g++` brings one"
    assert str(compiled.missing("direct-float")).startswith(reason)
    assert_falls_back()
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler is found"):
        direct.forward(torch.zeros(1, 1, 3, 3), torch.zeros(8, 1, 3, 3), (1, 1), (0, 0), (1, 1))


def test_the_environment_names_a_compiler_and_its_options(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "nothing-of-that-name")
    assert compiled.missing("direct-float").startswith("no C++ compiler is found, neither nothing-of-that-name: ")
    _forget()
    monkeypatch.setenv("CXX", "g++")
    monkeypatch.setenv("CXXFLAGS", "-DNDEBUG -no-such-option")
    assert "unrecognized command-line option" in str(compiled.missing("direct-float"))


def test_what_the_compiler_says_is_told(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    says_no = command(tmp_path, "import sys; sys.exit('error: unknown flag -march=native')")
    monkeypatch.setattr(compiled, "which", lambda name: says_no)
    assert compiled.missing("direct-float") == f"{says_no} cannot compile direct.cpp: error: unknown flag -march=native"
    assert list(fresh.iterdir()) == []
    assert_falls_back()


def test_without_openmp_one_thread_computes(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    apples = command(
        tmp_path,
        "import subprocess, sys\n"
        "if '-fopenmp' in sys.argv: sys.exit(\"clang: error: unsupported option '-fopenmp'\")\n"
        "sys.exit(subprocess.call(['c++', *sys.argv[1:]]))",
    )
    monkeypatch.setenv("CXX", apples)
    assert compiled.missing("direct-float") is None
    assert_passes_agree(torch.randn(2, 8, 40, 40), torch.randn(16, 8, 3, 3), (1, 1), (1, 1), (1, 1))


def test_the_stub_of_macos_is_not_run_where_no_compiler_stands_behind_it(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub = command(tmp_path, "import sys; open(sys.argv[0] + '.dialog', 'w'); sys.exit(1)")
    asked = tmp_path / "xcode-select"
    asked.write_text("#!/bin/sh\nexit 2\n", encoding="utf-8")
    asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(compiled, "SYSTEM", "Darwin")
    monkeypatch.setenv("CXX", stub)
    assert str(compiled.missing("direct-float")).startswith("no C++ compiler is found")
    assert not Path(f"{stub}.dialog").exists()


def test_a_compiler_that_never_ends_is_not_waited_for(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asleep = command(tmp_path, "import time; time.sleep(60)")
    monkeypatch.setattr(compiled, "which", lambda name: asleep)
    monkeypatch.setattr(compiled, "PATIENCE", 0.2)
    assert "timed out after 0.2 seconds" in str(compiled.missing("direct-float"))
    assert_falls_back()


def test_without_a_writable_cache_it_compiles_for_itself(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert compiled.missing("direct-float") is None
    assert list(tmp_path.glob("convscope-*/direct-*.so"))


def test_rule_does_not_compile_for_what_is_not_computed_directly(fresh: Path) -> None:
    assert not conv2d_kernels.suits_direct((3, 3), 1, torch.zeros(1, dtype=torch.bfloat16))
    assert not pointwise.reads(torch.zeros(1, dtype=torch.bfloat16))
    assert not fresh.exists()


@pytest.mark.parametrize(("system", "words"), [("Darwin", "xcode-select --install"), ("Windows", "winget install")])
def test_what_to_install_is_told_for_each_system(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, system: str, words: str
) -> None:
    monkeypatch.setattr(compiled, "SYSTEM", system)
    monkeypatch.setattr(compiled, "which", lambda name: None)
    assert words in str(compiled.missing("direct-float"))


@pytest.mark.skipif(which("g++") is None, reason="there is no g++ here")
@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("direct", ("along", "forward", "lanes", "lay_last", "others", "weight_grad")),
        ("pointwise", tuple(pointwise._POINTERS)),
    ],
)
def test_windows_exports_every_function_that_is_called(name: str, functions: tuple[str, ...]) -> None:
    source = Path(compiled.__file__).with_name(f"{name}.cpp")
    text = subprocess.run(
        ["g++", "-E", "-P", "-D_WIN32", "-DREAL=float", source], capture_output=True, check=True, text=True
    ).stdout
    exported = re.findall(r'extern "C" __declspec\(dllexport\) \w+ (\w+)\(', text)
    assert sorted(exported) == sorted(functions)


@pytest.mark.skipif(which("clang++") is None, reason="there is no clang here")
def test_clang_without_openmp_computes_the_same_on_one_thread(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "clang++")
    monkeypatch.setattr(compiled, "THREADS", "-fopenmp=none-of-that-name")
    assert compiled.missing("direct-float") is None
    assert compiled.missing("direct-double") is None
    assert compiled.missing("pointwise") is None
    assert_passes_agree(torch.randn(2, 8, 40, 40), torch.randn(16, 8, 3, 3), (1, 1), (1, 1), (1, 1))
    assert_passes_agree(torch.randn(2, 24, 20, 20), torch.randn(24, 1, 3, 3), (2, 2), (1, 1), (1, 1), 24)
    scores = 3 * torch.randn(5, 37)
    torch.testing.assert_close(vectorized.log_softmax(scores, 1), scores.log_softmax(1))
    torch.testing.assert_close(vectorized.gelu(scores), F.gelu(scores))
