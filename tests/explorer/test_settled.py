"""Our own networks make their calls again: nobody waits for a turn to draw; a changed model is observed anew."""

import threading

import pytest
import torch

from core.explain import record
from core.models import Card, build
from explorer.models.library import Changes, Library
from explorer.screen.shown import Showing
from tests.explorer.test_memory import changed, drawing

PICTURE = torch.rand(28, 28, generator=torch.Generator().manual_seed(3))


def test_who_draws_does_not_wait_for_who_uses_the_model():
    explored = Library().explored("a2")
    explored.trace(explored.blank())  # observed once
    done = threading.Event()

    def draw() -> None:
        explored.trace(PICTURE)
        done.set()

    with explored._turns:
        threading.Thread(target=draw, daemon=True).start()
        assert done.wait(20)


def test_a_trace_that_was_made_again_is_the_one_that_is_recorded():
    explored = Library().explored("recommended")
    explored.trace(explored.blank())
    again, problem = explored.trace(PICTURE)
    recorded = record(explored.model, explored.input(PICTURE))
    assert problem is None
    assert again.signature() == recorded.signature()
    assert torch.equal(again.output, recorded.output)


def test_a_model_that_was_changed_in_place_is_observed_anew():
    explored = Library().explored("a2")
    before, _ = explored.trace(PICTURE)
    with torch.no_grad():
        explored.parameters["conv1.weight"].mul_(2)
    after, _ = explored.trace(PICTURE)
    assert not torch.equal(before.output, after.output)
    assert torch.equal(after.output, explored.model(explored.input(PICTURE)))
    assert after.steps[0].tensor("weight").equal(explored.parameters["conv1.weight"])


def test_somebodys_changes_are_in_nobody_elses_picture():
    explored = Library().explored("a2")
    mine = Changes({"conv1.weight": torch.zeros_like(explored.parameters["conv1.weight"])})
    plain, _ = explored.trace(PICTURE)
    zeroed, _ = explored.trace(PICTURE, changes=mine)
    assert not zeroed.steps[0].tensor("weight").any()
    assert torch.equal(explored.trace(PICTURE)[0].output, plain.output)


@pytest.mark.parametrize(
    ("change", "light"),
    [
        ({}, True),
        ({"label": 3}, False),
        ({"every": True}, False),
        ({"edits": [changed(1.0)]}, False),
        ({"label": 0}, False),
        ({"model": "a1"}, False),
        ({"model": 5}, False),
        ({"source": {"digit": 3}}, False),
        ({"strokes": [[[0.1, 0.1]] * 1000] * 3}, False),
        ({"wanted": [[0, 0]] * 101}, False),
    ],
)
def test_light_is_a_drawing_and_one_pass_of_a_model_that_is_at_hand(change, light):
    showing = Showing(Library())
    for _ in range(3):
        showing.of(drawing("a2"))
    assert showing.is_light(drawing("a2") | {"wanted": [[0, 0]]} | change) is light
    assert not showing.is_light(None)


def test_what_takes_long_is_not_light():
    showing = Showing(Library())
    explored = showing.of(drawing("a2")).explored
    replay = explored._replays[explored.version]
    replay.trace.seconds = 0.02
    assert not explored.is_light
    explored.trace(explored.blank())  # a quicker pass
    assert explored.is_light


def test_a_callers_own_model_is_observed_each_time():
    library = Library()
    library.add(Card("mine", "Mine", ""), build("a2").eval())
    explored = library.explored("mine")
    explored.trace(PICTURE)
    assert not explored.settled
    assert not explored._replays
