"""Library, views and command line, without a browser."""

import asyncio
import math
import socket
import threading

import pytest
import torch
from torch import nn

from core import models
from core.models import Card
from explorer.__main__ import main
from explorer.draw.cell import explain
from explorer.models import bar as model_bar
from explorer.models.library import UNTRAINED, Library
from explorer.screen.observe import ASKED_MAPS
from explorer.screen.observe import observe as observed
from explorer.screen.shown import Showing
from explorer.serving import free_or_fail
from explorer.wire.requests import checked
from explorer.wire.trace import describe, observe, predict
from explorer.wire.view import WEB, answers

INK = [[[0.4, 0.2], [0.5, 0.8]]]
DRAWING = {"model": "a2" + UNTRAINED, "strokes": INK, "brush": 1.0, "centred": True, "label": None, "edits": []}
REQUEST = DRAWING | {"strokes": [], "wanted": [[0, 0]], "structure": ""}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def test_every_model_of_core_can_be_chosen(library):
    assert list(library.names()) == list(models.names())


@pytest.mark.parametrize("name", models.names())
def test_every_model_is_described_and_observed(library, name):
    explored = library.explored(name + UNTRAINED)
    trace, _ = explored.trace(explored.blank())
    description = describe(explored, trace)
    steps = description["steps"]
    assert len(steps) == len(trace.steps) + 1
    assert [step["index"] for step in steps] == list(range(-1, len(trace.steps)))
    assert all(step["map"] for step in steps)
    answer = observe(trace, [[step["index"], 0] for step in steps])
    assert len(answer["maps"]) == len(steps)
    assert predict(trace, explored, empty=False)["verdict"] == "untrained"


def test_a_model_trained_into_the_runs_folder_can_be_chosen(tmp_path):
    trained = models.build("a2")
    models.save_weights(trained, tmp_path / "mine" / "a2.safetensors")
    (tmp_path / "mine" / "a2.json").write_text(
        '{"unsure_below": 0.25, "recipe": {}, "figures": {"mnist_accuracy": 0.5}}'
    )
    library = Library(runs_dir=tmp_path)
    assert "mine/a2" in library.names()
    explored = library.explored("mine/a2")
    assert explored.card.unsure_below == 0.25
    assert torch.equal(explored.model.conv1.weight.cpu(), trained.conv1.weight)
    with pytest.raises(ValueError, match=r"there is no model '\.\./mine/a2'"):
        library.explored("../mine/a2")


def test_a_description_counts_every_parameter_once(library):
    explored = library.explored("a2" + UNTRAINED)
    texts = [step["parameters"] for step in describe(explored, explored.trace(explored.blank())[0])["steps"]]
    assert texts[1] == "10×1×5×5 + 10 = 260"
    assert sum(int(text.split("= ")[1].replace(",", "")) for text in texts if text) == 21_840


def test_a_description_tells_the_receptive_field_of_every_step(library):
    explored = library.explored("a2" + UNTRAINED)
    steps = describe(explored, explored.trace(explored.blank())[0])["steps"]
    fields = {step["op"] + str(k): step["field"] for k, step in enumerate(steps)}
    assert fields["input0"] == ""
    assert fields["conv2d1"] == "5×5"
    assert fields["max_pool2d2"] == "6×6"
    assert fields["conv2d4"] == "14×14"
    assert fields["max_pool2d5"] == "16×16"
    assert fields["linear8"] == "28×28"


def test_a_branch_names_where_its_inputs_come_from():
    library = Library()

    class Skip(nn.Module):
        def forward(self, x):
            y = torch.relu(x)
            return (torch.tanh(y) + x).flatten(1)[:, :2]

    library.add(Card("skip", "Skip", "", classes=("a", "b")), Skip())
    explored = library.explored("skip")
    sources = {step["op"]: step["from"] for step in describe(explored, explored.trace(explored.blank())[0])["steps"]}
    assert sources["add"] == ["input", "2 tanh"]
    assert sources["tanh"] == []


def test_values_that_are_not_finite_reach_the_page_as_such():
    library = Library()

    class Broken(nn.Module):
        def forward(self, x):
            return (x / 0 * 0).flatten(1)[:, :10]

    library.add(Card("broken", "Broken", ""), Broken())
    explored = library.explored("broken")
    trace, _ = explored.trace(explored.blank())
    assert observe(trace, [[1, 0]])["peaks"]["1"] == 0
    assert predict(trace, explored, empty=False)["verdict"] == "none"  # no share of a whole follows from NaN


def test_an_output_that_is_no_score_per_class_is_said_so():
    library = Library()
    library.add(Card("pictures", "Pictures", "", classes=("a", "b", "c")), nn.Conv2d(1, 2, 3))
    explored = library.explored("pictures")
    prediction = predict(explored.trace(explored.blank())[0], explored, empty=False)
    assert (prediction["verdict"], prediction["output"]) == ("features", "(1, 2, 26, 26)")


def test_a_model_that_raises_half_way_shows_the_part_that_ran():
    library = Library()

    class Stumbling(nn.Module):
        def forward(self, x):
            return torch.relu(x) @ torch.zeros(3, 3)

    library.add(Card("stumbling", "Stumbling", ""), Stumbling())
    described = model_bar.describe(library, {"model": "stumbling"})
    assert [step["op"] for step in described["steps"]] == ["input", "relu", "zeros"]
    answer = observed(Showing(library), REQUEST | {"model": "stumbling"})
    assert "matmul in Stumbling.forward, after 2 steps" in answer["problem"]
    assert answer["maps"][0]["step"] == 0
    assert answer["prediction"]["verdict"] == "failed"


def test_people_on_one_model_get_their_own_answers(library):
    explored = library.explored("a2" + UNTRAINED)
    pictures = torch.rand(8, 28, 28)
    expected = [explored.trace(picture)[0].output for picture in pictures]
    found: dict[int, torch.Tensor] = {}
    threads = [
        threading.Thread(target=lambda k=k: found.update({k: explored.trace(pictures[k])[0].output})) for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[k], expected[k]) for k in range(8))


def test_a_drawing_is_answered_with_stages_maps_and_prediction(library):
    answer = observed(Showing(library), REQUEST | {"strokes": [[[0.5, 0.2], [0.5, 0.8]]]})
    assert answer["prediction"]["verdict"] == "untrained"
    assert not answer["stages"]["empty"]
    assert answer["maps"][0]["step"] == 0
    assert answer["description"]["structure"]
    known = observed(Showing(library), REQUEST | {"structure": answer["description"]["structure"]})
    assert "description" not in known
    assert known["prediction"]["verdict"] == "empty"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "vgg"}, "there is no model 'vgg'; the models are recommended, a1"),
        ({"strokes": [[[0.1, "x"]]]}, "stroke 0 is no list of"),
        ({"strokes": [[[0.1, float("nan")]]]}, "coordinates must be finite"),
        ({"brush": 0}, "pen is 0"),
        ({"wanted": [[1]]}, "wanted holds [1], expected [step, first channel]"),
        ({"strokes": "ink"}, "the field 'strokes' is 'ink'"),
        ({"model": None}, "the field 'model' is None"),
    ],
)
def test_a_bad_drawing_is_answered_with_words(library, change, message):
    answer = asyncio.run(answers(observed, Showing(library))(REQUEST | change))
    assert answer.keys() <= {"error", "key", "values"}
    assert message in answer["error"]


def test_with_a_true_label_the_maps_are_the_gradients_of_the_loss(library):
    explored = library.explored(DRAWING["model"])
    shapes = [step["shape"] for step in describe(explored, explored.trace(explored.blank())[0])["steps"]]
    asked = REQUEST | DRAWING | {"label": 3, "wanted": [[-1, 0], [10, 0]]}
    answer = observed(Showing(library), asked)
    assert answer["loss"]["name"] == "negative log-likelihood"
    assert answer["loss"]["value"] == pytest.approx(-math.log(answer["prediction"]["probabilities"][3]), rel=1e-5)
    assert [page["step"] for page in answer["maps"]] == [-1, 10]
    assert answer["peaks"]["10"] == 1.0
    assert observed(Showing(library), asked | {"label": None})["loss"] is None
    assert len(answer["peaks"]) == len(shapes)


@pytest.mark.parametrize(
    ("of", "step", "cell"),
    [("output", 0, [0, 3, 5, 5]), ("output", -1, [0, 0, 14, 14]), ("weight", 3, [4, 2, 1, 1]), ("bias", 0, [6])],
)
def test_a_gradient_is_opened_to_its_sum(library, of, step, cell):
    answer = explain(Showing(library), DRAWING | {"label": 3, "step": step, "cell": cell, "of": of})
    assert answer["agrees"], answer
    assert answer["count"] > 0


def test_the_gradient_of_a_score_is_where_the_backward_pass_begins(library):
    asked = DRAWING | {"label": 3, "of": "output"}
    assert explain(Showing(library), asked | {"step": 10, "cell": [0, 3]})["shown"] == -1
    a3 = asked | {"model": "a3" + UNTRAINED, "step": 9}
    scores = observed(Showing(library), REQUEST | a3 | {"wanted": []})["prediction"]["probabilities"]
    found = explain(Showing(library), a3 | {"cell": [0, 4]})
    assert found["value"] == pytest.approx(scores[4], rel=1e-6)
    assert found["agrees"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": "output", "label": None}, "a gradient needs the true label"),
        ({"of": "colour"}, "step 4 (conv2d) has no parameter 'colour'; its parameters: weight, bias"),
        ({"of": "weight", "cell": [99, 0, 0, 0]}, "conv2.weight has cells of shape (20, 10, 5, 5), got (99, 0, 0, 0)"),
        ({"label": 12, "of": "output"}, "there is no class 12; the model has 10"),
    ],
)
def test_a_gradient_that_does_not_exist_is_refused_in_words(library, change, message):
    asked = DRAWING | {"label": 3, "step": 3, "cell": [0, 0, 0, 0], "of": ""} | change
    assert message in asyncio.run(answers(explain, Showing(library))(asked))["error"]


def test_changes_are_told_with_the_prediction_before_them(library):
    silence = {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 2, "factor": 0}
    asked = REQUEST | DRAWING
    plain = observed(Showing(library), asked)
    answer = observed(Showing(library), asked | {"edits": [silence]})
    assert answer["before"] == plain["prediction"]["probabilities"]
    assert answer["prediction"]["probabilities"] != answer["before"]
    assert answer["changed"]["conv1.weight"]["count"] == 25
    assert answer["changed"]["conv1.weight"]["of"] == 250
    assert plain["changed"] == {}
    assert plain["before"] is None
    opened = explain(Showing(library), asked | {"edits": [silence], "of": "weight", "step": 0, "cell": [2, 0, 1, 1]})
    assert opened == {"parameter": "conv1.weight", "element": 0.0, "sends": False}


def test_a_request_that_is_no_object_is_refused():
    with pytest.raises(ValueError, match=r"expected an object with model, .*, structure, sort, got list"):
        checked([], ASKED_MAPS)


def test_maps_outside_the_model_are_left_out(library):
    explored = library.explored("a2" + UNTRAINED)
    assert observe(explored.trace(explored.blank())[0], [[99, 0], [-5, 0], [0, 4000], [0, -1]])["maps"] == []


def test_missing_weights_are_told_with_the_way_out(library, monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("resnet18's weights are not here; use --data-dir")

    monkeypatch.setattr(models, "load", missing)
    answer = model_bar.describe(library, {"model": "resnet18"})
    assert answer == {"missing": "resnet18's weights are not here; use --data-dir", "untrained": "resnet18:untrained"}


def test_bugs_reach_the_page_in_words_and_the_log_whole(caplog):
    def broken(_):
        raise KeyError("a bug")

    assert asyncio.run(answers(broken)({})) == {"error": "KeyError: 'a bug'"}
    assert "broken failed" in caplog.text
    assert "Traceback" in caplog.text


def test_nothing_on_the_page_comes_from_elsewhere():
    sources = [path.read_text() for path in WEB.rglob("*") if path.suffix in {".js", ".css", ".json"}]
    assert not any("https://" in source for source in sources)


def test_a_port_in_use_is_said_so(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on 127.0.0.1:{port} .* choose another port with --port"):
            free_or_fail("127.0.0.1", port)
        assert main(["--port", str(port), "--no-open"]) == 2
    assert "choose another port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"), [(["--model", "vgg"], "there is no model 'vgg'"), (["--device", "tpu"], "tpu")]
)
def test_bad_options_are_said_so(options, message, capsys, monkeypatch):
    monkeypatch.setattr("explorer.serving.free_or_fail", lambda *_: None)
    assert main([*options, "--no-open"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_does_not_exist_is_said_so(port, capsys):
    assert main(["--port", port, "--no-open"]) == 2
    assert f"port is {port}, expected 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--data-dir", "--runs-dir", "--pictures-dir"])
def test_a_file_in_place_of_a_folder_is_said_so(option, capsys):
    with pytest.raises(SystemExit):
        main([option, __file__, "--no-open"])
    assert f"argument {option}: {__file__} is a file, expected a folder" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for option in [
        "host",
        "port",
        "allow-host",
        "root-path",
        "device",
        "model",
        "data-dir",
        "pictures-dir",
        "runs-dir",
        "lang",
        "open",
    ]:
        assert f"--{option}" in text
