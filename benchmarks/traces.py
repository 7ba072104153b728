"""What real networks compute: every distinct convolution, and the sizes that every other operator meets.

The networks are recorded as they run (`core.explain.record`), those of torchvision with whatever numbers their memory
happens to hold: only sizes are asked for, and nothing is downloaded.
"""

from dataclasses import dataclass, replace
from functools import cache

import torch
import torchvision
from torch import nn

from core.explain import Step, record
from core.models import build, card

__all__ = ["ARTICLES", "NETWORKS", "Convolution", "convolutions", "inputs"]

Pair = tuple[int, int]

TORCHVISION = (
    *("resnet18", "resnet50", "vgg11", "mobilenet_v2", "mobilenet_v3_small"),
    *("efficientnet_b0", "convnext_tiny", "densenet121"),
)
ARTICLES = ("a1", "a2", "a3", "recommended")
NETWORKS = (*TORCHVISION, *ARTICLES)


@dataclass(frozen=True, order=True)
class Convolution:
    """One convolution of `images` inputs `(channels, height, width)`; sizes in elements, ordered by them."""

    channels: int
    height: int
    width: int
    outputs: int
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    images: int = 1

    @property
    def out(self) -> Pair:
        """Rows and columns of the output."""
        axes = zip((self.height, self.width), self.kernel, self.stride, self.padding, self.dilation, strict=True)
        rows, cols = ((size + 2 * pad - gap * (taps - 1) - 1) // step + 1 for size, taps, step, pad, gap in axes)
        return rows, cols

    @property
    def depthwise(self) -> bool:
        """Whether every channel is convolved alone."""
        return self.groups == self.channels == self.outputs > 1

    @property
    def products(self) -> int:
        """Multiplications of one pass."""
        (kH, kW), (outH, outW) = self.kernel, self.out
        return self.images * self.outputs * outH * outW * self.channels // self.groups * kH * kW

    @property
    def bytes(self) -> int:
        """Bytes of input and output in float32."""
        (outH, outW), pixels = self.out, self.height * self.width
        return 4 * self.images * (self.channels * pixels + self.outputs * outH * outW)

    def of(self, images: int) -> "Convolution":
        """Return the same convolution of so many images."""
        return replace(self, images=images)


def convolutions() -> list[Convolution]:
    """Return every distinct convolution of the networks for a single image, in the order of their sizes."""
    return sorted(set().union(*(_met(name)[0] for name in NETWORKS)))


def inputs() -> dict[str, list[tuple[int, ...]]]:
    """Return for every operation the distinct sizes of its input for a single image, the batch left out.

    Those of "output" are what the networks return.
    """
    sizes = set().union(*(_met(name)[1] for name in NETWORKS))
    return {op: sorted(size for other, size in sizes if other == op) for op in sorted({op for op, _ in sizes})}


@cache
def _met(name: str) -> tuple[set[Convolution], set[tuple[str, tuple[int, ...]]]]:
    """Return a network's convolutions, and its operations with the size of their input."""
    if name in ARTICLES:
        steps = record(build(name).eval(), torch.zeros(1, *card(name).input_shape)).steps
    else:
        with torch.device("meta"):
            model: nn.Module = getattr(torchvision.models, name)(weights=None)
        steps = record(model.to_empty(device="cpu").eval(), torch.zeros(1, 3, 224, 224)).steps
    sizes = {(step.op, tuple(step.arguments["input"].shape[1:])) for step in steps if _reads_tensor(step)}
    sizes.add(("output", tuple(steps[-1].output.shape[1:])))
    return {_convolution(step) for step in steps if step.op == "conv2d"}, sizes


def _reads_tensor(step: Step) -> bool:
    return isinstance(step.arguments.get("input"), torch.Tensor)


def _convolution(step: Step) -> Convolution:
    input, weight = step.arguments["input"], step.arguments["weight"]
    (channels, height, width), (outputs, _, kH, kW) = input.shape[1:], weight.shape
    stride, padding, dilation = (_pair(step.arguments[name]) for name in ("stride", "padding", "dilation"))
    groups = step.arguments["groups"]
    return Convolution(channels, height, width, outputs, (kH, kW), stride, padding, dilation, groups)


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
