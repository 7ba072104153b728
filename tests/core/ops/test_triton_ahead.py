"""The Triton kernel compiles ahead of time for cards that need not be there, and keeps its numbers in registers.

The sizes' ones and multiples of 16 are told to the compiler as they are when the kernel is launched.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("triton", reason="Triton comes with PyTorch on Linux only")

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from core.ops import triton as ours

CUOBJDUMP = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"

# images, channels, side, outputs, kernel, stride, padding
USUAL = {
    "the tutorials' first": (64, 1, 28, 32, 3, 1, 0),
    "the tutorials' second": (64, 32, 26, 64, 3, 1, 0),
    "a middle layer of ResNet18": (8, 64, 56, 64, 3, 1, 1),
    "the stem of ResNet18": (8, 3, 224, 64, 7, 2, 3),
}
MULTIPLE_OF_16 = [["tt.divisibility", 16]]


def numbers(images: int, channels: int, side: int, outputs: int, kernel: int, stride: int, padding: int) -> Any:
    """The kernel's arguments that are no tensors, by their names."""
    out = (side + 2 * padding - kernel) // stride + 1
    names = "positions C H W O each channels kH kW outH outW sH sW pH pW dH dW"
    sizes = (images * out * out, channels, side, side, outputs, outputs, channels, kernel, kernel, out, out)
    return dict(zip(names.split(), (*sizes, stride, stride, padding, padding, 1, 1), strict=True))


def compiled(element: str, capability: int, values: dict[str, int], *, wide: bool) -> Any:
    choices = {"has_bias": True, "POSITIONS": ours.POSITIONS, "OUTPUTS": ours.OUTPUTS, "TAPS": ours.TAPS, "WIDE": wide}
    signature, constants, facts = {}, {}, {}
    for place, name in enumerate(ours._tile.arg_names):
        value = choices.get(name, values.get(name))
        if value is None:
            signature[name], facts[(place,)] = f"*{element}", MULTIPLE_OF_16
        elif name in choices or value == 1:
            signature[name], constants[(place,)] = "constexpr", value
        else:
            signature[name] = "i32"
            facts |= {(place,): MULTIPLE_OF_16} if value % 16 == 0 else {}
    return triton.compile(ASTSource(ours._tile, signature, constants, facts), target=GPUTarget("cuda", capability, 32))


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("element", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("case", USUAL.values(), ids=USUAL.keys())
def test_nothing_is_spilled(case: Any, element: str, capability: int, tmp_path: Path) -> None:
    kernel = compiled(element, capability, numbers(*case), wide=False)
    binary = tmp_path / "kernel.cubin"
    binary.write_bytes(kernel.asm["cubin"])
    told = subprocess.run([CUOBJDUMP, "-res-usage", binary], capture_output=True, text=True, check=True).stdout
    used = {name: int(count) for name, count in re.findall(r"\b(REG|STACK|LOCAL):(\d+)", told)}
    assert 16 < used["REG"] < 255
    assert used["STACK"] == used["LOCAL"] == 0


@pytest.mark.parametrize("capability", [80, 90])
def test_large_tensors_are_counted_in_64_bits(capability: int) -> None:
    narrow, wide = (compiled("fp32", capability, numbers(8, 64, 56, 64, 3, 1, 1), wide=wide) for wide in (False, True))
    assert "mul.wide.s32" in narrow.asm["ptx"]
    assert "shl.b64" in wide.asm["ptx"]
    assert wide.asm["ptx"].count("s64") > narrow.asm["ptx"].count("s64")
