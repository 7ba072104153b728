"""The stand-in card behaves as one."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

BEHAVES = """
import torch
from tests import stand_in

stand_in.install()
on_card, here = torch.ones(2, device="cuda"), torch.ones(2)
assert str(on_card.device) == "cuda:0" and on_card.is_cuda and str((on_card * 2).device) == "cuda:0"
for refused in (lambda: on_card + here, lambda: on_card.numpy(), lambda: torch.Generator().set_state(
    torch.Generator("cuda").get_state())):
    try:
        refused()
    except (RuntimeError, TypeError):
        continue
    raise AssertionError("it was not refused")
assert torch.Generator("cuda").get_state().numel() == 16
assert on_card.cpu().numpy().tolist() == [1, 1]
"""


def test_it_refuses_what_a_card_refuses() -> None:
    command = [sys.executable, "-c", BEHAVES]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
