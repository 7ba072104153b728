"""The receptive fields that the browser is held to: tests/web/field.test.js reads the file that this checks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.explain import Support, geometry, influence, receptive_field, record
from tests.golden_files import write_golden

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "fields.json"


class Branches(nn.Module):
    """Strides, dilation, groups, padding modes, joins, a concatenation, a reshape, and adaptive pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect")
        self.deep = nn.Conv2d(4, 4, (3, 2), stride=2, dilation=(2, 1), padding=(1, 1), groups=2)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.head = nn.Linear(2 * 3 * 3, 3)

    def forward(self, x):
        a = F.relu(self.stem(x))
        b = F.max_pool2d(self.deep(a), 2, ceil_mode=True)
        c = self.up(b)[..., :5]
        d = torch.cat([c, F.avg_pool2d(a, 2)[:, :2]], dim=1)
        e = (c + d[:, 2:]).transpose(2, 3)
        return self.head(F.adaptive_avg_pool2d(e, 3).flatten(1))


class Plain(nn.Sequential):
    """Convolution, pooling, flattening: a small network of the tutorials' kind."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 3, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(64, 5)
        )


class Resized(nn.Module):
    """Interpolation, windows as columns and back, a running sum, attention to what is before."""

    def forward(self, x):
        a = F.interpolate(x, (5, 4), mode="bilinear")
        b = F.fold(F.unfold(a, 2, padding=1), (5, 4), 2, padding=1).cumsum(2)[:, 0]
        return F.scaled_dot_product_attention(b, b, b, is_causal=True)


def bits(mask) -> str:
    return "".join("1" if on else "0" for on in mask.reshape(-1))


def told(support: Support) -> dict[str, str]:
    return {str(step): bits(mask) for step, mask in support.masks.items() if step != support.step}


def case(model: nn.Module, shape: tuple[int, ...], seed: int) -> dict:
    trace = record(model.eval(), torch.rand(shape))
    random = np.random.default_rng(seed)
    cells = []
    for step in range(-1, len(trace.steps)):
        cell = tuple(int(random.integers(size)) for size in trace.value(step).shape)
        found = {"step": step, "cell": cell, "sources": {}, "influence": told(influence(trace, step, cell))}
        if step >= 0:
            found["sources"] = told(receptive_field(trace, step, cell))
        cells.append(found)
    return {
        "geometry": geometry(trace),
        "shapes": [list(trace.value(step).shape) for step in range(-1, len(trace.steps))],
        "cells": cells,
    }


def cases() -> list[dict]:
    return [
        case(Branches(), (1, 1, 12, 11), 1),
        case(Plain(), (1, 1, 14, 14), 2),
        case(Resized(), (1, 1, 3, 7), 3),
    ]


def test_the_browser_is_held_to_the_fields_of_core():
    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(cases()))


KINDS = (
    {"reshape", "window", "bins", "spread", "lookup"},
    {"reshape", "window"},
    {"gather", "scatter", "window", "taps"},
)
"""Of relations and of their axes, in each model."""


@pytest.mark.parametrize("number", range(3))
def test_every_kind_of_relation_is_in_the_file(number):
    relations = [relation for step in cases()[number]["geometry"] for relation in step.values()]
    kinds = {relation["kind"] for relation in relations} | {
        axis["kind"] for relation in relations for axis in relation.get("axes", [])
    }
    assert kinds == {"product"} | KINDS[number]


if __name__ == "__main__":
    write_golden(GOLDEN, cases())
