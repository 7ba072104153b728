import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.explain import record
from explorer.wire.numbers import grey
from explorer.wire.trace import Layout, encode_maps, observe

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "codes.json"


def golden_values() -> torch.Tensor:
    """Five maps: wide and narrow ranges, all zero, one value, and two that are not finite."""
    values = torch.sin(torch.arange(60, dtype=torch.float64)).reshape(5, 12).float()
    values *= torch.tensor([1.0, 1e-6, 0.0, 3000.0, 2.5])[:, None]
    values[4, 3], values[4, 7], values[3, 0] = float("nan"), float("inf"), 0.0
    return values


def test_codes_are_the_ones_that_the_browser_is_held_to():
    golden = json.loads(GOLDEN.read_text())
    values = golden_values()
    finite = [[v if np.isfinite(v) else None for v in row] for row in values.tolist()]
    assert golden == {"values": finite, "encoded": encode_maps(values)}


def test_codes_keep_zero_and_sign_and_mark_what_is_not_finite():
    codes = np.frombuffer(base64.b64decode(encode_maps(golden_values())["data"]), np.uint8).reshape(5, 12)
    values = golden_values().numpy()
    assert ((codes == 0) == ~np.isfinite(values)).all()
    assert (codes[values == 0] == 128).all()
    assert (codes[np.isfinite(values) & (values > 30)] > 128).all()
    assert (codes[2] == 128).all()


def test_a_map_is_coded_within_half_a_step():
    maps = torch.randn(64, 100)
    encoded = encode_maps(maps)
    codes = np.frombuffer(base64.b64decode(encoded["data"]), np.uint8).reshape(64, 100)
    scales = np.frombuffer(base64.b64decode(encoded["scales"]), "<f4")
    decoded = (codes.astype(np.float64) - 128) / 127 * scales[:, None]
    assert np.abs(decoded - maps.numpy()).max() <= (scales / 254 * 1.001).max()


@pytest.mark.parametrize(
    ("shape", "channels", "rows", "columns", "count", "block", "per_page"),
    [
        ((1, 32, 24, 24), 32, 24, 24, 576, 1, 32),
        ((1, 64, 112, 112), 64, 56, 56, 3136, 2, 8),
        ((1, 3, 224, 224), 3, 56, 56, 3136, 4, 3),
        ((1, 512, 7, 7), 512, 7, 7, 49, 1, 128),
        ((1, 2, 24, 8, 8), 48, 8, 8, 64, 1, 48),
        ((1, 9216), 1, 96, 96, 9216, 1, 1),
        ((1, 10), 1, 10, 1, 10, 1, 1),
        ((1, 16, 50), 16, 1, 50, 50, 1, 16),
        ((7,), 1, 7, 1, 7, 1, 1),
    ],
)
def test_layout_of_an_output(shape, channels, rows, columns, count, block, per_page):
    layout = Layout.of(shape)
    assert layout is not None
    found = (layout.channels, layout.rows, layout.columns, layout.count, layout.block, layout.per_page)
    assert found == (channels, rows, columns, count, block, per_page)
    assert layout.maps(torch.zeros(shape)).shape == (channels, count)


@pytest.mark.parametrize("shape", [(), (1, 0, 4, 4), (1, 2, 0, 4, 5)])
def test_what_has_no_maps_has_no_layout(shape):
    assert Layout.of(shape) is None


def test_large_maps_travel_as_the_means_of_their_blocks():
    output = torch.randn(1, 2, 100, 90)
    layout = Layout.of(output.shape)
    assert layout is not None
    assert layout.block == 2
    maps = layout.maps(output).reshape(2, 50, 45)
    assert torch.allclose(maps[1, 3, 4], output[0, 1, 6:8, 8:10].mean())


def test_a_grey_picture_travels_as_bytes():
    picture = torch.tensor([[0.0, 1.0], [0.5, 2.0]])
    assert grey(picture) == {"side": 2, "data": base64.b64encode(bytes([0, 255, 128, 255])).decode()}


@pytest.mark.parametrize("sort", ["index", "activation"])
def test_each_map_of_a_page_is_that_of_the_channel_it_names(sort):
    trace = record(torch.nn.Conv2d(1, 4, 3), torch.randn(1, 1, 6, 6))
    (page,) = observe(trace, [[0, 0, 4, 2, 0, 3, 1]], sort=sort)["maps"]
    assert page["channels"] == [2, 0, 3, 1]
    assert encode_maps(trace.steps[0].output[0, [2, 0, 3, 1]].flatten(1)).items() <= page.items()
