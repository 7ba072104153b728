"""Holds the browser's convolution to `core`: both languages read `tests/golden/conv.json`.

After a change of the cases, write it anew: `python -m tests.explorer.test_kernels`.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.geometry import PADDING_MODES, conv_windows
from core.ops.vectorized.conv2d import conv2d
from core.ops.vectorized.convolve2d import convolve2d
from core.ops.vectorized.pad import pad2d

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "conv.json"
SIZES = [(1, 1), (3, 3), (5, 5), (2, 2), (4, 3), (2, 5), (1, 7), (6, 1), (7, 7), (15, 15)]
PADDINGS = ["same", "valid", (0, 2), (3, 1)]
PAIRS = [(1, 1), (1, 1), (2, 2), (2, 1), (1, 3)]


def numbers(generator: random.Random, *shape: int) -> Tensor:
    count = int(np.prod(shape))
    return torch.tensor([generator.randint(-255, 255) / 8 for _ in range(count)], dtype=torch.float64).reshape(shape)


def padding_of(case: dict[str, Any], H: int, W: int) -> tuple[int, int, int, int]:
    kernel = (case["rows"], case["columns"])
    windows = conv_windows((1, 1, H, W), (1, 1, *kernel), padding=case["padding"], dilation=case["dilation"])
    return windows.around


def computed(case: dict[str, Any]) -> Tensor:
    """The case's output `(C, outH, outW)` by `core.ops`, the planes taken as a batch."""
    planes = torch.tensor(case["planes"], dtype=torch.float64).reshape(-1, 1, case["height"], case["width"])
    weight = torch.tensor(case["values"], dtype=torch.float64).reshape(1, 1, case["rows"], case["columns"])
    around = padding_of(case, case["height"], case["width"])
    operator = convolve2d if case["flip"] else conv2d
    padded = pad2d(planes, around, padding_mode=case["mode"])
    return operator(padded, weight, stride=case["stride"], dilation=case["dilation"])[:, 0]


def by_torch(case: dict[str, Any]) -> Tensor:
    planes = torch.tensor(case["planes"], dtype=torch.float64).reshape(-1, 1, case["height"], case["width"])
    weight = torch.tensor(case["values"], dtype=torch.float64).reshape(1, 1, case["rows"], case["columns"])
    mode = {"zeros": "constant"}.get(case["mode"], case["mode"])
    padded = F.pad(planes, padding_of(case, case["height"], case["width"]), mode=mode)
    applied = weight.flip(2, 3) if case["flip"] else weight
    return F.conv2d(padded, applied, stride=case["stride"], dilation=case["dilation"])[:, 0]


def drawn_cases(count: int) -> list[dict[str, Any]]:
    """Settings drawn by a seeded generator, sizes and padding modes in turn, those that `core` refuses left out."""
    generator = random.Random(5)
    cases: list[dict[str, Any]] = []
    while len(cases) < count:
        rows, columns = SIZES[len(cases) % len(SIZES)]
        height, width, channels = generator.randint(5, 17), generator.randint(5, 17), generator.choice([1, 3])
        case = {
            "height": height,
            "width": width,
            "planes": numbers(generator, channels, height * width).tolist(),
            "rows": rows,
            "columns": columns,
            "values": numbers(generator, rows * columns).tolist(),
            "stride": generator.choice(PAIRS),
            "dilation": generator.choice(PAIRS),
            "padding": generator.choice(PADDINGS),
            "mode": PADDING_MODES[len(cases) % 4],
            "flip": generator.random() < 0.3,
        }
        try:
            output = computed(case)
        except ValueError:
            continue
        cases.append({**case, "size": list(output.shape[1:]), "sums": output.reshape(channels, -1).tolist()})
    return cases


REFUSALS = [
    {"height": 4, "width": 9, "rows": 9, "columns": 3, "padding": "same", "mode": "reflect", "reason": "reflect"},
    {"height": 9, "width": 2, "rows": 3, "columns": 7, "padding": "same", "mode": "circular", "reason": "circular"},
    {"height": 9, "width": 4, "rows": 3, "columns": 5, "padding": "valid", "mode": "zeros", "reason": "span"},
    {"height": 1, "width": 1, "rows": 3, "columns": 3, "padding": "same", "mode": "reflect", "reason": "reflect"},
]
MESSAGES = {"reflect": "reflect padding", "circular": "circular padding", "span": "kernel spans"}


def kernels() -> list[dict[str, Any]]:
    """Kernels of rank 1, nearly rank 1, and of higher rank, each with its rank by singular values."""
    generator = random.Random(6)
    products = [numbers(generator, rows, 1) @ numbers(generator, 1, columns) for rows, columns in SIZES]
    nudged = [product + 1e-6 * numbers(generator, *product.shape) for product in products[1:6]]
    others = [numbers(generator, rows, columns) for rows, columns in SIZES]
    blank = [torch.zeros(3, 3, dtype=torch.float64), torch.eye(5, dtype=torch.float64)]
    return [
        {
            "rows": kernel.shape[0],
            "columns": kernel.shape[1],
            "values": kernel.flatten().tolist(),
            "rank": int(np.linalg.matrix_rank(kernel.numpy(), rtol=1e-9)),
        }
        for kernel in [*products, *nudged, *others, *blank]
    ]


def golden() -> dict[str, Any]:
    return {"cases": drawn_cases(48), "refusals": REFUSALS, "kernels": kernels()}


def test_the_golden_file_is_what_core_computes():
    stored, now = json.loads(GOLDEN.read_text()), json.loads(json.dumps(golden()))
    assert stored["refusals"] == now["refusals"]
    assert [kernel["rank"] for kernel in stored["kernels"]] == [kernel["rank"] for kernel in now["kernels"]]
    for then, case in zip(stored["cases"], now["cases"], strict=True):
        assert {**then, "sums": None} == {**case, "sums": None}
        torch.testing.assert_close(torch.tensor(then["sums"]), torch.tensor(case["sums"]), rtol=1e-12, atol=1e-9)


def test_the_golden_file_is_what_torch_computes():
    for case in json.loads(GOLDEN.read_text())["cases"]:
        sums = torch.tensor(case["sums"], dtype=torch.float64).reshape(-1, *case["size"])
        torch.testing.assert_close(sums, by_torch(case), rtol=1e-10, atol=1e-8)


def test_the_golden_cases_cover_every_mode_and_setting():
    cases = json.loads(GOLDEN.read_text())["cases"]
    assert {case["mode"] for case in cases} == set(PADDING_MODES)
    assert {(case["rows"], case["columns"]) for case in cases} == set(SIZES)
    assert {True, False} == {case["flip"] for case in cases}
    assert {tuple(case["stride"]) for case in cases} == {tuple(case["dilation"]) for case in cases} == set(PAIRS)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["reason"])
def test_core_refuses_the_golden_refusals(case):
    with pytest.raises(ValueError, match=MESSAGES[case["reason"]]):
        conv_windows(
            (1, 1, case["height"], case["width"]),
            (1, 1, case["rows"], case["columns"]),
            padding=case["padding"],
            padding_mode=case["mode"],
        )


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden()) + "\n")
