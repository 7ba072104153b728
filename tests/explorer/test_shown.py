"""What is on screen is computed once, however much is asked about it, and never for anybody else or from before."""

import json
import threading
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
import torch
from torch import nn

from core.explain.attribution import METHODS
from core.models import Card
from explorer.draw.cell import arithmetic, explain
from explorer.draw.compare import compare
from explorer.draw.exports import exact, pytorch_lines
from explorer.draw.why import why
from explorer.kernels.page import feature_map
from explorer.models.library import Library
from explorer.models.recent import Memory, Recent
from explorer.screen.edits import Edits
from explorer.screen.observe import observe
from explorer.screen.shown import Showing

EXAMPLES = json.loads((Path(__file__).resolve().parents[2] / "explorer" / "web" / "examples.json").read_text())
INK = EXAMPLES[3]["strokes"]
SET = {"kind": "set", "parameter": "conv.weight", "index": [0, 0, 1, 1], "value": 0.5}


ASKED: WeakKeyDictionary[nn.Module, list[tuple[torch.Tensor, bool]]] = WeakKeyDictionary()


class Counting(nn.Module):
    """A small network that knows how it was asked: the inputs it got one at a time, and whether for gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 10)
        ASKED[self] = []

    @property
    def asked(self) -> list[tuple[torch.Tensor, bool]]:
        """Not its own: what a model keeps in lists of its own is put back after it was looked into."""
        return ASKED[self]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[0] == 1:
            self.asked.append((x, torch.is_grad_enabled()))
        return self.head(self.relu(self.norm(self.conv(x))).mean((2, 3)))

    def plain(self, input: torch.Tensor) -> int:
        """Return how often it was asked about an input by itself, not for gradients."""
        return sum(torch.equal(asked, input) and not grad for asked, grad in self.asked)


def made(*, training: bool = False) -> tuple[Showing, Counting, Counting]:
    torch.manual_seed(0)
    library, models = Library(), (Counting().train(training), Counting().eval())
    for name, model in zip(("own", "other"), models, strict=True):
        library.add(Card(name, name, ""), model)
    return Showing(library), *models


def drawing(strokes=INK, **more):
    return {"model": "own", "strokes": strokes, "brush": 1, "centred": True, "label": None, "edits": []} | more


def place(**more):
    return drawing() | {"step": 0, "cell": [0, 1, 5, 5], "of": ""} | more


def maps(showing, **more):
    return observe(showing, drawing(**more) | {"wanted": [[0, 0]], "structure": ""})


def moved(k: int):
    """Return the strokes after `k` more movements of the pen."""
    return [*INK, [[0.5 + 0.01 * i, 0.5] for i in range(k + 1)]]


@pytest.mark.parametrize("training", [False, True])
def test_a_movement_of_the_pen_costs_one_pass_of_each_model_shown(training):
    showing, own, other = made(training=training)
    for k in range(3):
        own.asked.clear(), other.asked.clear()
        now = {"strokes": moved(k)}
        maps(showing, **now)
        explain(showing, place(**now))
        why(showing, drawing(**now) | {"method": "grad_cam", "target": None, "layer": None})
        compare(showing, {"first": drawing(**now), "second": drawing(**now, model="other"), "drawn": None})
        exact(showing, place(**now))
        arithmetic(showing, place(**now))
        feature_map(showing, drawing(**now) | {"step": 0, "channel": 0})
        pytorch_lines(showing, place(**now))
        passes = [grad for _, grad in own.asked]
        assert sorted(passes) == [False, True]  # the second one is Grad-CAM's own, for gradients
        assert [grad for _, grad in other.asked] == [False]


def test_with_a_true_class_the_one_pass_is_run_backwards_for_all(monkeypatch):
    from explorer.screen import shown

    showing, own, other = made()
    backwards = []
    monkeypatch.setattr(shown, "backward", lambda *given, run=shown.backward: backwards.append(given) or run(*given))
    maps(showing, label=3)
    explain(showing, place(label=3, of="output"))
    explain(showing, place(label=3, of="weight", cell=[0, 0, 1, 1]))
    why(showing, drawing(label=3) | {"method": "grad_cam", "target": None, "layer": None})
    compare(showing, {"first": drawing(label=3), "second": drawing(label=3, model="other"), "drawn": None})
    exact(showing, place(label=3, of="output"))
    assert len(own.asked) == len(other.asked) == 1
    assert len(backwards) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_methods_own_passes_do_not_repeat_the_plain_one(method):
    showing, own, _ = made()
    maps(showing)
    input = showing.of(drawing()).trace.input
    for target in (None, 3):
        why(showing, drawing() | {"method": method, "target": target, "layer": None})
    assert own.plain(input) == 1


def test_a_changed_model_and_the_one_before_its_changes_are_two_that_are_shown():
    showing, own, _ = made()
    asked = drawing(edits=[SET])
    answer = maps(showing, edits=[SET])
    explain(showing, place(edits=[SET]))
    compare(showing, {"first": asked, "second": drawing(), "drawn": None})
    assert len(own.asked) == 2
    assert answer["before"] != answer["prediction"]["probabilities"]
    assert answer["before"] == maps(showing)["prediction"]["probabilities"]
    assert len(own.asked) == 2


@pytest.mark.parametrize("training", [False, True])
def test_answers_are_those_of_a_pass_of_their_own(training):
    showing = made(training=training)[0]
    for more in ({}, {"label": 3}, {"edits": [SET]}, {"label": 3, "of": "output"}, {"of": "class", "cell": [0, 4]}):
        maps(showing, **{key: value for key, value in more.items() if key in ("label", "edits")})
        for _ in range(2):
            assert explain(showing, place(**more)) == explain(made(training=training)[0], place(**more))


def test_people_who_ask_at_once_wait_for_one_pass():
    showing, own, _ = made()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(explain(showing, place()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(own.asked) == 1
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)


def test_nobody_sees_the_drawing_model_or_changes_of_somebody_else():
    showing, _, _ = made()
    cases = [drawing(), drawing(strokes=moved(1)), drawing(model="other"), drawing(edits=[SET]), drawing(brush=2)]
    cases += [drawing(centred=False), drawing(perturbation={"right": 4}), drawing(label=2)]
    shown = [showing.of(case) for case in cases]
    assert len({id(one) for one in shown}) == len(cases)
    assert all(showing.of(case) is one for case, one in zip(cases, shown, strict=True))
    for case, one in zip(cases, shown, strict=True):
        alone = made()[0].of(case)
        assert torch.equal(alone.trace.output, one.trace.output)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: nn.init.ones_(model.conv.weight),
        lambda model: model.norm.running_mean.add_(1),
        lambda model: model.train(),
        lambda model: setattr(model, "relu", nn.Tanh()),
    ],
)
@pytest.mark.parametrize("edits", [[], [SET]])
def test_a_model_that_its_owner_changes_meanwhile_is_asked_anew(change, edits):
    showing, own, _ = made()
    before = maps(showing, edits=edits)["prediction"]
    with torch.no_grad():
        change(own)
    after = maps(showing, edits=edits)["prediction"]
    library = Library()
    library.add(Card("own", "own", ""), own)
    assert after != before
    assert after == maps(Showing(library), edits=edits)["prediction"]


def test_a_model_of_the_same_name_that_took_its_place_is_another_one():
    showing, _, other = made()
    maps(showing, edits=[SET])
    showing.library.add(Card("own", "own", ""), other)
    maps(showing, strokes=moved(2), edits=[SET])
    assert len(other.asked) == 2  # as it is, and with the change
    assert all(shown.explored.model is other for shown in (showing.of(drawing()), showing.of(drawing(edits=[SET]))))
    assert len(showing._kept) == 4  # what belonged to the first one is gone


def test_what_is_kept_is_bounded_by_count_and_by_memory():
    library = made()[0].library
    few = Showing(library, most=3)
    for k in range(6):
        few.of(drawing(strokes=moved(k)))
    assert len(few._kept) == 3
    size = few.of(drawing()).nbytes
    assert size > 4 * (4 * 26 * 26 * 3 + 28 * 28)  # the maps of convolution, batch norm and ReLU, and the input
    small = made()[0]
    small.library.memory.nbytes = 2 * size + 6 * 4 * 28 * 28  # and the pictures
    for k in range(6):
        small.of(drawing(strokes=moved(k)))
    assert len(small._kept) == 2
    small.library.memory.nbytes = 1
    assert small.of(drawing()) is small.of(drawing())  # the last one stays whatever its size


def test_the_one_asked_for_longest_ago_goes_first_and_what_fails_is_not_kept():
    made = []
    recent: Recent[int] = Recent(Memory(100), most=2, size=lambda number: number)
    for key in (1, 2, 1, 3, 1, 2):
        recent.of(key, lambda key=key: made.append(key) or key)
    assert made == [1, 2, 3, 2]

    def failing():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        recent.of("x", failing)
    assert recent.get("x") is None
    assert recent.of("x", lambda: 99) == 99


def test_many_changes_are_not_made_again_for_each_request(monkeypatch):
    from explorer.screen import edits as module

    showing, _, _ = made()
    explored = showing.library.explored("own")
    applied = []
    monkeypatch.setattr(module, "_applied", lambda *given, run=module._applied: applied.append(given[3]) or run(*given))
    edits = [SET | {"value": 0.001 * k} for k in range(200)]
    together = Edits()
    for count in (200, 200, 199):
        found = together.changes(explored, edits[:count])
        assert found.parameters["conv.weight"][0, 0, 1, 1] == torch.tensor(0.001 * (count - 1))
    assert len(applied) == 200
