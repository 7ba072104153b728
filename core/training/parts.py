"""Which parts of a model are trained, and which stay frozen."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from core.models.transfer import head

__all__ = ["body_and_head", "frozen_modules", "moving", "select", "set_dropout", "training_mode"]

HEAD = "head"
"""The word for the last linear layer, whatever its path is."""


def select(model: nn.Module, parts: Sequence[str]) -> None:
    """Let only these parts be trained; all of them if none is named.

    Args:
        model: its parameters' `requires_grad` is set.
        parts: module paths, "head" for the last linear layer.

    Raises:
        ValueError: the model has no such module, or the parts have no parameters.
    """
    modules = dict(model.named_modules()) | {HEAD: head(model)}
    for part in parts:
        if part not in modules:
            known = ", ".join(path for path, _ in model.named_children())
            raise ValueError(f"there is no part {part!r} to train; the parts are {HEAD}, {known} and those inside them")
    model.requires_grad_(not parts)
    for part in parts:
        modules[part].requires_grad_(True)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError(f"{', '.join(parts)} has no parameters: nothing would be trained")


def training_mode(model: nn.Module) -> None:
    """Switch to training mode, except for modules that are frozen: their batch-norm statistics stay as they are."""
    model.train()
    for module in model.modules():
        if _frozen(module):
            module.eval()


def frozen_modules(model: nn.Module) -> list[str]:
    """Return the paths of the modules whose own parameters are all frozen."""
    return [path for path, module in model.named_modules() if _frozen(module)]


def moving(model: nn.Module) -> list[str]:
    """Return the names of the parameters and buffers that training changes."""
    frozen = {f"{path}.{name}".lstrip(".") for path in frozen_modules(model) for name, _ in _own_buffers(model, path)}
    frozen |= {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return [name for name in model.state_dict() if name not in frozen]


def body_and_head(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters to be trained: those before the last linear layer, and its own."""
    last = {id(parameter) for parameter in head(model).parameters()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [p for p in trained if id(p) not in last], [p for p in trained if id(p) in last]


def set_dropout(model: nn.Module, share: float) -> RemovableHandle | None:
    """Set the share of every dropout layer; a model without one gets dropout before its head, until it is removed."""
    layers = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    for layer in layers:
        layer.p = share
    if layers:
        return None

    def silence(module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (F.dropout(arguments[0], share, module.training), *arguments[1:])

    return head(model).register_forward_pre_hook(silence)


def _frozen(module: nn.Module) -> bool:
    own = list(module.parameters(recurse=False))
    return bool(own) and not any(parameter.requires_grad for parameter in own)


def _own_buffers(model: nn.Module, path: str) -> list[tuple[str, Tensor]]:
    return list(model.get_submodule(path).named_buffers(recurse=False))
