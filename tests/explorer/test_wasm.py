"""The checked-in loops of the engine are those of `conv.c`: what clang makes of it here computes the same."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.explorer.engine_cases import NODE, ROOT

ENGINE = ROOT / "explorer" / "web" / "engine"


@pytest.mark.skipif(not (shutil.which("clang") and shutil.which("wasm-ld") and shutil.which("make")), reason="no clang")
@pytest.mark.skipif(NODE is None, reason="no Node")
def test_what_clang_builds_passes_the_tests_of_the_loops(tmp_path: Path) -> None:
    shutil.copy(ENGINE / "conv.c", tmp_path)
    subprocess.run(["make", "wasm", f"ENGINE={tmp_path}"], cwd=ROOT, check=True, capture_output=True)
    built = tmp_path / "conv.wasm"
    assert built.read_bytes()[:4] == b"\0asm"
    if built.read_bytes() == (ENGINE / "conv.wasm").read_bytes():
        return  # the very bytes that the other tests run
    assert NODE
    told = {**os.environ, "CONV_WASM": str(built)}
    subprocess.run([NODE, "--test", "tests/web/engine_conv.test.js"], cwd=ROOT, env=told, check=True)
