"""Handwriting, transfer, folders of pictures, smaller sources: configurations of the same engine."""

import json

import pytest
import torch
from PIL import Image
from run_cases import made, named, same, tiny, trained, weights

from core import models
from core.data import drawn, folder, mnist, sets, splits
from core.data.mnist import Pictures
from core.models import registry
from core.models.transfer import head
from core.training import experiment, features, parts
from core.training.config import Config
from core.training.loop import logits
from core.training.pictures import parts_of
from core.training.runs import Runs
from core.training.schedule import SCHEDULES, momentum, rate
from core.training.settings import parse
from core.training.worker import work

HEAD = {"trained": ["head"], "augmentation": {}, "ema": 0, "dropout": None}


@pytest.fixture
def strokes_file(tmp_path):
    entries = [
        {"label": int(label), "strokes": [stroke.round(3).tolist() for stroke in drawn.skeleton(form)]}
        for label, forms in drawn.DIGITS.items()
        for form in forms[:4]
    ]
    file = tmp_path / "strokes.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return file


@pytest.fixture
def pictures_folder(tmp_path):
    for name, colour in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for k in range(12):
            image = Image.new("RGB", (40 + k, 30), tuple(max(0, c - 5 * k) for c in colour))
            image.save(tmp_path / "pictures" / name / f"{k}.png")
    (tmp_path / "pictures" / "red" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "pictures" / "red" / "notes.txt").write_text("left alone")
    return tmp_path / "pictures"


def test_handwriting_trains_the_head_and_measures_what_is_forgotten(tmp_path, strokes_file, trusted_mnist):
    data = {
        "source": "strokes",
        "path": str(strokes_file),
        "validation": 0.25,
        "replay": 30,
        "mnist": str(trusted_mnist),
    }
    config = tiny(model="recommended", start="shipped", data=data, training=HEAD | {"learning_rate": 0.002})
    run = trained(tmp_path / "runs" / "mine", config)
    started = named(run, "started")[0]
    assert started["pictures"] == {"training": 60, "forgetting": 100, "validation": 10}
    assert started["trained"] == 20490
    assert {"conv1", "norm6"} <= set(started["frozen"])
    assert [event["name"] for event in named(run, "tested")] == ["forgetting", "forgetting"]
    assert named(run, "tested")[0]["step"] == 0
    assert weights(run).keys() == {"fc.weight", "fc.bias"}
    model, _ = Runs(tmp_path / "runs").model("mine")
    shipped = models.load("recommended").state_dict()
    changed = [name for name, value in model.state_dict().items() if not torch.equal(value, shipped[name])]
    assert changed == ["fc.weight", "fc.bias"]


def test_without_mnist_drawn_digits_are_replayed_and_it_is_said(tmp_path, strokes_file):
    data = {"source": "strokes", "path": str(strokes_file), "replay": 20, "mnist": str(tmp_path / "none")}
    found = parts_of(parse({"data": data}), models.card("a2"))
    assert len(found.training) == 30 + 20
    assert len(found.validation) == 10
    assert [note.split(":")[0] for note in found.notes] == ["forgetting is not measured", "MNIST is not here"]


def test_cached_features_give_the_head_what_the_body_gives(device):
    model = models.load("recommended", device=device)
    digits, prepare = drawn.digits(30, seed=0), models.card("recommended").prepare
    cached = features.features(model, digits, prepare)
    torch.testing.assert_close(head(model)(cached.pictures), logits(model, digits.pictures, prepare))
    assert features.caches(Config(trained=("head",)))
    assert not features.caches(Config())
    assert not features.caches(
        Config(trained=("head",), augmentation=experiment.Config().augmentation.__class__(shift=1))
    )


def test_a_frozen_body_then_more_of_it_on_a_folder_of_pictures(tmp_path, pictures_folder):
    data = {"source": "folder", "path": str(pictures_folder), "side": 32, "validation": 0.25}
    config = tiny(
        model="mobilenet_v3_small",
        data=data,
        training=HEAD | {"epochs": 1, "batch_size": 8, "learning_rate": 0.001},
        unfreeze={"parts": ["features.12"], "epochs": 1, "body_rate": 0.5},
        checkpoints=3,
    )
    run = trained(tmp_path / "runs" / "colours", config)
    started = named(run, "started")[0]
    assert started["classes"] == ["blue", "red"]
    assert started["pictures"] == {"training": 18, "validation": 6}
    (note,) = started["notes"]
    assert note.startswith("24 pictures of 2 classes (blue 12, red 12); left out 2 that cannot be read (")
    assert "red/broken.jpg: is no picture" in note
    assert "red/notes.txt: no picture is called so" in note
    assert [event["epoch"] for event in named(run, "epoch")] == [1, 2]
    first, last = weights(run, 0), weights(run, 6)
    moved = {name.rsplit(".", 2)[0] for name in first if not torch.equal(first[name], last[name])}
    assert all(name.startswith(("features.12", "classifier")) for name in moved)
    assert any(name.startswith("features.12") for name in moved)
    model, card = Runs(tmp_path / "runs").model("colours")
    assert card.classes == ("blue", "red")
    assert card.input_shape == (3, 32, 32)
    assert models.card("mobilenet_v3_small", run.path).classes == ("blue", "red")
    assert (
        head(models.load("mobilenet_v3_small", weights=run.path / "mobilenet_v3_small.safetensors")).out_features == 2
    )
    picture, _ = Runs(tmp_path / "runs").picture("colours", 0)
    assert picture.shape == (3, 32, 32)
    assert model(card.prepare(picture[None])).shape == (1, 2)


def test_two_phases_stopped_in_the_second_resume_to_the_same_weights(tmp_path, monkeypatch):
    from run_cases import stop_after

    config = tiny(training=HEAD | {"epochs": 1}, unfreeze={"parts": ["conv2"], "epochs": 2, "body_rate": 0.1})
    whole = trained(tmp_path / "whole", config)
    stop_after(monkeypatch, 7)
    part = trained(tmp_path / "part", config)
    stop_after(monkeypatch, -1)
    assert work(part.path) == 0
    assert same(weights(part), weights(whole))
    assert weights(part).keys() == {"conv2.weight", "conv2.bias", "fc2.weight", "fc2.bias"}


def test_five_digits_start_from_a_run_on_the_other_five(tmp_path):
    first = tiny(data={"classes": [0, 1, 2, 3, 4]}, training={"epochs": 1})
    run = trained(tmp_path / "low", first)
    more = tiny(start="low", data={"classes": [5, 6, 7, 8, 9]}, training=HEAD | {"epochs": 1})
    other = trained(tmp_path / "high", more)
    assert named(other, "started")[0]["classes"] == ["5", "6", "7", "8", "9"]
    body = Runs(tmp_path).model("high")[0].conv1.weight
    assert torch.equal(body, Runs(tmp_path).model("low")[0].conv1.weight)
    assert weights(other, 0)["fc2.weight"].shape == (5, 50)
    assert not torch.equal(weights(other, 0)["fc2.weight"], weights(run)["fc2.weight"])
    for wrong, message in (
        ({"start": "none"}, "there is no run 'none' to start from"),
        ({"start": "low", "model": "a3"}, "'low' trained a2: a run of a3 cannot start from it"),
        ({"start": "x.safetensors"}, "there are no weights at x.safetensors"),
    ):
        failed = made(tmp_path / f"bad{len(list(tmp_path.iterdir()))}", tiny(**wrong))
        assert work(failed.path) == 1
        assert message in failed.status().message


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"data": {"source": "strokes", "path": "none.json"}}, "there are no strokes at none.json"),
        ({"data": {"classes": [3]}}, "are of the class '3': expected two or more"),
        ({"data": {"classes": [3, 30]}}, r"classes is [3, 30], expected different labels of [0, 1,"),
        ({"data": {"source": "folder", "path": "none"}}, "there is no folder none"),
        ({"data": {"source": "mnist", "path": "none"}}, "MNIST is not in none"),
        ({"data": {"side": 64}}, "a2 cannot take pictures of 64×64"),
        ({"data": {"classes": [1, 2], "replay": 3}}, "data.replay mixes the ten digits in"),
        ({"data": {"classes": [1, 2]}, "training": {"drawn": 3}}, "are for models of the ten digits"),
        (
            {"training": {"trained": ["conv9"]}},
            "there is no part 'conv9' to train; the parts are head, conv1, conv2, fc1, fc2",
        ),
        ({"device": "cuda:9"}, "device is 'cuda:9', but this machine has"),
    ],
)
def test_what_is_not_possible_is_said_before_anything_is_trained(tmp_path, monkeypatch, more, message):
    monkeypatch.setattr(
        "torchvision.datasets.MNIST.download", lambda self: (_ for _ in ()).throw(RuntimeError("offline"))
    )
    run = made(tmp_path / "run", tiny(**more))
    assert work(run.path) == 1
    assert run.status().state == "failed"
    assert message in run.status().message
    assert named(run, "batch") == []


def test_an_empty_file_of_strokes_is_refused(tmp_path):
    (tmp_path / "empty.json").write_text("[]")
    run = made(tmp_path / "run", tiny(data={"source": "strokes", "path": str(tmp_path / "empty.json")}))
    assert work(run.path) == 1
    assert "empty.json holds no digits" in run.status().message


def test_a_folder_is_checked_and_summarised(tmp_path, pictures_folder):
    assert folder.counted(pictures_folder).counts == {"blue": 12, "red": 13}
    found = folder.read(pictures_folder, side=8, channels=1)
    assert found.pictures.pictures.shape == (24, 1, 8, 8)
    assert found.pictures.labels.tolist() == [0] * 12 + [1] * 12
    assert found.unreadable.keys() == {"red/broken.jpg", "red/notes.txt"}
    assert found.unreadable["red/broken.jpg"] == "is no picture"
    with pytest.raises(ValueError, match=r"has 0 subfolders with pictures, expected one for each of 2 or more classes"):
        folder.read(pictures_folder / "red", side=8, channels=1)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        folder.read(tmp_path / "none", side=8, channels=1)
    with pytest.raises(ValueError, match="choose a smaller side"):
        folder.read(pictures_folder, side=10_000, channels=3)
    (tmp_path / "pictures" / "green").mkdir()
    (tmp_path / "pictures" / "green" / "x.png").write_bytes(b"")
    with pytest.raises(ValueError, match="no picture of green can be read"):
        folder.read(pictures_folder, side=8, channels=1)


def test_transparent_paper_is_white(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(tmp_path / name / "1.png")
    assert folder.read(tmp_path, side=4, channels=3).pictures.pictures.unique().tolist() == [255]


def test_a_part_is_held_back_from_every_class():
    pictures = Pictures(torch.arange(40, dtype=torch.uint8).reshape(40, 1, 1, 1), torch.arange(40) % 4)
    kept, held = splits.hold_back(pictures, 0.2, seed=0)
    assert torch.bincount(held.labels).tolist() == [2, 2, 2, 2]
    assert sorted(torch.cat([kept.pictures, held.pictures]).flatten().tolist()) == list(range(40))
    assert torch.equal(splits.hold_back(pictures, 0.2, seed=0)[1].pictures, held.pictures)
    assert not torch.equal(splits.hold_back(pictures, 0.2, seed=1)[1].pictures, held.pictures)
    assert len(splits.hold_back(pictures, 0, seed=0)[1]) == 0
    assert torch.bincount(splits.thin(pictures, 0.01, seed=0).labels).tolist() == [1, 1, 1, 1]
    assert splits.thin(pictures, 1, seed=0) is pictures


def test_chosen_classes_are_counted_from_0():
    pictures = Pictures(torch.arange(6, dtype=torch.uint8).reshape(6, 1, 1, 1), torch.tensor([7, 3, 5, 7, 3, 5]))
    chosen = splits.keep_classes(pictures, (7, 5))
    assert chosen.labels.tolist() == [0, 1, 0, 1]
    assert chosen.pictures.flatten().tolist() == [0, 2, 3, 5]
    with pytest.raises(ValueError, match=r"classes is \[7, 7\], expected different labels of \[3, 5, 7\]"):
        splits.keep_classes(pictures, (7, 7))


def test_data_sets_say_what_they_are_and_that_they_are_missing(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="there is no data set 'cifar'; the data sets are mnist, fashion_mnist"):
        sets.load("cifar", "train")

    def offline(*_arguments, **_options):
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", offline)
    for name in ("fashion_mnist", "kmnist", "emnist_letters"):
        with pytest.raises(FileNotFoundError, match=f"{name} is not in"):
            sets.load(name, "train", tmp_path)
    assert {name: len(words) for name, words in sets.CLASSES.items()} == {
        "mnist": 10, "fashion_mnist": 10, "kmnist": 10, "emnist_letters": 26,
    }  # fmt: skip


def test_colours_are_made_what_a_model_takes():
    red = torch.zeros(2, 3, 30, 40)
    red[:, 0] = 1
    grey = models.card("a2").prepare(red)
    assert grey.shape == (2, 1, 28, 28)
    assert float(grey.mean()) == pytest.approx((0.299 - mnist.MEAN) / mnist.STD, rel=1e-4)
    card = models.card("resnet18")
    prepared = card.prepare(red)
    assert prepared.shape == (2, 3, 224, 224)
    assert float(prepared[0, 0].mean()) == pytest.approx(
        (1 - registry.IMAGENET_MEAN[0]) / registry.IMAGENET_STD[0], rel=1e-4
    )


def test_parts_are_selected_by_path_and_dropout_reaches_models_without_any():
    model = models.build("recommended")
    parts.select(model, ["conv6", "head"])
    assert parts.moving(model) == ["conv6.weight", "fc.weight", "fc.bias"]
    body, last = parts.body_and_head(model)
    assert [len(group) for group in (body, last)] == [1, 2]
    parts.select(model, [])
    assert len(parts.moving(model)) == len(model.state_dict())
    with pytest.raises(ValueError, match="relu has no parameters: nothing would be trained"):
        parts.select(model, ["relu"])
    hook = parts.set_dropout(model, 0.9)
    x = models.card("recommended").prepare(torch.rand(4, 1, 28, 28))
    model.train()
    assert not torch.equal(model(x), model(x))
    hook.remove()
    assert torch.equal(model(x), model(x))
    assert parts.set_dropout(models.build("a1"), 0.1) is None


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_one_cycle_is_torchs(steps):
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=0.1, momentum=0.9)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=steps + 1, pct_start=0.25)
    for step in range(steps):
        assert 0.1 * rate("one_cycle", step, steps) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9)
        assert momentum("one_cycle", step, steps) == pytest.approx(optimiser.param_groups[0]["momentum"], rel=1e-9)
        optimiser.step()
        theirs.step()


def test_schedules_begin_and_end_where_they_say():
    assert {name: [rate(name, step, 100) for step in (0, 50, 75)] for name in ("constant", "steps")} == {
        "constant": [1, 1, 1], "steps": [1, 0.1, 0.01],
    }  # fmt: skip
    assert rate("cosine", 0, 100) == 1
    assert rate("cosine", 50, 100) == pytest.approx(0.5)
    assert rate("cosine", 99, 100) < 1e-3
    assert momentum("cosine", 3, 100) is None
    assert rate("one_cycle", 0, 3) == 1  # three steps: torch's own divides by 0
    assert set(SCHEDULES) == {"constant", "one_cycle", "cosine", "steps"}
