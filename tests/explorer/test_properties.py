"""Holds the page's properties of convolution to `core.ops` and torch.

Both languages read `tests/golden/properties.json`; after a change of the cases, write it anew:
`python -m tests.explorer.test_properties`.
"""

import json
import random
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.ops import naive
from tests.golden_files import write_golden

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "properties.json"

Plane = dict[str, Any]


def plane(generator: random.Random, rows: int, columns: int) -> Plane:
    values = [round(generator.uniform(-9, 9), 2) for _ in range(rows * columns)]
    return {"rows": rows, "columns": columns, "values": values}


def tensor(given: Plane) -> Tensor:
    return torch.tensor(given["values"], dtype=torch.float64).reshape(given["rows"], given["columns"])


def full(f: Plane, g: Plane, *, flip: bool) -> list[float]:
    """Every place where the two overlap, by the naive loops."""
    padding = (g["rows"] - 1, g["columns"] - 1)
    function = naive.convolve2d if flip else naive.conv2d
    return function(tensor(f)[None, None], tensor(g)[None, None], padding=padding).flatten().tolist()


def pools(f: Plane) -> dict[str, list[float]]:
    found = {"max": naive.max_pool2d, "avg": naive.avg_pool2d}
    return {name: pool(tensor(f)[None, None], (1, 2)).flatten().tolist() for name, pool in found.items()}


def golden() -> dict[str, Any]:
    generator = random.Random(13)
    pairs = []
    for _ in range(12):
        f = plane(generator, *(generator.randint(1, 5) for _ in range(2)))
        g = plane(generator, *(generator.randint(1, 4) for _ in range(2)))
        pairs.append({"f": f, "g": g, "convolved": full(f, g, flip=True), "correlated": full(f, g, flip=False)})
    kernels = []
    for rank in (1, 1, 2, 3, 2):
        rows, columns = (generator.randint(rank, 5) for _ in range(2))
        product = tensor(plane(generator, rows, rank)) @ tensor(plane(generator, rank, columns))
        U, S, V = torch.linalg.svd(product, full_matrices=False)
        kernels.append(
            {
                "kernel": {"rows": rows, "columns": columns, "values": product.flatten().tolist()},
                "rank": rank,
                "sizes": S.tolist(),
                "nearest": (S[0] * U[:, :1] @ V[:1]).flatten().tolist(),
            }
        )
    signals = [plane(generator, 1, generator.randint(2, 9)) for _ in range(4)]
    return {"pairs": pairs, "kernels": kernels, "pools": [{"f": f, **pools(f)} for f in signals]}


def test_the_golden_file_is_what_core_computes():
    stored, found = json.loads(GOLDEN.read_text()), golden()
    assert stored["pairs"] == found["pairs"]
    assert stored["pools"] == found["pools"]
    for kept, kernel in zip(stored["kernels"], found["kernels"], strict=True):
        for name in ("sizes", "nearest"):
            torch.testing.assert_close(torch.tensor(kept[name]), torch.tensor(kernel[name]), rtol=1e-9, atol=1e-9)


if __name__ == "__main__":
    write_golden(GOLDEN, golden())
