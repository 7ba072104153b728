"""Models that ConvScope has never seen: `explore`'s arguments, factories, precisions, modes and outputs."""

import asyncio
import base64
import os
import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from core import models
from core.explain import record
from explorer.__main__ import main
from explorer.draw import cell as draw
from explorer.exploring import explore
from explorer.models import bar as model_bar
from explorer.models.factory import arguments_from
from explorer.models.library import Library
from explorer.models.own import add
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.wire import trace as payloads
from explorer.wire.view import answers

INK = [[[0.4, 0.2], [0.5, 0.8]]]
FACTORIES = """
import torch
from torch import nn

def plain(): return nn.Conv2d(3, 2, 3)
def pair(): return nn.Conv2d(3, 2, 3), torch.zeros(1, 3, 9, 9)
def full(): return {"model": nn.Conv2d(3, 2, 3), "title": "Mine", "classes": None}
def broken(): raise RuntimeError("no weights today")
def number(): return 7
def odd(): return {"model": nn.ReLU(), "colour": "red"}
def empty(): return {"model": None}
module = nn.ReLU()
value = 3
class Net(nn.Sequential): pass
"""


def small(channels: int = 1, classes: int = 4) -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Conv2d(channels, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, classes)
    return nn.Sequential(*layers).eval()


def ask(library: Library, name: str, strokes=INK, **more):
    request = {"model": name, "strokes": strokes, "brush": 1.0, "centred": True, "label": None, "edits": []}
    return observe(Showing(library), request | {"wanted": [[-1, 0], [0, 0]], "structure": ""} | more)


def explain(library: Library, name: str, step: int, cell: list[int], strokes=INK, **more):
    request = {"model": name, "strokes": strokes, "brush": 1.0, "centred": True, "label": None, "edits": [], "of": ""}
    return draw.explain(Showing(library), request | {"step": step, "cell": cell} | more)


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (1, 3, 32, 20), (2, 4, 9, 40)])
def test_an_empty_pad_shows_the_example_and_a_drawing_takes_its_place_in_its_shape(shape):
    library = Library()
    example = torch.randn(shape)
    name = add(library, small(shape[1]), example, title="My Net!")
    assert name == "my-net"
    explored = library.explored(name)
    assert torch.equal(explored.trace(explored.blank())[0].input, example[:1])
    shown = ask(library, name, strokes=[])
    takes = "ink" if shape == (1, 1, 28, 28) else "pictures"
    assert shown["fed"] == {"example": True, "kept": True, "takes": takes, "own": False, "shape": list(shape[1:])}
    assert shown["prediction"]["verdict"] == "best"
    drawn = ask(library, name)
    assert not drawn["fed"]["example"]
    steps = drawn["description"]["steps"]
    assert steps[0]["shape"] == [1, *shape[1:]]
    low, high = example[:1].min().item(), example[:1].max().item()
    assert (steps[0]["low"], steps[0]["high"]) == (min(0, low), max(1, high))


def test_outputs_have_the_given_names_or_their_numbers():
    library = Library()
    add(library, small(), title="named", classes=["ant", "bee", "cat", "dog"])
    add(library, small(classes=1000), title="numbered")
    assert ask(library, "named")["description"]["classes"] == ["ant", "bee", "cat", "dog"]
    answer = ask(library, "numbered")
    assert answer["prediction"]["classes"][-1] == "999"
    assert answer["description"]["steps"][-1]["map"]["labels"][-1] == "999"
    assert sum(answer["prediction"]["probabilities"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("model", "shape"),
    [(nn.Conv2d(1, 2, 3), "(1, 2, 26, 26)"), (small(classes=1), "(1, 1)")],
    ids=["maps", "one number"],
)
def test_an_output_that_is_no_row_of_scores_has_no_probabilities(model, shape):
    library = Library()
    prediction = ask(library, add(library, model))["prediction"]
    assert (prediction["verdict"], prediction["output"]) == ("features", shape)
    with pytest.raises(ValueError, match="expected \\(1, classes\\): one score per class"):
        ask(library, library.names()[0], label=0)


def test_several_outputs_have_their_scores_first():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = small()

        def forward(self, x):
            scores = self.body(x)
            return {"scores": scores.log_softmax(1), "features": x.mean((2, 3))}

    library = Library()
    name = add(library, Heads())
    answer = ask(library, name, label=2)
    assert answer["loss"]["name"] == "negative log-likelihood"
    assert sum(answer["prediction"]["probabilities"]) == pytest.approx(1)
    last = len(answer["description"]["steps"]) - 3  # before the mean, from 0 after the input
    assert explain(library, name, last, [0, 2], label=2, of="output")["shown"] == -1


def test_a_preprocess_of_ones_own_makes_the_input():
    def halved(picture: torch.Tensor) -> torch.Tensor:
        assert picture.shape == (3, 28, 28)
        return picture[:, ::2, ::2] - 0.5

    library = Library()
    name = add(library, small(3), torch.zeros(1, 3, 14, 14), preprocess=halved)
    answer = ask(library, name)
    assert answer["fed"]["own"]
    assert answer["description"]["steps"][0]["low"] == -0.5
    explored = library.explored(name)
    picture = torch.rand(28, 28)
    assert torch.equal(explored.input(picture), picture.expand(3, -1, -1)[None, :, ::2, ::2] - 0.5)
    vectors = add(library, nn.Linear(784, 3), torch.zeros(1, 784), preprocess=torch.flatten, title="vectors")
    assert ask(library, vectors)["description"]["steps"][0]["shape"] == [1, 784]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_in_another_precision_is_explored_in_it(dtype):
    library = Library()
    name = add(library, small().to(dtype))
    answer = ask(library, name, label=1)
    assert answer["problem"] is None
    assert library.explored(name).model[0].weight.dtype == dtype
    for step, cell in ((0, [0, 3, 8, 9]), (1, [0, 2, 5, 5]), (4, [0, 3])):
        assert explain(library, name, step, cell)["agrees"]
        assert explain(library, name, step, cell, label=1, of="output")["agrees"]


def test_a_model_in_training_mode_stays_in_it_and_draws_the_same_each_time():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.Linear(2028, 5))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    library = Library()
    name = add(library, model.train())
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second = ask(library, name), ask(library, name)
    assert torch.equal(torch.get_rng_state(), before)
    assert first["maps"] == second["maps"]
    assert first["prediction"] == second["prediction"]
    opened = explain(library, name, 2, [0, 1, 4, 4])
    assert opened["agrees"]
    assert model.training
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_a_model_that_raises_on_its_example_shows_the_part_that_ran():
    library = Library()
    name = add(library, nn.Sequential(nn.ReLU(), nn.Linear(3, 3)), torch.zeros(1, 1, 8, 8))
    described = model_bar.describe(library, {"model": name})
    assert [step["op"] for step in described["steps"]] == ["input", "relu"]
    assert "linear" in ask(library, name, strokes=[])["problem"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": small}, TypeError, "model must be a torch.nn.Module, got function"),
        ({"inputs": [[1, 2]]}, TypeError, "an example input must be a torch.Tensor, got list"),
        ({"inputs": [torch.zeros(0, 1, 9, 9)]}, ValueError, r"shape \(0, 1, 9, 9\), expected \(N, …\)"),
        ({"scores": "logits"}, ValueError, "scores is 'logits', expected the name, the place or the tensor of one"),
        ({"classes": "abcd"}, TypeError, "a sequence of texts"),
        ({"classes": ["a", "b"]}, ValueError, "there are 2 classes for 4 outputs"),
        ({"preprocess": 3}, TypeError, "preprocess must be a function of a picture, got int"),
        ({"preprocess": lambda x: x.no}, ValueError, r"preprocess raised AttributeError: .*floats \(1, 28, 28\)"),
        ({"preprocess": lambda x: x[:, :5]}, ValueError, r"returned \(1, 1, 5, 28\), expected \(1, 28, 28\) or"),
        ({"preprocess": lambda x: 5}, ValueError, "preprocess returned int, expected floats"),
        ({"model": nn.Linear(3, 3)}, ValueError, r"given \(1, 1, 28, 28\), and raised: .* Pass an example_input"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(arguments, error, message):
    with pytest.raises(error, match=message):
        add(Library(), arguments.pop("model", small()), *arguments.pop("inputs", ()), **arguments)


@pytest.fixture
def factories(tmp_path, monkeypatch):
    (tmp_path / "some_factories.py").write_text(FACTORIES)
    (tmp_path / "broken_import.py").write_text("import no_such_thing")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("some_factories", None)


def test_a_factory_returns_a_module_a_pair_or_the_arguments(factories):
    assert isinstance(arguments_from("some_factories:plain")["model"], nn.Conv2d)
    assert arguments_from("some_factories:pair")["example_input"].shape == (1, 3, 9, 9)
    assert arguments_from("some_factories:full")["title"] == "Mine"
    assert isinstance(arguments_from("some_factories:module")["model"], nn.ReLU)
    assert isinstance(arguments_from("some_factories:Net")["model"], nn.Sequential)
    library = Library()
    name = add(library, **arguments_from("some_factories:plain"))
    assert library.card(name).input_shape == (3, 28, 28)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_such_module:make", "importing no_such_module raised ModuleNotFoundError: No module named"),
        ("broken_import:make", "importing broken_import raised ModuleNotFoundError: No module named 'no_such_thing'"),
        ("some_factories:make", "some_factories has no 'make'; it has plain, pair, full"),
        ("some_factories:", "some_factories has no ''"),
        (":make", "importing  raised ValueError: Empty module name"),
        ("some_factories:broken", "some_factories:broken() raised RuntimeError: no weights today"),
        ("some_factories:number", "returned int, expected a torch.nn.Module, (module, example_input, …), or a dict"),
        ("some_factories:odd", "a dict with 'colour'; it may have model, example_input"),
        ("some_factories:empty", "returned None as the model, expected a torch.nn.Module"),
        ("some_factories:value", "some_factories:value is int, expected a function that returns"),
    ],
)
def test_a_factory_that_is_none_is_refused_in_words(factories, path, message, capsys, monkeypatch):
    monkeypatch.setattr("explorer.serving.free_or_fail", lambda *_: None)
    with pytest.raises(ValueError, match=re.escape(message)):
        arguments_from(path)
    assert main(["--model", path, "--no-open"]) == 2
    assert message in capsys.readouterr().err


def test_a_page_of_maps_holds_as_many_as_are_wanted_and_those_that_are_named():
    trace = record(nn.Conv2d(1, 6, 3), torch.rand(1, 1, 8, 8))
    order = trace.steps[0].output.detach()[0].abs().mean((1, 2)).argsort(descending=True).tolist()
    weakest = order[-1]

    def channels(*wanted: int) -> list[int]:
        page = payloads.observe(trace, [wanted], sort="activation")["maps"][0]
        assert len(base64.b64decode(page["data"])) == 36 * len(page["channels"])
        assert len(page["strengths"]) == len(page["channels"])
        return list(page["channels"])

    assert channels(0, 0, 2) == order[:2]
    assert channels(0, 3, 2) == order[3:5]
    assert channels(0, 0, 99) == order
    assert channels(0, 0, 3, weakest) == [weakest, *order[:2]]
    assert channels(0, 0, 2, weakest, 99, -1) == [weakest, order[0]]
    plain = payloads.observe(trace, [[0, 0, 2], [0, 0, 2, 4]])["maps"]
    assert "channels" not in plain[0]
    assert plain[1]["channels"] == [4, 0]


def test_channels_are_sorted_by_what_they_do():
    library = Library()
    name = add(library, small())
    explored = library.explored(name)
    trace, _ = explored.trace(torch.rand(28, 28))
    page = payloads.observe(trace, [[0, 0]], sort="activation")["maps"][0]
    means = trace.steps[0].output[0].abs().mean((1, 2)).double()
    assert page["channels"] == means.argsort(descending=True).tolist()
    assert page["strengths"] == pytest.approx(means[page["channels"]].tolist(), rel=1e-5)
    assert ask(library, name, sort="gradient")["maps"][1].keys() == {"step", "first", "scales", "data"}
    attribution = ask(library, name, sort="attribution", label=1)["maps"][1]
    assert sorted(attribution["channels"]) == [0, 1, 2, 3, 4]
    assert attribution["strengths"] == sorted(attribution["strengths"], key=abs, reverse=True)
    with pytest.raises(ValueError, match="'sort' is 'colour', expected one of index, activation"):
        ask(library, name, sort="colour")


def test_every_step_says_how_long_it_took():
    library = Library()
    answer = ask(library, add(library, small()))
    assert len(answer["milliseconds"]) == 5
    assert all(time >= 0 for time in answer["milliseconds"])


def test_the_shipped_models_stay_beside_ones_own():
    library = Library()
    name = add(library, small(), title="a2")
    assert list(library.names()) == [name, *(other for other in models.names() if other != name)]


def test_a_port_in_use_is_said_so_before_anything_is_served():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="choose another port"):
            explore(small(), port=taken.getsockname()[1], block=False)


class Returning(nn.Module):
    """Returns scores made by `make` of the picture's flat features."""

    def __init__(self, make) -> None:
        super().__init__()
        self.fc = nn.Linear(784, 5)
        self.make = make

    def forward(self, x):
        return self.make(self.fc(x.flatten(1)))


def answered(model, function, request):
    library = Library()
    name = add(library, model, torch.zeros(1, 1, 28, 28))
    base = {"model": name, "strokes": INK, "brush": 1.0, "centred": True, "label": None, "edits": []}
    return asyncio.run(answers(function, Showing(library))(base | request))


MAPS = {"wanted": [[k, 0] for k in range(-1, 9)], "structure": ""}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_make_no_verdict(number):
    answer = answered(Returning(lambda x: x * number), observe, MAPS)
    assert answer["prediction"]["verdict"] == "none"
    assert "The scores are not numbers" in answer["prediction"]["reason"]


def test_a_true_class_of_a_model_without_a_graph_is_refused_in_words():
    answer = answered(Returning(torch.Tensor.detach), observe, MAPS | {"label": 1})
    assert "the model's output has no gradient" in answer["error"]


def test_any_exception_is_answered_in_words(caplog):
    def fails(showing, request):
        raise AttributeError("no such thing")

    assert answered(Returning(torch.neg), fails, {}) == {"error": "AttributeError: no such thing"}
    assert "fails failed" in caplog.text


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_quantized_model_opens_and_says_what_is_not_explained():
    model = nn.Sequential(torch.ao.quantization.QuantStub(), nn.Conv2d(1, 2, 3, stride=3), nn.Flatten())
    model = nn.Sequential(*model, nn.Linear(162, 5), torch.ao.quantization.DeQuantStub()).eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.prepare(model, inplace=True)
    model(torch.rand(4, 1, 28, 28))
    torch.ao.quantization.convert(model, inplace=True)
    answer = answered(model, observe, MAPS)
    steps = answer["description"]["steps"]
    assert [step["op"] for step in steps[1:4]] == ["quantize_per_tensor", "quantized.conv2d", "flatten"]
    assert len(answer["maps"]) == len(steps)
    opened = answered(model, draw.explain, {"step": 2, "cell": [0, 3], "of": ""})
    assert "numbers of torch.quint8 are not explained" in opened["unexplained"]


@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_gradio_is_imported_apart_from_proxies(variable):
    said = f"import os, explorer.unproxied as u; u.import_gradio(); print(os.environ[{variable!r}])"
    proxy = "socks5://127.0.0.1:9"
    run = subprocess.run(
        [sys.executable, "-c", said], env=os.environ | {variable: proxy}, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout.strip()) == (0, proxy), run.stderr
