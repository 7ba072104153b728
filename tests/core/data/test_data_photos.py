"""Photographs of digits on paper, rendered in all kinds of light: seldom answered wrong, and hardly ever when sure."""

import numpy as np
import pytest
import torch

from benchmarks.photos import SETS, examined, ink, photograph
from core.data.paper import contrast_to_paper, is_dark, side_by_side
from core.data.photo import scan

EACH = 6


def test_uneven_light_is_not_read_as_ink():
    found = [examined(effect, EACH, seed) for seed, effect in enumerate(SETS.values())]
    count = EACH * len(found)
    assert sum(shares["wrong_and_sure"] for shares in found) * EACH <= 0.03 * count
    assert sum(shares["wrong"] for shares in found) * EACH <= 0.05 * count
    assert sum(shares["refused"] for shares in found) == 0


def test_two_digits_in_a_picture_are_said():
    shares = examined(SETS["falloff"], EACH, 5, pairs=True)
    assert shares["refused"] >= 4 / 6


def test_two_digits_beside_each_other_are_refused_in_words():
    rng = np.random.default_rng(0)
    written = np.clip(ink(3, rng, width=0.45) + ink(8, rng, left=0.55, width=0.45), 0, 1)
    with pytest.raises(ValueError, match="shows several digits: one at a time"):
        scan(photograph(written, SETS["even"], rng))


def test_the_edge_of_a_shadow_is_no_contrast():
    light = torch.full((120, 90), 0.9)
    light[70:] = 0.4
    assert float(contrast_to_paper(light, shares=True).max()) < 0.15  # of the edge's own pixels
    assert float(contrast_to_paper(light, shares=True)[:60].max()) < 1e-3


def test_ink_has_the_same_contrast_in_light_and_shadow():
    light = torch.full((160, 160), 0.8)
    light[:, 80:] = 0.4
    light[60:70] *= 0.25
    contrast = contrast_to_paper(light, shares=True)
    assert contrast[65, 20].item() == pytest.approx(0.75, abs=0.02)
    assert contrast[65, 140].item() == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("dark", [True, False])
def test_the_side_of_the_ink_is_that_of_what_is_narrow(dark):
    picture = torch.full((100, 100), 0.8 if dark else 0.2)
    picture[20:80, 45:52] = 0.2 if dark else 0.8
    assert is_dark(picture) is dark


def test_strokes_of_one_digit_are_not_several():
    mask = torch.zeros(40, 40, dtype=torch.bool)
    mask[5:35, 10] = True
    mask[5, 12:25] = True  # a short stroke beside a high one
    assert not side_by_side(mask)
    mask[5:35, 24] = True
    mask[5, 12:24] = False
    assert side_by_side(mask)
    assert not side_by_side(torch.zeros(4, 4, dtype=torch.bool))
