import copy
import threading
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from explain_cases import Written
from torch import nn
from torch.nn.modules import module as hooks

import core.explain
from core.explain import INPUT, RecordingError, explains, gradients_of, receptive_field, record, terms
from core.explain.calls import canonical_name


class Small(nn.Module):
    """Modules, functions, an in-place ReLU, a shared module, a branch on a value and a residual sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), self.relu)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4 * 4 * 4, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        y = self.body(x)
        if y.sum() > -1e9:
            x = x + y
        x = F.max_pool2d(x, 2)
        x = self.drop(torch.flatten(x, 1))
        return F.log_softmax(self.fc(x), dim=1)


@pytest.fixture
def model(device) -> Small:
    return Small().to(device).eval()


@pytest.fixture
def image(device) -> torch.Tensor:
    return torch.randn(2, 1, 8, 8, device=device)


def fingerprint(model: nn.Module) -> dict:
    return {
        "state": {name: value.clone() for name, value in model.state_dict().items()},
        "grads": [parameter.grad for parameter in model.parameters()],
        "training": [module.training for module in model.modules()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        "global": (len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)),
    }


def assert_as_found(model: nn.Module, before: dict) -> None:
    after = fingerprint(model)
    state, expected = after.pop("state"), before["state"]
    assert after == {key: value for key, value in before.items() if key != "state"}
    assert all(torch.equal(state[name], expected[name]) for name in expected)


def test_sees_modules_and_functions_in_order(model, image):
    trace = record(model, image)
    assert " ".join(step.op for step in trace.steps) == (
        "conv2d batch_norm relu conv2d relu sum gt add max_pool2d flatten dropout linear log_softmax"
    )
    assert [step.path for step in trace.steps] == (
        ["conv", "norm", "relu", "body.0", "body.1", "", "", "", "", "", "drop", "fc", ""]
    )
    assert [step.index for step in trace.steps] == list(range(13))
    assert trace.steps[0].module == "Conv2d"
    assert trace.steps[7].module == "Small"
    assert list(trace.modules)[:4] == ["", "conv", "norm", "relu"]


def test_gives_what_the_model_gives(model, image):
    with torch.no_grad():
        expected = model(image)
    trace = record(model, image)
    assert torch.equal(trace.output, expected)
    assert trace.results == {"": 12}
    assert torch.equal(trace.value(12), expected)
    assert trace.value(INPUT) is trace.input
    assert trace.seconds >= sum(step.seconds for step in trace.steps) > 0


def test_binds_arguments_by_torch_names_with_defaults(model, image):
    conv, norm = record(model, image).steps[:2]
    assert list(conv.arguments) == ["input", "weight", "bias", "stride", "padding", "dilation", "groups"]
    assert conv.arguments["padding"] == (1, 1)
    assert conv.parameters == {"weight": "conv.weight", "bias": "conv.bias"}
    assert norm.parameters["running_mean"] == "norm.running_mean"
    assert norm.arguments["training"] is False


def test_parents_say_which_step_made_each_argument(model, image):
    steps = record(model, image).steps
    assert steps[0].parents == {"input": INPUT}
    assert steps[3].parents == {"input": 2}
    assert steps[7].parents == {"input": 2, "other": 4}


@pytest.mark.parametrize(
    "write",
    [
        lambda x: F.relu(x),
        lambda x: x.relu(),
        lambda x: torch.relu(x),
        lambda x: F.relu(x, True),
        lambda x: F.relu(input=x, inplace=True),
        lambda x: x.relu_(),
        nn.ReLU(),
        nn.ReLU(inplace=True),
    ],
)
def test_every_spelling_is_one_step_with_the_value_before_and_after(write, image):
    step = record(Written(write), image).steps[0]
    assert step.op == "relu"
    assert torch.equal(step.arguments["input"], image)
    assert torch.equal(step.output, image.clamp(min=0))


def test_keeps_values_that_later_in_place_steps_overwrite(image):
    def run(x):
        y = x * 2
        z = y.view(2, -1)
        y.add_(1)
        y[:, 0] = 5.0
        y += 1
        return y, z

    trace = record(Written(run), image)
    assert [step.op for step in trace.steps] == ["mul", "view", "add", "setitem", "add"]
    double, view, added, assigned, again = trace.steps
    assert torch.equal(double.output, image * 2)
    assert torch.equal(view.output, (image * 2).view(2, -1))
    assert torch.equal(added.arguments["input"], image * 2)
    assert torch.equal(added.output, image * 2 + 1)
    assert torch.equal(assigned.output, torch.full_like(image, 5.0))
    assert torch.equal(again.arguments["input"], torch.full_like(image, 5.0))
    assert torch.equal(again.output, torch.full_like(image, 6.0))
    assert [step.parents.get("input") for step in trace.steps[1:]] == [0, 0, 2, 3]


def test_a_change_through_a_view_becomes_a_step_of_its_own(image):
    def run(x):
        y = x * 1
        row = y[0]
        row.zero_()
        return y + 1

    trace = record(Written(run), image)
    assert [step.op for step in trace.steps] == ["mul", "getitem", "zero", "alias", "add"]
    alias, total = trace.steps[3:]
    assert alias.parents == {"input": 0, "changed": 2}
    assert total.parents == {"input": 3}
    assert torch.equal(trace.steps[0].output, image)
    assert torch.equal(trace.steps[1].output, image[0])
    assert torch.equal(total.output[0], torch.ones_like(image[0]))


def test_does_not_change_the_input(image):
    before = image.clone()
    trace = record(nn.Sequential(nn.ReLU(inplace=True), nn.Hardtanh(inplace=True)), image)
    assert torch.equal(image, before)
    assert torch.equal(trace.input, before)
    assert torch.equal(trace.steps[0].arguments["input"], before)


def test_one_step_for_each_tensor_of_a_tuple(image):
    trace = record(Written(lambda x: torch.cat(x.chunk(2, dim=2)[::-1], dim=2)), image)
    assert [(step.op, step.part) for step in trace.steps] == [("chunk", 0), ("chunk", 1), ("cat", 0)]
    assert trace.steps[2].parents == {"tensors.0": 1, "tensors.1": 0}


def test_asking_for_shapes_is_no_step(image):
    def run(x):
        assert x.size(0) == x.shape[0] == len(x)
        assert x.dim() == x.ndim == 4
        assert x.is_floating_point()
        assert x.device is not None
        return x.view(x.size(0), -1)

    assert [step.op for step in record(Written(run), image).steps] == ["view"]


@pytest.mark.parametrize(
    ("write", "results"),
    [
        (lambda x: (x + 1, x * 2), {"0": 0, "1": 1}),
        (lambda x: {"logits": x + 1, "features": [x * 2]}, {"logits": 0, "features.0": 1}),
        (lambda x: x, {"": INPUT}),
    ],
)
def test_names_every_returned_tensor(write, results, image):
    assert record(Written(write), image).results == results


def test_shared_modules_have_the_path_they_were_called_by(device):
    shared = nn.Linear(3, 3)

    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = shared

        def forward(self, x):
            return self.fc(x)

    model = nn.ModuleDict({"left": Branch(), "right": Branch()}).to(device)
    model.forward = lambda x: model["left"](x) + model["right"](x)  # type: ignore[method-assign]
    steps = record(model, torch.ones(1, 3, device=device)).steps
    assert [step.path for step in steps] == ["left.fc", "right.fc", ""]
    assert steps[0].parameters == steps[1].parameters == {"weight": "left.fc.weight", "bias": "left.fc.bias"}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_leaves_the_model_as_found(model, image, training, grad):
    model.train(training)
    model.body.eval()
    before = fingerprint(model)
    record(model, image, grad=grad)
    assert_as_found(model, before)


def test_leaves_the_model_as_found_after_an_exception(model, image):
    model.train()
    before = fingerprint(model)
    with pytest.raises(RecordingError):
        record(model, image[:, :, :6, :6])
    assert_as_found(model, before)


def test_restores_buffers_that_the_model_replaces(image):
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros((), device=image.device))
            self.register_buffer("total", torch.zeros((), device=image.device))

        def forward(self, x):
            self.seen = self.seen + 1
            self.total.add_(1)
            return x * self.total

    model = Counting()
    seen = model.seen
    trace = record(model, image)
    assert model.seen is seen
    assert model.seen == 0
    assert model.total == 0
    product = trace.steps[-1]
    assert product.parameters == {"other": "total"}
    assert product.tensor("other") == 1


class Counting(nn.Module):
    """Updates a buffer in its forward, and uses it too."""

    def __init__(self, start: float = 2.0) -> None:
        super().__init__()
        self.register_buffer("total", torch.tensor(start))

    def forward(self, x):
        self.total.add_(1)
        return x * self.total


@pytest.mark.parametrize("twice", [False, True])
def test_backward_finds_the_values_of_buffers_that_the_pass_has_changed(twice, device):
    model = nn.Sequential(Counting(), Counting(4.0) if twice else nn.Identity()).to(device)
    trace = record(model, torch.ones(3, device=device), grad=True)
    assert trace.gradients(trace.output.sum())[INPUT].tolist() == [15.0 if twice else 3.0] * 3
    assert model[0].total == 2


class Decaying(nn.Module):
    def __init__(self, change) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.noise = nn.Dropout(0.5)
        self.change = change

    def forward(self, x):
        self.change(self.fc)
        return self.noise(self.fc(x))


def assign(fc):
    fc.weight.data = fc.weight.data * 0.5


@pytest.mark.parametrize(
    "change",
    [
        torch.no_grad()(lambda fc: fc.weight.mul_(0.5)),
        lambda fc: fc.weight.data.mul_(0.5),
        torch.no_grad()(lambda fc: fc.weight[0].zero_()),
        assign,
        lambda fc: nn.init.zeros_(fc.weight),
        torch.no_grad()(lambda fc: torch._foreach_mul_([fc.weight, fc.bias], 0.5)),
        torch.no_grad()(lambda fc: torch.mul(fc.weight, 0.5, out=fc.weight)),
    ],
)
@pytest.mark.parametrize("grad", [False, True])
def test_a_forward_that_changes_parameters_leaves_the_model_as_found(change, grad, device):
    model = Decaying(change).to(device).train()
    x = torch.rand(4, 3, device=device)
    plain = copy.deepcopy(model)
    torch.manual_seed(5)
    expected = plain(x)
    before, weight = fingerprint(model), model.fc.weight
    torch.manual_seed(5)
    trace = record(model, x, grad=grad)
    assert_as_found(model, before)
    assert model.fc.weight is weight
    assert torch.equal(trace.output, expected)
    assert torch.equal(trace.steps[-2].tensor("weight"), plain.fc.weight)
    if grad:
        (slope,) = torch.autograd.grad(expected.sum(), plain.fc.weight)
        (found,) = torch.autograd.grad(trace.output.sum(), trace.steps[-2].arguments["weight"])
        assert torch.equal(found, slope)


def test_a_recurrent_model_on_copies_is_left_as_found(device):
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(3, 4)

        def forward(self, x):
            nn.init.ones_(self.rnn.weight_hh_l0)
            return self.rnn(x)[0]

    model = Recurrent().to(device)
    weights = list(model.rnn._flat_weights)
    trace = record(model, torch.rand(2, 1, 3, device=device))
    assert all(found is weight for found, weight in zip(model.rnn._flat_weights, weights, strict=True))
    assert not (model.rnn.weight_hh_l0 == 1).all()
    assert torch.equal(trace.output, copy.deepcopy(model)(trace.input))


def test_puts_back_tensors_and_numbers_in_plain_attributes(image):
    class Remembering(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.average = torch.zeros((), device=image.device)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            self.last = x * 2
            self.average.add_(x.mean())
            return x + self.average

    model = Remembering()
    first, second = record(model, image), record(model, image)
    assert torch.equal(first.output, second.output)
    assert (model.calls, model.average.item(), hasattr(model, "last")) == (0, 0.0, False)


def test_puts_back_what_lists_and_dicts_held(image):
    class Caching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.rand(2, 3, device=image.device))
            self.table: dict[str, torch.Tensor] = {}
            self.seen: list[torch.Tensor] = []

        def forward(self, x):
            if "bias" not in self.table:
                self.table["bias"] = self.bias[:, 1]
            self.seen.append(x)
            return x.mean() + self.table["bias"]

    model = Caching()
    trace = record(model, image, grad=True)
    assert (model.table, model.seen) == ({}, [])
    assert [step.op for step in trace.steps] == ["getitem", "mean", "add"]
    model(image)
    cached = model.table["bias"]
    trace = record(model, image)
    assert model.table["bias"] is cached
    assert len(model.seen) == 1
    assert [step.op for step in trace.steps] == ["mean", "add"]


def test_every_modules_constants_are_known(image):
    class Shifted(nn.Module):
        def __init__(self, by: float) -> None:
            super().__init__()
            self.kept = {"shift": torch.tensor(by, device=image.device)}

        def forward(self, x):
            return x + self.kept["shift"]

    trace = record(nn.Sequential(*(Shifted(float(k)) for k in range(20))), image)
    assert [step.op for step in trace.steps] == ["add"] * 20


def test_attention_of_several_heads_is_seen_in_its_parts(device):
    layer = nn.MultiheadAttention(4, 2, batch_first=True).to(device).eval()
    x = torch.rand(1, 3, 4, device=device)
    trace = record(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).to(device).eval(), x)
    assert {"linear", "scaled_dot_product_attention", "layer_norm"} <= {step.op for step in trace.steps}
    assert all(explains(step) for step in trace.steps)

    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x, x, x)[0]

    trace = record(Attending(), x)
    assert torch.equal(trace.output, layer(x, x, x)[0])
    assert [step.op for step in trace.steps if step.parameters] == ["linear", "linear"]
    assert receptive_field(trace, trace.results[""], (0, 0, 0)).exact


def test_the_gradient_of_a_view_that_is_overwritten(device):
    class Overwriting(nn.Module):
        def forward(self, x):
            y = torch.cat([x, x * 2], 1)[:, :3]
            y += x[:, :1]
            return y * torch.arange(3, device=x.device)

    trace = record(Overwriting(), torch.rand(1, 2, device=device), grad=True)
    view = next(step for step in trace.steps if step.op == "getitem")
    assert view.index not in trace.gradients(trace.output.sum())
    gradients = gradients_of(trace, trace.output.sum())
    assert gradients[view.index].tolist() == [[0, 1, 2]]
    assert gradients[view.index - 1].tolist() == [[0, 1, 2, 0]]


@pytest.mark.parametrize("name", ["modules", "parameters", "buffers", "children", "state_dict", "named_modules"])
def test_attributes_may_be_called_as_a_modules_methods_are(name, device):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(device)
    setattr(model, name, [1])
    trace = record(model, torch.rand(4, 3, device=device))
    assert [step.parameters.get("weight") for step in trace.steps] == ["0.weight", "1.weight"]


@dataclass
class Answer:
    logits: torch.Tensor
    hidden: tuple[torch.Tensor, ...] = ()


class Pair(nn.Module):
    def forward(self, image, boxes, *, mask=None, scale=1.0, more=()):
        y = image * scale + boxes.sum()
        y = y if mask is None else y * mask
        return Answer(logits=y, hidden=(y + more[0]["extra"],) if more else ())


def test_records_several_inputs_keywords_and_dataclasses(device):
    image, boxes, mask, extra = (torch.rand(2, 3, device=device) for _ in range(4))
    trace = record(Pair(), image, boxes, mask=mask, scale=2.0, more=[{"extra": extra}], grad=True)
    assert torch.equal(trace.input, image)
    assert [step.op for step in trace.steps] == ["input", "input", "input", "mul", "sum", "add", "mul", "add"]
    assert [torch.equal(step.output, given) for step, given in zip(trace.steps, (boxes, mask, extra), strict=False)]
    assert trace.steps[6].parents == {"input": 5, "other": 1}
    assert trace.results == {"logits": 6, "hidden.0": 7}
    gradients = trace.gradients(trace.output.logits.sum())
    torch.testing.assert_close(gradients[1], image * 2 + boxes.sum())
    assert torch.equal(gradients[INPUT], mask * 2)


def test_token_ids_are_an_input(device):
    tokens = torch.tensor([[1, 2, 0]], device=device)
    trace = record(nn.Embedding(5, 4).to(device), tokens, grad=True)
    assert torch.equal(trace.input, tokens)
    assert trace.steps[0].parents == {"input": INPUT}


def test_a_model_that_raises_gives_the_part_that_ran(model, image):
    with pytest.raises(
        RecordingError, match=r"^linear in fc \(Linear\), after 11 steps: RuntimeError: .*2x36 and 64x3"
    ) as caught:
        record(model, image[:, :, :6, :6])
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert caught.value.trace.steps[-1].op == "dropout"
    assert terms(caught.value.trace.steps[3], (0, 0, 0, 0)).agrees


def test_an_exception_of_the_models_own_says_where(image):
    class Picky(nn.Module):
        def forward(self, x):
            raise LookupError("only squares")

    with pytest.raises(RecordingError, match=r"^in 1 \(Picky\), after 1 steps: LookupError: only squares$"):
        record(nn.Sequential(nn.ReLU(), Picky()), image)


def test_a_model_may_catch_its_own_exceptions(image):
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3).to(image.device)
            self.relu = nn.ReLU()

        def forward(self, x):
            try:
                return self.fc(x)
            except RuntimeError:
                return self.relu(x)

    assert [(step.op, step.path) for step in record(Careful(), image).steps] == [("relu", "relu")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes_and_leaves_no_hook(error, image):
    def run(x):
        raise error

    with pytest.raises(error):
        record(Written(run), image)
    assert not hooks._global_forward_hooks
    assert not hooks._global_forward_pre_hooks


def test_rejects_what_is_no_module_or_no_tensor(model):
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got function"):
        record(lambda x: x, torch.ones(1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"the model's input must be a torch\.Tensor, got list"):
        record(model, [1.0])  # type: ignore[arg-type]


def test_training_mode_uses_batch_statistics_and_the_dropout_that_ran(model, image):
    model.train()
    torch.manual_seed(3)
    expected = copy.deepcopy(model)(image)
    torch.manual_seed(3)
    trace = record(model, image)
    assert torch.equal(trace.output, expected)
    assert all(terms(step, (1, *(0 for _ in step.output.shape[1:]))).agrees for step in trace.steps[:5])
    dropout = next(step for step in trace.steps if step.op == "dropout")
    assert all(terms(dropout, (0, k)).agrees for k in range(dropout.output.shape[1]))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions(model, image, dtype):
    trace = record(model.to(dtype), image.to(dtype))
    for step in trace.steps:
        if step.op not in ("sum", "gt"):
            assert step.output.dtype == dtype
            assert terms(step, tuple(0 for _ in step.output.shape)).agrees, step.op


def test_runs_under_inference_mode(model, image):
    with torch.inference_mode():
        trace = record(model, image.clone())
    assert len(trace.steps) == 13


def test_records_models_made_under_inference_mode(device):
    with torch.inference_mode():
        model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(device).eval()
    trace = record(model, torch.rand(2, 3, device=device))
    assert all(terms(step, (1, 1)).agrees for step in trace.steps)


def test_records_tensors_without_plain_storage(device):
    matrix = torch.eye(3, device=device).to_sparse()
    trace = record(Written(lambda x: torch.sparse.mm(matrix, x).relu_()), torch.randn(3, 2, device=device))
    assert [step.op for step in trace.steps] == ["sparse_mm", "relu"]
    assert torch.equal(trace.steps[0].output, trace.input)


@pytest.mark.parametrize("work_on", [copy.deepcopy, lambda model: model], ids=["another model", "the same model"])
def test_records_nothing_of_other_threads(model, image, work_on):
    other = work_on(model)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            record(other, image)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(20):
            trace = record(model, image)
            assert len(trace.steps) == 13
            assert [step.path for step in trace.steps[:3]] == ["conv", "norm", "relu"]
    finally:
        stop.set()
        thread.join()


def test_signature_tells_structure_from_values(model, image):
    signature = record(model, image).signature()
    assert record(model, image * 2).signature() == signature
    assert record(model, image[:1]).signature() != signature
    assert record(nn.Sequential(model), image).signature() != signature


def test_terms_refuse_a_parameter_that_has_changed_since(model, image):
    trace = record(model, image)
    with torch.no_grad():
        model.conv.weight.mul_(2)
    with pytest.raises(ValueError, match=r"conv\.weight has been changed since step 0 \(conv2d\) was recorded"):
        terms(trace.steps[0], (0, 0, 0, 0))
    assert terms(trace.steps[3], (0, 0, 0, 0)).agrees


def test_gradients_of_every_step_equal_autograd(model, image):
    trace = record(model, image, grad=True)
    gradients = trace.gradients(trace.output[:, 1].sum())

    x = image.clone().requires_grad_()
    conv = model.conv(x)
    norm = model.norm(conv)
    hidden = F.relu(norm)
    total = hidden + F.relu(model.body[0](hidden))
    output = F.log_softmax(model.fc(F.max_pool2d(total, 2).flatten(1)), dim=1)
    expected = torch.autograd.grad(output[:, 1].sum(), [x, conv, norm, hidden, total])
    for index, grad in zip([INPUT, 0, 1, 2, 7], expected, strict=True):
        torch.testing.assert_close(gradients[index], grad)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert trace.input.grad is None


def test_gradients_need_a_graph(model, image):
    trace = record(model, image)
    assert not trace.output.requires_grad
    with pytest.raises(ValueError, match=r"record\(model, input, grad=True\)"):
        trace.gradients(trace.output.sum())


def test_frozen_parameters_still_give_gradients_of_the_maps(model, image):
    trace = record(model.requires_grad_(False), image, grad=True)
    assert trace.gradients(trace.output.sum())[0].shape == trace.steps[0].output.shape


def test_public_names_exist():
    assert all(hasattr(core.explain, name) for name in core.explain.__all__)
    public = {name for name in vars(core.explain) if not name.startswith("_")}
    modules = {
        "attribution",
        "axes",
        "calls",
        "cells",
        "constants",
        "custom",
        "field_size",
        "gradients",
        "loss",
        "members",
        "receptive",
        "recording",
        "replay",
        "standins",
        "swapping",
        "trace",
    }
    assert public - modules == set(core.explain.__all__)


def test_an_operator_of_another_library_is_not_taken_for_torchs_of_that_name():
    assert canonical_name(torch.ops.quantized.conv2d) == "quantized.conv2d"
    assert canonical_name(torch.ops.aten.relu_) == canonical_name(torch.ops.aten.relu.default) == "relu"
