"""Pictures as people bring them: bits, transparency, sizes and endings."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from core import models, predict
from core.data import folder
from core.data.picture import LONGEST, fitted, middle, open_picture


def seven(side: int = 200) -> Image.Image:
    picture = Image.new("L", (side, side), 255)
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (95, 160)], fill=10, width=16)
    return picture


def greys(file: Path) -> np.ndarray:
    return np.asarray(open_picture(file, channels=1)).astype(int)


def saved(values: np.ndarray, file: Path) -> Path:
    Image.fromarray(values).save(file)
    return file


def test_sixteen_bits_become_eight(tmp_path):
    eight = np.asarray(seven())
    deep = saved(eight.astype(np.uint16) * 257, tmp_path / "deep.png")
    assert np.array_equal(greys(deep), eight)
    wide = saved(eight.astype(np.int32) * 257, tmp_path / "wide.tif")
    assert np.array_equal(greys(wide), eight)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 0.25, 0.5], [0, 64, 128]),
        ([-3.0, 0.0, 5.0], [0, 96, 255]),
        ([0.0, 100.0, 400.0], [0, 64, 255]),
    ],
    ids=["intensities", "dark intensities", "signed", "measured"],
)
def test_fractions_count_from_black_to_white(tmp_path, values, expected):
    file = saved(np.array([values], np.float32), tmp_path / "float.tif")
    assert greys(file)[0].tolist() == expected


def test_fractions_that_are_no_numbers_are_refused(tmp_path):
    file = saved(np.array([[0, np.nan]], np.float32), tmp_path / "nan.tif")
    with pytest.raises(ValueError, match="holds NaN or infinite numbers"):
        open_picture(file, channels=1)


def test_white_ink_on_a_transparent_ground_is_read_on_black_and_dark_ink_on_white(tmp_path):
    alpha = Image.fromarray(255 - np.asarray(seven()))
    for ink, lightest, darkest in ((255, 245, 0), (0, 255, 10)):
        file = tmp_path / f"{ink}.png"
        Image.merge("LA", [Image.new("L", (200, 200), ink), alpha]).save(file)
        assert (greys(file).max(), greys(file).min()) == (lightest, darkest)
    light, dark = (predict.picture_of(tmp_path / f"{ink}.png", models.card("recommended")) for ink in (255, 0))
    assert torch.allclose(light, dark, atol=0.02)


def bomb(file: Path, side: int) -> Path:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(side // 8 + 1)) for _ in range(side)) + rows.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    return file


@pytest.mark.parametrize("side", [11_000, 20_000])
def test_a_picture_too_large_for_the_memory_is_refused(tmp_path, side):
    with pytest.raises(ValueError, match="100,000,000 pixels"):
        open_picture(bomb(tmp_path / "bomb.png", side), channels=1)


def test_a_large_picture_is_scaled_down(tmp_path):
    large = tmp_path / "large.png"
    seven().resize((3000, 1500)).save(large)
    assert open_picture(large, channels=3).size == (LONGEST, LONGEST // 2)


def test_a_folder_reads_every_ending_and_no_hidden_file(tmp_path):
    for name in ("a", "b", "__MACOSX"):
        (tmp_path / name).mkdir()
    seven().save(tmp_path / "a" / "1.png")
    seven().save(tmp_path / "a" / "2.jfif", "JPEG")
    seven().save(tmp_path / "b" / "1.png")
    seven().save(tmp_path / "b" / "2.avif")
    for name in ("a", "__MACOSX"):
        (tmp_path / name / "._1.png").write_bytes(b"\0\5\x16\7")
    found = folder.read(tmp_path, side=28, channels=1)
    assert (len(found.pictures), found.classes, found.unreadable) == (4, ("a", "b"), {})


def test_the_middle_of_a_picture_is_what_is_fitted():
    picture = Image.new("RGB", (300, 100), "black")
    picture.paste("red", (100, 0, 200, 100))
    assert middle(300, 100, 1) == pytest.approx((1 / 3, 0, 2 / 3, 1))
    assert middle(50, 100, 1) == (0, 0.25, 1, 0.75)
    square = fitted(picture, 20, 20)
    assert square[:, :, 1:-1].float().mean((1, 2)).tolist() == [255, 0, 0]
    assert fitted(picture, 10, 30).shape == (3, 10, 30)


def test_each_picture_is_answered_by_its_name_and_one_that_cannot_be_read_stops_no_other(tmp_path, capsys):
    files = {name: tmp_path / name for name in ("one.png", "._one.png", "gone.png", "bomb.png", "two.jfif")}
    seven().save(files["one.png"])
    seven().save(files["two.jfif"], "JPEG")
    files["._one.png"].write_bytes(b"\0\5\x16\7")
    bomb(files["bomb.png"], 20_000)
    assert predict.main([str(file) for file in files.values()]) == 1
    said = capsys.readouterr()
    answered = [line.partition(": ")[0] for line in said.out.splitlines()]
    assert answered == [str(files["one.png"]), str(files["two.jfif"])]
    refused = said.err.splitlines()
    for line, name, reason in zip(
        refused, ("._one.png", "gone.png", "bomb.png"), ("is no picture", "No such file", "pixels"), strict=True
    ):
        assert str(files[name]) in line
        assert reason in line
