import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from run_cases import tiny, trained

from core import models, predict
from core.data import drawn
from core.models.transfer import head
from core.training import export as exporting
from core.training.export import export
from core.training.runs import Runs


@pytest.mark.parametrize("ending", [".safetensors", ".onnx", ".pt2"])
def test_what_is_exported_answers_what_the_model_answers(tmp_path, ending):
    model, card = models.load("a2"), models.card("a2")
    file = export(model, card, tmp_path / f"digits{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.stat().st_size > 80_000
    x = card.prepare(drawn.digits(5, seed=0).pictures.float() / 255)
    if ending == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        answers = torch.from_numpy(session.run(None, {"pictures": x.numpy()})[0])
    elif ending == ".pt2":
        with file.open("rb") as opened:
            answers = torch.export.load(opened).module()(x)
    else:
        answers = models.load("a2", weights=file)(x)
    torch.testing.assert_close(answers, model(x), atol=1e-4, rtol=0)


def test_an_export_that_answers_something_else_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "FORMATS", {".bad": lambda *_: torch.full((3, 10), torch.nan)})
    with pytest.raises(ValueError, match=r"x.bad answers something else than the model: the difference is nan"):
        export(models.load("a2"), models.card("a2"), tmp_path / "x.bad")
    assert list(tmp_path.iterdir()) == []


def test_the_missing_package_of_onnx_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(ImportError, match="ONNX needs onnxruntime: pip install onnxruntime"):
        export(models.load("a2"), models.card("a2"), tmp_path / "x.onnx")


def test_a_run_is_exported_at_any_moment(tmp_path, capsys):
    run = trained(tmp_path / "run", tiny(training={"epochs": 1}))
    file = Runs(tmp_path).export("run", ".safetensors", 0)
    assert file == run.path / "export" / "run-0.safetensors"
    first = Runs(tmp_path).model("run", 0)[0]
    assert torch.equal(models.load("a2", weights=file).conv1.weight, first.conv1.weight)
    assert exporting.main(["--run", str(run.path), "--out", str(tmp_path / "out.safetensors")]) == 0
    assert models.load("a2", weights=tmp_path / "out.safetensors").conv1.weight.shape == (10, 1, 5, 5)
    with pytest.raises(SystemExit):
        exporting.main(["a2", "--out", str(tmp_path / "x.pth")])
    assert "x.pth: expected a file ending in .safetensors, .onnx, .pt2" in capsys.readouterr().err


@pytest.fixture
def photograph(tmp_path):
    """A seven, dark on light paper, larger than MNIST's and off the centre."""
    digit = drawn.digits(10, seed=4)
    picture = digit.pictures[7, 0].numpy()
    sheet = np.full((160, 200), 235, dtype=np.uint8)
    sheet[30:86, 90:146] -= np.kron(picture, np.ones((2, 2), dtype=np.uint8)) // 2
    file = tmp_path / "seven.png"
    Image.fromarray(sheet).save(file)
    return file


def test_a_photographed_digit_is_read(photograph, capsys):
    assert predict.main([str(photograph), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answer"] == "7"
    assert not told["unsure"]
    assert sum(told["probabilities"].values()) == pytest.approx(1)
    assert list(told["probabilities"].values()) == sorted(told["probabilities"].values(), reverse=True)
    assert predict.main([str(photograph), "--model", "a2"]) == 0
    assert capsys.readouterr().out.startswith(f"{photograph}: 7 ")


def test_a_picture_like_mnists_is_taken_as_it_is(tmp_path, capsys):
    digits = drawn.digits(10, seed=0)
    Image.fromarray(digits.pictures[3, 0].numpy()).save(tmp_path / "3.png")
    picture = predict.picture_of(tmp_path / "3.png", models.card("a2"), as_it_is=True)
    torch.testing.assert_close(picture[0, 0] * 255, digits.pictures[3, 0].float())


def test_other_classes_get_the_middle_of_the_picture(tmp_path):
    run = trained(tmp_path / "run", tiny(training={"epochs": 1}, data={"classes": [0, 1]}))
    model, card = Runs(tmp_path).model("run")
    named = card.__class__(
        "a2", "", "", input_shape=(1, 28, 28), classes=("ring", "line"), takes="pictures", unsure_below=1.1
    )
    Image.new("RGB", (60, 28), "white").save(tmp_path / "wide.png")
    picture = predict.picture_of(tmp_path / "wide.png", named)
    assert picture.shape == (1, 1, 28, 28)
    found = predict.predict(model, named, picture)
    assert found.answer in ("ring", "line")
    assert found.unsure
    ImageOps.invert(Image.open(tmp_path / "wide.png")).save(tmp_path / "black.png")
    assert predict.main([str(tmp_path / "black.png"), "--run", str(run.path), "--as-it-is"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("{folder}/blank.png --model b", "there is no model 'b'"),
        ("{folder}/blank.png --run {folder}/none", "there is no run 'none'"),
    ],
)
def test_predict_says_what_is_wrong(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        predict.main(arguments.format(folder=tmp_path).split())
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_predict_says_which_picture_it_cannot_read(tmp_path, capsys):
    (tmp_path / "text.png").write_text("text")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    assert predict.main([str(tmp_path / name) for name in ("none.png", "text.png", "blank.png")]) == 1
    said = capsys.readouterr().err.splitlines()
    reasons = ("No such file", "is no picture", "of one colour: there is no ink")
    for line, name, reason in zip(said, ("none.png", "text.png", "blank.png"), reasons, strict=True):
        assert name in line
        assert reason in line


def test_outputs_of_thousands_may_differ_by_what_float32_rounds(tmp_path):
    model = models.load("a2").eval()
    last = head(model)
    last.weight.data.mul_(1e4)
    last.bias.data.mul_(1e4)
    assert export(model, models.card("a2"), tmp_path / "large.pt2").exists()


def test_a_thousandth_of_a_large_output_is_refused(tmp_path, monkeypatch):
    model = models.load("a2").eval()
    monkeypatch.setattr(exporting, "FORMATS", {".bad": lambda model, example, file: model(example) * 1.001})
    with pytest.raises(ValueError, match="answers something else than the model"):
        export(model, models.card("a2"), tmp_path / "x.bad")
