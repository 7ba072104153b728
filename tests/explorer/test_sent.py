import math
import random

import pytest
import torch
from torch import nn

from core.explain import Backward, Trace, backward, record
from core.models import card, load, names
from explorer.arithmetic.check import differentiate
from explorer.arithmetic.from_network import Sent, Unsent, cut, send, sends
from explorer.arithmetic.operators import MOST_ELEMENTS, OPERATORS
from explorer.arithmetic.settings import Settings
from explorer.draw.sums import open_cell, open_gradient, open_parameter

RESULTS = {"forward": "output", "inputGrad": "gradInput", "weightGrad": "gradWeight", "biasGrad": "gradBias"}


def recomputed(sent: Sent) -> float:
    """The element by torch, from nothing but what was sent."""
    assert {name: tensor.ndim for name, tensor in sent.tensors.items()} == dict(OPERATORS[sent.op].ranks)
    assert all(tensor.numel() <= MOST_ELEMENTS for tensor in sent.tensors.values())
    found = differentiate(sent.op, sent.tensors, Settings(sent.settings))
    return found[RESULTS.get(sent.walk, sent.walk)].flatten()[sent.element].item()


def somewhere(shape: torch.Size, chosen: random.Random) -> tuple[int, ...]:
    """A random element, half of the time at an edge, where padding is."""
    return tuple(chosen.choice([chosen.randrange(size), 0, size - 1]) for size in shape)


def walk_everywhere(trace: Trace, back: Backward, seed: int, each: int) -> tuple[set[tuple[str, str]], set[str]]:
    """Compare random elements of all that can be sent; return the walks and why some elements were refused."""
    chosen, walked, refused = random.Random(seed), set(), set()
    places = [(step.index, "", step.output.shape) for step in trace.steps]
    places += [(step, "output", trace.value(step).shape) for step in back.gradients]
    for step in trace.steps:
        places += [
            (step.index, name, step.tensor(name).shape) for name in step.parameters if name in ("weight", "bias")
        ]
    for step, of, shape in places:
        if not sends(trace, back, step, of):
            continue
        for _ in range(each):
            index = somewhere(shape, chosen)
            try:
                sent = cut(trace, back, step, of, index)
            except Unsent as error:
                refused.add(str(error))
                continue
            if not of:
                answer = open_cell(trace, step, index)
            elif of == "output":
                answer = open_gradient(trace, back, step, index)
            else:
                answer = open_parameter(trace, back, step, of, index)
            assert math.isclose(recomputed(sent), answer["value"], rel_tol=1e-9, abs_tol=1e-9), (step, of, index)
            walked.add((sent.op, sent.walk))
    return walked, refused


@pytest.mark.parametrize("name", names())
def test_what_is_sent_of_a_shipped_model_recomputes_to_the_tensors_value(name):
    torch.manual_seed(5)
    model = load(name, pretrained=False)
    trace = record(model, card(name).prepare(torch.rand(28, 28)), grad=True)
    walked, refused = walk_everywhere(trace, backward(trace, 3), seed=4, each=2)
    shared = {("conv", walk) for walk in ("forward", "inputGrad", "weightGrad")} | {
        ("relu", "forward"),
        ("relu", "inputGrad"),
    }
    assert walked >= shared | {("linear", walk) for walk in RESULTS}
    assert all(f"at most {MOST_ELEMENTS:,}" in reason or "there is nothing to add up" in reason for reason in refused)


class Line(nn.Sequential):
    """Layers, then a row of scores."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).flatten(1)[:, :4]


LAYERS = {
    "groups, dilation, stride": nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2),
    "same padding": nn.Conv2d(4, 4, (2, 3), padding="same", bias=False),
    "transposed": nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=2),
    "transposed, dilation": nn.ConvTranspose2d(4, 3, (2, 3), dilation=2, bias=False),
    "max, padding": nn.MaxPool2d(3, stride=2, padding=1),
    "max, dilation, up": nn.MaxPool2d((2, 3), stride=(2, 1), padding=1, dilation=(1, 2), ceil_mode=True),
    "average, padding counts": nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True),
    "average, padding left out": nn.AvgPool2d((2, 3), stride=2, padding=1, count_include_pad=False),
    "adaptive": nn.AdaptiveAvgPool2d((3, 2)),
    "leaky": nn.LeakyReLU(0.2),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "hardswish": nn.Hardswish(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "gelu": nn.GELU(),
    "gelu, tanh": nn.GELU("tanh"),
    "batch norm": nn.BatchNorm2d(4),
    "batch norm without parameters": nn.BatchNorm2d(4, affine=False),
    "group norm": nn.GroupNorm(2, 4),
    "group norm without parameters": nn.GroupNorm(4, 4, affine=False),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("training", [False, True])
def test_what_is_sent_of_a_layer_recomputes_to_the_tensors_value(layer, training):
    torch.manual_seed(6)
    trace = record(Line(layer).train(training), torch.randn(1, 4, 7, 6), grad=True)
    walked, refused = walk_everywhere(trace, backward(trace, 2), seed=7, each=12)
    ops = {op for op, _ in walked}
    assert len(ops - {"crossEntropy"}) == 1
    assert {walk for _, walk in walked} >= {"forward", "inputGrad"}
    assert all("there is nothing to add up" in reason or "the bias alone" in reason for reason in refused)


def test_softmax_and_the_losses_are_sent_as_one_row_of_scores():
    for ending, walks in [
        (nn.Softmax(1), {("crossEntropy", "probability")}),
        (nn.LogSoftmax(1), {("crossEntropy", "logP"), ("crossEntropy", "inputGrad"), ("nll", "inputGrad")}),
    ]:
        trace = record(nn.Sequential(nn.Linear(5, 4), ending), torch.randn(1, 5), grad=True)
        back = backward(trace, 1)
        walked, _ = walk_everywhere(trace, back, seed=8, each=20)
        assert walked >= walks
        shares = trace.output.detach().double().softmax(1)[0]
        sent = [recomputed(cut(trace, back, 0, "class", (0, k))) for k in range(4)]
        assert sent == pytest.approx(shares.tolist(), rel=1e-6)


def test_a_long_row_sends_its_largest_products_and_the_rest_in_the_bias():
    trace = record(nn.Linear(9216, 3), torch.randn(1, 9216))
    sent = cut(trace, None, 0, "", (0, 1))
    assert sent.tensors["input"].shape == (1, 32)
    assert sent.left is not None
    count, rest = sent.left
    assert count == 9216 - 32
    assert sent.tensors["bias"].item() == pytest.approx(trace.steps[0].tensor("bias")[1].item() + rest)
    assert recomputed(sent) == pytest.approx(open_cell(trace, 0, [0, 1])["value"], abs=1e-9)


def test_a_window_of_very_many_channels_sends_the_heaviest():
    trace = record(nn.Conv2d(600, 2, 3, padding=1, dilation=2), torch.randn(1, 600, 6, 6))
    sent = cut(trace, None, 0, "", (0, 1, 0, 3))
    kept = MOST_ELEMENTS // 25
    assert sent.tensors["weight"].shape == (1, kept, 3, 3)
    assert sent.left is not None
    assert sent.left[0] == (600 - kept) * 9
    assert recomputed(sent) == pytest.approx(open_cell(trace, 0, [0, 1, 0, 3])["value"], abs=1e-9)


class Branched(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(x)
        return (torch.sigmoid(y) + torch.tanh(y)).flatten(1)


def test_what_the_page_has_no_operator_for_cannot_be_sent():
    trace = record(Branched(), torch.randn(1, 1, 2, 2), grad=True)
    back = backward(trace, 0)
    assert [step.op for step in trace.steps if sends(trace, back, step.index, "")] == ["relu", "sigmoid", "tanh"]
    assert not sends(trace, back, 0, "output")
    with pytest.raises(Unsent, match="2 operations add to this gradient; Arithmetic walks through one"):
        cut(trace, back, 0, "output", (0, 0, 0, 0))
    with pytest.raises(Unsent, match="Arithmetic has no add"):
        cut(trace, back, 3, "", (0, 0, 0, 0))
    with pytest.raises(Unsent, match="a gradient needs the true label"):
        cut(trace, None, 0, "output", (0, 0, 0, 0))
    assert not sends(trace, None, 0, "output")


@pytest.mark.parametrize(
    ("layer", "of", "index", "message"),
    [
        (
            nn.Conv2d(1, 1, 3),
            "weight",
            (0, 0, 1, 1),
            f"the map has 6,400 numbers; Arithmetic walks through at most {MOST_ELEMENTS:,}",
        ),
        (nn.Conv2d(1, 1, 1, stride=2), "output", (0, 0, 1, 1), "no window reads this element: its gradient is 0"),
        (nn.ConvTranspose2d(1, 1, 1, stride=2), "", (0, 0, 1, 1), "it is the bias alone"),
        (nn.AvgPool2d(2, divisor_override=3), "", (0, 0, 0, 0), "the divisor is set by hand"),
    ],
)
def test_what_cannot_be_walked_is_said(layer, of, index, message):
    trace = record(Line(layer), torch.randn(1, 1, 80, 80).requires_grad_(), grad=True)
    with pytest.raises(Unsent, match=message):
        cut(trace, backward(trace, 0), -1 if of == "output" else 0, of, index)


def test_a_case_travels_as_json_and_only_with_finite_numbers():
    trace = record(nn.ReLU(), torch.tensor([[[[1.5, -math.inf]]]]))
    one = {"shape": [1, 1, 1], "values": [1.0]}
    assert send(trace, None, 0, "", [0, 0, 0, 0]) == {
        **{
            "op": "relu",
            "settings": {},
            "tensors": {"input": {"shape": [1, 1, 1], "values": [1.5]}, "gradOutput": one},
        },
        **{"walk": "forward", "element": 0, "left": None},
    }
    with pytest.raises(Unsent, match="not all of its numbers are finite"):
        send(trace, None, 0, "", [0, 0, 0, 1])
