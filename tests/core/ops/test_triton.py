"""The Triton convolution, by Triton's interpreter where there is no graphics card."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="Triton comes with PyTorch on Linux only")

from core.ops import triton as ours
from tests.stand_in import not_on_stand_in

KERNEL = Path(__file__).with_name("triton_kernel.py")


@not_on_stand_in("runs no kernels")
def test_the_kernel_equals_torch() -> None:
    interpreter = {} if torch.cuda.is_available() else {"TRITON_INTERPRET": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(KERNEL)]
    run = subprocess.run(command, env=os.environ | interpreter, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "14 passed" in run.stdout


def test_refuses_the_processor_without_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(ValueError, match=r"input is on cpu, Triton's kernel expects cuda"):
        ours.conv2d(torch.randn(1, 1, 3, 3), torch.randn(1, 1, 2, 2))
