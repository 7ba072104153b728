"""What a model has for the Kernels page: its feature maps as pictures, its learned kernels; exact float32 values."""

from typing import Any

import torch

from core.explain import Trace
from core.told import keyed
from explorer.models.library import Changes, Explored
from explorer.wire.numbers import in_base64

__all__ = ["LARGEST_MAP", "feature_map", "learned_kernel", "learned_kernels"]

LARGEST_MAP = 512
"""Longest side of a map that is sent, elements."""


def feature_map(trace: Trace, step: int, channel: int) -> dict[str, Any]:
    """Return one map of a step's output, −1 being the network's input: `{name, height, width, values}`.

    `values` are the tensor's float32 elements, little endian, in base64.

    Raises:
        ValueError: there is no such step or channel, its output is not made of maps, or they are too large.
    """
    if not -1 <= step < len(trace.steps):
        raise ValueError(f"the step is {step}, expected one of {len(trace.steps)} from 0, or -1 for the input")
    output = trace.value(step)
    if output.ndim != 4:
        shape = tuple(output.shape)
        raise keyed(
            ValueError(f"step {step} gives a tensor of shape {shape}, expected (1, C, H, W)"),
            "told.map.none",
            shape=" × ".join(map(str, shape)),
        )
    maps = output.detach()[0]
    if not 0 <= channel < len(maps):
        raise ValueError(f"the channel is {channel}, step {step} has {len(maps)} channels, counted from 0")
    height, width = maps.shape[1:]
    if max(height, width) > LARGEST_MAP:
        raise keyed(
            ValueError(f"the map is {height} × {width}, at most {LARGEST_MAP} × {LARGEST_MAP} is sent"),
            "told.map.large",
            rows=height,
            columns=width,
            most=LARGEST_MAP,
        )
    values = maps[channel].float()
    if not values.isfinite().all():
        raise keyed(
            ValueError(f"step {step}, channel {channel} holds NaN or infinity"), "told.map.infinite", channel=channel
        )
    where = "input" if step < 0 else f"{step + 1} {trace.steps[step].path or trace.steps[step].op}"
    return {"name": f"{where}, {channel}", "height": height, "width": width, "values": in_base64(values)}


def learned_kernels(explored: Explored) -> dict[str, Any]:
    """Return the weights of two-dimensional convolutions with more than one tap, by name: `{name, shape}` each."""
    weights = [
        {"name": name, "shape": list(parameter.shape)}
        for name, parameter in explored.parameters.items()
        if parameter.ndim == 4 and max(parameter.shape[2:]) > 1
    ]
    return {"weights": weights}


def learned_kernel(explored: Explored, changes: Changes, name: str, output: int, input: int) -> dict[str, Any]:
    """Return the kernel between two channels of a weight, a person's changes included: `{rows, columns, values}`.

    Raises:
        ValueError: there is no such weight or channel.
    """
    names = [weight["name"] for weight in learned_kernels(explored)["weights"]]
    if name not in names:
        raise ValueError(f"the model has no kernels called {name!r}; it has {', '.join(names) or 'none'}")
    weight = changes.parameters.get(name, explored.parameters[name]).detach()
    for kind, channel, count in zip(("output", "input"), (output, input), weight.shape, strict=False):
        if not 0 <= channel < count:
            raise ValueError(f"the {kind} channel is {channel}, {name} has {count}, counted from 0")
    kernel = weight[output, input].to(torch.float32)
    return {"rows": kernel.shape[0], "columns": kernel.shape[1], "values": kernel.cpu().double().flatten().tolist()}
