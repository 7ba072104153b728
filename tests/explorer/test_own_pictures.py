"""The input follows the model: pictures, examples, several inputs, and outputs that are no row of scores."""

import base64
import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core import models
from core.data.mnist import Pictures
from core.data.picture import fitted, pixels
from core.models import Card
from core.training.checkpoints import save_base, save_held_back
from core.training.folder import RunFolder
from core.training.settings import parse
from explorer.draw.gallery import Gallery, browse
from explorer.draw.why import why
from explorer.models.bar import describe
from explorer.models.library import Library
from explorer.models.own import add
from explorer.screen.inputs import LONGEST, Inputs
from explorer.screen.observe import observe
from explorer.screen.shown import Showing

EMPTY = {"strokes": [], "brush": 1.0, "centred": True, "label": None, "edits": [], "wanted": [[-1, 0]], "structure": ""}
CLASSES = ("cat", "dog")
SIDE = 16


def ask(library: Library, name: str, **more):
    return observe(Showing(library), EMPTY | {"model": name} | more)


def photo(height: int, width: int) -> Image.Image:
    """A picture in colours whose left is red and whose right is blue, brighter further down."""
    values = np.zeros((height, width, 3), np.uint8)
    values[:, : width // 2, 0] = values[:, width // 2 :, 2] = np.linspace(80, 255, height, dtype=np.uint8)[:, None]
    return Image.fromarray(values)


def sent(picture: Image.Image) -> dict[str, object]:
    data = base64.b64encode(np.asarray(picture).tobytes()).decode()
    return {"width": picture.width, "height": picture.height, "data": data}


def shown(told: dict) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(told["data"]), np.uint8)
    return values.reshape(told["height"], told["width"], told["channels"])


def pictures_model(channels: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()


@pytest.fixture
def runs_dir(tmp_path):
    """A run that learned two classes of pictures in colours from a folder, and holds five of them back."""
    run = RunFolder(tmp_path / "pets")
    run.path.mkdir()
    config = parse({"model": "mobilenet_v3_small", "data": {"source": "folder", "path": "pets", "side": 32}})
    run.config.write_text(json.dumps(config.json()))
    model = models.build("mobilenet_v3_small", classes=2)
    models.save_weights(model, run.path / "mobilenet_v3_small.safetensors")
    card = {"unsure_below": 0.5, "recipe": config.json(), "figures": {}}
    card |= {"classes": list(CLASSES), "input_shape": [3, 32, 32]}
    (run.path / "mobilenet_v3_small.json").write_text(json.dumps(card))
    save_base(run, model, Card("", "", "", (3, 32, 32), CLASSES), ())
    torch.manual_seed(1)
    pictures = torch.randint(0, 255, (5, 3, 32, 32), dtype=torch.uint8)
    save_held_back(run, Pictures(pictures, torch.tensor([0, 1, 0, 1, 1])))
    return tmp_path


MINE = "pets/mobilenet_v3_small"


def test_a_picture_is_cut_and_resized_in_colours_as_for_training():
    library = Library()
    name = add(library, pictures_model(), torch.rand(1, 3, SIDE, SIDE))
    picture = photo(30, 60)
    showing = Showing(library)
    asked = EMPTY | {"model": name, "source": sent(picture)}
    answer = observe(showing, asked)
    expected = fitted(picture, SIDE, SIDE)
    assert torch.equal((showing.of(asked).trace.input[0] * 255).round().byte(), expected)
    stages = answer["stages"]
    assert (stages["kind"], stages["source"], stages["size"], stages["fits"]) == ("cut", "picture", [60, 30], [16, 16])
    assert stages["box"] == pytest.approx((0.25, 0, 0.75, 1))
    assert np.array_equal(shown(stages["picture"]), expected.movedim(0, 2).numpy())
    assert np.array_equal(shown(stages["whole"]), np.asarray(picture))
    assert not answer["fed"]["example"]


def test_the_same_picture_is_prepared_anew_for_another_model():
    library = Library()
    colours = add(library, pictures_model(), torch.rand(1, 3, SIDE, 2 * SIDE), title="colours")
    grey = add(library, pictures_model(1), torch.rand(1, 1, SIDE, SIDE), title="grey")
    digit = Image.new("RGB", (60, 60), "white")
    digit.paste("black", (25, 10, 35, 50))
    kinds = {name: ask(library, name, source=sent(digit))["stages"] for name in (colours, grey, "a2")}
    assert [stages["kind"] for stages in kinds.values()] == ["cut", "cut", "ink"]
    assert [kinds[name]["picture"].get("channels") for name in kinds] == [3, 1, None]
    assert kinds[colours]["fits"] == [SIDE, 2 * SIDE]
    assert kinds["a2"]["dark"]


def test_a_preprocess_gets_the_whole_picture_in_its_colours():
    seen = []

    def halved(picture: Tensor) -> Tensor:
        seen.append(tuple(picture.shape))
        return nn.functional.interpolate(picture[None], (SIDE, SIDE))

    library = Library()
    name = add(library, pictures_model(), torch.zeros(1, 3, SIDE, SIDE), preprocess=halved)
    answer = ask(library, name, source=sent(photo(40, 50)))
    assert (3, 40, 50) in seen
    assert answer["stages"]["box"] is None
    assert answer["stages"]["mean"] is None
    assert answer["stages"]["seen"]["channels"] == 3


def test_a_changed_picture_is_changed_in_each_channel():
    library = Library()
    name = add(library, pictures_model(), torch.zeros(1, 3, SIDE, SIDE))
    asked = {"source": sent(photo(SIDE, SIDE))}
    still = shown(ask(library, name, **asked)["stages"]["picture"])
    moved = shown(ask(library, name, **asked, perturbation={"right": 4})["stages"]["picture"])
    assert np.array_equal(moved[:, 4:], still[:, :-4])
    inverted = shown(ask(library, name, **asked, perturbation={"invert": True})["stages"]["picture"])
    assert np.array_equal(inverted, 255 - still)


def test_the_example_comes_back_over_a_drawing():
    library = Library()
    example = torch.rand(1, 3, SIDE, SIDE)
    name = add(library, pictures_model(), example)
    drawn = {"strokes": [[[0.4, 0.2], [0.5, 0.8]]]}
    assert not ask(library, name, **drawn)["fed"]["example"]
    back = ask(library, name, **drawn, source="example")
    assert back["fed"]["example"]
    spread = example[0] - example.min()
    assert np.allclose(shown(back["stages"]["seen"]) / 255, (spread / spread.max()).movedim(0, 2), atol=1 / 255)


def test_a_run_on_pictures_opens_with_one_that_it_holds_back_and_offers_the_others(runs_dir):
    library = Library(runs_dir=runs_dir)
    described = describe(library, {"model": MINE})
    assert (described["takes"], described["run"], described["classes"]) == ("pictures", "pets", list(CLASSES))
    first = ask(library, MINE)
    assert first["prediction"]["verdict"] in ("sure", "unsure")
    assert first["fed"]["example"]
    asked = {"model": MINE, "run": "pets", "label": None, "wrong": False, "first": 0, "download": False}
    page = browse(library, Gallery(Inputs(None, runs_dir)), asked)
    assert (page["total"], page["classes"], page["labels"], page["channels"]) == (5, list(CLASSES), [0, 1, 0, 1, 1], 3)
    dogs = browse(library, Gallery(Inputs(None, runs_dir)), asked | {"label": 1})
    assert dogs["indices"] == [1, 3, 4]
    told = ask(library, MINE, source={"run": "pets", "picture": 3})["stages"]
    assert (told["source"], told["run"], told["held"], told["label"]) == ("held", "pets", 3, "dog")
    pixels_of_third = np.frombuffer(base64.b64decode(page["data"]), np.uint8).reshape(5, 32, 32, 3)[3]
    assert np.array_equal(shown(told["picture"]), pixels_of_third)


def test_a_runs_errors_are_those_on_its_held_back_pictures(runs_dir):
    library = Library(runs_dir=runs_dir)
    gallery = Gallery(library_inputs := Inputs(None, runs_dir))
    explored, found = library.explored(MINE), gallery.collection("pets")
    gallery.judged(explored, found)
    for thread in gallery.threads:
        thread.join(60)
    guesses = explored.classify(found.pictures.pictures.float() / 255)
    wrong = (guesses != found.pictures.labels).nonzero()[:, 0].tolist()
    assert gallery.browse(explored, found, label=None, wrong=True, first=0)["indices"] == wrong
    assert library_inputs.read(EMPTY | {"source": {"run": "pets", "picture": 0}}, explored.card).held.label == 0


@pytest.mark.parametrize(
    "source",
    [
        {"run": "none", "picture": 0},
        {"run": "pets", "picture": 99},
        {"run": "pets", "picture": "1"},
        {"run": 3, "picture": 0},
    ],
)
def test_a_held_back_picture_that_is_not_there_is_refused_in_words(runs_dir, source):
    with pytest.raises((ValueError, FileNotFoundError), match="there is no"):
        Inputs(None, runs_dir).read(EMPTY | {"source": source})


class Pair(nn.Module):
    """Two inputs and one by name, and an output of several tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.meta, self.head = nn.Conv2d(3, 4, 3), nn.Linear(5, 4), nn.Linear(4, 3)

    def forward(self, image: Tensor, meta: Tensor, *, scale: Tensor) -> dict[str, Tensor]:
        features = (self.image(image).mean((2, 3)) + self.meta(meta)) * scale
        return {"features": features, "logits": self.head(features)}


def pair(library: Library, **more) -> str:
    torch.manual_seed(0)
    inputs = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 5)
    return add(
        library, Pair().eval(), *inputs, kwargs={"scale": torch.full((1, 1), 2.0)}, classes=["a", "b", "c"], **more
    )


def test_every_input_is_shown_under_its_name_and_the_first_follows_the_picture():
    library = Library()
    name = pair(library)
    answer = ask(library, name)
    inputs = [(step["path"], step["shape"]) for step in answer["description"]["steps"] if step["op"] == "input"]
    assert inputs == [("image", [1, 3, SIDE, SIDE]), ("meta", [1, 5]), ("scale", [1, 1])]
    assert answer["prediction"]["classes"] == ["a", "b", "c"]
    other = ask(library, name, source=sent(photo(20, 20)))
    assert other["prediction"]["probabilities"] != answer["prediction"]["probabilities"]
    assert ask(library, name, label=1)["loss"]["name"] == "cross-entropy"
    reasons = why(
        Showing(library),
        {k: v for k, v in EMPTY.items() if k not in ("wanted", "structure")}
        | {"model": name, "method": "integrated_gradients", "target": 1, "layer": None},
    )
    assert reasons["note"] is None
    assert reasons["sum"] == pytest.approx(reasons["score"] - reasons["baseline"], abs=0.05)


@dataclass
class Answer:
    embedding: Tensor
    scores: Tensor


class Returning(nn.Module):
    def __init__(self, make) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: Tensor):
        return self.make(x.mean((2, 3)))


@pytest.mark.parametrize(
    ("make", "scores", "classes"),
    [
        (lambda x: Answer(x[:, :2], x), None, 3),
        (lambda x: (x[:, :2], x), None, 0),
        (lambda x: (x[:, :2], x), 1, 3),
        (lambda x: (x[:, :2], x), -1, 3),
        (lambda x: (x, x[:, :2]), "1", 2),
        (lambda x: {"a": x, "b": {"c": x[:, :2]}}, "b.c", 2),
        (lambda x: {"a": x, "b": x[:, :2]}, lambda out: out["b"], 2),
        (lambda x: (x, x + 1), None, 3),
        (lambda x: (x[:, None], x), None, 3),
    ],
    ids=["dataclass", "of several lengths", "place", "last", "name", "nested", "function", "auxiliary head", "one row"],
)
def test_the_scores_are_chosen_or_found_by_a_rule(make, scores, classes):
    library = Library()
    name = add(library, Returning(make), torch.rand(1, 3, SIDE, SIDE), scores=scores)
    prediction = ask(library, name)["prediction"]
    assert len(prediction["classes"]) == classes
    assert prediction["verdict"] == ("best" if classes else "features")


def test_a_model_that_fails_says_its_own_message_first():
    library = Library()
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(10, 2))
    prediction = ask(library, add(library, model, torch.rand(1, 3, SIDE, SIDE)))["prediction"]
    assert prediction["verdict"] == "failed"
    assert "mat1 and mat2 shapes cannot be multiplied" in prediction["reason"]


def test_a_map_of_scores_shows_which_class_wins_where():
    library = Library()
    names = ["ground", "left", "right"]

    class Segmenter(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            left = torch.zeros_like(x[:, :1])
            left[..., : x.shape[-1] // 4] = 2
            return {"aux": x[:, :2], "out": torch.cat([left * 0 + 1, left, left * 0], 1)}

    name = add(library, Segmenter(), torch.rand(1, 3, 8, 300), classes=names)
    prediction = ask(library, name)["prediction"]
    assert prediction["verdict"] == "maps"
    winners = prediction["map"]
    assert [(one["name"], one["share"]) for one in winners["shares"]] == [("ground", 0.75), ("left", 0.25)]
    drawn = np.frombuffer(base64.b64decode(winners["data"]), np.uint8).reshape(winners["rows"], winners["columns"])
    assert drawn.shape == (4, 150)
    assert drawn[0].tolist() == [1] * 38 + [0] * 112
    with pytest.raises(ValueError, match="there are 4 classes for 2 maps"):
        add(library, Segmenter(), torch.rand(1, 3, 8, 8), classes=[*names, "sky"])


def test_an_output_without_scores_is_told_neutrally_whatever_the_classes():
    library = Library()
    model = Returning(lambda x: (x, x[:, :2]))
    prediction = ask(library, add(library, model, torch.rand(1, 3, SIDE, SIDE), classes=["a"]))["prediction"]
    assert (prediction["verdict"], prediction["output"]) == ("features", "0 (1, 3), 1 (1, 2)")


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(20, 12), nn.Linear(12, 4)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embed(ids).mean(1))


def test_a_model_of_tokens_shows_its_example_and_takes_no_picture():
    library = Library()
    torch.manual_seed(0)
    ids = torch.randint(0, 20, (1, 84))
    name = add(library, Tokens().eval(), ids)
    assert describe(library, {"model": name})["takes"] == "tensors"
    for more in ({}, {"strokes": [[[0.4, 0.2], [0.5, 0.8]]]}, {"source": sent(photo(20, 20))}):
        answer = ask(library, name, **more)
        assert answer["fed"]["example"]
        assert answer["prediction"]["verdict"] == "best"
        assert answer["description"]["steps"][0]["shape"] == [1, 84]
    assert Card("", "", "").takes == "ink"


def test_a_request_carries_a_picture_of_every_size_that_is_offered():
    picture = photo(LONGEST, LONGEST)
    found = Inputs().read(EMPTY | {"source": sent(picture)}, Card("", "", "", (3, 9, 9), takes="pictures"))
    assert torch.equal((found.stages.whole * 255).round().byte(), pixels(picture))


class Line(nn.Module):
    """A signal that a convolution reads, then tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.mix = nn.Conv1d(2, 6, 3), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(torch.relu(self.conv(x)).transpose(1, 2)).mean(1)


def test_tokens_are_a_matrix_and_the_channels_of_a_signal_strips():
    library = Library()
    name = add(library, Line().eval(), torch.rand(1, 2, 60))
    steps = ask(library, name, wanted=[[k, 0] for k in range(-1, 4)])["description"]["steps"]
    laid = {step["op"]: step["map"] for step in steps}
    for op, channels in (("input", 2), ("conv1d", 6), ("relu", 6)):
        assert (laid[op]["channels"], laid[op]["rows"]) == (channels, 1)
    assert (laid["linear"]["channels"], laid["linear"]["rows"], laid["linear"]["columns"]) == (1, 29, 3)
    assert (laid["linear"]["size"], laid["linear"]["block"]) == ([1, 58, 5], 2)
    tokens = add(library, Tokens().eval(), torch.randint(0, 20, (1, 40)))
    asked = EMPTY | {"model": tokens, "wanted": [[0, 0]]}
    answer = observe(showing := Showing(library), asked)
    made = answer["description"]["steps"][1]["map"]
    assert (made["channels"], made["rows"], made["columns"], made["size"]) == (1, 40, 12, [1, 40, 12])
    codes = np.frombuffer(base64.b64decode(answer["maps"][0]["data"]), np.uint8).reshape(40, 12)
    scale = np.frombuffer(base64.b64decode(answer["maps"][0]["scales"]), "<f4")[0]
    exact = showing.of(asked).trace.steps[0].output[0].detach().numpy()
    assert np.allclose((codes.astype(float) - 128) / 127 * scale, exact, atol=scale / 127)


class Sequence(nn.Module):
    """Tokens whose first axis is the sequence, the batch the second: as recurrent layers have it."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(x).mean(0)


def test_a_sequence_that_comes_before_its_batch_is_shown_whole():
    library = Library()
    name = add(library, Sequence().eval(), torch.rand(7, 1, 3))
    asked = EMPTY | {"model": name, "wanted": [[-1, 0], [0, 0]], "sort": "activation"}
    answer = observe(showing := Showing(library), asked)
    made = answer["description"]["steps"][1]["map"]
    assert (made["channels"], made["rows"], made["columns"], made["size"]) == (7, 1, 4, [7, 1, 4])
    exact = showing.of(asked).trace.steps[0].output[:, 0].detach().numpy()
    page = next(each for each in answer["maps"] if each["step"] == 0)
    scales = np.frombuffer(base64.b64decode(page["scales"]), "<f4")
    codes = np.frombuffer(base64.b64decode(page["data"]), np.uint8).reshape(7, 4)
    drawn = (codes.astype(float) - 128) / 127 * scales.reshape(-1, 1)
    assert np.allclose(drawn, exact[page["channels"]], atol=float(scales.max()) / 127)
    assert page["channels"] == np.argsort(-np.abs(exact).mean(1), kind="stable").tolist()
