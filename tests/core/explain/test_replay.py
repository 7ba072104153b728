"""A trace made again for another input is the one that recording would give, and only where that is sure."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import core.models
from core.explain import Replay, Trace, record, terms

OURS = ["a1", "a2", "a3", "recommended"]


def seen(trace: Trace) -> list[object]:
    """What tells two traces apart but times and values."""
    steps = [
        (
            s.index,
            s.op,
            s.func,
            s.path,
            s.module,
            s.part,
            s.parents,
            s.parameters,
            s.parameter_versions,
            list(s.arguments),
        )
        for s in trace.steps
    ]
    return [trace.model, trace.modules, trace.results, trace.input_name, trace.grad, trace.signature(), steps]


@pytest.mark.parametrize("name", OURS)
def test_the_same_calls_for_another_picture_give_what_recording_gives(name, device):
    model = core.models.build(name).eval().to(device)
    generator = torch.Generator().manual_seed(7)
    first, *others = (torch.rand(1, 1, 28, 28, generator=generator).to(device) for _ in range(4))
    replay = Replay.of(record(model, first))
    assert replay is not None
    for picture in others:
        again, recorded = replay.run(picture), record(model, picture)
        assert seen(again) == seen(recorded)
        assert torch.equal(again.input, picture)
        assert torch.equal(again.output, recorded.output)
        for one, other in zip(again.steps, recorded.steps, strict=True):
            assert torch.equal(one.output, other.output)
            for key, value in other.arguments.items():
                assert (
                    torch.equal(one.arguments[key], value) if isinstance(value, Tensor) else one.arguments[key] == value
                )
        last = again.steps[-1]
        assert terms(last, (0, 3)).agrees


def test_lists_of_tensors_are_filled_anew():
    model = nn.Sequential(_Branches())
    replay = Replay.of(record(model, torch.zeros(1, 2, 4, 4)))
    assert replay is not None
    x = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    again = replay.run(x)
    assert torch.equal(again.output, torch.cat([x.relu(), x], dim=1))
    assert again.steps[-1].parents == {"tensors.0": 0, "tensors.1": -1}


class _Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.relu(x), x], dim=1)


def in_place(x: Tensor) -> Tensor:
    return F.relu(x + 1, inplace=True)


def in_parts(x: Tensor) -> Tensor:
    return x.chunk(2)[0] * 2


def two(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.relu(), x.sigmoid()


class _Written(nn.Module):
    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize("function", [in_place, in_parts, two])
def test_what_changes_tensors_or_gives_several_is_not_repeated(function):
    assert Replay.of(record(_Written(function), torch.ones(2, 3))) is None


def test_a_graph_is_not_repeated():
    assert Replay.of(record(_Written(torch.relu), torch.ones(2, 3), grad=True)) is None


def test_another_shape_is_refused():
    replay = Replay.of(record(_Written(torch.relu), torch.ones(2, 3)))
    assert replay is not None
    assert not replay.fits(torch.ones(2, 4))
    assert not replay.fits(torch.ones(2, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"made for \(2, 3\) of torch.float32 on cpu, got \(2, 4\) of torch.float32"):
        replay.run(torch.ones(2, 4))


def test_what_is_repeated_is_not_held_by_what_comes_after():
    """A trace that was made again keeps no tensor of the first one alive but parameters."""
    replay = Replay.of(record(_Written(torch.relu), torch.ones(2, 3)))
    assert replay is not None
    again = replay.run(torch.zeros(2, 3))
    assert all(step.called is None for step in again.steps)
    assert Replay.of(again) is None
