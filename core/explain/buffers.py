"""A model's buffers, kept from what a forward pass does to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from core.explain.trace import version_of


@contextmanager
def left_as_found(model: nn.Module) -> Iterator[None]:
    """Puts back, in the end, the buffers that the block changes (batch norm's running statistics, in training mode)."""
    held = [
        (module, name, buffer, version_of(buffer), buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    try:
        yield
    finally:
        for module, name, buffer, version, value in held:
            # Batch norm updates its statistics without raising their version.
            if module.training or version_of(buffer) != version:
                buffer.data.copy_(value)
            module._buffers[name] = buffer
