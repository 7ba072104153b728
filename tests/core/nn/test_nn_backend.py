"""Models run and train on our own operators as they do on torch's."""

import copy
from functools import wraps

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn import BACKENDS, Functional, use_backend
from core.nn.backend import IN_PLACE, STANDS_FOR
from core.ops import naive, vectorized
from tests.stand_in import installed, not_on_stand_in

OURS = ("naive", "vectorized")
ours = pytest.mark.parametrize("name", OURS)
EXACT = {"rtol": 0, "atol": 1e-10}


class Net(nn.Module):
    """A2 of the articles, written as a student would."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, 5)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(x), 1)


def trained(model: nn.Module, backend: str, batches: list[tuple[Tensor, Tensor]], lr: float = 0.01) -> nn.Module:
    model = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for input, target in batches:
        optimizer.zero_grad()
        with use_backend(backend):
            F.nll_loss(model(input), target).backward()
        optimizer.step()
    return model


def largest_difference(one: nn.Module, other: nn.Module) -> float:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs)


@pytest.mark.parametrize(("name", "N"), [("naive", 2), ("vectorized", 16)])
def test_a2_trained_20_steps_has_the_weights_of_torch(name, N, device):
    start = Net().to(device)
    batches = [(torch.randn(N, 1, 28, 28, device=device), torch.randint(0, 10, (N,), device=device)) for _ in range(20)]
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        expected = trained(start, "torch", batches)
    found = trained(start, name, batches)
    assert largest_difference(expected, start) > 1e-3
    assert largest_difference(found, expected) <= 1e-6


class Everything(nn.Module):
    """Modules, functions and methods: all that a model of the articles or of torchvision may call."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect")
        self.norm = nn.BatchNorm2d(4)
        self.depthwise = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4, bias=False)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1), nn.Hardsigmoid(inplace=True))
        self.pool = nn.Sequential(nn.Hardswish(inplace=True), nn.AvgPool2d(2, stride=1), nn.MaxPool2d(2, padding=1))
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.line = nn.Conv1d(2, 3, 3, padding="same")
        self.drop = nn.Dropout(0.25)
        self.channels = nn.Dropout2d(0.25)
        self.head = nn.Sequential(nn.Flatten(), nn.LazyLinear(6), nn.BatchNorm1d(6, momentum=None), nn.Tanh())
        self.last = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(x)), inplace=True)
        x = self.depthwise(x) + x[:, :, ::2, ::2]
        x = x * self.gate(x)
        x = self.channels(self.pool(x).relu_().tanh())
        x = self.up(x).sigmoid()
        x = self.drop(self.line(x.flatten(2)).softmax(-1))
        x = torch.relu(self.head(x)).log_softmax(dim=1)
        return self.last(F.dropout(x, 0.5, self.training))


@not_on_stand_in("cannot move a parameter that has no size yet")
@ours
@pytest.mark.parametrize("training", [True, False])
def test_any_model_computes_and_learns_the_same(name, training, device):
    model = Everything().double().to(device)
    input = torch.randn(3, 1, 8, 8, dtype=torch.float64, device=device)
    target = torch.tensor([0, 4, 2], device=device)
    model(input)
    results = {}
    for backend in ("torch", name):
        here, leaf = copy.deepcopy(model).train(training), input.clone().requires_grad_()
        torch.manual_seed(1)
        with use_backend(backend):
            loss = F.cross_entropy(here(leaf), target, label_smoothing=0.1)
        loss.backward()
        grads = {key: value.grad for key, value in here.named_parameters()}
        results[backend] = {"loss": loss.detach(), "input": leaf.grad} | grads | dict(here.named_buffers())
    for key, expected in results["torch"].items():
        torch.testing.assert_close(
            results[name][key], expected, rtol=1e-7, atol=1e-8, msg=lambda m, key=key: f"{key}: {m}"
        )


def reference_and_ours(name: str, call, *tensors: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Output and gradients of a call under torch and under a backend."""
    found = []
    for backend in ("torch", name):
        torch.manual_seed(2)
        leaves = [each.clone().requires_grad_() for each in tensors]
        with use_backend(backend):
            output = call(*leaves)
        torch.manual_seed(3)
        grad = torch.randn_like(output, memory_format=torch.contiguous_format)
        found.append([output.detach(), *torch.autograd.grad(output, leaves, grad)])
    return found[0], found[1]


CALLS = {
    "unbatched conv1d": (lambda x, w: F.conv1d(x, w), (2, 6), (3, 2, 3)),
    "unbatched conv2d": (lambda x, w: F.conv2d(x, w, None, 2, 1), (2, 6, 5), (3, 2, 3, 3)),
    "unbatched conv_transpose2d": (lambda x, w: F.conv_transpose2d(x, w, stride=2), (2, 3, 4), (2, 3, 2, 2)),
    "torch.conv2d": (lambda x, w: torch.conv2d(x, w, dilation=2), (1, 2, 6, 5), (3, 2, 2, 2)),
    "unbatched max_pool2d": (lambda x: F.max_pool2d(x, 2), (2, 6, 5)),
    "max_pool2d with indices": (lambda x: F.max_pool2d(x, 2, 1, return_indices=True)[0], (1, 2, 6, 5)),
    "torch.max_pool2d": (lambda x: torch.max_pool2d(x, 2), (1, 2, 6, 5)),
    "unbatched max_pool2d with indices": (lambda x: F.max_pool2d(x, 2, return_indices=True)[0], (2, 6, 5)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, (2, 3), padding=1, count_include_pad=False), (1, 2, 6, 5)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (None, 2)), (1, 2, 6, 5)),
    "pad zeros": (lambda x: F.pad(x, (1, 2)), (1, 2, 6)),
    "pad reflect": (lambda x: F.pad(x, (1, 2, 0, 1), mode="reflect"), (1, 2, 6, 5)),
    "pad circular 1-D": (lambda x: F.pad(x, (2, 1), mode="circular"), (1, 2, 6)),
    "pad that torch does": (lambda x: F.pad(x, (-1, 2), value=3.0), (2, 6)),
    "softmax without dim": (lambda x: F.softmax(x, dim=1, dtype=torch.float64), (3, 4)),
    "torch.softmax": (lambda x: torch.softmax(x, 0), (3, 4)),
    "torch.log_softmax": (lambda x: torch.log_softmax(x, -1, torch.float64), (3, 4)),
    "hardswish in place": (lambda x: F.hardswish(x * 2, inplace=True), (3, 4)),
    "hardswish in place, by position": (lambda x: F.hardswish(x * 2, True), (3, 4)),
    "leaky_relu": (lambda x: F.leaky_relu(x) + F.leaky_relu(x, 0.3), (3, 4)),
    "leaky_relu in place": (lambda x: F.leaky_relu(x * 2, 0.3, True) + F.leaky_relu_(x * 3, 0.4), (3, 4)),
    "silu": (lambda x: F.silu(x) + F.silu(x * 2, inplace=True), (3, 4)),
    "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b) + torch.group_norm(x, 4), (2, 4, 3), (4,), (4,)),
    "gelu": (lambda x: F.gelu(x) + F.gelu(x * 2, approximate="tanh"), (3, 4)),
    "relu_": (lambda x: (x * 2).relu_() + torch.relu_(x * 3), (3, 4)),
    "sigmoid_ and tanh_": (lambda x: (x * 2).sigmoid_() + torch.tanh_(x * 3), (3, 4)),
    "F.sigmoid and F.tanh": (lambda x: F.sigmoid(x) * F.tanh(x), (3, 4)),
    "nll_loss of pixels": (lambda x: F.nll_loss(x, torch.ones(2, 4, dtype=torch.long, device=x.device)), (2, 3, 4)),
    "cross_entropy of pixels": (
        lambda x: F.cross_entropy(x, torch.ones(2, 2, 4, dtype=torch.long, device=x.device), reduction="none"),
        (2, 3, 2, 4),
    ),
    "cross_entropy with probabilities of pixels": (lambda x: F.cross_entropy(x, x.detach().softmax(1)), (2, 3, 4)),
    "cross_entropy's gradient by its probabilities": (
        lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1) + F.cross_entropy(x, t.softmax(1), x.detach()[0].exp()),
        (4, 3),
        (4, 3),
    ),
    "one number in a tuple": (
        lambda x, w: F.avg_pool2d(F.conv2d(x, w, stride=(2,)), (2,), ()),
        (1, 2, 9, 9),
        (3, 2, 2, 2),
    ),
    "softmax of a number": (lambda x: torch.softmax(x, 0) * x + torch.log_softmax(x, -1), ()),
    "softmax of nothing": (lambda x: torch.softmax(x, -1), (3, 0)),
    "linear without features": (lambda x, w, b: F.linear(x, w, b), (3, 0), (2, 0), (2,)),
    "cross_entropy of one row": (lambda x: F.cross_entropy(x, torch.tensor(1, device=x.device)), (3,)),
    "cross_entropy of one row, none": (
        lambda x: F.cross_entropy(x, torch.tensor(1, device=x.device), reduction="none"),
        (3,),
    ),
    "dropout": (lambda x: F.dropout(x, 0.3), (30, 40)),
    "dropout of everything": (lambda x: F.dropout(x, 1.0), (3, 4)),
    "dropout of nothing": (lambda x: F.dropout(x * 1, 0.0) + F.dropout(x * 1, 0.5, training=False), (3, 4)),
    "dropout in place": (lambda x: F.dropout(x * 2, 0.3, inplace=True), (30, 40)),
    "dropout2d": (lambda x: F.dropout2d(x, 0.3), (6, 7, 2, 2)),
}


@ours
@pytest.mark.parametrize(("call", "sizes"), [(c[0], c[1:]) for c in CALLS.values()], ids=CALLS.keys())
def test_every_way_to_call_is_torch(name, call, sizes, device, request):
    if installed() and request.node.callspec.id.startswith("dropout"):
        pytest.skip("the stand-in card draws the mask of a dropout as the processor does")
    tensors = [torch.randn(size, dtype=torch.float64, device=device) for size in sizes]
    expected, found = reference_and_ours(name, call, *tensors)
    for theirs, mine in zip(expected, found, strict=True):
        torch.testing.assert_close(mine, theirs, **EXACT)


@not_on_stand_in("draws the mask of a dropout as the processor does")
@ours
def test_the_generator_is_left_where_torch_leaves_it(name, device):
    after = []
    for backend in ("torch", name):
        torch.manual_seed(5)
        with use_backend(backend):
            F.dropout(torch.ones(7, 9, device=device), 0.4)
            F.dropout2d(torch.ones(3, 9, 2, 2, device=device), 0.4)
        after.append(torch.rand(5, device=device))
    assert torch.equal(*after)


@ours
def test_softmax_without_a_dimension_warns_as_torch_does(name):
    for backend in ("torch", name):
        with use_backend(backend), pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
            assert F.softmax(torch.zeros(2, 4)).sum(1).tolist() == [1, 1]


@ours
def test_deprecated_reductions_still_count(name):
    logits, target = torch.randn(3, 4), torch.tensor([0, 1, 2])
    with use_backend(name), pytest.warns(UserWarning, match="size_average and reduce"):
        assert F.cross_entropy(logits, target, reduce=False).shape == (3,)


GRADCHECKS = {
    "conv1d": (lambda f, *t: f.conv1d(*t, padding=1), (2, 2, 4), (2, 2, 3), (2,)),
    "conv2d": (lambda f, *t: f.conv2d(*t, stride=2, padding=1), (2, 2, 4, 3), (2, 2, 2, 3), (2,)),
    "conv_transpose2d": (lambda f, *t: f.conv_transpose2d(*t, stride=2), (2, 2, 2, 3), (2, 2, 2, 2), (2,)),
    "linear": (lambda f, *t: f.linear(*t), (3, 4), (2, 4), (2,)),
    "max_pool2d": (lambda f, x: f.max_pool2d(x, 2, 1), (1, 2, 3, 4)),
    "avg_pool2d": (lambda f, x: f.avg_pool2d(x, 2, padding=1), (1, 2, 3, 4)),
    "adaptive_avg_pool2d": (lambda f, x: f.adaptive_avg_pool2d(x, (2, 3)), (1, 2, 3, 4)),
    "pad2d": (lambda f, x: f.pad2d(x, (1, 2, 2, 1), mode="reflect"), (1, 2, 3, 4)),
    "relu": (lambda f, x: f.relu(x), (3, 4)),
    "sigmoid": (lambda f, x: f.sigmoid(x), (3, 4)),
    "tanh": (lambda f, x: f.tanh(x), (3, 4)),
    "hardsigmoid": (lambda f, x: f.hardsigmoid(x), (3, 4)),
    "hardswish": (lambda f, x: f.hardswish(x), (3, 4)),
    "leaky_relu": (lambda f, x: f.leaky_relu(x, 0.3), (3, 4)),
    "silu": (lambda f, x: f.silu(x), (3, 4)),
    "mish": (lambda f, x: f.mish(x), (3, 4)),
    "gelu": (lambda f, x: f.gelu(x), (3, 4)),
    "gelu, tanh": (lambda f, x: f.gelu(x, approximate="tanh"), (3, 4)),
    "softmax": (lambda f, x: f.softmax(x, 0), (3, 4)),
    "log_softmax": (lambda f, x: f.log_softmax(x, 1), (3, 4)),
    "nll_loss": (lambda f, x: f.nll_loss(x, torch.tensor([0, 3, 1], device=x.device)), (3, 4)),
    "cross_entropy": (lambda f, x: f.cross_entropy(x, torch.tensor([0, 3, 1], device=x.device)), (3, 4)),
    "cross_entropy's probabilities": (lambda f, x, t: f.cross_entropy(x, t, label_smoothing=0.1), (3, 4), (3, 4)),
    "group_norm": (lambda f, x, w, b: f.group_norm(x, 2, w, b), (2, 4, 3), (4,), (4,)),
    "batch_norm": (lambda f, x, w, b: f.batch_norm(x, None, None, w, b, training=True), (3, 2, 2), (2,), (2,)),
    "batch_norm, evaluation": (
        lambda f, x, w, b: f.batch_norm(x, torch.zeros_like(w), torch.ones_like(w), w, b),
        (3, 2, 2),
        (2,),
        (2,),
    ),
}


@not_on_stand_in("takes no gradient that is not there for zeros, as gradcheck asks")
@pytest.mark.parametrize("ops", [naive, vectorized], ids=OURS)
@pytest.mark.parametrize(("call", "sizes"), [(c[0], c[1:]) for c in GRADCHECKS.values()], ids=GRADCHECKS.keys())
def test_gradcheck_agrees(ops, call, sizes, device):
    tensors = [torch.randn(size, dtype=torch.float64, device=device, requires_grad=True) for size in sizes]
    assert torch.autograd.gradcheck(lambda *t: call(Functional(ops), *t), tensors)


@ours
def test_running_statistics_move_only_in_training(name, device):
    layer = nn.BatchNorm2d(2).to(device)
    expected = copy.deepcopy(layer)
    input = torch.randn(3, 2, 4, 4, device=device)
    for training in (True, False, True):
        expected.train(training)(input)
        with use_backend(name):
            layer.train(training)(input)
        for mine, theirs in zip(layer.buffers(), expected.buffers(), strict=True):
            torch.testing.assert_close(mine, theirs)


@ours
def test_a_contiguous_input_has_a_contiguous_output(name, device):
    x, weight = torch.randn(2, 32, 9, 9, device=device), torch.randn(64, 32, 3, 3, device=device)
    with use_backend(name):
        narrow = F.conv2d(x[:1, :2].contiguous(), weight[:3, :2].contiguous())
        for output in (narrow, F.max_pool2d(x, 2), F.avg_pool2d(x, 3), F.softmax(x, 1), F.relu(x)):
            assert output.view(-1).is_contiguous()
    with use_backend("vectorized"):
        assert F.conv2d(x, weight).view(2, -1).shape == (2, 64 * 49)


@ours
def test_in_place_on_a_leaf_is_refused_as_in_torch(name):
    leaf = torch.ones(2, requires_grad=True)
    with use_backend(name), pytest.raises(RuntimeError, match="leaf Variable"):
        F.relu(leaf, inplace=True)


@ours
def test_gradients_are_computed_only_where_they_are_needed(name):
    input, weight = torch.randn(1, 1, 4, 4), torch.randn(1, 1, 3, 3, requires_grad=True)
    with use_backend(name):
        output = F.conv2d(input, weight)
    output.sum().backward()
    assert input.grad is None
    assert output.grad_fn.next_functions[1][0] is not None
    with use_backend(name), torch.no_grad():
        assert not F.conv2d(input, weight).requires_grad


@ours
def test_second_derivatives_are_refused(name):
    x = torch.randn(3, requires_grad=True)
    with use_backend(name):
        output = torch.sigmoid(x).sum()
    with pytest.raises(RuntimeError, match="the gradients of sigmoid are hand-written"):
        torch.autograd.grad(output, x, create_graph=True)


@pytest.mark.parametrize("function", [torch.sigmoid, torch.tanh])
def test_an_output_that_was_written_over_has_no_gradient_as_with_torch(function):
    for backend in ("vectorized", "torch"):
        x = torch.randn(3, 4, requires_grad=True)
        with use_backend(backend):
            output = function(x)
        output.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.sum().backward()


@ours
def test_our_operators_compute_it(name, monkeypatch):
    called = []
    ops = {"naive": naive, "vectorized": vectorized}[name]
    for op in ("linear", "linear_weight_grad", "relu"):
        original = getattr(ops, op)
        counted = wraps(original)(lambda *a, op=op, original=original, **k: called.append(op) or original(*a, **k))
        monkeypatch.setattr(ops, op, counted)
    weight = torch.randn(2, 3, requires_grad=True)
    with use_backend(name):
        F.relu(F.linear(torch.randn(4, 3), weight)).sum().backward()
    assert called == ["linear", "relu", "linear_weight_grad"]
    with use_backend("torch"):
        F.linear(torch.randn(4, 3), weight)
    assert len(called) == 3


def test_the_innermost_backend_counts():
    x = torch.randn(1, 1, 3, 3, requires_grad=True)
    operator = "OperatorBackward"
    with use_backend("naive"):
        assert F.relu(x).grad_fn.name() == operator
        with use_backend("torch"):
            assert F.relu(x).grad_fn.name() != operator
            with use_backend("vectorized"):
                assert F.relu(x).grad_fn.name() == operator
        assert F.relu(x).grad_fn.name() == operator
    assert F.relu(x).grad_fn.name() != operator


def test_leaves_torch_as_it_was_after_an_exception():
    x = torch.randn(3, requires_grad=True)
    with pytest.raises(ZeroDivisionError), use_backend("naive"):
        1 / 0  # noqa: B018
    assert F.relu(x).grad_fn.name() != "OperatorBackward"


@ours
def test_errors_are_those_of_the_operators(name):
    with use_backend(name), pytest.raises(ValueError, match="input has 2 channels, weight expects 1"):
        F.conv2d(torch.randn(1, 2, 4, 4), torch.randn(3, 1, 2, 2))
    with use_backend(name), pytest.raises(ValueError, match="p must be between 0 and 1, not 2"):
        F.dropout(torch.ones(2), 2)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match='backend must be one of naive, vectorized, torch, not "numpy"'):
        use_backend("numpy")
    assert BACKENDS == ("naive", "vectorized", "torch")


def test_every_stand_in_has_the_name_of_a_method():
    for name, functions in [*STANDS_FOR.items(), *IN_PLACE.items()]:
        assert not functions or callable(getattr(Functional(naive), name))
    with pytest.raises(AttributeError, match="no operator stands for layer_norm"):
        Functional(naive).layer_norm(torch.ones(2))
