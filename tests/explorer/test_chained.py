"""Holds the page's chain of operators to torch's autograd on a whole network.

Both languages read `tests/golden/chain.json`; after a change of the cases, write it anew:
`python -m tests.explorer.test_chained`.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from explorer.arithmetic.check import check_chain
from tests.golden_files import write_golden

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "chain.json"


def tensor(generator: random.Random, *shape: int) -> dict[str, Any]:
    count = 1
    for size in shape:
        count *= size
    return {"shape": list(shape), "values": [round(generator.uniform(-2, 2), 3) for _ in range(count)]}


def network(seed: int, side: int = 6, kernels: int = 2, classes: int = 3) -> dict[str, Any]:
    generator = random.Random(seed)
    features = kernels * ((side - 2) // 2) ** 2
    return {
        "input": tensor(generator, 1, side, side),
        "weight": tensor(generator, kernels, 1, 3, 3),
        "bias": tensor(generator, kernels),
        "matrix": tensor(generator, classes, features),
        "offset": tensor(generator, classes),
        "target": {"shape": [1], "values": [generator.randrange(classes)]},
        "lr": 0.05,
    }


def golden() -> list[dict[str, Any]]:
    networks = [network(1), network(2), network(3, side=7, kernels=1, classes=4)]
    return [{"network": one, "results": check_chain(one)} for one in networks]


def test_the_golden_file_is_what_torch_computes():
    for kept, found in zip(json.loads(GOLDEN.read_text()), golden(), strict=True):
        assert kept["network"] == found["network"]
        for stage, results in found["results"].items():
            for name, values in results.items():
                assert kept["results"][stage][name] == pytest.approx(values, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "expected an object, got list"),
        ({"lr": -1}, "lr is -1, expected a rate"),
        ({"input": {"shape": [6, 6], "values": [0] * 36}}, r"input has the shape \[6, 6\], expected 3"),
        ({"bias": {"shape": [2], "values": [0]}}, "bias has 1 values"),
        ({"matrix": {"shape": [3, 7], "values": [0] * 21}}, "the network does not fit together"),
        ({"target": {"shape": [1], "values": [3]}}, "the network does not fit together"),
        ({"offset": {"shape": [3], "values": [0, 0, "1"]}}, "offset must hold numbers"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        check_chain([] if change is None else {**network(1), **change})


if __name__ == "__main__":
    write_golden(GOLDEN, golden())
