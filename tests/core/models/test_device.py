import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.device import choose_device, has_bfloat16


def cards(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize(
    ("name", "count", "chosen"),
    [
        ("auto", 0, "cpu"),
        ("auto", 1, "cuda"),
        ("cpu", 1, "cpu"),
        ("cuda", 1, "cuda"),
        ("cuda:1", 2, "cuda:1"),
    ],
)
def test_chooses(monkeypatch, name, count, chosen):
    cards(monkeypatch, count)
    assert choose_device(name) == torch.device(chosen)


@pytest.mark.parametrize(("name", "count"), [("cuda", 0), ("cuda:0", 0), ("cuda:2", 2)])
def test_an_absent_graphics_card_is_told(monkeypatch, name, count):
    cards(monkeypatch, count)
    with pytest.raises(
        ValueError, match=f"device is '{name}', but this machine has {count} CUDA devices: use auto or cpu"
    ):
        choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "", "cpu:1", "cuda:", "cuda:x", "cuda:-1", "mps", "meta"])
def test_rejects_another_name(name):
    with pytest.raises(ValueError, match=f"device is '{name}', expected auto, cpu, cuda or cuda:INDEX"):
        choose_device(name)


@pytest.mark.parametrize(
    ("able", "native"), [({"avx512_bf16": True}, True), ({"bf16": True}, True), ({"avx2": True}, False)]
)
def test_bfloat16_is_native_where_the_processor_says_so(able, native, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert has_bfloat16(torch.device("cpu")) == native


@pytest.mark.parametrize(
    ("name", "reason"), [("cuda:99", "but this machine has"), ("gpu", "expected auto, cpu, cuda or cuda:INDEX")]
)
def test_a_suite_asked_for_a_device_that_is_not_there_stops_with_the_reason(name, reason):
    suite = Path(__file__).parents[1] / "ops" / "test_matmul.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)]
    run = subprocess.run(command, env=os.environ | {"TORCH_DEVICE": name}, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert f"TORCH_DEVICE: device is '{name}', {reason}" in run.stdout
    assert "passed" not in run.stdout
