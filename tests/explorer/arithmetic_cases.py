"""Cases of every operator of the Arithmetic page with what `core` computes for them (`arithmetic_calls`), and
how its loops ran (`arithmetic_traces`).

Both languages read `tests/golden/arithmetic.json`; after a change of the cases, write it anew:
`PYTHONPATH=. python tests/explorer/arithmetic_cases.py`.
"""

import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from arithmetic_calls import ACTIVATIONS, CALLS, Case, results
from arithmetic_traces import traces

from tests.golden_files import write_golden

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "arithmetic.json"
MOST_TRACED, MOST_RUNS = 240, 2
"""Most lines that a call runs for its run through the loops to be kept in the golden file, and runs of a function."""


def tensor(generator: random.Random, *shape: int) -> dict[str, Any]:
    return {"shape": list(shape), "values": [round(generator.uniform(-9, 9), 3) for _ in range(math.prod(shape))]}


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


def drawn_gelu(generator: random.Random) -> Case:
    return {**drawn_activation(generator), "settings": {"approximate": generator.choice(["none", "tanh"])}}


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


def drawn_group_norm(generator: random.Random) -> Case:
    groups, D = generator.choice([(1, 3), (2, 1), (2, 2), (3, 1), (1, 1)])
    settings = {"normGroups": groups, "eps": generator.choice([1e-5, 0.1])}
    size = [groups * D, generator.randint(1, 2), generator.randint(2, 3)]
    tensors = {"input": tensor(generator, *size)} | {name: tensor(generator, size[0]) for name in ("weight", "bias")}
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
    "gelu": (4, drawn_gelu),
    "linear": (4, drawn_linear),
    "batchNorm": (8, drawn_batch_norm),
    "groupNorm": (6, drawn_group_norm),
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
    if op in (*ACTIVATIONS, "batchNorm", "groupNorm"):
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
    write_golden(GOLDEN, golden())
