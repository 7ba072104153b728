import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import drawn
from core.data.mnist import MEAN, STD
from core.data.strokes import BOX, CENTRE, MAX_POINTS, PEN_WIDTH, SIDE, preprocess, rasterise

FORMS = [form for forms in drawn.DIGITS.values() for form in forms]
digits = st.builds(
    lambda form, seed: drawn.drawing(form, np.random.default_rng(seed)),
    st.sampled_from(FORMS),
    st.integers(0, 2**32 - 1),
)
a_few = settings(max_examples=40, deadline=None)


def mass(picture: torch.Tensor) -> tuple[float, float]:
    index = torch.arange(len(picture), dtype=torch.float64)
    total = picture.double().sum()
    return float(picture.double().sum(0) @ index / total), float(picture.double().sum(1) @ index / total)


def sides(picture: torch.Tensor) -> tuple[int, int]:
    """Width and height of the ink that a person sees, pixels."""
    columns, rows = (torch.nonzero(picture.amax(axis) >= 0.5).flatten() for axis in (0, 1))
    return int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


@a_few
@given(digits)
def test_picture_is_28_by_28_with_intensities_from_0_to_1(strokes):
    result = preprocess(strokes)
    assert result.picture.shape == (SIDE, SIDE)
    assert result.picture.dtype == torch.float32
    assert result.picture.min() == 0
    assert 0.95 < result.picture.max() <= 1


@a_few
@given(digits, st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(1e-2, 1e3))
def test_where_and_how_large_a_digit_is_drawn_makes_no_difference(strokes, right, down, factor):
    moved = [stroke * factor + [right, down] for stroke in strokes]
    here, there = preprocess(strokes), preprocess(moved)
    assert there.scale == pytest.approx(here.scale / factor, rel=1e-6)
    # a centre of mass halfway between two pixels may be rounded either way: then the pictures differ by one pixel
    torch.testing.assert_close(here.scaled, there.scaled, atol=2e-3, rtol=0)


def test_a_moved_and_magnified_digit_gives_the_same_picture():
    strokes = drawn.skeleton(drawn.DIGITS["5"][0])
    there = preprocess([stroke * 300 + [20, 70] for stroke in strokes])
    torch.testing.assert_close(preprocess(strokes).picture, there.picture, atol=1e-4, rtol=0)
    assert there.box == pytest.approx((20 + 300 * 0.05, 70 + 300 * 0.03, 20 + 300 * 0.88, 70 + 300), abs=15)


@a_few
@given(digits)
def test_ink_fills_the_longer_side_of_a_20_by_20_box(strokes):
    result = preprocess(strokes)
    assert result.scaled.shape == (BOX, BOX)
    assert max(sides(result.scaled)) == BOX
    assert max(sides(result.picture)) == BOX


def test_keeps_the_aspect_ratio():
    tall = preprocess([[[0, 0], [1, 0], [1, 3], [0, 3], [0, 0]]])
    width, height = sides(tall.scaled)
    assert height == BOX
    assert width == pytest.approx((BOX - PEN_WIDTH) / 3 + PEN_WIDTH, abs=1)


@a_few
@given(digits)
def test_centre_of_mass_is_in_the_middle_within_half_a_pixel(strokes):
    result = preprocess(strokes)
    if max(abs(step) for step in result.shift) < 4:
        assert mass(result.picture) == pytest.approx((CENTRE, CENTRE), abs=0.5 + 1e-3)


@a_few
@given(digits)
def test_the_numbers_say_what_was_done(strokes):
    result = preprocess(strokes)
    margin = (SIDE - BOX) // 2
    assert mass(torch.nn.functional.pad(result.scaled, (margin,) * 4)) == pytest.approx(result.mass, abs=1e-3)
    assert result.picture.sum() == pytest.approx(float(result.scaled.sum()), rel=1e-5)
    left, top, right, bottom = result.box
    points = np.concatenate(strokes)
    assert (left, top) == pytest.approx(tuple(points.min(0)))
    assert (right, bottom) == pytest.approx(tuple(points.max(0)))
    assert max(right - left, bottom - top) * result.scale + result.pen_width == pytest.approx(BOX)
    column, row = result.shift
    margin_rows = slice(margin + row, margin + row + BOX)
    margin_columns = slice(margin + column, margin + column + BOX)
    torch.testing.assert_close(result.picture[margin_rows, margin_columns], result.scaled)
    torch.testing.assert_close(result.normalised, (result.picture - MEAN) / STD)


def test_ink_far_from_the_middle_is_shifted_by_4_pixels_and_never_cut_off():
    comb = [[[0, 0], [0, 1]]] + [[[0.02 * i, 0], [0.02 * i, 1]] for i in range(8)] + [[[0, 0.5], [1, 0.5]]]
    result = preprocess(comb)
    assert result.shift[0] == 4
    assert result.picture.sum() == pytest.approx(float(result.scaled.sum()))


def test_a_straight_line_has_the_area_of_its_pen():
    picture = rasterise([np.array([[10.0, 5.0], [10.0, 23.0]])], SIDE, 3.0)
    assert picture[14].sum() == pytest.approx(3.0, abs=1e-5)
    assert picture[5:23].sum() == pytest.approx(3.0 * 18, rel=1e-5)


def test_a_slanted_line_has_the_area_of_its_pen_and_two_round_ends():
    picture = rasterise([np.array([[4.0, 6.0], [24.0, 17.0]])], SIDE, 3.0)
    assert picture.sum() == pytest.approx(np.hypot(20, 11) * 3 + np.pi * 1.5**2, rel=0.01)


def test_more_points_on_the_same_line_draw_the_same():
    few = rasterise([np.array([[3.0, 3.0], [20.0, 9.0]])], SIDE, 2.5)
    many = rasterise([np.linspace([3.0, 3.0], [20.0, 9.0], 1000)], SIDE, 2.5)
    np.testing.assert_allclose(few, many, atol=2e-3)


def test_pen_multiplies_the_width_of_the_line():
    line = [[[0, 0], [0, 1]]]
    thin, normal, thick = (preprocess(line, pen=pen).picture[14].sum().item() for pen in (0.5, 1.0, 2.0))
    assert (thin, normal, thick) == pytest.approx((PEN_WIDTH / 2, PEN_WIDTH, PEN_WIDTH * 2), rel=1e-4)


def test_a_tap_is_a_dot_in_the_middle():
    result = preprocess([[[0.3, 0.9]]])
    assert not result.empty
    assert result.scale == 1
    assert sides(result.picture) == (2, 2)
    assert result.picture.sum() == pytest.approx(np.pi * (PEN_WIDTH / 2) ** 2, rel=0.15)


def test_a_tap_beside_a_stroke_keeps_its_place():
    result = preprocess([[[0, 0], [0, 1]], [[1, 0.5]]])
    assert sides(result.scaled) == (BOX, BOX)
    assert result.scaled[10, -2] > 0.9


def test_a_speck_on_a_pad_stays_a_speck():
    speck = [[[100, 100], [101, 100]]]
    assert max(sides(preprocess(speck, pad=280).picture)) < 5
    assert max(sides(preprocess(speck).picture)) == BOX


@pytest.mark.parametrize("strokes", [[], [[]], [[], []], [np.zeros((0, 2))]])
def test_no_ink_is_an_explicit_empty_result(strokes):
    result = preprocess(strokes)
    assert result.empty
    assert result.box is None
    assert result.picture.shape == (SIDE, SIDE)
    assert result.scaled.shape == (BOX, BOX)
    assert not result.picture.any()


def test_not_centred_draws_the_pad_straight_onto_28_by_28():
    result = preprocess([[[70, 70], [70, 140]]], pad=280, centred=False)
    assert not result.centred
    assert result.shift == (0, 0)
    assert result.scale == 0.1
    assert mass(result.picture) == pytest.approx((6.5, 10.0), abs=0.01)
    assert sides(result.picture)[1] == pytest.approx(7 + PEN_WIDTH, abs=1)


def test_not_centred_and_empty():
    result = preprocess([], pad=280, centred=False)
    assert result.empty
    assert result.scaled.shape == (SIDE, SIDE)


def test_input_is_not_modified():
    stroke = np.array([[1.0, 2.0], [3.0, 9.0]])
    preprocess([stroke])
    np.testing.assert_array_equal(stroke, [[1, 2], [3, 9]])


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([[[0, 0], [float("nan"), 1]]], r"stroke 0, point 1 is \(nan, 1\): coordinates must be finite"),
        ([[[0, 0]], [[float("inf"), 1]]], r"stroke 1, point 0 is \(inf, 1\): coordinates must be finite"),
        ([[[0, 0], [1e300, 1]]], r"stroke 0, point 1 is \(1e\+300, 1\): .* within ±1e9"),
        ([[[0, 0, 0]]], r"stroke 0 has shape \(1, 3\), expected \(points, 2\)"),
        ([[1, 2]], r"stroke 0 has shape \(2,\), expected \(points, 2\)"),
        ([[[0, 0], [1]]], r"stroke 0 is no list of \(x, y\) points"),
        ([[["a", "b"]]], r"stroke 0 is no list of \(x, y\) points"),
        ([None], r"stroke 0 (has shape|is no list)"),
        ([{"x": 1}], "stroke 0 is no list"),
        ("scribble", "stroke 0 is no list"),
        (None, "strokes is NoneType, expected a list of strokes"),
        (7, "strokes is int, expected a list of strokes"),
        ([[[0, 0]] * (MAX_POINTS + 1)], "has 20001 points, at most 20000"),
    ],
)
def test_rejects_what_is_no_drawing(strokes, message):
    with pytest.raises(ValueError, match=message):
        preprocess(strokes)


@pytest.mark.parametrize("pen", [0, -1, float("nan"), float("inf"), 100])
def test_rejects_an_impossible_pen(pen):
    with pytest.raises(ValueError, match=r"pen is .*, expected a multiple of MNIST's pen above 0 and at most 4"):
        preprocess([[[0, 0]]], pen=pen)


@pytest.mark.parametrize("pad", [0, -280, float("nan")])
def test_rejects_an_impossible_pad(pad):
    with pytest.raises(ValueError, match=r"pad is .*, expected its side as a positive number"):
        preprocess([[[0, 0]]], pad=pad)


def test_not_centred_needs_the_pad():
    with pytest.raises(ValueError, match="centred=False needs pad"):
        preprocess([[[0, 0]]], centred=False)
