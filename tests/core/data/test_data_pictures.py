"""Augmentation, drawn digits, pictures that are no digits, and the width of the pen."""

import numpy as np
import pytest
import torch

from core.data import drawn, mnist, pen
from core.data.augmentation import Augmentation, augment
from core.data.negatives import HELD_OUT, KINDS, negatives
from core.data.strokes import PEN_WIDTH, preprocess

ALL = Augmentation(rotation=15, scale=0.15, shear=0.2, shift=2, elastic=0.8, thicker=0.5, thinner=0.4, contrast=1)


@pytest.fixture
def generator(device):
    return torch.Generator(device).manual_seed(0)


@pytest.fixture
def pictures(device):
    return drawn.digits(40, seed=0).pictures.float().div(255).to(device)


def ink(x):
    return x.sum((1, 2, 3))


def test_no_augmentation_leaves_pictures_as_they_are(pictures, generator):
    torch.testing.assert_close(augment(pictures, Augmentation(), generator), pictures, atol=1e-4, rtol=0)


def test_augmented_pictures_keep_shape_type_device_and_range(pictures, generator):
    before = pictures.clone()
    x = augment(pictures, ALL, generator)
    assert (x.shape, x.dtype, x.device) == (pictures.shape, pictures.dtype, pictures.device)
    assert x.min() >= 0
    assert x.max() <= 1
    assert torch.equal(pictures, before)


def test_augmentation_is_decided_by_its_generator(pictures, device):
    one, same, other = (augment(pictures, ALL, torch.Generator(device).manual_seed(s)) for s in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_every_picture_is_distorted_in_its_own_way(pictures, generator):
    x = augment(pictures[:1].expand(8, -1, -1, -1), ALL, generator)
    for other in x[1:]:
        assert (x[0] - other).abs().max() > 0.1


def test_shift_moves_the_centre_of_mass_by_at_most_its_limit(pictures, generator, device):
    index = torch.arange(28.0, device=device)

    def column(x):
        return (x.sum(2) @ index).squeeze(1) / ink(x)

    moved = (column(augment(pictures, Augmentation(shift=3), generator)) - column(pictures)).abs()
    assert moved.max() <= 3.01
    assert moved.max() > 2


def test_rotation_turns_a_line_by_at_most_its_limit(device, generator):
    line = preprocess([[[0, 0], [0, 1]]]).picture.to(device).expand(64, 1, 28, 28)
    x = augment(line, Augmentation(rotation=20), generator)
    index = torch.arange(28.0, device=device)
    mass = x.squeeze(1)
    centred = index - (mass.sum(1) @ index / ink(x))[:, None], index - (mass.sum(2) @ index / ink(x))[:, None]
    covariance = torch.einsum("nyx,ny,nx->n", mass, centred[1], centred[0])
    spread = torch.einsum("nyx,ny->n", mass, centred[1] ** 2)
    angle = torch.rad2deg(torch.atan(covariance / spread))
    assert angle.abs().max() < 21
    assert angle.max() > 15
    assert angle.min() < -15


@pytest.mark.parametrize(("amount", "grows"), [(Augmentation(thicker=1.0), True), (Augmentation(thinner=1.0), False)])
def test_pen_width_only_grows_or_only_shrinks(pictures, generator, amount, grows):
    change = ink(augment(pictures, amount, generator)) - ink(pictures)
    assert (change >= -0.01).all() if grows else (change <= 0.01).all()
    assert change.abs().mean() > 10


def test_contrast_keeps_paper_and_full_ink(pictures, generator):
    x = augment(pictures, Augmentation(contrast=2.0), generator)
    assert (x[pictures == 0] < 1e-3).all()
    assert (x[pictures == 1] > 1 - 1e-3).all()


def test_drawn_digits_are_balanced_repeatable_and_all_different():
    digits = drawn.digits(60, seed=1)
    assert digits.labels.bincount().tolist() == [6] * 10
    assert digits.pictures.dtype == torch.uint8
    assert torch.equal(digits.pictures, drawn.digits(60, seed=1).pictures)
    assert len({picture.numpy().tobytes() for picture in digits.pictures}) == 60


@pytest.mark.parametrize("table", [drawn.DIGITS, drawn.LETTERS])
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_every_skeleton_stays_in_its_box(table, share):
    for forms in table.values():
        for form in forms:
            points = np.concatenate(drawn.skeleton(form, share))
            assert points.min() > -0.2
            assert points.max() < 1.2


def test_a_hand_lies_between_the_two_forms_of_a_habit():
    form = "0,0 100,20|0,50 40,50 ~ 0,80 60,20|0,90 80,90"
    first, halfway, last = (np.concatenate(drawn.skeleton(form, share)) for share in (0, 0.5, 1))
    np.testing.assert_allclose(halfway, (first + last) / 2)
    assert np.abs(last - first).max() == pytest.approx(0.8)


def start_and_end(digit):
    """Where drawings of a digit begin and end, `(drawings, 2)` each, in parts of their heights from their tops."""
    rng, found = np.random.default_rng(3), []
    for form in drawn.DIGITS[digit] * 30:
        line = drawn.drawing(form, rng)[0]
        found.append((line[[0, -1]] - line.min(0)) / np.ptp(line[:, 1]))
    return np.stack(found, 1)


def test_ones_have_no_upstroke_short_ones_and_some_as_long_as_the_stem():
    height = start_and_end("1")[0][:, 1]
    assert [((low <= height) & (height < high)).mean() > 0.1 for low, high in ((-1, 0.1), (0.1, 0.4), (0.4, 0.7))]
    assert (height > 0.8).any()


@pytest.mark.parametrize("digit", ["0", "8"])
def test_zeros_and_eights_close_overlap_or_stay_open(digit):
    start, end = start_and_end(digit)
    gap = np.hypot(*(end - start).T)
    assert gap.min() < 0.05
    assert (gap > 0.25).mean() > 0.1


def test_most_hands_keep_a_corner_and_a_few_round_it():
    def sharpest(line):
        step = np.diff(line, axis=0)
        step = step[np.hypot(*step.T) > 0.01]
        angle = np.unwrap(np.arctan2(*step.T))
        return np.abs(np.diff(angle)).max()

    rng = np.random.default_rng(4)
    turns = [sharpest(drawn.drawing(drawn.DIGITS["7"][0], rng, wobble=0)[0]) for _ in range(200)]
    assert 0.02 < np.mean(np.array(turns) < 1) < 0.4


def test_a_smooth_stroke_passes_through_its_points_and_a_repeated_point_is_a_corner():
    (curve,) = drawn.skeleton("0,0 50,80 100,0")
    assert [0.5, 0.8] in curve.tolist()
    (corner,) = drawn.skeleton("0,0 100,0 100,0 100,100")
    assert np.abs(corner[:, 1] * (1 - corner[:, 0])).max() < 0.02


@pytest.mark.parametrize("kind", [*KINDS, *HELD_OUT])
def test_pictures_that_are_no_digits_come_in_mnists_look(kind):
    x = negatives(30, [kind], seed=2)
    assert x.shape == (30, 1, 28, 28)
    assert x.dtype == torch.uint8
    assert torch.equal(x, negatives(30, [kind], seed=2))
    assert len({picture.numpy().tobytes() for picture in x}) > 10


def test_kinds_take_turns():
    both = negatives(10, ["star", "dots"], seed=0).float().mean((1, 2, 3))
    assert both[::2].min() > both[1::2].max()


def test_rejects_an_unknown_kind():
    with pytest.raises(
        ValueError, match=r"no kind 'cat' of negatives; the kinds are scribble, .*, letter, spiral, star"
    ):
        negatives(1, ["cat"], seed=0)


def test_ink_width_of_a_long_line_is_its_pens_width():
    for width in (2.0, 3.0, 4.0):
        x = torch.zeros(1, 1, 200, 200)
        x[:, :, 10:190, 50 : 50 + int(width)] = 1
        assert float(pen.ink_width(x)) == pytest.approx(width, rel=0.03)


def test_finds_the_pen_that_drew():
    drawings = torch.stack(
        [preprocess(drawn.drawing(f[0], np.random.default_rng(9)), pen=1.3).picture for f in drawn.DIGITS.values()] * 3
    ).unsqueeze(1)
    assert pen.match_pen(drawings, drawings=200) == pytest.approx(1.3 * PEN_WIDTH, rel=0.08)


def test_the_pens_width_is_the_one_measured_on_mnists_training_pictures(mnist_dir):
    x = mnist.load("train", mnist_dir).pictures[:10_000].float() / 255
    assert pen.match_pen(x, drawings=300) == pytest.approx(PEN_WIDTH, abs=0.1)
