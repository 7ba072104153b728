"""What a request shows the network, test pictures to choose from, and what can be taken along."""

import base64
import io
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch
from torch import nn

from core import models
from core.data.strokes import preprocess
from core.explain import backward, parameter_gradients
from core.models import Card
from explorer.draw import exports
from explorer.draw.cell import explain
from explorer.draw.exports import exact, pytorch_lines
from explorer.draw.gallery import PER_PAGE, Gallery, browse
from explorer.draw.sums import MOST_TERMS
from explorer.models.library import UNTRAINED, Library
from explorer.screen.edits import Edits
from explorer.screen.inputs import LONGEST, Inputs
from explorer.screen.observe import stages
from explorer.screen.shown import Showing

INK = [[[0.3, 0.2], [0.6, 0.2], [0.4, 0.8]]]
DRAWING = {"model": "a2", "strokes": INK, "brush": 1.0, "centred": True, "label": None, "edits": []}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.fixture(scope="module")
def edits() -> Edits:
    return Edits()


@pytest.fixture(scope="module")
def gallery(mnist_dir) -> Gallery:
    return Gallery(Inputs(mnist_dir))


def picture(width=60, height=40) -> dict[str, object]:
    grey = np.full((height, width), 230, np.uint8)
    grey[8:32, 20:26] = 20
    return {"width": width, "height": height, "data": base64.b64encode(grey.tobytes()).decode()}


def place(step: int, cell: list[int], of: str = "", **more: object) -> dict[str, object]:
    return DRAWING | {"step": step, "cell": cell, "of": of} | more


def test_strokes_are_read_as_before():
    found = Inputs().read(DRAWING)
    assert found.picture.equal(preprocess(INK, pad=1.0).picture)
    assert found.perturbation.off
    assert not found.empty


def test_a_perturbation_changes_the_picture_and_at_rest_does_not(library):
    still = Inputs().read(DRAWING | {"perturbation": {"seed": 3, "scale": 1, "noise": 0}})
    assert still.picture is still.stages.picture
    moved = Inputs().read(DRAWING | {"perturbation": {"right": 4}})
    torch.testing.assert_close(moved.picture[:, 4:], moved.stages.picture[:, :-4])
    told = stages(moved, library.card("a2"))
    assert told["unperturbed"]["data"] != told["picture"]["data"]
    assert np.allclose(told["warp"], [[1, 0, -4], [0, 1, 0]])
    assert stages(still, library.card("a2"))["warp"] is None


def test_a_picture_is_scanned_and_told(library):
    found = Inputs().read(DRAWING | {"source": picture()})
    told = stages(found, library.card("a2"))
    assert (told["source"], told["dark"], told["size"]) == ("picture", True, [60, 40])
    assert told["ink"]["side"] == 60
    assert found.picture.max() == 1


def test_a_test_digit_goes_unprocessed(mnist_dir, library):
    inputs = Inputs(mnist_dir)
    found = inputs.read(DRAWING | {"source": {"digit": 42}})
    digits = inputs.test_set()
    assert found.picture.equal(digits.pictures[42, 0].float() / 255)
    assert found.digit == (42, int(digits.labels[42]))
    told = stages(found, library.card("a2"))
    assert (told["source"], told["digit"], told["centred"]) == ("digit", 42, False)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"width": 500, "height": 40, "data": ""}, f"500 × 40 pixels, expected 4 to {LONGEST} each way"),
        ({"width": 10, "height": 10, "data": "AAAA"}, "has 3 bytes, expected 10 × 10 = 100"),
        ({"width": 10, "height": 10, "data": "no base64!"}, "is no base64"),
        ({"width": 10, "height": 10, "data": base64.b64encode(bytes(100)).decode()}, "of one colour"),
        ({"colour": 1}, "source is {'colour': 1}, expected null, 'example', a digit, a run's picture, or width"),
        ("x", "source is x"),
    ],
)
def test_other_sources_are_refused(source, message):
    with pytest.raises(ValueError, match=message):
        Inputs().read(DRAWING | {"source": source})


def test_other_perturbations_are_refused():
    with pytest.raises(ValueError, match="perturbation is 3, expected amounts by name"):
        Inputs().read(DRAWING | {"perturbation": 3})
    with pytest.raises(ValueError, match="noise is 2, expected a number from 0 to 1"):
        Inputs().read(DRAWING | {"perturbation": {"noise": 2}})


@pytest.mark.parametrize("index", [-1, 10_000, "3", True])
def test_a_test_digit_that_is_not_there_is_refused(mnist_dir, index):
    with pytest.raises(ValueError, match="there is no test picture"):
        Inputs(mnist_dir).read(DRAWING | {"source": {"digit": index}})


def test_a_step_of_sgd_uses_the_input_it_was_made_on(library):
    step = {"kind": "sgd", "rate": 0.1, "label": 3, "strokes": INK, "brush": 1.0, "centred": True}
    explored = library.explored("a2")
    plain = Edits().changes(explored, [step]).parameters["conv1.weight"]
    other = Edits().changes(explored, [step | {"source": picture()}]).parameters["conv1.weight"]
    moved = Edits().changes(explored, [step | {"perturbation": {"down": 3}}]).parameters["conv1.weight"]
    assert not plain.equal(other)
    assert not plain.equal(moved)


def test_without_mnist_the_options_are_named(tmp_path, library):
    asked = {"model": "a2", "run": "", "label": None, "wrong": False, "first": 0, "download": False}
    answer = browse(library, Gallery(Inputs(tmp_path)), asked)
    assert "--data-dir" in answer["missing"]
    assert str(tmp_path) in answer["missing"]


def test_pictures_come_by_class_and_page(gallery, library):
    explored = library.explored("a2")
    digits = gallery.inputs.test_set()
    sevens = (digits.labels == 7).nonzero()[:, 0].tolist()
    page = gallery.browse(explored, gallery.collection(), label=7, wrong=False, first=PER_PAGE)
    assert page["total"] == len(sevens)
    assert page["indices"] == sevens[PER_PAGE : 2 * PER_PAGE]
    assert set(page["labels"]) == {7}
    pixels = np.frombuffer(base64.b64decode(page["data"]), np.uint8).reshape(-1, 28, 28)
    assert np.array_equal(pixels[0], digits.pictures[sevens[PER_PAGE], 0].numpy())
    with pytest.raises(ValueError, match="there is no class 10"):
        gallery.browse(explored, gallery.collection(), label=10, wrong=False, first=0)
    with pytest.raises(ValueError, match="first is -1"):
        gallery.browse(explored, gallery.collection(), label=None, wrong=False, first=-1)


def small_gallery(folder, count=200) -> Gallery:
    """Return a gallery of `count` pictures, read from files as torchvision lays them out."""
    gallery = Gallery(Inputs(folder))
    digits = gallery.inputs.test_set()
    gallery.inputs._test_set = digits[torch.arange(count)]
    return gallery


def wait(gallery, explored):
    for thread in gallery.threads:
        thread.join(60)
    return gallery.judged(explored, gallery.collection())


def test_errors_are_those_of_the_model_and_asked_for_once(mnist_dir, library):
    gallery, explored = small_gallery(mnist_dir, 2000), library.explored("a2")
    gallery.browse(explored, gallery.collection(), label=None, wrong=True, first=0)
    assert wait(gallery, explored).done == 2000
    answer = gallery.browse(explored, gallery.collection(), label=None, wrong=True, first=0)
    digits = gallery.inputs.test_set()
    model, card = models.load("a2"), models.card("a2")
    with torch.no_grad():
        guesses = model(card.prepare(digits.pictures.float() / 255)).argmax(1)
    wrong = (guesses != digits.labels).nonzero()[:, 0]
    assert answer["indices"] == wrong[:PER_PAGE].tolist()
    assert answer["guesses"] == guesses[wrong[:PER_PAGE]].tolist()
    assert (answer["judged"], answer["size"], answer["total"]) == (2000, 2000, len(wrong))
    assert len(gallery.threads) == 1


def test_a_model_of_other_classes_or_outputs_cannot_be_judged(mnist_dir):
    library = Library()
    library.add(Card("letters", "letters", "", classes=("a", "b")), nn.Sequential(nn.Flatten(), nn.Linear(784, 2)))
    library.add(Card("maps", "maps", ""), nn.Conv2d(1, 10, 3))
    for name, message in (("letters", "letters tells a, b apart"), ("maps", r"the output is \(100, 10, 26, 26\)")):
        gallery, explored = small_gallery(mnist_dir), library.explored(name)
        wait(gallery, explored) if gallery.judged(explored, gallery.collection()) else None
        with pytest.raises(ValueError, match=message):
            gallery.browse(explored, gallery.collection(), label=None, wrong=True, first=0)
        assert gallery.browse(explored, gallery.collection(), label=None, wrong=False, first=0)["total"] == 200


def test_judging_leaves_a_model_in_training_as_it_is(library):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 26 * 26, 10))
    model[3].eval()
    own = Library()
    own.add(Card("own", "own", ""), model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    own.explored("own").classify(torch.rand(5, 1, 28, 28))
    assert [module.training for module in model] == [True, True, True, False]
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())


def test_a_class_opens_to_the_softmax_of_its_logits(library, edits):
    for name in ("a2", "recommended"):
        answer = explain(Showing(library, edits), place(-1, [0, 7], "class", model=name, label=7))
        trace, _ = library.explored(name).trace(edits.inputs.read(DRAWING).picture)
        shares = trace.output[0].double().softmax(0)
        assert answer["agrees"]
        assert answer["value"] == pytest.approx(shares[7].item(), rel=1e-6)
        assert [row["p"] for row in answer["classes"]] == pytest.approx(shares.tolist())
        assert [row["y"] for row in answer["classes"]] == [float(k == 7) for k in range(10)]
        assert answer["classes"][7]["gradient"] == pytest.approx(shares[7].item() - 1)
        assert answer["loss"] == pytest.approx(-shares[7].log().item(), rel=1e-6)
        logits = trace.value(answer["logits"])[0]
        assert [row["logit"] for row in answer["classes"]] == pytest.approx(logits.tolist())
        assert trace.steps[answer["logits"]].op == "linear"


def test_a_class_that_is_not_there_is_refused(library, edits):
    with pytest.raises(ValueError, match=r"the classes are \(0, 0\) to \(0, 9\), got \(0, 10\)"):
        explain(Showing(library, edits), place(-1, [0, 10], "class"))
    with pytest.raises(ValueError, match="there is no class 12; the model has 10"):
        explain(Showing(library, edits), place(-1, [0, 1], "class", label=12) | {"label": 12})


def test_every_term_comes_when_it_is_asked_for(library, edits):
    asked = place(7, [0, 3], model="a1")
    trace, _ = library.explored("a1").trace(edits.inputs.read(DRAWING).picture)
    step = next(step for step in trace.steps if step.op == "linear")
    asked["step"] = step.index
    told = explain(Showing(library, edits), asked)["addends"][0]
    assert sum(len(group["terms"]) for group in told["groups"]) == MOST_TERMS
    every = explain(Showing(library, edits), asked | {"every": True})["addends"][0]
    assert sum(len(group["terms"]) for group in every["groups"]) == 9216
    assert sum(term["product"] for group in every["groups"] for term in group["terms"]) == pytest.approx(every["total"])


def test_exact_tensors_are_those_of_the_trace(library, edits):
    explored = library.explored("a2")
    trace, _ = explored.trace(edits.inputs.read(DRAWING).picture, grad=True)
    back = backward(trace, 3)

    def numbers(step, of):
        answer = exact(Showing(library, edits), place(step, [], of, label=3))
        return np.frombuffer(base64.b64decode(answer["data"]), "<f4").reshape(answer["shape"])

    assert np.array_equal(numbers(0, ""), trace.steps[0].output.detach().cpu().numpy())
    assert np.array_equal(numbers(-1, ""), trace.input.detach().cpu().numpy())
    assert np.array_equal(numbers(0, "weight"), explored.model.conv1.weight.detach().cpu().numpy())
    assert np.array_equal(numbers(3, "output"), back.gradients[3].cpu().numpy())


@pytest.mark.parametrize(
    ("step", "of", "label", "message"),
    [
        (99, "", None, "there is no step 100; the model ran"),
        (0, "output", None, "a gradient needs the true label"),
        (0, "kernel", None, "step 1 has no parameter 'kernel'; its parameters: weight, bias"),
    ],
)
def test_tensors_that_are_not_there_are_refused(library, edits, step, of, label, message):
    with pytest.raises(ValueError, match=message):
        exact(Showing(library, edits), place(step, [], of, label=label))


def run(lines: str) -> tuple[torch.Tensor, float]:
    """Execute copied lines as somebody would who pastes them; return the tensor and the number they print."""
    names: dict[str, object] = {}
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(lines, names)
    output = names["output"]
    assert isinstance(output, torch.Tensor)
    return output.detach(), float(printed.getvalue())


@pytest.mark.parametrize("name", ["a2", "recommended"])
def test_copied_lines_compute_every_steps_tensor(library, edits, name):
    trace, _ = library.explored(name).trace(edits.inputs.read(DRAWING).picture)
    for step in trace.steps:
        cell = [0] * step.output.ndim
        asked = place(step.index, cell, model=name)
        output, printed = run(pytorch_lines(Showing(library, edits), asked)["lines"])
        torch.testing.assert_close(output, step.output.cpu(), atol=1e-6, rtol=1e-5)
        assert printed == pytest.approx(step.output[tuple(cell)].item(), rel=1e-5, abs=1e-6)


def test_copied_lines_follow_the_input_the_edits_and_the_label(library, edits):
    sgd = {"kind": "sgd", "rate": 0.1, "label": 3, "strokes": INK, "brush": 1.0, "centred": True}
    asked = place(3, [0, 1, 2, 3], source=picture(), perturbation={"rotation": 20.0}, label=5, edits=[sgd])
    explored = library.explored("a2")
    changes = edits.changes(explored, [sgd])
    trace, _ = explored.trace(edits.inputs.read(asked).picture, grad=True, changes=changes)
    output, _ = run(pytorch_lines(Showing(library, edits), asked)["lines"])
    torch.testing.assert_close(output, trace.steps[3].output.detach(), atol=1e-5, rtol=1e-5)
    output, _ = run(pytorch_lines(Showing(library, edits), asked | {"of": "output"})["lines"])
    torch.testing.assert_close(output, backward(trace, 5).gradients[3], atol=1e-6, rtol=1e-4)
    output, _ = run(pytorch_lines(Showing(library, edits), asked | {"of": "weight"})["lines"])
    torch.testing.assert_close(output, parameter_gradients(trace, 5)["conv2.weight"], atol=1e-6, rtol=1e-4)
    output, printed = run(pytorch_lines(Showing(library, edits), asked | {"of": "class", "cell": [0, 2]})["lines"])
    torch.testing.assert_close(output, trace.output.detach().double().softmax(1))
    assert printed == pytest.approx(output[0, 2].item())


def test_copied_lines_load_a_run_and_a_test_digit(tmp_path, mnist_dir):
    models.save_weights(models.build("a2"), tmp_path / "mine" / "a2.safetensors")
    (tmp_path / "mine" / "a2.json").write_text('{"unsure_below": 0.25, "recipe": {}, "figures": {}}')
    library = Library(runs_dir=tmp_path, data_dir=mnist_dir)
    edits = Edits(Inputs(mnist_dir))
    asked = place(0, [0, 1, 2, 3], model="mine/a2", source={"digit": 7})
    trace, _ = library.explored("mine/a2").trace(edits.inputs.read(asked).picture)
    for changed in ([], [{"kind": "set", "parameter": "conv2.bias", "index": [0], "value": 1.0}]):
        output, _ = run(pytorch_lines(Showing(library, edits), asked | {"edits": changed})["lines"])
        torch.testing.assert_close(output.cpu(), trace.steps[0].output.cpu(), atol=1e-6, rtol=1e-5)


def test_lines_state_the_tensors_of_a_model_that_no_file_holds(edits):
    library = Library()
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 26 * 26, 10))
    library.add(Card("own", "own", ""), model)
    trace, _ = library.explored("own").trace(edits.inputs.read(DRAWING).picture)
    output, _ = run(pytorch_lines(Showing(library, edits), place(0, [0, 1, 2, 3], model="own"))["lines"])
    torch.testing.assert_close(output, trace.steps[0].output, atol=1e-6, rtol=1e-5)
    with pytest.raises(ValueError, match="more than the 4,096 that lines may state"):
        pytorch_lines(Showing(library, edits), place(3, [0, 1], model="own"))
    with pytest.raises(ValueError, match="no file holds the weights of own"):
        pytorch_lines(Showing(library, edits), place(0, [0, 1, 2, 3], "weight", model="own"))
    assert exports.MOST_STATED == 4096


def test_random_weights_are_stated_too(library, edits):
    asked = place(0, [0, 1, 2, 3], model="a2" + UNTRAINED)
    trace, _ = library.explored("a2" + UNTRAINED).trace(edits.inputs.read(asked).picture)
    output, _ = run(pytorch_lines(Showing(library, edits), asked)["lines"])
    torch.testing.assert_close(output, trace.steps[0].output.cpu(), atol=1e-6, rtol=1e-5)
