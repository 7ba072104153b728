"""Inputs besides the pen: scanned pictures, and pictures changed by known amounts."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from core import models
from core.data import drawn
from core.data.perturbation import LIMITS, NONE, Perturbation, perturb
from core.data.photo import preprocess_scan, preprocessed_already, scan


@pytest.fixture(scope="module")
def pictures():
    return drawn.digits(20, seed=0).pictures[:, 0].float() / 255


def photo(picture, *, height=140, width=110, dark=True, slope=0.25):
    """Return a digit as a photograph shows it: large, on paper whose light falls off to one side."""
    big = F.interpolate(picture[None, None], (100, 100), mode="bilinear")[0, 0]
    ink = torch.zeros(height, width)
    ink[20:120, 5:105] = big
    paper = 0.9 - slope * torch.linspace(0, 1, width).expand(height, width)
    return paper * (1 - 0.6 * ink) if dark else (1 - paper) + 0.6 * ink


def test_a_perturbation_at_rest_is_the_picture_itself(pictures):
    picture = pictures[0]
    assert perturb(picture, NONE) is picture
    assert perturb(picture, Perturbation(seed=7)) is picture
    assert Perturbation(seed=7).off
    assert not Perturbation(noise=0.1).off


def test_whole_pixels_move_the_picture_as_it_is(pictures):
    framed = F.pad(pictures[0][4:-4, 4:-4], (4, 4, 4, 4))
    moved = perturb(framed, Perturbation(right=3, down=-2))
    torch.testing.assert_close(moved, torch.roll(framed, (-2, 3), (0, 1)), atol=1e-7, rtol=0)


def test_a_quarter_turn_is_clockwise(pictures):
    turned = perturb(pictures[1], Perturbation(rotation=90))
    torch.testing.assert_close(turned, torch.rot90(pictures[1], -1), atol=1e-6, rtol=0)


def test_the_amounts_mean_what_they_say(pictures):
    x = pictures[2]
    assert perturb(x, Perturbation(scale=0.5)).sum() == pytest.approx(float(x.sum()) / 4, rel=0.1)
    assert perturb(x, Perturbation(thickness=2)).equal(F.max_pool2d(x[None, None], 3, 1, 1)[0, 0])
    assert perturb(x, Perturbation(thickness=-1)).sum() < x.sum() < perturb(x, Perturbation(thickness=1)).sum()
    assert perturb(x, Perturbation(invert=True)).equal(1 - x)
    noise = perturb(torch.full((200, 200), 0.5), Perturbation(noise=0.1)) - 0.5
    assert noise.std() == pytest.approx(0.1, rel=0.03)


def test_noise_is_the_same_for_the_same_seed_only(pictures):
    once, again, other = (perturb(pictures[0], Perturbation(noise=0.3, seed=seed)) for seed in (1, 1, 2))
    assert once.equal(again)
    assert not once.equal(other)


@given(
    amounts=st.fixed_dictionaries(
        {}, optional={name: st.floats(low, high, allow_nan=False) for name, (low, high) in LIMITS.items()}
    ),
    invert=st.booleans(),
)
def test_every_allowed_perturbation_gives_a_picture(amounts, invert):
    x = torch.rand(28, 28, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    changed = perturb(x, Perturbation(**amounts, invert=invert))
    assert (changed.shape, changed.dtype) == (x.shape, x.dtype)
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert x.equal(before)


def test_the_warp_leads_from_the_changed_picture_back(pictures):
    spot = torch.zeros(28, 28)
    spot[5, 9] = 1
    amount = Perturbation(scale=1.5, rotation=30, right=2, down=1)
    changed = perturb(spot, amount)
    row, column = divmod(int(changed.argmax()), 28)
    (a, b, c), (d, e, f) = amount.warp(28, 28)
    x, y = column + 0.5, row + 0.5
    assert a * x + b * y + c == pytest.approx(9.5, abs=0.7)
    assert d * x + e * y + f == pytest.approx(5.5, abs=0.7)


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ({"rotation": 181}, "rotation is 181, expected a number from -180 to 180"),
        ({"noise": float("nan")}, "noise is nan, expected a number from 0 to 1"),
        ({"scale": "big"}, "scale is 'big'"),
        ({"right": True}, "right is True"),
        ({"invert": 1}, "invert is 1, expected true or false"),
        ({"seed": -1}, "the seed is -1"),
        ({"colour": 1}, "there is no perturbation colour; there are thickness, scale"),
    ],
)
def test_other_amounts_are_refused(amounts, message):
    with pytest.raises(ValueError, match=message):
        Perturbation.of(amounts)


@pytest.mark.parametrize("dark", [True, False])
def test_a_photograph_becomes_the_digit_it_shows(pictures, dark):
    model, card = models.load("recommended"), models.card("recommended")
    read = []
    for picture in pictures:
        found = scan(photo(picture, dark=dark))
        assert found.dark is dark
        assert found.size == (140, 110)
        assert found.ink.shape == (140, 140)
        steps = preprocess_scan(found)
        read.append(int(model(card.prepare(steps.picture)).argmax()))
        assert steps.picture.max() == 1
        assert abs(steps.mass[0] + steps.shift[0] - 14) <= 0.5
        assert abs(steps.mass[1] + steps.shift[1] - 14) <= 0.5
    assert read == drawn.digits(20, seed=0).labels.tolist()


def test_the_box_and_scale_lead_from_the_picture_to_the_ink():
    grey = torch.ones(60, 100)
    grey[10:50, 70:90] = 0  # a bar, 40 high and 20 wide
    steps = preprocess_scan(scan(grey))
    assert steps.scale == pytest.approx(20 * 100 / 40)
    left, top, right, bottom = steps.box
    assert ((left + right) / 2, (top + bottom) / 2) == (pytest.approx(0.8), pytest.approx(0.5))
    assert steps.scaled.sum() == pytest.approx(200, rel=0.05)
    flat = preprocess_scan(scan(grey), centred=False)
    assert flat.picture.equal(flat.scaled)
    assert flat.picture[:, :18].sum() == 0


def test_a_prepared_picture_stays_as_it_is(pictures):
    steps = preprocessed_already(pictures[3])
    assert steps.picture.equal(pictures[3])
    assert not steps.centred
    assert steps.scale == 28


@pytest.mark.parametrize(
    ("grey", "message"),
    [
        (torch.full((20, 20), 0.5), "of one colour"),
        (torch.rand(3, 20), r"shape \(3, 20\), expected \(H, W\) of at least 4 pixels"),
        (torch.rand(3, 20, 20), "expected \\(H, W\\)"),
    ],
)
def test_a_picture_without_ink_is_refused(grey, message):
    with pytest.raises(ValueError, match=message):
        scan(grey)
