import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from run_cases import DEVICE

from core import models
from core import train as command
from core.data import drawn, mnist
from core.data.mnist import Pictures
from core.evaluate import evaluate, load_strokes
from core.evaluate import main as evaluate_main
from core.training.config import RECIPES
from core.training.pictures import training_pictures

REPOSITORY = Path(__file__).resolve().parents[3]
FORMS = sum(len(forms) for forms in drawn.DIGITS.values())
QUICK = f"--epochs 2 --drawn 20 --negatives 20 --device {DEVICE}"


@pytest.fixture
def strokes_file(tmp_path):
    entries = [{"label": int(label), "strokes": json.loads(text)} for label, text in sample_strokes()]
    file = tmp_path / "strokes.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return file


def sample_strokes():
    for label, forms in drawn.DIGITS.items():
        for form in forms:
            yield label, json.dumps([stroke.round(3).tolist() for stroke in drawn.skeleton(form)])


def train_tiny(folder, out, more="", model="a2"):
    assert command.main(shlex.split(f"{model} --data-dir {folder} --out {out} {QUICK} {more}")) == 0
    return json.loads((out / f"{model}.json").read_text(encoding="utf-8"))


def test_trains_writes_weights_and_a_card_and_says_so(trusted_mnist, tmp_path, capsys, strokes_file):
    out = tmp_path / "out"
    card = train_tiny(trusted_mnist, out, f"--held-out 100 --seed 5 --strokes {strokes_file}")
    assert sorted(file.name for file in out.iterdir()) == ["a2.json", "a2.safetensors"]
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in printed[:2]] == ["epoch 1/2", "epoch 2/2"]
    assert "held out" in printed[0]
    assert json.loads(printed[2])["mnist_accuracy"] == card["figures"]["mnist_accuracy"]
    assert card["recipe"]["command"] == (
        "python -m core.train a2 --data-dir DIR --out DIR --held-out 100 --epochs 2 --seed 5 --drawn 20 --negatives 20"
    )
    assert str(tmp_path) not in json.dumps(card)
    assert card["recipe"]["config"]["seed"] == 5
    assert card["recipe"]["training_digits"] == 300
    assert card["recipe"]["training_sha256"] == mnist.SHA256["train"]
    assert card["figures"]["n"]["mnist"] == 100
    assert card["figures"]["n"]["strokes"] == FORMS
    assert card["unsure_below"] == card["recipe"]["calibration"]["unsure_below"] < 1
    models.load("a2", weights=out / "a2.safetensors")


def test_the_same_seed_gives_the_same_weights(trusted_mnist, tmp_path):
    for out in ("one", "two"):
        train_tiny(trusted_mnist, tmp_path / out)
    train_tiny(trusted_mnist, tmp_path / "other", "--seed 1")
    one, two, other = ((tmp_path / out / "a2.safetensors").read_bytes() for out in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_a_second_run_takes_the_calibration_of_the_first(trusted_mnist, tmp_path):
    first = train_tiny(trusted_mnist, tmp_path / "one", "--held-out 100")
    second = train_tiny(trusted_mnist, tmp_path / "two", f"--calibration {tmp_path}/one/a2.json")
    assert second["recipe"]["calibration"] == first["recipe"]["calibration"]
    assert second["recipe"]["training_digits"] == 400
    assert second["recipe"]["calibration"]["command"].endswith("--held-out 100 --epochs 2 --drawn 20 --negatives 20")
    plain = train_tiny(trusted_mnist, tmp_path / "three")
    value = first["recipe"]["calibration"]["temperature"]
    cooled, warm = (models.load("a2", weights=tmp_path / out / "a2.safetensors") for out in ("two", "three"))
    torch.testing.assert_close(cooled.fc2.weight * value, warm.fc2.weight)
    assert plain["recipe"]["calibration"]["temperature"] == 1


def test_goes_on_from_weights(trusted_mnist, tmp_path):
    first = train_tiny(trusted_mnist, tmp_path / "one")
    more = train_tiny(trusted_mnist, tmp_path / "two", f"--start {tmp_path}/one/a2.safetensors --learning-rate 1e-9")
    one, two = (models.load("a2", weights=tmp_path / out / "a2.safetensors") for out in ("one", "two"))
    torch.testing.assert_close(one.fc1.weight, two.fc1.weight, atol=1e-6, rtol=0)
    assert more["recipe"]["command"].endswith("--start FILE")
    assert more["recipe"]["start"] == first["recipe"]
    assert first["recipe"]["start"] is None


def test_keeps_the_mean_of_the_starts_weights_and_the_trained_ones(trusted_mnist, tmp_path):
    train_tiny(trusted_mnist, tmp_path / "start")
    go_on = f"--start {tmp_path}/start/a2.safetensors --seed 1"
    train_tiny(trusted_mnist, tmp_path / "trained", go_on)
    card = train_tiny(trusted_mnist, tmp_path / "mean", f"{go_on} --average")
    files = (tmp_path / out / "a2.safetensors" for out in ("start", "trained", "mean"))
    start, trained, mean = (models.load("a2", weights=file).state_dict() for file in files)
    for name, value in mean.items():
        torch.testing.assert_close(value, (start[name] + trained[name]) / 2)
    assert card["recipe"]["command"].endswith("--start FILE --average")


def test_runs_as_a_module_and_explains_itself():
    result = subprocess.run(
        [sys.executable, "-m", "core.train", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "--held-out N" in result.stdout
    assert "core/weights" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--data-dir {folder} --calibration {folder}/none.json", "there is no card at"),
        ("--data-dir {folder} --calibration {folder}/other.json", "is no card of a training run"),
        ("--data-dir {folder} --held-out 400", "held_out is 400, expected 1 to 399 of 400 pictures"),
        ("--data-dir {folder} --device gpu", "device is 'gpu', expected auto, cpu, cuda or cuda:INDEX"),
        ("--data-dir {folder} --start {folder}/none.safetensors", "there are no weights at"),
        (
            "--data-dir {folder} --average",
            "average is the mean of a start's weights and the trained ones: it needs start",
        ),
        ("--data-dir {folder} --strokes {folder}/none.json", "there are no strokes at"),
        ("--data-dir {folder}/MNIST/raw/train-labels-idx1-ubyte", "MNIST is not in"),
    ],
)
def test_train_says_what_is_wrong_and_writes_nothing(trusted_mnist, tmp_path, capsys, arguments, message):
    (trusted_mnist / "other.json").write_text('{"unsure_below": 1}', encoding="utf-8")
    arguments = arguments.format(folder=trusted_mnist)
    with pytest.raises(SystemExit) as caught:
        command.main(shlex.split(f"a2 --out {tmp_path}/out {arguments}"))
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_training_pictures_are_the_digits_the_drawn_ones_and_the_others():
    digits = Pictures(torch.zeros(5, 1, 28, 28, dtype=torch.uint8), torch.arange(5))
    both = training_pictures(digits, RECIPES["a2"].__class__(drawn=20, negatives=10))
    assert len(both) == 35
    assert (both.labels == -1).sum() == 10
    assert torch.equal(both.labels[:5], torch.arange(5))
    assert training_pictures(digits, RECIPES["a2"].__class__()).labels.tolist() == [0, 1, 2, 3, 4]


def test_evaluate_prints_one_json_object(trusted_mnist, tmp_path, capsys, strokes_file):
    model = models.build("a2")
    models.save_weights(model, tmp_path / "w.safetensors")
    arguments = f"--model a2 --mnist {trusted_mnist} --strokes {strokes_file} --weights {tmp_path}/w.safetensors"
    assert evaluate_main(shlex.split(arguments)) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "a2"
    assert report["parameters"] == 21840
    assert report["n"] == {"mnist": 100, "strokes": FORMS, "letter": 500, "spiral": 500, "star": 500}
    for key in ("mnist_accuracy", "strokes_accuracy", "expected_calibration_error", "unsure_below"):
        assert 0 <= report[key] <= 1
    assert set(report["unsure"]) == set(report["n"])
    for figures in (report["mnist_per_class"], report["strokes_per_class"]):
        assert list(figures) == list("0123456789")
    counted = sum(row["n"] * row["recall"] for row in report["mnist_per_class"].values())
    assert counted == pytest.approx(100 * report["mnist_accuracy"])


class Knows(torch.nn.Module):
    """A model that reads its answer from the first pixels, as sure as the pixel is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 0, 0, :10] * self.scale


def test_evaluate_counts_right_answers_by_class():
    picture = torch.zeros(4, 1, 28, 28, dtype=torch.uint8)
    picture[[0, 1, 2, 3], 0, 0, [0, 0, 1, 2]] = 255
    card = models.Card("knows", "Knows", "", mean=(0.0,), std=(0.01,), unsure_below=0.5)
    report = evaluate(Knows(), card, Pictures(picture, torch.tensor([0, 1, 1, 2])))
    assert report["mnist_accuracy"] == 0.75
    assert report["mnist_per_class"]["0"] == {"n": 1, "recall": 1.0, "precision": 0.5}
    assert report["mnist_per_class"]["1"] == {"n": 2, "recall": 0.5, "precision": 1.0}
    assert report["mnist_per_class"]["9"] == {"n": 0, "recall": 0.0, "precision": 0.0}
    assert report["expected_calibration_error"] == pytest.approx(0.25, abs=1e-6)
    assert report["unsure"]["mnist"] == 0
    assert "strokes_accuracy" not in report


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "is no JSON list of"),
        ('[{"strokes": []}]', "is no JSON list of"),
        ("[]", "holds no digits"),
        (
            '[{"label": 1, "strokes": [[[0, 0], [1, 1]]]}, {"label": 1, "strokes": [[[0]]]}]',
            "entry 1: stroke 0 has shape",
        ),
    ],
)
def test_malformed_strokes_are_told(tmp_path, content, message):
    (tmp_path / "s.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_strokes(tmp_path / "s.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--model lenet", "there is no model 'lenet'; the models are recommended"),
        ("--model a2 --weights none.safetensors", "there are no weights at none.safetensors"),
        ("--model a2 --device cuda:99", "device is 'cuda:99', but this machine has"),
        ("--model a2 --strokes none.json", "there are no strokes at none.json"),
    ],
)
def test_evaluate_says_what_is_wrong(trusted_mnist, tmp_path, capsys, arguments, message):
    if "--weights" not in arguments:
        models.save_weights(models.build("a2"), tmp_path / "w.safetensors")
        arguments += f" --weights {tmp_path}/w.safetensors"
    with pytest.raises(SystemExit) as caught:
        evaluate_main(shlex.split(f"--mnist {trusted_mnist} {arguments}"))
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
