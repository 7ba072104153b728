"""What `core.ops` computes for a case of the Arithmetic page: a call for each result."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.ops import catalogue, naive
from core.ops.geometry import conv_windows, padded_size
from core.ops.naive.norm import batch_norm_statistics
from core.ops.naive.numbers import numbers
from core.ops.optim import adam_step, sgd_step

ACTIVATIONS = {op.page: name for name, op in catalogue.ACTIVATIONS.items() if op.page}
"""The page's names, with those of `core.ops`."""

Case = dict[str, Any]
Calls = dict[str, tuple[str, Callable[[], Tensor]]]


def values(case: Case, name: str) -> Tensor:
    given = case["tensors"][name]
    return torch.tensor(given["values"], dtype=torch.float64).reshape(given["shape"])


def conv_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    weight, bias = values(case, "weight"), values(case, "bias")
    stride, padding, dilation, groups, mode, flip = (
        case["settings"][name] for name in ("stride", "padding", "dilation", "groups", "mode", "flip")
    )
    name = "convolve2d" if flip else "conv2d"
    forward, input_grad, weight_grad = (getattr(naive, name + end) for end in ("", "_input_grad", "_weight_grad"))
    windows = conv_windows(input.shape, weight.shape, stride, padding, dilation, groups, mode)
    rest, named = (stride, padding, dilation, groups), {"padding_mode": mode}
    calls: Calls = {
        "output": (name, lambda: forward(input, weight, bias, *rest, **named)),
        "gradInput": (f"{name}_input_grad", lambda: input_grad(input.shape, weight, grad_output, *rest, **named)),
        "gradWeight": (f"{name}_weight_grad", lambda: weight_grad(input, weight.shape, grad_output, *rest, **named)),
        "gradBias": ("conv2d_bias_grad", lambda: naive.conv2d_bias_grad(grad_output)),
    }
    if mode != "zeros" and max(windows.around) > 0:
        size = padded_size(input.shape, windows.around, mode)
        calls["gradPadded"] = (
            f"{name}_input_grad",
            lambda: input_grad(size, weight, grad_output, stride, 0, dilation, groups),
        )
        calls["gradInput"] = ("pad2d_input_grad", calls["gradInput"][1])
    return calls


def max_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    rest = [case["settings"][name] for name in ("kernel", "stride", "padding", "dilation", "ceil")]
    return {
        "output": ("max_pool2d", lambda: naive.max_pool2d(input, *rest)),
        "gradInput": ("max_pool2d_input_grad", lambda: naive.max_pool2d_input_grad(input, grad_output, *rest)),
    }


def avg_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    rest = [case["settings"][name] for name in ("kernel", "stride", "padding", "ceil", "countPadding")]
    return {
        "output": ("avg_pool2d", lambda: naive.avg_pool2d(input, *rest)),
        "gradInput": ("avg_pool2d_input_grad", lambda: naive.avg_pool2d_input_grad(input.shape, grad_output, *rest)),
    }


def adaptive_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    size, name = case["settings"]["output"], "adaptive_avg_pool2d"
    return {
        "output": (name, lambda: naive.adaptive_avg_pool2d(input, size)),
        "gradInput": (
            f"{name}_input_grad",
            lambda: naive.adaptive_avg_pool2d_input_grad(input.shape, grad_output),
        ),
    }


def transpose_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    weight, bias, name = values(case, "weight"), values(case, "bias"), "conv_transpose2d"
    rest = [case["settings"][each] for each in ("stride", "padding", "outputPadding", "groups", "dilation")]
    return {
        "output": (name, lambda: naive.conv_transpose2d(input, weight, bias, *rest)),
        "gradInput": (
            f"{name}_input_grad",
            lambda: naive.conv_transpose2d_input_grad(input.shape, weight, grad_output, *rest),
        ),
        "gradWeight": (
            f"{name}_weight_grad",
            lambda: naive.conv_transpose2d_weight_grad(input, weight.shape, grad_output, *rest),
        ),
        "gradBias": ("conv2d_bias_grad", lambda: naive.conv_transpose2d_bias_grad(grad_output)),
    }


def activation_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input"), values(case, "gradOutput")
    name, rest = ACTIVATIONS[case["op"]], list(case["settings"].values())
    return {
        "output": (name, lambda: getattr(naive, name)(input, *rest)),
        "gradInput": (f"{name}_input_grad", lambda: getattr(naive, f"{name}_input_grad")(input, grad_output, *rest)),
    }


def linear_calls(case: Case) -> Calls:
    input, weight, bias, grad_output = (values(case, name) for name in ("input", "weight", "bias", "gradOutput"))
    return {
        "output": ("linear", lambda: naive.linear(input, weight, bias)),
        "gradInput": ("linear_input_grad", lambda: naive.linear_input_grad(input.shape, weight, grad_output)),
        "gradWeight": ("linear_weight_grad", lambda: naive.linear_weight_grad(input, weight.shape, grad_output)),
        "gradBias": ("linear_bias_grad", lambda: naive.linear_bias_grad(grad_output)),
    }


def batch_norm_calls(case: Case) -> Calls:
    input, weight, bias, grad_output = (values(case, name) for name in ("input", "weight", "bias", "gradOutput"))
    running = values(case, "runningMean"), values(case, "runningVar")
    training, momentum, named = (
        case["settings"]["training"],
        case["settings"]["momentum"],
        {"eps": case["settings"]["eps"]},
    )
    calls: Calls = {
        "output": ("batch_norm", lambda: naive.batch_norm(input, *running, weight, bias, training, **named)),
        "gradInput": (
            "batch_norm_input_grad.grad_input",
            lambda: naive.batch_norm_input_grad(input, grad_output, *running, weight, training, **named),
        ),
        "gradWeight": (
            "batch_norm_weight_grad",
            lambda: naive.batch_norm_weight_grad(input, grad_output, *running, training, **named),
        ),
        "gradBias": ("batch_norm_bias_grad", lambda: naive.batch_norm_bias_grad(grad_output)),
    }
    if not training:
        return calls
    rows = numbers(input[:, :, None])
    normal = (input - input.mean(0)) / (input.var(0, correction=0) + case["settings"]["eps"]).sqrt()

    def means(which: int) -> Tensor:
        return torch.tensor(batch_norm_statistics(rows, None, None, True)[which], dtype=torch.float64)

    def gradient_mean() -> Tensor:
        calls["gradInput"][1]()
        return grad_output.mean(0)

    return calls | {
        "mean": ("batch_norm_statistics.mean", lambda: means(0)),
        "var": ("batch_norm_statistics.var", lambda: means(1)),
        "meanGrad": (
            "batch_norm_input_grad.mean_product",
            gradient_mean,
        ),
        "meanProduct": ("", lambda: (grad_output * normal).mean(0)),
        "newMean": ("batch_norm_running_stats", lambda: naive.batch_norm_running_stats(input, *running, momentum)[0]),
        "newVar": ("", lambda: naive.batch_norm_running_stats(input, *running, momentum)[1]),
    }


def group_norm_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    weight, bias = values(case, "weight"), values(case, "bias")
    groups, eps = case["settings"]["normGroups"], case["settings"]["eps"]
    rows = input.reshape(groups, -1)
    gradient = (grad_output * weight[:, None, None]).reshape(groups, -1)
    normal = naive.group_norm(input, groups, eps=eps).reshape(groups, -1)

    def forward() -> Tensor:
        return naive.group_norm(input, groups, weight, bias, eps)

    def input_grad() -> Tensor:
        return naive.group_norm_input_grad(input, grad_output, groups, weight, eps)

    def after(call: Callable[[], Tensor], result: Tensor) -> Callable[[], Tensor]:
        """A sum on the way to what a call returns."""
        return lambda: (call(), result)[1]

    return {
        "mean": ("group_norm.mean", after(forward, rows.mean(1))),
        "var": ("group_norm.var", after(forward, rows.var(1, correction=0))),
        "output": ("group_norm.output", forward),
        "meanGrad": ("group_norm_input_grad.mean_product", after(input_grad, gradient.mean(1))),
        "meanProduct": ("", lambda: (gradient * normal).mean(1)),
        "gradInput": ("group_norm_input_grad.grad_input", input_grad),
        "gradWeight": (
            "group_norm_weight_grad",
            lambda: naive.group_norm_weight_grad(input, grad_output, groups, eps),
        ),
        "gradBias": ("batch_norm_bias_grad", lambda: naive.group_norm_bias_grad(grad_output)),
    }


def loss_calls(case: Case) -> Calls:
    input, grad_output, target = values(case, "input"), values(case, "gradOutput"), values(case, "target").long()
    reduction = case["settings"]["reduction"]
    alone, entropy = reduction == "none", case["op"] == "crossEntropy"
    gradient, named = grad_output if alone else grad_output[0], {"reduction": reduction}
    log_p = naive.log_softmax(input, 1) if entropy else input
    rows = "output" if alone else "rowLoss"
    calls: Calls = {rows: ("nll_loss", lambda: naive.nll_loss(log_p, target, reduction="none"))}
    if not alone:
        calls["output"] = ("reduce_loss", lambda: naive.nll_loss(log_p, target, **named))
    if not entropy:
        grads = lambda: naive.nll_loss_input_grad(input.shape, target, gradient, **named)  # noqa: E731
        return calls | {"gradInput": ("nll_loss_input_grad", grads)}
    return calls | {
        "logP": ("log_softmax", lambda: naive.log_softmax(input, 1)),
        "probability": ("softmax", lambda: naive.softmax(input, 1)),
        "gradInput": (
            "cross_entropy_input_grad",
            lambda: naive.cross_entropy_input_grad(input, target, gradient, **named),
        ),
    }


def optimiser_calls(case: Case) -> Calls:
    """The steps of every parameter by itself, as they are walked."""
    settings, grads = case["settings"], values(case, "grad")
    lr, decay = settings["lr"], settings["weightDecay"]

    def stepped(result: int) -> Tensor:
        parameter, state = list(values(case, "parameter")), [(None, None)] * grads.shape[1]
        rows = []
        for step, row in enumerate(grads, 1):
            for p, grad in enumerate(row):
                if case["op"] == "adam":
                    betas = (settings["beta1"], settings["beta2"])
                    named = {"step": step, "lr": lr, "betas": betas, "eps": settings["eps"], "weight_decay": decay}
                    parameter[p], *state[p] = adam_step(parameter[p], grad, *state[p], **named)
                else:
                    named = {name: settings[name] for name in ("momentum", "dampening", "nesterov")}
                    found = sgd_step(parameter[p], grad, state[p][0], lr=lr, weight_decay=decay, **named)
                    parameter[p], state[p] = found[0], (found[1], None)
                rows.append((parameter[p], *state[p])[result])
        return torch.stack(rows).reshape(grads.shape)

    if case["op"] == "adam":
        listing_name, kept = "adam_step", ["expAvg", "expAvgSq"]
    else:
        plain = settings["momentum"] == 0
        listing_name, kept = ("sgd_step.g", []) if plain else ("sgd_step.buffer", ["buffer"])
    calls: Calls = {"steps": (listing_name, lambda: stepped(0))}
    for k, name in enumerate(kept, 1):
        calls[name] = ("", lambda k=k: stepped(k))
    return calls


CALLS: dict[str, Callable[[Case], Calls]] = {
    "conv": conv_calls,
    "transpose": transpose_calls,
    "max": max_calls,
    "avg": avg_calls,
    "adaptive": adaptive_calls,
    **dict.fromkeys(ACTIVATIONS, activation_calls),
    "linear": linear_calls,
    "batchNorm": batch_norm_calls,
    "groupNorm": group_norm_calls,
    **dict.fromkeys(("crossEntropy", "nll"), loss_calls),
    **dict.fromkeys(("sgd", "adam"), optimiser_calls),
}
"""For each operator its results by `core.ops`, by the names that the page gives them: the listing that is walked on the
way, if any, and the call."""


def results(case: Case) -> dict[str, list[float]]:
    found = {name: call() for name, (_, call) in CALLS[case["op"]](case).items()}
    if "gradBias" in found and "lr" in case["settings"]:
        for parameter, name in (("weight", "newWeight"), ("bias", "newBias")):
            grad = found["gradWeight" if parameter == "weight" else "gradBias"]
            found[name] = sgd_step(values(case, parameter), grad, lr=case["settings"]["lr"])[0]
    return {name: result.flatten().tolist() for name, result in found.items()}
