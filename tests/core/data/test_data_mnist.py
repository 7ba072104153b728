import pytest
import torch
import torchvision

from core.data import mnist
from core.data.mnist import Pictures


@pytest.mark.parametrize(("part", "count"), [("train", 60_000), ("test", 10_000)])
def test_reads_mnist_from_a_folder(mnist_dir, part, count):
    pictures = mnist.load(part, mnist_dir)
    assert len(pictures) == count
    assert pictures.pictures.shape == (count, 1, 28, 28)
    assert pictures.pictures.dtype == torch.uint8
    assert pictures.labels.dtype == torch.int64
    assert pictures.labels.bincount().min() > count * 0.08


def test_mean_and_standard_deviation_are_mnists(mnist_dir):
    x = mnist.load("train", mnist_dir).pictures.float() / 255
    assert float(x.mean()) == pytest.approx(mnist.MEAN, abs=5e-5)
    assert float(x.std()) == pytest.approx(mnist.STD, abs=5e-5)


def test_other_digits_in_mnists_place_are_told_by_their_checksum(tiny_mnist):
    with pytest.raises(
        ValueError, match=r"the test files in .* are not MNIST: SHA-256 \w{12}…, expected c3f9adf9c66e…"
    ):
        mnist.load("test", tiny_mnist)


def test_reads_files_in_torchvisions_layout(trusted_mnist):
    assert len(mnist.load("train", trusted_mnist)) == 400
    assert mnist.load("test", trusted_mnist).labels.bincount().tolist() == [10] * 10


def test_a_cut_off_file_is_told(tiny_mnist):
    file = tiny_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"the MNIST files in .* are damaged"):
        mnist.load("test", tiny_mnist)


def test_without_a_network_the_message_names_the_options(tmp_path, monkeypatch):
    def no_network(*_args, **_kwargs):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", no_network)
    with pytest.raises(FileNotFoundError, match=r"MNIST is not in .*internet once.*--data-dir.*MNIST/raw/train-images"):
        mnist.load("train", tmp_path)


def test_missing_and_not_to_be_downloaded(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"MNIST is not in .*--data-dir"):
        mnist.load("train", tmp_path, download=False)


def test_downloads_go_to_the_users_cache_folder_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "here"))
    assert mnist.cache_dir() == tmp_path / "here"
    with pytest.raises(FileNotFoundError, match="here"):
        mnist.load("train", download=False)


def test_rejects_another_part(tmp_path):
    with pytest.raises(ValueError, match="part is 'validation', expected 'train' or 'test'"):
        mnist.load("validation", tmp_path)


def numbered(count: int) -> Pictures:
    return Pictures(torch.zeros(count, 1, 28, 28, dtype=torch.uint8), torch.arange(count))


def test_split_shares_all_pictures_out_by_seed():
    training, validation = mnist.split(numbered(50), 10, seed=3)
    assert len(training) == 40
    assert len(validation) == 10
    assert sorted(torch.cat([training.labels, validation.labels]).tolist()) == list(range(50))
    again = mnist.split(numbered(50), 10, seed=3)[1]
    assert torch.equal(again.labels, validation.labels)
    assert not torch.equal(mnist.split(numbered(50), 10, seed=4)[1].labels, validation.labels)


@pytest.mark.parametrize("held_out", [0, -1, 50, 51])
def test_split_leaves_something_on_both_sides(held_out):
    with pytest.raises(ValueError, match=rf"held_out is {held_out}, expected 1 to 49 of 50 pictures"):
        mnist.split(numbered(50), held_out, seed=0)


def test_checksum_sees_one_changed_pixel_and_one_changed_label():
    one = numbered(4)
    other = Pictures(one.pictures.clone(), one.labels)
    other.pictures[2, 0, 5, 5] = 1
    assert one.sha256() == numbered(4).sha256()
    assert len({one.sha256(), other.sha256(), Pictures(one.pictures, one.labels + 1).sha256()}) == 3


def test_pictures_go_where_they_are_asked_to():
    moved = numbered(4).to("meta")
    assert {moved.pictures.device.type, moved.labels.device.type} == {"meta"}
    assert len(moved) == 4
