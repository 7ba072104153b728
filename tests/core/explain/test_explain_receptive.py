import json
from random import Random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from explain_cases import CASES, Written
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.explain import (
    INPUT,
    explains,
    influence,
    operator,
    receptive_field,
    receptive_field_sizes,
    record,
    terms,
)
from core.explain.cells import Cells
from core.explain.receptive import geometry, made_of_input

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
seeds = st.integers(0, 2**32 - 1)

_GATES = {F.relu, F.relu6, F.hardtanh, F.hardsigmoid, F.hardswish, torch.relu, Tensor.relu, Tensor.clamp}


class OpenGates(TorchFunctionMode):
    """Lets the gradient through everything that a cell is made of: no gate is shut, every cell of a window counts."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _GATES or getattr(func, "__name__", "") in ("clamp", "abs", "square"):
            return args[0] * 1.0
        if func is F.max_pool2d:
            return window_sum(*args, **kwargs)
        if func is F.adaptive_max_pool2d:
            return F.adaptive_avg_pool2d(*args)
        return func(*args, **kwargs)


def window_sum(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    size = F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode).shape[2:]
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    weight = torch.ones(x.shape[1], 1, *kernel, dtype=x.dtype, device=x.device)
    wide = F.pad(x, (0, 20, 0, 20))  # room for the windows of ceil_mode
    found = F.conv2d(wide, weight, None, stride or kernel, padding, dilation, x.shape[1])
    return found[:, :, : size[0], : size[1]]


def gradient_support(function, x: Tensor, cell) -> np.ndarray:
    x = x.clone().requires_grad_()
    with OpenGates():
        output = function(x)
    if not output.requires_grad:
        return np.zeros(x.shape, dtype=bool)
    (grad,) = torch.autograd.grad(output[cell], x, allow_unused=True)
    return np.zeros(x.shape, dtype=bool) if grad is None else (grad != 0).cpu().numpy()


def random_cell(shape, r):
    return tuple(r.randrange(size) for size in shape)


SELECTING = (
    "pair",
    "resized",
    "sampled",
    "compared",
    "extreme",
    "ranked",
    "masked",
    "created",
    "attention",
    "function",
    "recurrent",
)
"""Cases with operations whose values, not their structure, let a gradient through or not: some masks hold zeros."""


# Dropout's mask is a value, not structure; every other operator is here.
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("dropout", "root")])
@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_receptive_field_is_the_support_of_the_gradient(name, device, seed):
    r = Random(seed)
    function, x = CASES[name](r)
    x = x.to(device, torch.float64)

    def single(x):
        output = function(x * 1.0)
        return output[-1] if isinstance(output, tuple) else output

    trace = record(Written(single), x)
    last = trace.results[""]
    if trace.value(last).numel() == 0:
        return
    cell = random_cell(trace.value(last).shape, r)
    field = receptive_field(trace, last, cell)
    assert field.exact or name == "recurrent"  # one layer in both directions
    found = field.masks.get(INPUT, np.zeros(x.shape, dtype=bool))
    if trace.value(last).is_floating_point():
        expected = gradient_support(single, x, cell)
        assert found[expected].all()
        assert np.array_equal(found, expected) or name in SELECTING


@pytest.mark.parametrize("name", list(CASES))
@given(seed=seeds)
@settings(max_examples=6, deadline=None)
def test_influence_is_the_inverse_of_the_receptive_field(name, device, seed):
    r = Random(seed)
    function, x = CASES[name](r)
    trace = record(Written(function), x.to(device))
    source = random_cell(x.shape, r)
    reached = influence(trace, INPUT, source)
    for step in trace.steps:
        if step.output.numel() == 0 or not step.parents:
            continue
        cell = random_cell(step.output.shape, r)
        field = receptive_field(trace, step.index, cell)
        made_of = INPUT in field.masks and field.masks[INPUT][source]
        influenced = step.index in reached.masks and reached.masks[step.index][cell]
        assert made_of == influenced


@pytest.mark.parametrize("name", list(CASES))
@given(seed=seeds)
@settings(max_examples=6, deadline=None)
def test_blocks_are_carried_as_their_masks_are(name, device, seed):
    r = Random(seed)
    function, x = CASES[name](r)
    for step in record(Written(function), x.to(device)).steps:
        for relation in operator(step).relations(step).values() if explains(step) and step.output.numel() else ():
            for carry, shape in (("back", tuple(step.output.shape)), ("forward", relation.input_shape)):
                block = tuple(np.array([r.random() < 0.5 for _ in range(size)], dtype=bool) for size in shape)
                if not all(axis.any() for axis in block):
                    continue
                cells = Cells(block)
                expected = getattr(relation, carry)(cells.mask)
                found = getattr(cells, carry)(relation)
                assert np.array_equal(expected, np.zeros_like(expected) if found is None else found.mask)
                if found is not None and expected.shape == cells.mask.shape:
                    assert np.array_equal((found | cells).mask, expected | cells.mask)


class Branching(nn.Module):
    """Strides, dilation, a skip, a gate over the whole map, a join of channels, and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 5, stride=2, padding=1)
        self.skip = nn.Conv2d(4, 4, 1)
        self.wide = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2)
        self.last = nn.Conv2d(8, 2, 3)
        self.fc = nn.Linear(2 * 4 * 4, 3)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = self.skip(x) + self.wide(x)
        y = torch.cat([x, F.max_pool2d(x, 3, 1, 1)], dim=1)
        y = F.relu(self.last(y))
        y = y.permute(0, 1, 3, 2)
        return self.fc(F.avg_pool2d(y, 2).flatten(1))


@pytest.fixture
def branching(device):
    model = Branching().double().to(device)
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1.0)
    return model


def test_every_step_of_a_branching_model_back_to_the_input(branching, device):
    x = torch.rand(1, 1, 23, 23, dtype=torch.float64, device=device)
    r = Random(5)
    with OpenGates():
        graph = record(branching, x, grad=True)
    trace = record(branching, x)
    assert len(trace.steps) == 13
    for step in trace.steps:
        for _ in range(3):
            cell = random_cell(step.output.shape, r)
            field = receptive_field(trace, step.index, cell)
            kept = {index: mask for index, mask in field.masks.items() if index != step.index}
            gradients = graph.gradients(graph.steps[step.index].output[cell])
            for index, mask in kept.items():
                assert np.array_equal(mask, (gradients[index] != 0).cpu().numpy()), (step.op, index)
            assert {index for index, grad in gradients.items() if index < step.index and (grad != 0).any()} == set(kept)


def test_boxes_say_where_they_are_full(branching, device):
    trace = record(branching, torch.rand(1, 1, 23, 23, dtype=torch.float64, device=device))
    field = receptive_field(trace, 0, (0, 2, 0, 3))
    assert field.box(INPUT) == ((0, 1), (0, 1), (0, 4), (5, 10))
    assert field.is_box(INPUT)
    wide = receptive_field(trace, 3, (0, 0, 5, 5))
    assert wide.box(1) == ((0, 1), (0, 2), (3, 8), (3, 8))
    assert not wide.is_box(1)


def test_an_unknown_operation_counts_as_everything(device):
    trace = record(Written(lambda x: torch.cumprod(x, dim=1)[:, :1]), torch.rand(1, 3, device=device))
    field = receptive_field(trace, 1, (0, 0))
    assert not field.exact
    assert field.masks[INPUT].all()
    assert not influence(trace, INPUT, (0, 2)).exact


@pytest.mark.parametrize(
    ("step", "cell"), [(99, (0,)), (-2, (0,)), (0, (0, 0, 0)), (0, (0, 4, 0, 0)), (0, (0, -1, 0, 0))]
)
def test_rejects_cells_that_do_not_exist(branching, device, step, cell):
    trace = record(branching, torch.rand(1, 1, 23, 23, dtype=torch.float64, device=device))
    for ask in (receptive_field, influence):
        with pytest.raises(IndexError, match=r"steps 0 to 12|cells of shape \(1, 4, 11, 11\)"):
            ask(trace, step, cell)


def test_geometry_is_plain_data(branching, device):
    trace = record(branching, torch.rand(1, 1, 23, 23, dtype=torch.float64, device=device))
    data = json.loads(json.dumps(geometry(trace)))
    assert len(data) == len(trace.steps)
    stem = data[0]["input"]
    assert stem["parent"] == INPUT
    assert stem["axes"][3] == {
        "kind": "window", "axis": 3, "size": 23, "stride": 2, "offset": -1, "taps": 5, "dilation": 1, "divide": 1
    }  # fmt: skip
    assert [step.parents for step in trace.steps] == [{n: r["parent"] for n, r in step.items()} for step in data]


def test_sizes_bound_the_real_receptive_fields_and_are_those_of_inner_cells(branching, device):
    trace = record(branching, torch.rand(1, 1, 23, 23, dtype=torch.float64, device=device))
    r = Random(1)
    for step, field in zip(trace.steps, receptive_field_sizes(trace), strict=True):
        shape = step.output.shape
        middle = tuple(size // 2 for size in shape)
        for cell in [middle, *(random_cell(shape, r) for _ in range(4))]:
            box = receptive_field(trace, step.index, cell).box(INPUT)
            for axis, one in enumerate(field):
                assert (one.start is None) == (step.op == "flatten" and axis > 1)
                if one.start is not None:
                    start = one.start + one.jump * (0 if one.axis is None else cell[one.axis])
                    low, high = max(0, start), min(trace.input.shape[axis], start + one.size)
                    assert low <= box[axis][0] <= box[axis][1] <= high
                    assert (low, high) == box[axis] or cell != middle, (step.op, axis)


@pytest.mark.parametrize("name", list(CASES))
@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_sizes_bound_the_receptive_fields_of_every_operator(name, device, seed):
    r = Random(seed)
    function, x = CASES[name](r)
    trace = record(Written(function), x.to(device))
    for step, field in zip(trace.steps, receptive_field_sizes(trace), strict=True):
        repeats = step.op == "pad" and step.arguments["mode"] != "constant"
        if field is None or repeats or step.output.numel() == 0:
            continue
        cell = random_cell(step.output.shape, r)
        found = receptive_field(trace, step.index, cell)
        if INPUT in found.masks:
            for one, (low, high) in zip(field, found.box(INPUT), strict=True):
                start = low if one.start is None else one.start + one.jump * (0 if one.axis is None else cell[one.axis])
                assert start <= low + 1e-9
                assert high <= start + one.size + 1e-9


def test_textbook_sizes(device):
    """12×12 on the input after conv 5, pool 2, conv 5; jumps 1, 2, 2 (the A2 architecture)."""
    model = nn.Sequential(nn.Conv2d(1, 2, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(2, 2, 5), nn.MaxPool2d(2))
    fields = receptive_field_sizes(record(model.to(device), torch.rand(1, 1, 28, 28, device=device)))
    assert [(field[2].size, field[2].jump) for field in fields] == [(5, 1), (6, 2), (6, 2), (14, 2), (16, 4)]


def test_a_constant_has_no_receptive_field(device):
    trace = record(Written(lambda x: torch.ones(3, device=x.device) * 2), torch.rand(1, 3, device=device))
    assert receptive_field_sizes(trace) == [None, None]
    assert set(receptive_field(trace, 1, (0,)).masks) == {1}
    assert made_of_input(trace) == {INPUT}


def test_a_weight_computed_from_parameters_is_left_out(device):
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 2, 3)).to(device)
    trace = record(layer, torch.rand(1, 1, 5, 5, device=device))
    field = receptive_field(trace, trace.results[""], (0, 0, 1, 1))
    assert field.exact
    assert field.box(INPUT) == ((0, 1), (0, 1), (1, 4), (1, 4))
    assert terms(trace.steps[-1], (0, 0, 1, 1)).agrees
