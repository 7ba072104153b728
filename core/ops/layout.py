"""How images lie in memory: contiguous, or channels-last."""

from torch import Tensor

__all__ = ["is_channels_last", "lies_contiguous"]


def is_channels_last(tensor: Tensor) -> bool:
    """Return whether strides say channels-last, as the framework reads them."""
    return tensor.dim() == 4 and tensor.stride(1) == 1 and tensor.shape[2:].numel() > 1


def lies_contiguous(*tensors: Tensor) -> bool:
    """Return whether the framework's output is contiguous: the first tensor is, and none says channels-last."""
    return tensors[0].is_contiguous() and not any(map(is_channels_last, tensors))
