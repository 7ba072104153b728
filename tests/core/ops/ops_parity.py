"""Torch says the same: one check of an operator's output and of its gradients for every test of `core.ops`."""

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from core.ops import naive, vectorized

BACKENDS = {"naive": naive, "vectorized": vectorized}
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}

Tensors = dict[str, Tensor | None]


def assert_same(actual: Tensor, expected: Tensor, what: str) -> None:
    """Every difference is within the tolerance, relative to the largest element (or to 1); NaN equals NaN."""
    assert actual.shape == expected.shape, f"{what}: size {tuple(actual.shape)}, torch has {tuple(expected.shape)}"
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, torch has {expected.dtype}"
    assert actual.device == expected.device, f"{what}: on {actual.device}, torch is on {expected.device}"
    assert not actual.requires_grad, f"{what}: computed under autograd"
    finite = expected[expected.isfinite()].abs() if expected.numel() else expected
    allowed = TOLERANCE.get(expected.dtype, 0.0) * max(1.0, finite.max().item() if finite.numel() else 0.0)
    torch.testing.assert_close(actual, expected, rtol=0, atol=allowed, equal_nan=True, msg=lambda m: f"{what}: {m}")


def gradients(ops: ModuleType, name: str, tensors: Tensors, options: dict[str, Any], grad: Tensor) -> dict[str, Tensor]:
    """The operator's hand-written gradients with respect to the tensors that are given."""
    call = {which: getattr(ops, f"{name}_{which}_grad", None) for which in ("input", "weight", "bias")}
    t = tensors
    input, weight = t.get("input"), t.get("weight")
    if name in ("conv1d", "conv2d", "convolve2d", "conv_transpose2d", "linear"):
        found = {
            "input": call["input"](input.shape, weight, grad, **options),
            "weight": call["weight"](input, weight.shape, grad, **options),
            "bias": call["bias"](grad),
        }
    elif name == "batch_norm":
        stats = (t["running_mean"], t["running_var"])
        found = {
            "input": call["input"](input, grad, *stats, weight, **options),
            "weight": call["weight"](input, grad, *stats, **options),
            "bias": call["bias"](grad),
        }
    elif name == "group_norm":
        found = {
            "input": call["input"](input, grad, weight=weight, **options),
            "weight": call["weight"](input, grad, **options),
            "bias": call["bias"](grad),
        }
    elif name in ("avg_pool2d", "pad2d"):
        found = {"input": call["input"](input.shape, grad, **options)}
    elif name == "adaptive_avg_pool2d":
        found = {"input": call["input"](input.shape, grad)}
    elif name == "nll_loss":
        found = {"input": call["input"](input.shape, t["target"], grad, weight, **options)}
    elif name == "cross_entropy":
        found = {"input": call["input"](input, t["target"], grad, weight, **options)}
    elif name == "dropout":
        found = {"input": call["input"](t["mask"], grad, **options)}
    else:
        found = {"input": call["input"](input, grad, **options)}
    return found


def check(
    ops: ModuleType,
    name: str,
    reference: Callable[..., Tensor],
    tensors: Tensors,
    options: dict[str, Any] | None = None,
    wrt: Collection[str] = ("input", "weight", "bias"),
) -> None:
    """Output and gradients equal torch's, and nothing that was passed in has changed."""
    options = options or {}
    leaves = {
        key: None if value is None else value.clone(memory_format=torch.preserve_format).requires_grad_(key in wrt)
        for key, value in tensors.items()
    }
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        expected = reference(**leaves, **options)
        grad = torch.randn_like(expected, memory_format=torch.contiguous_format)
        sought = [key for key in wrt if leaves.get(key) is not None]
        expected_grads = torch.autograd.grad(expected, [leaves[key] for key in sought], grad, materialize_grads=True)
    before = {key: value.clone() for key, value in tensors.items() if value is not None}
    assert_same(getattr(ops, name)(**tensors, **options), expected.detach(), name)
    found = gradients(ops, name, tensors, options, grad)
    for key, expected_grad in zip(sought, expected_grads, strict=True):
        assert_same(found[key], expected_grad, f"{name}_{key}_grad")
    for key, value in before.items():
        torch.testing.assert_close(tensors[key], value, rtol=0, atol=0, equal_nan=True, msg=f"{key} was modified")


def check_meta(name: str, tensors: Tensors, options: dict[str, Any] | None = None) -> None:
    """The vectorised operator works out sizes without numbers: the same code runs on any device."""
    options = options or {}
    expected = getattr(vectorized, name)(**tensors, **options)
    there = {key: None if value is None else value.to("meta") for key, value in tensors.items()}
    output = getattr(vectorized, name)(**there, **options)
    assert (output.shape, output.dtype, output.device.type) == (expected.shape, expected.dtype, "meta")
    for key, grad in gradients(vectorized, name, there, options, torch.empty_like(output)).items():
        target = tensors.get(key)
        if target is not None:
            assert (grad.shape, grad.dtype, grad.device.type) == (target.shape, target.dtype, "meta")


def in_layout(tensor: Tensor, layout: str) -> Tensor:
    """The same values, laid out in memory as named."""
    if layout == "channels_last":
        return tensor.contiguous(memory_format=torch.channels_last)
    if layout == "transposed":
        return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
    if layout == "strided":
        return torch.stack((tensor, torch.zeros_like(tensor)), -1)[..., 0]
    return tensor


LAYOUTS = ("contiguous", "channels_last", "transposed", "strided")
