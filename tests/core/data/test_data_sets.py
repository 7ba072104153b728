import struct

import pytest
import torch
from PIL import Image

from core.data import folder, sets

GLYPH = torch.zeros(28, 28, dtype=torch.uint8)
GLYPH[4:24, 6:9] = 255  # an upright L: a long stroke down, a short one to the right
GLYPH[21:24, 6:18] = 255


def idx(path, array):
    """Write a tensor of bytes as the files of MNIST and its kin hold it: a magic number, the sizes, the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(f">{1 + array.ndim}i", 0x800 + array.ndim, *array.shape)
    path.write_bytes(head + array.to(torch.uint8).contiguous().numpy().tobytes())


def laid_out(folder, name, pictures, labels, *, parts=("train", "test")):
    """Write a data set as torchvision lays it out: the same pictures as training and as test part."""
    place, prefix = sets.FILES[name]
    for part in parts:
        told = "t10k" if part == "test" and not prefix else part
        raw = folder / place / "raw"
        idx(raw / f"{prefix}{told}-images-idx3-ubyte", pictures)
        idx(raw / f"{prefix}{told}-labels-idx1-ubyte", labels)


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist"])
def test_a_data_set_in_torchvisions_layout_needs_no_network(tmp_path, name):
    pictures = torch.arange(3 * 28 * 28).reshape(3, 28, 28) % 251
    laid_out(tmp_path, name, pictures, torch.tensor([9, 0, 4]))
    for part in ("train", "test"):
        found = sets.load(name, part, tmp_path, download=False)
        assert torch.equal(found.pictures[:, 0], pictures.to(torch.uint8))
        assert found.labels.tolist() == [9, 0, 4]


def test_emnist_letters_stand_upright_and_count_from_0(tmp_path):
    stored = GLYPH.T.expand(2, 28, 28)  # the files hold every letter with rows and columns exchanged
    laid_out(tmp_path, "emnist_letters", stored, torch.tensor([1, 26]))
    found = sets.load("emnist_letters", "train", tmp_path, download=False)
    assert torch.equal(found.pictures[0, 0], GLYPH)
    assert [sets.CLASSES["emnist_letters"][label] for label in found.labels] == ["A", "Z"]


@pytest.mark.parametrize("name", sorted(sets.CLASSES))
def test_a_data_set_is_present_with_all_its_files(tmp_path, name):
    pictures, labels = torch.zeros(1, 28, 28), torch.zeros(1)
    assert not sets.present(name, tmp_path)
    laid_out(tmp_path, name, pictures, labels, parts=("train",))
    assert not sets.present(name, tmp_path)
    laid_out(tmp_path, name, pictures, labels, parts=("test",))
    assert sets.present(name, tmp_path)


def test_a_folder_is_read_as_far_as_pillow_reads_it_and_hidden_files_are_no_pictures(tmp_path):
    image = Image.new("L", (40, 40), 90)
    for name, kind in {"a/1.png": "PNG", "a/2.jfif": "JPEG", "b/1.png": "PNG", "b/2.TGA": "TGA"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        image.save(tmp_path / name, kind)
    (tmp_path / "__MACOSX").mkdir()
    for name in ("a/._1.png", "__MACOSX/._1.png"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    (tmp_path / "b" / "notes.txt").write_text("drawn in May")
    found = folder.read(tmp_path, side=28, channels=1)
    assert found.counts == {"a": 2, "b": 2}
    assert list(found.unreadable) == ["b/notes.txt"]
    assert "left out 1 that cannot be read (b/notes.txt: no picture is called so" in found.summary()
    counted = folder.counted(tmp_path)
    assert (counted.classes, counted.counts, counted.unreadable) == (found.classes, found.counts, found.unreadable)
    assert counted.pictures.labels.tolist() == found.pictures.labels.tolist()
