"""A frozen body's features, computed once, so that an epoch trains only the head on them."""

import torch
from torch import Tensor, nn

from core.data.augmentation import Augmentation
from core.data.mnist import Pictures
from core.models.transfer import head
from core.training.config import Config
from core.training.loop import Prepare, logits
from core.training.parts import HEAD

__all__ = ["caches", "features"]


def caches(config: Config) -> bool:
    """Return whether every epoch sees the same features: only the head is trained, and no picture is distorted."""
    return config.trained == (HEAD,) and config.augmentation == Augmentation()


def features(model: nn.Module, pictures: Pictures, prepare: Prepare) -> Pictures:
    """Return what reaches a model's head for each picture, `(N, features)` floats, with the same labels.

    The body computes as in evaluation: its dropout, if it has any, is off.
    """
    caught: list[Tensor] = []
    model.eval()
    hook = head(model).register_forward_pre_hook(lambda _module, arguments: caught.append(arguments[0]))
    try:
        logits(model, pictures.pictures, prepare)
    finally:
        hook.remove()
    return Pictures(torch.cat(caught), pictures.labels)
