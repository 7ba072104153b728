"""The operators that ConvScope knows, one record each: the lists of them elsewhere derive from this one.

What an operator lacks (a page, an explanation), `tests/core/ops/test_catalogue.py` gives the reason for;
`docs/operators.md` tells how one is added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["ACTIVATIONS", "CATALOGUE", "Op"]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Op:
    """One operator.

    Attributes:
        name: Its function in `core.ops.naive` and `core.ops.vectorized`, in most cases torch's own name.
        functions: The functions of torch that it stands for; the first is called where torch is asked.
        in_place: Those that write the result over their input.
        ours: Whether `core.ops` computes it, with its gradients `NAME_input_grad`, `NAME_weight_grad` …
        dims: Dimensions of its input, where torch also takes an input without a batch.
        activation: Whether it is a function of each element that networks put between their layers.
        swap: Whether a network's activations can be swapped for it.
        page: Its name on the Arithmetic page; None where that does not have it.
        settings: The page's settings and the arguments that they give, of activations.
    """

    name: str
    functions: tuple[Function, ...] = ()
    in_place: tuple[Function, ...] = ()
    ours: bool = True
    dims: int | None = None
    activation: bool = False
    swap: bool = False
    page: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def _activation(name: str, *functions: Function, **more: Any) -> Op:
    """Return the record of an activation; the page calls it by torch's name unless `more` says otherwise."""
    return Op(name, functions, **{"activation": True, "swap": True, "page": name, **more})


def _of_torch(name: str, function: Function, *, swap: bool = False) -> Op:
    """Return the record of an activation that only torch computes."""
    return Op(name, (function,), ours=False, activation=True, swap=swap)


CATALOGUE: dict[str, Op] = {
    op.name: op
    for op in (
        Op("conv1d", (F.conv1d,), dims=3),
        Op("conv2d", (F.conv2d,), dims=4, page="conv"),
        Op("convolve2d", page="conv"),
        Op("conv_transpose2d", (F.conv_transpose2d,), dims=4, page="transpose"),
        Op("pad2d", (F.pad,), dims=4),
        Op("max_pool2d", (F.max_pool2d, torch.max_pool2d), dims=4, page="max"),
        Op("avg_pool2d", (F.avg_pool2d,), dims=4, page="avg"),
        Op("adaptive_avg_pool2d", (F.adaptive_avg_pool2d,), dims=4, page="adaptive"),
        _activation("relu", F.relu, torch.relu, Tensor.relu, in_place=(torch.relu_, Tensor.relu_)),
        _activation(
            "leaky_relu",
            F.leaky_relu,
            in_place=(F.leaky_relu_,),
            page="leakyRelu",
            settings={"slope": "negative_slope"},
        ),
        _of_torch("elu", F.elu, swap=True),
        _activation("gelu", F.gelu, settings={"approximate": "approximate"}),
        _activation("silu", F.silu),
        _activation("mish", F.mish),
        _activation("sigmoid", torch.sigmoid, Tensor.sigmoid, in_place=(torch.sigmoid_, Tensor.sigmoid_)),
        _activation("tanh", torch.tanh, Tensor.tanh, in_place=(torch.tanh_, Tensor.tanh_)),
        _activation("hardsigmoid", F.hardsigmoid),
        _activation("hardswish", F.hardswish),
        *(
            _of_torch(name, getattr(F, name))
            for name in (
                *("relu6", "selu", "celu", "prelu", "rrelu", "softplus", "softsign", "tanhshrink"),
                *("hardtanh", "hardshrink", "softshrink", "logsigmoid"),
            )
        ),
        Op("linear", (F.linear,), page="linear"),
        Op("batch_norm", (F.batch_norm,), page="batchNorm"),
        Op("group_norm", (F.group_norm, torch.group_norm), page="groupNorm"),
        Op("dropout", (F.dropout,)),
        Op("softmax", (F.softmax, torch.softmax, Tensor.softmax), page="crossEntropy"),
        Op("log_softmax", (F.log_softmax, torch.log_softmax, Tensor.log_softmax), page="crossEntropy"),
        Op("nll_loss", (F.nll_loss,), page="nll"),
        Op("cross_entropy", (F.cross_entropy,), page="crossEntropy"),
    )
}
"""By name, in the order in which lists show them."""

ACTIVATIONS: dict[str, Op] = {name: op for name, op in CATALOGUE.items() if op.activation}
