"""What a run would be, told before it is started: counted, not read; estimated, not tried."""

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image
from run_cases import tiny
from torch import nn

from core import models
from core.data import drawn, sets
from core.training import budget
from core.training.budget import Memory, saved_bytes
from core.training.pictures import COUNTED, DRAWN_TEST, WHOLE, parts_of
from core.training.settings import parse
from core.training.summary import DRAWN, needs, summarise

HUGE = {
    "model": "resnet18",
    "data": {"source": "drawn", "count": 200_000, "side": 512},
    "training": {"batch_size": 65_536, "drawn": 200_000, "negatives": 200_000},
}


def test_a_summary_says_what_a_run_would_be(tmp_path):
    found = summarise(tiny(), tmp_path)
    assert (found.parameters, found.trained, found.frozen) == (21840, 21840, [])
    assert found.pictures == {"training": 60, "validation": 20, "test": 500}
    assert found.steps == 12
    assert 0 < found.seconds < 60
    head = {"trained": ["head"], "augmentation": {}}
    frozen = summarise(tiny(training=head, unfreeze={"parts": ["conv2"], "epochs": 2}), tmp_path)
    assert frozen.trained == 510
    assert frozen.frozen == ["conv1", "conv2", "fc1"]
    assert frozen.steps == 12 + 8
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def pictures_folder(tmp_path):
    for name, count in (("cats", 7), ("dogs", 5)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (9, 9), 10 * number).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


@pytest.fixture
def strokes(tmp_path):
    file = tmp_path / "strokes.json"
    file.write_text(json.dumps([{"label": k % 3, "strokes": [[[0.2, 0.2], [0.8, 0.1 * k]]]} for k in range(12)]))
    return file


@pytest.mark.parametrize(
    "settings",
    [
        {"data": {"source": "drawn", "count": 90, "share": 0.5, "classes": [4, 2]}},
        {"data": {"source": "drawn", "count": 40}, "training": {"drawn": 7, "negatives": 9}},
        {"data": {"source": "strokes", "path": "{strokes}", "replay": 8, "mnist": "{none}"}},
        {"data": {"source": "folder", "path": "{folder}", "validation": 0.4}},
    ],
)
def test_what_is_counted_is_what_is_read(tmp_path, pictures_folder, strokes, settings):
    places = {"{strokes}": strokes, "{none}": tmp_path / "none", "{folder}": pictures_folder}
    text = json.dumps(settings)
    for place, path in places.items():
        text = text.replace(place, str(path))
    config, card = parse(json.loads(text)), models.card("a2")
    counted, read = parts_of(config, card, COUNTED), parts_of(config, card, WHOLE)
    for one, other in ((counted.training, read.training), (counted.validation, read.validation)):
        assert one.labels.tolist() == other.labels.tolist()
        assert one.pictures.numel() == 0
    assert counted.tests.keys() == read.tests.keys()
    assert counted.classes == read.classes
    assert [note.split(":")[0] for note in counted.notes] == [note.split(":")[0] for note in read.notes]


def test_the_labels_of_a_data_set_are_counted_without_its_pictures(mnist_dir):
    for part in ("train", "test"):
        assert torch.equal(sets.labels("mnist", part, mnist_dir), sets.load("mnist", part, mnist_dir).labels)


def test_a_missing_data_set_is_missed_by_who_counts_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"MNIST is not in .* pass --data-dir"):
        sets.labels("mnist", "train", tmp_path)


def test_what_is_kept_of_a_picture_follows_from_shapes():
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
    assert saved_bytes(model, (1, 28, 28)) == 4 * (28 * 28 + 4 * 26 * 26)  # the input, and what ReLU answers
    model[0].requires_grad_(False)
    assert saved_bytes(model, (1, 28, 28)) == 4 * (28 * 28 + 4 * 26 * 26)  # the linear layer reads it
    model.requires_grad_(False)
    assert saved_bytes(model, (1, 28, 28)) == 4 * 28 * 28


def test_memory_is_that_of_pictures_batch_and_weights():
    found = needs(tiny(training={"batch_size": 20, "ema": 0}))
    assert found.pictures == (80 + DRAWN_TEST) * 28 * 28
    assert found.weights == 4 * 21_840 * 4  # AdamW: the weights, their gradients, two means
    with torch.device("meta"):
        assert found.batch == 20 * saved_bytes(models.build("a2"), (1, 28, 28))
    frozen = needs(tiny(training={"trained": ["head"], "augmentation": {}}))
    assert frozen.batch == 0
    assert frozen.pictures == (80 + DRAWN_TEST) * (28 * 28 + 4 * 50)  # with the features of each


def test_what_exceeds_the_budget_is_refused_with_the_numbers(monkeypatch):
    monkeypatch.setattr(budget, "most", lambda device: 4 * 2**30)
    with pytest.raises(
        ValueError, match=r"takes about [\d.]+ GB of memory \(449 MB for its pictures, .* one run may take 4\.0 GB here"
    ):
        needs(parse(HUGE)).check()
    Memory(2**30, 2**30, 2**30, 3 * 2**30).check()


def test_a_summary_draws_a_few_digits_and_counts_the_others(tmp_path, monkeypatch):
    counts, digits = [], drawn.digits
    monkeypatch.setattr(drawn, "digits", lambda count, *, seed: counts.append(count) or digits(count, seed=seed))
    found = summarise(tiny(data={"count": 200_000}, training={"drawn": 1000}), tmp_path)
    assert counts == [DRAWN]
    assert found.pictures["training"] == 151_000


PEAK = """
import json, sys
from pathlib import Path
from core.training.settings import parse
from core.training.summary import summarise
summarise(parse({"data": {"source": "drawn", "count": 100}}), Path("."))  # what is imported and prepared once
def told(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
before = told("VmRSS")
summarise(parse(json.loads(sys.argv[1])), Path("."))
print((told("VmHWM") - before) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_summary_of_the_largest_run_takes_little_memory():
    told = subprocess.run([sys.executable, "-c", PEAK, json.dumps(HUGE)], capture_output=True, text=True, check=True)
    assert float(told.stdout) <= 200
