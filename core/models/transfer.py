"""A4: ImageNet backbones with a new 10-way head; the weights come from torchvision, checked, or from a local file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from core.models.download import Download
from core.models.resnet import ResNet18
from core.told import keyed

__all__ = [
    "IMAGENET",
    "backbone_weights",
    "classes_in",
    "freeze_backbone",
    "head",
    "mobilenet_v3_small_digits",
    "replace_head",
    "resize_head",
    "resnet18_digits",
    "weights_file",
]

IMAGENET = {
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    "mobilenet_v3_small": "https://download.pytorch.org/models/mobilenet_v3_small-047dcff4.pth",
}
"""Where torchvision's ImageNet weights of each backbone are; the file's name ends with its checksum.

Source: torchvision's `IMAGENET1K_V1`.
"""


def resnet18_digits() -> nn.Module:
    """Return an untrained ResNet18 with a 10-way `fc`: `(N, 3, 224, 224)` → logits `(N, 10)`."""
    return ResNet18(10)


def mobilenet_v3_small_digits() -> nn.Module:
    """Return an untrained MobileNetV3-small with a 10-way last layer: `(N, 3, 224, 224)` → logits `(N, 10)`."""
    from torchvision.models import mobilenet_v3_small  # here, for the import takes more than a second

    model: nn.Module = mobilenet_v3_small(weights=None)
    model.set_submodule("classifier.3", nn.Linear(1024, 10))
    return model


def head(model: nn.Module) -> nn.Linear:
    """Return the last linear layer of a model, the one that a transfer replaces and trains."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


def resize_head(model: nn.Module, classes: int) -> None:
    """Replace the head by a fresh one if it does not answer so many classes."""
    if head(model).out_features != classes:
        replace_head(model, classes)


def replace_head(model: nn.Module, classes: int) -> None:
    """Replace the head by a fresh one, with random weights from torch's global generator."""
    old = head(model)
    path = next(path for path, module in model.named_modules() if module is old)
    model.set_submodule(path, nn.Linear(old.in_features, classes, bias=old.bias is not None))


def classes_in(model: nn.Module, state: Mapping[str, Tensor]) -> int:
    """Return how many classes the head has in a model's state; the model's own number if the state has no such head."""
    own = head(model)
    path = next(path for path, module in model.named_modules() if module is own)
    weight = state.get(f"{path}.weight")
    return own.out_features if weight is None or weight.shape[1:] != own.weight.shape[1:] else len(weight)


def freeze_backbone(model: nn.Module) -> None:
    """Leave only the head's parameters to be trained."""
    model.requires_grad_(False)
    head(model).requires_grad_(True)


def backbone_weights(
    name: str, data_dir: str | Path | None = None, *, download: Download | None = None
) -> dict[str, Tensor]:
    """Return torchvision's ImageNet weights of a backbone, without those of its 1000-way head.

    Args:
        name: "resnet18" or "mobilenet_v3_small".
        data_dir: folder that holds torchvision's file, or receives it; torch's download cache by default.
        download: what fetches it, to be watched or cancelled.

    Raises:
        FileNotFoundError: the file is not there and could not be fetched; the message names the options.
        ValueError: the file does not have the checksum in its name.
    """
    file = weights_file(name, data_dir)
    if not file.exists():
        _fetch(name, IMAGENET[name], file, download or Download())
    expected = file.stem.rsplit("-", 1)[-1]
    found = hashlib.sha256(file.read_bytes()).hexdigest()[: len(expected)]
    if found != expected:
        raise ValueError(f"{file} has SHA-256 {found}…, expected {expected}…: delete it, or fetch it anew")
    state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    last = next(reversed(state)).rsplit(".", 1)[0] + "."
    return {key: value for key, value in state.items() if not key.startswith(last)}


def weights_file(name: str, data_dir: str | Path | None = None) -> Path:
    """Return where torchvision's ImageNet weights of a backbone are, or would be put."""
    folder = Path(torch.hub.get_dir()) / "checkpoints" if data_dir is None else Path(data_dir).expanduser()
    return folder / IMAGENET[name].rsplit("/", 1)[-1]


def _fetch(name: str, url: str, file: Path, download: Download) -> None:
    try:
        download.fetch(url, file, sha256=file.stem.rsplit("-", 1)[-1])
    except OSError as error:
        raise keyed(
            FileNotFoundError(
                f"the ImageNet weights of {name} are not at {file} and could not be fetched ({error}). Either connect "
                f"to the internet once, or put {file.name} (from torchvision) into a folder and pass it as --data-dir, "
                f"or load the model with pretrained=False, which starts from random weights."
            ),
            "told.imagenet.gone",
            name=name,
        ) from error
