"""Holds what the Kernels page computes in the browser to `core`: both languages read the files in `tests/golden`.

After a change of the cases, write them anew: `python -m tests.explorer.test_kernels`.
"""

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import combinations, count, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.composition import compose
from core.ops.geometry import PADDING_MODES, conv_windows
from core.ops.recovery import Equations, descended, equations, recoverable
from core.ops.separable import separate
from core.ops.vectorized.conv2d import conv2d
from core.ops.vectorized.convolve2d import convolve2d
from core.ops.vectorized.pad import pad2d
from tests.golden_files import write_golden

FOLDER = Path(__file__).resolve().parent.parent / "golden"
GOLDEN, CHAINS, RECOVERY = (FOLDER / name for name in ("conv.json", "composition.json", "recovery.json"))
SIZES = [(1, 1), (3, 3), (5, 5), (2, 2), (4, 3), (2, 5), (1, 7), (6, 1), (7, 7), (15, 15)]
PADDINGS = ["same", "valid", (0, 2), (3, 1)]
PAIRS = [(1, 1), (2, 2), (2, 1), (1, 3)]
CHANNELS = (1, 3)


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


def drawn_cases() -> list[dict[str, Any]]:
    """Each size of kernel in each padding mode over grey and colour; strides, dilations and paddings in turn."""
    generator = random.Random(5)
    cases = []
    for (s, (rows, columns)), (m, mode), (c, channels) in product(*map(enumerate, (SIZES, PADDING_MODES, CHANNELS))):
        large = max(rows, columns) == 15  # dilated it would ask for pictures that are too large for a file
        case = {
            "rows": rows,
            "columns": columns,
            "values": numbers(generator, rows * columns).tolist(),
            "stride": PAIRS[(s + m + 2 * c) % 4],
            "dilation": (1, 1) if large else PAIRS[(s + 2 * m + c) % 4],
            "padding": PADDINGS[(s + 3 * m + c) % 4],
            "mode": mode,
            "flip": generator.random() < 0.3,
        }
        cases.append(case | sums_over_a_picture(case, channels, generator))
    return cases


def sums_over_a_picture(case: dict[str, Any], channels: int, generator: random.Random) -> dict[str, Any]:
    """A picture that a window fits into, and the case's sums over it; `core` refuses the ones that are too small."""
    for least in count(5):
        height, width = (least + generator.randint(0, 6) for _ in range(2))
        planes = numbers(generator, channels, height * width).tolist()
        picture = {"height": height, "width": width, "planes": planes}
        with suppress(ValueError):
            output = computed(case | picture)
            return picture | {"size": list(output.shape[1:]), "sums": output.reshape(channels, -1).tolist()}
    raise AssertionError("counting does not end")


REFUSALS = [
    {"height": 4, "width": 9, "rows": 9, "columns": 3, "padding": "same", "mode": "reflect", "reason": "reflect"},
    {"height": 9, "width": 2, "rows": 3, "columns": 7, "padding": "same", "mode": "circular", "reason": "circular"},
    {"height": 9, "width": 4, "rows": 3, "columns": 5, "padding": "valid", "mode": "zeros", "reason": "span"},
    {"height": 1, "width": 1, "rows": 3, "columns": 3, "padding": "same", "mode": "reflect", "reason": "reflect"},
]
MESSAGES = {"reflect": "reflect padding", "circular": "circular padding", "span": "kernel spans"}


def kernels() -> list[dict[str, Any]]:
    """Kernels of rank 1, some rounded to float32, of nearly rank 1, and of higher rank."""
    generator = random.Random(6)
    products = [numbers(generator, rows, 1) @ numbers(generator, 1, columns) for rows, columns in SIZES]
    rounded = [(product / 7).float().double() for product in products[1:6]]
    nudged = [product + 1e-3 * numbers(generator, *product.shape) for product in products[1:6]]
    others = [numbers(generator, rows, columns) for rows, columns in SIZES]
    blank = [torch.zeros(3, 3, dtype=torch.float64), torch.eye(5, dtype=torch.float64)]
    return [
        {
            "rows": kernel.shape[0],
            "columns": kernel.shape[1],
            "values": kernel.flatten().tolist(),
            "sizes": torch.linalg.svdvals(kernel).tolist(),
            "separable": separate(kernel) is not None,
        }
        for kernel in [*products, *rounded, *nudged, *others, *blank]
    ]


def golden() -> dict[str, Any]:
    return {"cases": drawn_cases(), "refusals": REFUSALS, "kernels": kernels()}


def chains() -> list[dict[str, Any]]:
    """Pairs of kernels, one after the other, with the kernel that `compose` makes of them."""
    generator = random.Random(7)
    cases = []
    for n, (rows, columns) in enumerate([*SIZES[:9], (3, 3), (5, 5), (1, 1)]):
        other = SIZES[(3 * n + 1) % 9]
        first, second = numbers(generator, rows, columns), numbers(generator, *other)
        moves = [generator.choice(PAIRS) for _ in range(3)]
        cases.append(
            {
                "first": {"rows": rows, "columns": columns, "values": first.flatten().tolist()},
                "second": {"rows": other[0], "columns": other[1], "values": second.flatten().tolist()},
                **dict(zip(("stride", "firstDilation", "secondDilation"), moves, strict=True)),
                "composed": compose(first, second, *moves).tolist(),
            }
        )
    return cases


STEPS = (0, 1, 2, 7, 60, 600)


def recoveries() -> list[dict[str, Any]]:
    """Pictures and what a kernel makes of them, with the way of gradient descent from 0 towards that kernel."""
    generator = random.Random(8)
    ramp = torch.arange(60, dtype=torch.float64).reshape(6, 10)
    pictures = [
        ("noise", [numbers(generator, 9, 11)], (3, 3), (1, 1), (1, 1)),
        ("colours", [numbers(generator, 9, 8) for _ in range(3)], (2, 3), (2, 1), (1, 2)),
        ("smooth", [numbers(generator, 12, 12).cumsum(0).cumsum(1) / 9], (3, 2), (1, 1), (1, 1)),
        ("few", [numbers(generator, 4, 4)], (3, 3), (1, 1), (1, 1)),
        ("ramp", [ramp], (3, 3), (1, 1), (1, 1)),
        ("flat", [torch.full((7, 7), 93.0, dtype=torch.float64)], (3, 3), (1, 1), (1, 1)),
    ]
    cases = []
    for name, planes, size, stride, dilation in pictures:
        images = torch.stack(planes)[:, None]
        kernel, bias = numbers(generator, *size) / 16, generator.randint(-40, 40)
        targets = conv2d(images, kernel[None, None], stride=stride, dilation=dilation) + bias
        found = equations(images, targets, size, stride, dilation)
        eigenvalues, rank = recoverable(found)
        cases.append(
            {
                "name": name,
                "height": images.shape[2],
                "width": images.shape[3],
                "planes": images.flatten(1).tolist(),
                "rows": size[0],
                "columns": size[1],
                "stride": stride,
                "dilation": dilation,
                "kernel": kernel.flatten().tolist(),
                "bias": bias,
                "targets": targets.flatten(1).tolist(),
                "eigenvalues": eigenvalues.tolist(),
                "rank": rank,
                "descent": [moment(found, images, targets, steps, size, stride, dilation) for steps in STEPS if rank],
            }
        )
    return cases


def moment(
    found: Equations, images: Tensor, targets: Tensor, steps: int, size: Any, stride: Any, dilation: Any
) -> dict[str, Any]:
    """Where gradient descent stands, and its mean squared error by the convolution itself."""
    values, bias = descended(found, steps)
    output = conv2d(images, values.reshape(1, 1, *size), stride=stride, dilation=dilation) + bias
    return {
        "steps": steps,
        "values": values.tolist(),
        "bias": bias.item(),
        "error": (output - targets).square().mean().item(),
    }


def test_the_golden_file_is_what_core_computes():
    stored, now = json.loads(GOLDEN.read_text()), json.loads(json.dumps(golden()))
    assert stored["refusals"] == now["refusals"]
    for then, kernel in zip(stored["kernels"], now["kernels"], strict=True):
        assert {**then, "sizes": None} == {**kernel, "sizes": None}
        np.testing.assert_allclose(then["sizes"], kernel["sizes"], rtol=1e-9, atol=1e-9)
    for then, case in zip(stored["cases"], now["cases"], strict=True):
        assert {**then, "sums": None} == {**case, "sums": None}
        torch.testing.assert_close(torch.tensor(then["sums"]), torch.tensor(case["sums"]), rtol=1e-12, atol=1e-9)


def test_the_golden_file_is_what_torch_computes():
    for case in json.loads(GOLDEN.read_text())["cases"]:
        sums = torch.tensor(case["sums"], dtype=torch.float64).reshape(-1, *case["size"])
        torch.testing.assert_close(sums, by_torch(case), rtol=1e-10, atol=1e-8)


SETTINGS: dict[str, tuple[Callable[[dict[str, Any]], Any], Sequence[Any]]] = {
    "kernel": (lambda case: (case["rows"], case["columns"]), SIZES),
    "mode": (lambda case: case["mode"], PADDING_MODES),
    "channels": (lambda case: len(case["planes"]), CHANNELS),
    "stride": (lambda case: tuple(case["stride"]), PAIRS),
    "dilation": (lambda case: tuple(case["dilation"]), PAIRS),
    "padding": (
        lambda case: tuple(case["padding"]) if isinstance(case["padding"], list) else case["padding"],
        PADDINGS,
    ),
    "flip": (lambda case: case["flip"], (False, True)),
}
LEFT_OUT = {((15, 15), pair) for pair in PAIRS[1:]}
"""The largest kernel is not dilated."""


@pytest.mark.parametrize("pair", list(combinations(SETTINGS, 2)), ids="-".join)
def test_every_two_values_of_the_settings_meet_in_a_golden_case(pair):
    cases = json.loads(GOLDEN.read_text())["cases"]
    (one, ones), (other, others) = (SETTINGS[name] for name in pair)
    met = {(one(case), other(case)) for case in cases}
    left_out = LEFT_OUT if pair == ("kernel", "dilation") else set()
    assert set(product(ones, others)) - met == left_out


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["reason"])
def test_core_refuses_the_golden_refusals(case):
    with pytest.raises(ValueError, match=MESSAGES[case["reason"]]):
        conv_windows(
            (1, 1, case["height"], case["width"]),
            (1, 1, case["rows"], case["columns"]),
            padding=case["padding"],
            padding_mode=case["mode"],
        )


def test_the_golden_chains_and_descents_are_what_core_computes():
    for path, made in ((CHAINS, chains()), (RECOVERY, recoveries())):
        for then, now in zip(json.loads(path.read_text()), json.loads(json.dumps(made)), strict=True):
            assert then.keys() == now.keys()
            for key in then:
                if key in ("composed", "targets", "planes"):
                    np.testing.assert_allclose(then[key], now[key], rtol=1e-12, atol=1e-9)
                elif key == "eigenvalues":
                    np.testing.assert_allclose(then[key], now[key], rtol=1e-9, atol=1e-9 * max(1, now[key][0]))
                elif key == "descent":
                    for one, other in zip(then[key], now[key], strict=True):
                        np.testing.assert_allclose(one["values"], other["values"], rtol=1e-7, atol=1e-9)
                else:
                    assert then[key] == now[key]


if __name__ == "__main__":
    for path, made in ((GOLDEN, golden()), (CHAINS, chains()), (RECOVERY, recoveries())):
        write_golden(path, made)
