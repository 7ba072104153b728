"""The fixed first layer of the training benchmark's networks, and the views around their convolutions."""

import pytest
import torch

from benchmarks.networks import Maps, Rows, Upright, principal


def slanted(slope: float) -> torch.Tensor:
    """Return a picture of a bar that leans by so many pixels per row."""
    picture = torch.zeros(28, 28, dtype=torch.uint8)
    for row in range(5, 23):
        column = round(13.5 + slope * (row - 13.5))
        picture[row, column - 1 : column + 2] = 255
    return picture[None, None]


@pytest.mark.parametrize("slope", [-0.6, -0.25, 0.0, 0.5])
def test_a_slanted_bar_is_set_upright(slope: float) -> None:
    upright = Upright(torch.eye(28))(slanted(slope)).view(28, 28)
    assert upright[5:23, 11:17].sum() > 0.97 * upright.sum()
    assert upright.sum() == pytest.approx(18 * 3, rel=0.02)


def test_a_picture_without_ink_has_no_features() -> None:
    assert not Upright(torch.eye(28))(torch.zeros(3, 1, 28, 28, dtype=torch.uint8)).any()


def test_each_picture_keeps_its_place() -> None:
    pictures = torch.cat([slanted(slope) for slope in (0.5, -0.6, 0.0, 0.5)])
    layer = Upright(torch.eye(14).repeat_interleave(2, 0) / 2)
    torch.testing.assert_close(layer(pictures), torch.cat([layer(picture[None]) for picture in pictures]))


def test_squares_become_channels() -> None:
    picture = slanted(0)
    maps = Maps(4)(Upright(torch.eye(28), squares=2)(picture))
    torch.testing.assert_close(maps, torch.nn.functional.pixel_unshuffle(picture / 255, 2), atol=1e-6, rtol=0)


def test_a_layer_that_follows_is_the_same_in_the_maps() -> None:
    pictures, weight = torch.cat([slanted(0.3), slanted(-0.3)]), torch.randn(784, 5)
    layer = Upright(torch.eye(28))
    expected = layer(pictures) @ weight
    layer.followed_by(weight)
    torch.testing.assert_close(layer(pictures), expected, atol=1e-4, rtol=1e-4)


def test_maps_and_rows_are_views_of_each_other() -> None:
    rows = torch.randn(2, 36)
    assert Maps(4)(rows).shape == (2, 4, 3, 3)
    assert Rows()(Maps(4)(rows)).data_ptr() == rows.data_ptr()
    torch.testing.assert_close(Rows()(Maps(4)(rows)), rows)


def test_principal_components_are_uncorrelated_with_damped_variance() -> None:
    x = torch.randn(500, 6) @ torch.randn(6, 6)
    found = torch.cov((x @ principal(x, 3, 0.0)).T)
    torch.testing.assert_close(found, torch.eye(3), atol=1e-3, rtol=0)
