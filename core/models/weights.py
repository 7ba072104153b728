"""Weights as safetensors files: written atomically, and read only if they are exactly the model's."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor, nn

from core.files import patiently, replace_file
from core.told import keyed

__all__ = ["load_weights", "match_weights", "read_metadata", "read_weights", "save_tensors", "save_weights"]


def save_weights(model: nn.Module, file: Path) -> None:
    """Write a model's parameters and buffers; a reader sees the whole new file or the old one."""
    save_tensors(model.state_dict(), file)


def save_tensors(tensors: Mapping[str, Tensor], file: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file; a reader sees the whole new file or the old one.

    Raises:
        OSError: it cannot be written, for want of room or of permission; what was there is kept.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    state = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    try:
        partial.write_bytes(safetensors.torch.save(state, dict(metadata or {})))
        replace_file(partial, file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def load_weights(model: nn.Module, file: str | Path) -> None:
    """Load a safetensors file into a model.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file, or its tensors are not the model's; the message lists the differences.
    """
    state = read_weights(file)
    match_weights(model, state, str(file))
    model.load_state_dict(state)


def read_weights(file: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on the CPU, in memory of their own: the file may be replaced.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file.
    """
    file = Path(file)
    if not file.is_file():
        raise keyed(FileNotFoundError(f"there are no weights at {file}"), "told.weights.gone", file=file.name)
    try:
        return dict(safetensors.torch.load(patiently(file.read_bytes)))
    except safetensors.SafetensorError as error:
        raise ValueError(f"{file} is no safetensors file, or it is damaged: {error}") from error


def read_metadata(file: str | Path, name: str) -> Any:
    """Return the JSON that a safetensors file carries under a name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file, or carries no such JSON.
    """
    file = Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"there are no weights at {file}")
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            return json.loads((opened.metadata() or {})[name])
    except (safetensors.SafetensorError, KeyError, ValueError, RecursionError) as error:
        raise ValueError(f"{file} is damaged: it carries no {name} ({error})") from error


def match_weights(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Check that tensors are exactly a model's.

    Raises:
        ValueError: tensors are missing, unexpected, or of another shape or type; the message lists them.
    """
    expected = model.state_dict()
    complaints = {
        "missing": [key for key in expected if key not in state],
        "unexpected": [key for key in state if key not in expected],
        "of another shape": [
            f"{key} {tuple(state[key].shape)} instead of {tuple(value.shape)}"
            for key, value in expected.items()
            if key in state and state[key].shape != value.shape
        ],
        "of another type": [
            f"{key} {state[key].dtype} instead of {value.dtype}"
            for key, value in expected.items()
            if key in state and state[key].dtype != value.dtype
        ],
    }
    found = [f"{len(keys)} {what}: {', '.join(keys)}" for what, keys in complaints.items() if keys]
    if found:
        raise ValueError(f"{source} does not hold the weights of {type(model).__name__}: " + "; ".join(found))
