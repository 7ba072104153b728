"""What a recording cannot look into is marked: it is no constant, and no field across it is called exact."""

import threading
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from explain_cases import Written
from torch import nn

from core.explain import (
    INPUT,
    Unexplained,
    backward,
    consumers,
    grad_terms,
    influence,
    local_gradient,
    made_of_input,
    receptive_field,
    record,
    terms,
)
from core.explain.trace import UNSEEN
from tests.stand_in import not_on_stand_in

scripted = not_on_stand_in("is handed TorchScript's calls by another name")


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -grad


def in_a_thread(function, x):
    found = []
    grad = torch.is_grad_enabled()

    def work():
        with torch.set_grad_enabled(grad):
            found.append(function(x))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(lambda x: torch.from_numpy(np.tanh(x.detach().cpu().numpy())).to(x.device), id="NumPy"),
        pytest.param(lambda x: torch.tensor(x.detach().tolist(), device=x.device), id="a list"),
        pytest.param(lambda x: x.detach() * (0.5 * x.detach().max().item()), id="a number"),
        pytest.param(lambda x: x.detach() * (float(x.detach().mean()) + 1), id="float()"),
        pytest.param(partial(in_a_thread, torch.tanh), id="a thread"),
        pytest.param(torch.func.vmap(torch.tanh), id="vmap"),
        pytest.param(torch.func.grad(lambda x: x.tanh().sum()), id="torch.func.grad"),
    ],
)
@pytest.mark.parametrize("grad", [False, True])
def test_a_field_across_what_cannot_be_seen_is_all_of_the_input_and_not_exact(hidden, grad, device):
    trace = record(Written(lambda x: hidden(x * 2) + 1), torch.rand(2, 3, device=device), grad=grad)
    last = len(trace.steps) - 1
    field = receptive_field(trace, last, (0, 0))
    assert not field.exact
    assert field.masks[INPUT].all()
    assert last in made_of_input(trace)
    assert influence(trace, INPUT, (0, 0)).masks[last].all()


@pytest.mark.parametrize(
    ("constant", "name"),
    [(lambda m, x: x * m.table, "attribute"), (lambda m, x: x * m.tables["a"][0], "container")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_constants_of_the_model_are_no_unseen_tensors(constant, name, device):
    model = Written(lambda x: constant(model, x))
    model.table = torch.ones(3, device=device)
    model.tables = {"a": [torch.ones(3, device=device)]}
    trace = record(model, torch.rand(2, 3, device=device))
    assert [step.op for step in trace.steps] == ["mul"]
    assert receptive_field(trace, 0, (0, 0)).exact


TABLE = torch.ones(3)


def test_constants_of_closures_and_globals_are_no_unseen_tensors():
    kept = torch.ones(3)
    trace = record(Written(lambda x: (x * kept) * TABLE), torch.rand(2, 3))
    assert [step.op for step in trace.steps] == ["mul", "mul"]


def test_numbers_that_are_read_before_a_branch_leave_fields_exact(device):
    def run(x):
        return x + 1 if x.sum() > 0 and x.shape[0] == 2 else x

    trace = record(Written(run), torch.rand(2, 3, device=device))
    assert receptive_field(trace, len(trace.steps) - 1, (0, 0)).exact


@scripted
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_scripted_part_is_a_step_that_keeps_the_chain(device):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), torch.jit.script(nn.ReLU()), nn.Flatten(), nn.Linear(18, 3)).to(device)
    trace = record(model, torch.rand(1, 1, 5, 5, device=device), grad=True)
    assert [step.op for step in trace.steps] == ["conv2d", UNSEEN, "flatten", "linear"]
    hidden = trace.steps[1]
    assert (hidden.path, hidden.parents) == ("1", {"input": 0})
    assert set(backward(trace, 1).gradients) == {INPUT, 0, 1, 2, 3}
    with pytest.raises(Unexplained, match="made where ConvScope cannot look"):
        terms(hidden, (0, 0, 0, 0))
    with pytest.raises(Unexplained, match="made where ConvScope cannot look"):
        grad_terms(hidden, (0, 0, 0, 0), "input", torch.ones_like(hidden.output))


@scripted
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_scripted_model_is_one_step(device):
    trace = record(torch.jit.script(nn.Sequential(nn.ReLU())).to(device), torch.rand(1, 3, device=device))
    assert [(step.op, step.parents) for step in trace.steps] == [(UNSEEN, {"input": INPUT})]


@pytest.mark.parametrize("grad", [False, True])
def test_a_function_with_a_gradient_of_its_own_is_one_step(grad, device):
    model = Written(lambda x: Reversed.apply(x * 2).flatten(1))
    trace = record(model, torch.rand(1, 2, 2, device=device), grad=grad)
    assert [step.op for step in trace.steps] == ["mul", "Reversed.apply", "flatten"]
    assert trace.steps[1].parents == {"input": 0}
    if grad:
        gradients = trace.gradients(trace.output.sum())
        assert (gradients[1] == 1).all()
        assert (gradients[0] == -1).all()
    with pytest.raises(Unexplained, match="its gradient, are its own"):
        local_gradient(trace.steps[1], "input", trace.steps[1].output)


def test_functions_of_their_own_gradient_are_watched_on_this_thread_only(device):
    apply = torch.autograd.Function.__dict__["apply"]
    seen = []
    model = Written(
        lambda x: (seen.append(torch.autograd.Function.__dict__["apply"]), in_a_thread(Reversed.apply, x))[1]
    )
    trace = record(model, torch.rand(2, device=device))
    assert [step.op for step in trace.steps] == [UNSEEN]
    assert seen[0] is not apply
    assert torch.autograd.Function.__dict__["apply"] is apply


def test_backward_hooks_are_no_steps(device):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3)).to(device)
    model[1].register_full_backward_hook(lambda *_: None)
    x = torch.rand(1, 1, 5, 5, device=device)
    trace = record(model, x, grad=True)
    assert trace.signature() == record(model, x).signature()
    gradients = trace.gradients(trace.output.sum())
    torch.testing.assert_close(local_gradient(trace.steps[1], "input", gradients[1]), gradients[0])


def test_gradients_taken_inside_are_steps(device):
    def run(x):
        with torch.enable_grad():
            y = (x.detach().requires_grad_() * 2).square().sum()
        return x + y

    def slope(x):
        with torch.enable_grad():
            leaf = (x * 1).detach().requires_grad_()
            (grad,) = torch.autograd.grad(leaf.square().sum(), leaf)
        return grad + 1

    assert not record(Written(run), torch.rand(2, device=device)).output.requires_grad
    trace = record(Written(slope), torch.rand(2, device=device))
    assert "grad" in [step.op for step in trace.steps]
    assert len(trace.steps) - 1 in made_of_input(trace)


def test_who_reads_only_a_shape_gets_no_gradient(device):
    trace = record(Written(lambda x: (x * 2).flatten().view_as(x * 3)), torch.rand(2, 2, device=device), grad=True)
    assert [step.op for step in trace.steps] == ["mul", "flatten", "mul", "view_as"]
    assert consumers(trace, 2) == []
    assert [name for _, name in consumers(trace, 1)] == ["input"]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.masked_fill(x == 0, -1.0),
        lambda x: x.masked_fill(torch.tril(torch.ones_like(x)) == 0, -1.0),
        lambda x: x.where(x != 0, torch.zeros_like(x)),
        lambda x: x * (x >= 0.5) * ~(x < 0.1),
    ],
)
def test_comparisons_are_recorded(write, device):
    x = torch.rand(3, 3, device=device)
    assert torch.equal(record(Written(write), x).output, write(x))


def test_a_mask_of_the_functional_form_is_recorded(device):
    def run(x):
        return F.scaled_dot_product_attention(x, x, x, attn_mask=(x @ x.mT) != 0)

    assert record(Written(run), torch.rand(1, 2, 4, 4, device=device)).results == {"": 3}


@scripted
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_scripted_part_with_buffers_is_recorded_in_training(device):
    model = nn.Sequential(nn.Linear(3, 2), torch.jit.script(nn.BatchNorm1d(2))).to(device).train()
    trace = record(model, torch.rand(4, 3, device=device))
    assert [step.op for step in trace.steps] == ["linear", UNSEEN]
