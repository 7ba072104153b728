"""The compiled convolution gives torch's numbers for any sizes and layouts, and without a compiler says so."""

import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.ops.vectorized import conv2d_kernels, direct
from core.speed.timing import peak_bytes
from tests.core.ops.test_conv2d_products import LAYOUTS

TOLERANCE = 1e-5
"""Of the largest element, in float32."""

# name: input size, weight size, stride, padding, dilation
CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], Any, Any, Any]] = {
    "one channel": ((2, 1, 9, 11), (32, 1, 3, 3), (1, 1), (0, 0), (1, 1)),
    "channels within one vector": ((3, 1, 9, 11), (10, 1, 5, 5), (1, 1), (0, 0), (1, 1)),
    "channels within two vectors": ((2, 3, 9, 11), (20, 3, 3, 2), (1, 1), (0, 0), (1, 1)),
    "one channel out": ((2, 5, 9, 20), (1, 5, 3, 3), (1, 1), (1, 1), (1, 1)),
    "several blocks of output channels": ((2, 3, 6, 7), (150, 3, 3, 3), (1, 1), (1, 1), (1, 1)),
    "several blocks of input channels": ((2, 300, 6, 7), (70, 300, 3, 3), (1, 1), (1, 1), (1, 1)),
    "strips of lines": ((2, 40, 61, 50), (9, 40, 3, 3), (1, 1), (1, 1), (1, 1)),
    "lines wider than a strip": ((1, 3, 4, 24_000), (8, 3, 2, 2), (1, 3), (0, 1), (1, 1)),
    "strided": ((2, 3, 23, 30), (16, 3, 7, 7), (2, 3), (3, 2), (1, 1)),
    "dilated": ((2, 6, 15, 17), (18, 6, 3, 3), (1, 1), (2, 3), (2, 3)),
    "dilated along the height": ((2, 6, 15, 17), (18, 6, 3, 3), (2, 1), (2, 0), (3, 1)),
    "1 × 1": ((2, 20, 5, 6), (24, 20, 1, 1), (1, 1), (0, 0), (1, 1)),
    "one window": ((2, 20, 5, 6), (24, 20, 5, 6), (1, 1), (0, 0), (1, 1)),
    "padded beyond the kernel": ((2, 4, 4, 5), (12, 4, 2, 2), (1, 1), (3, 2), (1, 1)),
    "stride beyond the kernel": ((2, 4, 13, 14), (12, 4, 2, 2), (5, 4), (0, 0), (1, 1)),
    "an empty batch": ((0, 4, 9, 9), (12, 4, 3, 3), (1, 1), (0, 0), (1, 1)),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if reason := direct.missing():
        pytest.skip(reason)


@pytest.fixture(params=[1, 2, 5])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def assert_passes_agree(input: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any) -> None:
    """The forward pass and the gradients are those of torch in float64, and nothing read is changed."""
    exact = [tensor.double().requires_grad_() for tensor in (input, weight)]
    expected = F.conv2d(*exact, None, stride, padding, dilation)
    grad = torch.randn(expected.shape)
    grads = torch.autograd.grad(expected, exact, grad.double())
    before = input.clone(), weight.clone()
    assert_close(direct.forward(input, weight, stride, padding, dilation), expected.detach())
    reach = [gap * (taps - 1) for gap, taps in zip(dilation, weight.shape[2:], strict=True)]
    for laid in (grad, grad.contiguous(memory_format=torch.channels_last), grad.mT.contiguous().mT):
        if stride == (1, 1) and all(around <= most for around, most in zip(padding, reach, strict=True)):
            assert_close(direct.input_grad(weight, laid, padding, dilation), grads[0])
        assert_close(direct.weight_grad(input, weight.shape, laid, stride, padding, dilation), grads[1])
    for tensor, copy in zip((input, weight), before, strict=True):
        assert torch.equal(tensor, copy)


def assert_close(actual: Tensor, exact: Tensor) -> None:
    assert actual.dtype == torch.float32
    scale = exact.abs().max().item() if exact.numel() else 0.0
    torch.testing.assert_close(actual.double(), exact, rtol=0, atol=TOLERANCE * max(1.0, scale))


@pytest.mark.usefixtures("_threads")
@cases
def test_agrees_with_torch(case: Any) -> None:
    assert_passes_agree(torch.randn(case[0]), torch.randn(case[1]), *case[2:])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@cases
def test_reads_any_layout(case: Any, layout: Any) -> None:
    assert_passes_agree(layout(torch.randn(case[0])), layout(torch.randn(case[1])), *case[2:])


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], Any, Any, Any]:
    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride, padding, dilation = pair(1, 5), pair(1, 3), pair(0, 3), pair(1, 3)
    least = [max(1, dilation[axis] * (kernel[axis] - 1) + 1 - 2 * padding[axis]) for axis in (0, 1)]
    height, width = (low + draw(st.integers(0, 40)) for low in least)
    channels, outputs = draw(st.integers(1, 40)), draw(st.integers(1, 140))
    return (draw(st.integers(0, 3)), channels, height, width), (outputs, channels, *kernel), stride, padding, dilation


@settings(max_examples=150, deadline=None)
@given(convolutions(), st.sampled_from(sorted(LAYOUTS)))
def test_agrees_with_torch_on_any_configuration(convolution: Any, layout: str) -> None:
    input_size, weight_size, *moves = convolution
    assert_passes_agree(LAYOUTS[layout](torch.randn(input_size)), torch.randn(weight_size), *moves)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["one channel", "channels within two vectors", "strided"])
def test_a_bad_element_reaches_only_the_outputs_that_read_it(name: str, bad: float) -> None:
    input, weight = torch.randn(CASES[name][0]), torch.randn(CASES[name][1])
    input[0, 0, 2, 3] = bad
    expected = F.conv2d(input, weight, None, *CASES[name][2:])
    assert torch.equal(direct.forward(input, weight, *CASES[name][2:]).isfinite(), expected.isfinite())


def test_rounding_does_not_grow_with_the_length_of_a_sum() -> None:
    moves = (1, 1), (0, 0), (1, 1)
    many, weight = torch.full((1, 1024, 4, 4), 0.1), torch.full((16, 1024, 3, 3), 0.1)  # 9,216 products
    assert_close(direct.forward(many, weight, *moves), F.conv2d(many.double(), weight.double()))
    wide, grad = torch.full((1, 1, 402, 402), 0.1), torch.full((1, 16, 400, 400), 0.1)  # 160,000 products
    exact = torch.full((16, 1, 3, 3), 400 * 400 * float(wide[0, 0, 0, 0]) * float(grad[0, 0, 0, 0]))
    assert_close(direct.weight_grad(wide, exact.shape, grad, *moves), exact.double())


def test_its_room_is_memory_that_is_seen() -> None:
    input, weight = torch.randn(2, 8, 20, 20), torch.randn(16, 8, 3, 3)
    output = direct.forward(input, weight, (1, 1), (1, 1), (1, 1))
    held = peak_bytes(lambda: direct.forward(input, weight, (1, 1), (1, 1), (1, 1)))
    assert held >= output.nbytes + weight.nbytes + input[0].nbytes // 2  # the weight laid out, and a padded strip


def test_the_same_sums_every_time() -> None:
    input, weight = torch.randn(5, 20, 30, 30), torch.randn(24, 20, 3, 3)
    moves = (1, 1), (1, 1), (1, 1)
    grad = torch.randn(5, 24, 30, 30)
    first = direct.forward(input, weight, *moves), direct.weight_grad(input, weight.shape, grad, *moves)
    again = direct.forward(input, weight, *moves), direct.weight_grad(input, weight.shape, grad, *moves)
    assert all(map(torch.equal, first, again))


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A process that has compiled nothing yet, with an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("CXX", "CXXFLAGS"):
        monkeypatch.delenv(name, raising=False)
    direct._library.cache_clear()
    yield tmp_path / "convscope"
    direct._library.cache_clear()


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
    assert direct.missing() is None
    (library,) = fresh.iterdir()
    assert library.name.startswith("direct-")
    direct._library.cache_clear()
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: pytest.fail("compiled again"))
    assert direct.missing() is None


def test_a_damaged_library_is_compiled_anew(fresh: Path) -> None:
    library = direct._build(str(which("c++")))
    whole = library.stat().st_size
    library.write_bytes(b"no library")
    assert direct.missing() is None
    assert library.stat().st_size == whole


def test_without_a_compiler_products_compute(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "which", lambda name: None)
    assert direct.missing() == "no C++ compiler is found: expected c++ or g++ or clang++"
    assert_falls_back()
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler is found"):
        direct.forward(torch.zeros(1, 1, 3, 3), torch.zeros(8, 1, 3, 3), (1, 1), (0, 0), (1, 1))


def test_the_environment_names_a_compiler_and_its_options(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "nothing-of-that-name")
    assert direct.missing() == "no C++ compiler is found: expected nothing-of-that-name"
    direct._library.cache_clear()
    monkeypatch.setenv("CXX", "g++")
    monkeypatch.setenv("CXXFLAGS", "-DNDEBUG -no-such-option")
    assert "unrecognized command-line option" in str(direct.missing())


def test_what_the_compiler_says_is_told(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    says_no = command(tmp_path, "import sys; sys.exit('error: unknown flag -march=native')")
    monkeypatch.setattr(direct, "which", lambda name: says_no)
    assert direct.missing() == f"{says_no} cannot compile direct.cpp: error: unknown flag -march=native"
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
    assert direct.missing() is None
    assert_passes_agree(torch.randn(2, 8, 40, 40), torch.randn(16, 8, 3, 3), (1, 1), (1, 1), (1, 1))


def test_the_stub_of_macos_is_not_run_where_no_compiler_stands_behind_it(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub = command(tmp_path, "import sys; open(sys.argv[0] + '.dialog', 'w'); sys.exit(1)")
    asked = tmp_path / "xcode-select"
    asked.write_text("#!/bin/sh\nexit 2\n", encoding="utf-8")
    asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(direct.platform, "system", lambda: "Darwin")
    monkeypatch.setenv("CXX", stub)
    assert str(direct.missing()).startswith("no C++ compiler is found")
    assert not Path(f"{stub}.dialog").exists()


def test_a_compiler_that_never_ends_is_not_waited_for(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asleep = command(tmp_path, "import time; time.sleep(60)")
    monkeypatch.setattr(direct, "which", lambda name: asleep)
    monkeypatch.setattr(direct, "PATIENCE", 0.2)
    assert "timed out after 0.2 seconds" in str(direct.missing())
    assert_falls_back()


def test_without_a_writable_cache_it_compiles_for_itself(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert direct.missing() is None
    assert list(tmp_path.glob("convscope-*/direct-*.so"))


@pytest.mark.parametrize(
    ("groups", "dtype", "expected"),
    [(1, torch.float32, True), (2, torch.float32, False), (1, torch.float64, False), (1, torch.bfloat16, False)],
)
def test_rule_chooses(groups: int, dtype: torch.dtype, expected: bool) -> None:
    assert conv2d_kernels.suits_direct(groups, torch.zeros(1, dtype=dtype)) is expected


@pytest.mark.parametrize(
    ("images", "channels", "stride", "padding", "out", "expected"),
    [
        (64, 4, (1, 1), (1, 1), (9, 9), True),
        (64, 3, (1, 1), (1, 1), (9, 9), False),  # few channels of many images
        (1, 1, (1, 1), (0, 0), (7, 7), True),
        (64, 16, (1, 2), (1, 1), (9, 5), False),  # zeros between the gradients
        (64, 16, (1, 1), (2, 3), (11, 13), False),  # padded beyond the kernel
        (64, 16, (1, 1), (2, 2), (11, 11), True),
        (64, 16, (1, 1), (1, 1), (9, 8), False),  # a column that no output read: output padding
    ],
)
def test_rule_chooses_how_a_gradient_is_sent(
    images: int, channels: int, stride: Any, padding: Any, out: Any, expected: bool
) -> None:
    assert conv2d_kernels.sends_direct((images, channels, 9, 9), (3, 3), out, stride, padding, (1, 1)) is expected


def test_rule_does_not_compile_for_what_is_not_computed_directly(fresh: Path) -> None:
    assert not conv2d_kernels.suits_direct(1, torch.zeros(1, dtype=torch.float64))
    assert not fresh.exists()


def test_a_lazily_negated_tensor_is_read_as_what_it_stands_for() -> None:
    input = torch.complex(torch.zeros(2, 3, 8, 8), torch.randn(2, 3, 8, 8)).conj().imag
    weight = torch.randn(16, 3, 3, 3)
    assert input.is_neg()
    output = conv2d_kernels.forward(input, weight, (1, 1), (1, 1), (1, 1), 1)
    assert_close(output, F.conv2d(input.double(), weight.double(), padding=1))


def test_rule_leaves_out_tensors_without_memory() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        assert not conv2d_kernels.suits_direct(1, torch.zeros(1))
    assert not conv2d_kernels.suits_direct(1, torch.zeros(1, device="meta"))
