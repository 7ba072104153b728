"""Cases of every operator of the Arithmetic page with what `core` computes for them, and how its loops ran.

Both languages read `tests/golden/arithmetic.json`; after a change of the cases, write it anew:
`python -m tests.explorer.arithmetic_cases`.
"""

import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from core.ops import naive
from core.ops.geometry import conv_windows, padded_size
from core.ops.naive.numbers import numbers
from core.ops.optim import adam_step, sgd_step
from explorer.listings import listing
from explorer.operators import LISTED

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "arithmetic.json"
VARIABLES = (
    *("n", "first", "channel", "o", "c", "y", "x", "i", "j", "row", "col", "total", "value", "best", "index", "share"),
    *("k", "grad", "f", "l", "m", "top", "mass", "deviation", "mean_grad", "mean_product", "normal", "momentum"),
    *("unbiased", "step", "parameter", "g", "buffer", "v", "root"),
)
STATISTICS = ("mean", "var")
ACTIVATIONS = ("relu", "leakyRelu", "sigmoid", "tanh", "hardsigmoid", "hardswish")
MOST_TRACED, MOST_RUNS = 240, 2
"""Most lines that a call runs for its run through the loops to be kept in the golden file, and runs of a function."""

Case = dict[str, Any]
Calls = dict[str, tuple[str, Callable[[], Tensor]]]
Trace = list[tuple[str, dict[str, float | str]]]


def tensor(generator: random.Random, *shape: int) -> dict[str, Any]:
    return {"shape": list(shape), "values": [round(generator.uniform(-9, 9), 3) for _ in range(math.prod(shape))]}


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
    name, rest = {"leakyRelu": "leaky_relu"}.get(case["op"], case["op"]), list(case["settings"].values())
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
            "batch_norm_input_grad.elements",
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
    statistics = LISTED["batch_norm_statistics.mean"].function

    def means(which: int) -> Tensor:
        return torch.tensor(statistics(rows, None, None, True)[which], dtype=torch.float64)

    def gradient_mean() -> Tensor:
        calls["gradInput"][1]()
        return grad_output.mean(0)

    return calls | {
        "mean": ("batch_norm_statistics.mean", lambda: means(0)),
        "var": ("batch_norm_statistics.var", lambda: means(1)),
        "meanGrad": (
            "batch_norm_input_grad.means",
            gradient_mean,
        ),
        "meanProduct": ("", lambda: (grad_output * normal).mean(0)),
        "newMean": ("batch_norm_running_stats", lambda: naive.batch_norm_running_stats(input, *running, momentum)[0]),
        "newVar": ("", lambda: naive.batch_norm_running_stats(input, *running, momentum)[1]),
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
        listing_name, kept = ("sgd_step.plain", []) if plain else ("sgd_step.momentum", ["buffer"])
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


def traced(call: Callable[[], Tensor], name: str) -> Trace:
    """Run a naive function and return which marked lines ran, one after another, with the variables after each."""
    function, shown = LISTED[name].function, listing(LISTED[name])
    marks = {shown.first + line: mark for mark, line in shown.marks.items()}
    events: Trace = []
    pending: int | None = None

    def flush(frame: FrameType, line: float) -> None:
        nonlocal pending
        if pending is not None and (marks[pending] not in ("skip", "stay") or line < pending):
            known = {key: frame.f_locals[key] for key in VARIABLES if key in frame.f_locals}
            for name in STATISTICS:
                if isinstance(frame.f_locals.get(name), list) and "c" in known:
                    known[f"{name}[c]"] = frame.f_locals[name][known["c"]]
            alone = {key: float(value) for key, value in known.items() if isinstance(value, int | float | Tensor)}
            kept = {key: value if math.isfinite(value) else str(value) for key, value in alone.items()}
            events.append((marks[pending], kept))
        pending = None

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal pending
        if frame.f_code is not function.__code__:
            return None
        if event == "line":
            flush(frame, frame.f_lineno)
            pending = frame.f_lineno if frame.f_lineno in marks else None
        elif event == "return":
            flush(frame, math.inf)
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        call()
    finally:
        sys.settrace(before)
    return events


def traces(case: Case) -> dict[str, tuple[str, Trace]]:
    """The listings and runs of a case's calls by the name of the result."""
    return {result: (name, traced(call, name)) for result, (name, call) in CALLS[case["op"]](case).items() if name}


def pair(generator: random.Random, *options: int) -> list[int]:
    return [generator.choice(options), generator.choice(options)]


def drawn_conv(generator: random.Random) -> Case:
    C, O = generator.randint(1, 4), generator.randint(1, 4)
    groups = generator.choice([each for each in range(1, 5) if C % each == 0 and O % each == 0])
    H, W, kH, kW = (generator.randint(low, high) for low, high in ((2, 8), (2, 8), (1, 4), (1, 4)))
    settings = {
        "stride": pair(generator, 1, 1, 2, 3),
        "padding": generator.choice([*(pair(generator, 0, 0, 1, 2) for _ in range(4)), "same", "valid"]),
        "dilation": [generator.choice([1, 1, 2]), generator.choice([1, 1, 2, 3])],
        "mode": generator.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"]),
        "groups": groups,
        "flip": generator.random() < 0.4,
        "lr": generator.choice([0.1, 0.01, 0.3]),
    }
    weight, bias = tensor(generator, O, C // groups, kH, kW), tensor(generator, O)
    return {"settings": settings, "tensors": {"input": tensor(generator, C, H, W), "weight": weight, "bias": bias}}


def drawn_pool(generator: random.Random, **own: Any) -> Case:
    settings = {
        "kernel": pair(generator, 1, 2, 3, 4),
        "stride": pair(generator, 1, 2, 3),
        "padding": pair(generator, 0, 0, 1, 2),
        "ceil": generator.random() < 0.5,
        **own,
    }
    size = [generator.randint(1, 3), generator.randint(2, 8), generator.randint(2, 8)]
    return {"settings": settings, "tensors": {"input": tensor(generator, *size)}}


def drawn_max(generator: random.Random) -> Case:
    return drawn_pool(generator, dilation=[generator.choice([1, 1, 2]), generator.choice([1, 1, 2, 3])])


def drawn_avg(generator: random.Random) -> Case:
    return drawn_pool(generator, countPadding=generator.random() < 0.5)


def drawn_adaptive(generator: random.Random) -> Case:
    size = [generator.randint(1, 3), generator.randint(1, 7), generator.randint(1, 7)]
    return {"settings": {"output": pair(generator, 1, 2, 3, 4, 5)}, "tensors": {"input": tensor(generator, *size)}}


def drawn_transpose(generator: random.Random) -> Case:
    C, out, groups = generator.choice([(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 2, 1), (4, 1, 2), (1, 3, 1)])
    settings = {
        "stride": pair(generator, 1, 2, 3),
        "padding": pair(generator, 0, 0, 1, 2),
        "outputPadding": pair(generator, 0, 0, 1),
        "dilation": pair(generator, 1, 1, 2),
        "groups": groups,
        "lr": generator.choice([0.1, 0.01]),
    }
    size = [C, generator.randint(1, 4), generator.randint(1, 4)]
    weight = tensor(generator, C, out, generator.randint(1, 3), generator.randint(1, 3))
    bias = tensor(generator, out * groups)
    return {"settings": settings, "tensors": {"input": tensor(generator, *size), "weight": weight, "bias": bias}}


def drawn_activation(generator: random.Random) -> Case:
    return {"settings": {}, "tensors": {"input": tensor(generator, generator.randint(1, 2), 3, 3)}}


def drawn_leaky(generator: random.Random) -> Case:
    return {**drawn_activation(generator), "settings": {"slope": generator.choice([0.1, 0.01, -0.5])}}


def drawn_linear(generator: random.Random) -> Case:
    N, features, out = (generator.randint(1, 4) for _ in range(3))
    tensors = {"input": tensor(generator, N, features), "weight": tensor(generator, out, features)}
    return {"settings": {"lr": 0.1}, "tensors": {**tensors, "bias": tensor(generator, out)}}


def drawn_batch_norm(generator: random.Random) -> Case:
    N, C = generator.randint(2, 6), generator.randint(1, 3)
    settings = {"training": generator.random() < 0.6, "eps": generator.choice([1e-5, 0.1]), "momentum": 0.1}
    tensors = {"input": tensor(generator, N, C)}
    tensors |= {name: tensor(generator, C) for name in ("weight", "bias", "runningMean", "runningVar")}
    tensors["runningVar"]["values"] = [abs(value) for value in tensors["runningVar"]["values"]]
    return {"settings": settings, "tensors": tensors}


def drawn_loss(generator: random.Random) -> Case:
    N, C = generator.randint(1, 4), generator.randint(2, 5)
    target = {"shape": [N], "values": [generator.randrange(C) for _ in range(N)]}
    settings = {"reduction": generator.choice(["mean", "sum", "none"])}
    return {"settings": settings, "tensors": {"input": tensor(generator, N, C), "target": target}}


def drawn_steps(generator: random.Random, **settings: Any) -> Case:
    T, P = generator.randint(1, 5), generator.randint(1, 3)
    settings |= {"lr": generator.choice([0.1, 0.01]), "weightDecay": generator.choice([0, 0, 0.1])}
    return {"settings": settings, "tensors": {"parameter": tensor(generator, P), "grad": tensor(generator, T, P)}}


def drawn_sgd(generator: random.Random) -> Case:
    momentum = generator.choice([0, 0.9, 0.5])
    nesterov = momentum > 0 and generator.random() < 0.4
    dampening = 0 if nesterov else generator.choice([0, 0.3])
    return drawn_steps(generator, momentum=momentum, nesterov=nesterov, dampening=dampening)


def drawn_adam(generator: random.Random) -> Case:
    return drawn_steps(generator, beta1=0.9, beta2=generator.choice([0.999, 0.9]), eps=generator.choice([1e-8, 0.1]))


DRAWN: dict[str, tuple[int, Callable[[random.Random], Case]]] = {
    "conv": (30, drawn_conv),
    "transpose": (12, drawn_transpose),
    "max": (10, drawn_max),
    "avg": (10, drawn_avg),
    "adaptive": (6, drawn_adaptive),
    **dict.fromkeys(ACTIVATIONS, (2, drawn_activation)),
    "leakyRelu": (3, drawn_leaky),
    "linear": (4, drawn_linear),
    "batchNorm": (8, drawn_batch_norm),
    "crossEntropy": (6, drawn_loss),
    "nll": (6, drawn_loss),
    "sgd": (8, drawn_sgd),
    "adam": (4, drawn_adam),
}
"""For each operator how many cases are drawn, and how."""


def output_shape(case: Case) -> tuple[int, ...] | None:
    """The shape of a drawn case's output without the batch, which `gradOutput` has; None where `core` refuses."""
    settings, tensors = case["settings"], case["tensors"]
    input, op = torch.empty(tensors["input"]["shape"]), case["op"]
    if "reduction" in settings:
        return (len(input),) if settings["reduction"] == "none" else (1,)
    if op == "linear":
        return len(input), tensors["weight"]["shape"][0]
    if op in (*ACTIVATIONS, "batchNorm"):
        return tuple(input.shape)
    probe = {**case, "tensors": {**tensors, "gradOutput": {"shape": [1, 1, 1], "values": [0]}}}
    try:
        return tuple(CALLS[op](probe)["output"][1]().shape[1:])
    except ValueError:
        return None


def drawn_cases() -> list[Case]:
    """Settings drawn by seeded generators, those that `core` refuses left out; the small ones with their runs."""
    cases: list[Case] = []
    kept: Counter[str] = Counter()
    for op, (count, draw) in DRAWN.items():
        generator, found = random.Random(f"{op} 4"), 0
        while found < count:
            case = {"op": op, **draw(generator)}
            if op not in ("sgd", "adam"):
                shape = output_shape(case)
                if shape is None:
                    continue
                case["tensors"]["gradOutput"] = tensor(generator, *shape)
            runs = {}
            for name, (walked, run) in traces(case).items():
                if len(run) < MOST_TRACED and kept[walked] < MOST_RUNS:
                    kept[walked] += 1
                    runs[name] = run
            cases.append({**case, "results": results(case), "traces": runs})
            found += 1
    return cases


REFUSALS: list[Case] = [
    {"op": "conv", "size": [2, 5], "kernel": [3, 3], "reason": "span"},
    {"op": "conv", "size": [5, 4], "kernel": [1, 3], "dilation": [1, 2], "reason": "span"},
    {"op": "conv", "size": [3, 3], "kernel": [2, 2], "stride": [2, 1], "padding": "same", "reason": "same"},
    {"op": "conv", "size": [2, 3], "kernel": [2, 2], "padding": [2, 0], "mode": "reflect", "reason": "reflect"},
    {"op": "conv", "size": [3, 1], "kernel": [2, 2], "padding": [0, 2], "mode": "circular", "reason": "circular"},
    {"op": "max", "size": [5, 5], "kernel": [3, 2], "padding": [2, 0], "reason": "half"},
    {"op": "avg", "size": [1, 1], "kernel": [2, 2], "reason": "span"},
    {"op": "transpose", "size": [2, 2], "kernel": [2, 2], "outputPadding": [0, 1], "reason": "outputPadding"},
    {"op": "transpose", "size": [1, 2], "kernel": [1, 2], "padding": [1, 0], "reason": "empty"},
    {"op": "max", "size": [1, 6], "kernel": [2, 2], "padding": [1, 0], "dilation": [2, 1], "reason": "over"},
]
MESSAGES = {
    "span": "spans",
    "half": "at most half",
    "over": "steps over",
    "same": "needs stride 1",
    "reflect": "reflect padding 2 needs more than 2",
    "circular": "circular padding 2 needs at least 2",
    "outputPadding": "output_padding 1 must be smaller",
    "empty": "padding is too large",
}
PLAIN = {
    "conv": {"dilation": [1, 1], "mode": "zeros", "groups": 1, "flip": False, "lr": 0.1},
    "transpose": {"outputPadding": [0, 0], "dilation": [1, 1], "groups": 1, "lr": 0.1},
    "max": {"dilation": [1, 1], "ceil": False},
    "avg": {"ceil": False, "countPadding": True},
}


def refused_case(given: Case) -> Case:
    """A golden refusal as the page sends it."""
    op, (H, W), (kH, kW), rest = given["op"], given["size"], given["kernel"], dict(given)
    for name in ("op", "size", "kernel", "reason"):
        del rest[name]
    tensors = {name: {"shape": [1, 1, 1], "values": [1.0]} for name in ("input", "gradOutput")}
    tensors["input"] = {"shape": [1, H, W], "values": [1.0] * (H * W)}
    settings = {"stride": [1, 1], "padding": [0, 0], **PLAIN[op], **rest}
    if op in ("conv", "transpose"):
        tensors["weight"] = {"shape": [1, 1, kH, kW], "values": [1.0] * (kH * kW)}
        tensors["bias"] = {"shape": [1], "values": [0.0]}
    else:
        settings["kernel"] = [kH, kW]
    return {"op": op, "settings": settings, "tensors": tensors}


def golden() -> dict[str, Any]:
    return {"cases": drawn_cases(), "refusals": [{**refused_case(each), "reason": each["reason"]} for each in REFUSALS]}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden()) + "\n")
