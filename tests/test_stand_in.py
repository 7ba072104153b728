"""The stand-in card behaves as one."""

import subprocess
import sys
from pathlib import Path

import pytest

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


APPLE = """
import asyncio, json
import torch
from torch import nn
from tests import stand_in

stand_in.install("mps")
for refused in (lambda: torch.ones(2, device="mps").double(), lambda: torch.ones(2).double().to("mps")):
    try:
        refused()
    except TypeError:
        continue
    raise AssertionError("it was not refused")

from core.explain.attribution import METHODS
from explorer.draw.page import draw_view
from explorer.kernels.page import kernels_view
from explorer.models.library import Library
from explorer.models.own import add
from explorer.screen.shown import Showing

def network(channels):
    body = nn.Conv2d(3, channels, 3), nn.BatchNorm2d(channels), nn.GELU(), nn.MaxPool2d(2), nn.GroupNorm(2, channels)
    head = nn.ReflectionPad2d((0, 1, 0, 0)), nn.Flatten(), nn.LayerNorm(channels * 12), nn.Linear(channels * 12, 4)
    return nn.Sequential(*body, *head).eval()

library = Library()
names = [add(library, network(4).to("mps"), torch.rand(1, 3, 8, 8, device="mps"), title="apple"),
         add(library, network(4), torch.rand(1, 3, 8, 8), title="processor")]
assert str(library.explored("apple").device) == "mps:0"
showing = Showing(library)
functions = {each.__name__: each for view in (draw_view(showing), kernels_view(showing)) for each in view.server_fns}

def asked(function, **request):
    answer = asyncio.run(functions[function](request))
    assert "error" not in answer, (function, request, answer["error"])
    return json.loads(json.dumps(answer))

shown = {"model": "apple", "strokes": [[[0.3, 0.2], [0.6, 0.8]]], "brush": 1, "centred": True, "label": 3, "edits": []}
for sort in ("index", "activation", "attribution"):
    answer = asked("observe", **shown, wanted=[[0, 0], [1, 0, 2]], structure="", sort=sort)
steps = answer["description"]["steps"][1:]
for step in steps:
    cell = [0] * len(step["shape"])
    for of in ("", "output"):
        assert asked("explain", **shown, step=step["index"], cell=cell, of=of)["agrees"], (step["op"], of)
        asked("layer", **shown, step=step["index"], cell=cell, of=of)
    asked("sources", **shown, step=step["index"], cell=cell, of="")
    asked("number_ink", **shown, step=step["index"], cell=cell, of="")
asked("explain", **shown, step=0, cell=[1, 0, 1, 1], of="weight")
asked("explain", **shown, step=-1, cell=[0, 2], of="class")
asked("exact", **shown, step=0, cell=[], of="")
for method in METHODS:
    asked("why", **shown, method=method, target=1, layer=None)
edit = {"kind": "set", "parameter": "0.weight", "index": [0, 0, 1, 1], "value": 0.5}
for second in ({"edits": [edit]}, {"model": "processor"}):
    asked("compare", first=shown, second=shown | second, drawn=[0, 0])
asked("feature_map", **shown, step=0, channel=1)
asked("learned_kernel", model="apple", edits=[edit], name="0.weight", output=1, input=2)
"""


@pytest.mark.parametrize("script", [BEHAVES, APPLE], ids=["a CUDA card", "an Apple card"])
def test_it_refuses_what_a_card_refuses_and_the_pages_answer_on_it(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
