"""What the Train page shows of runs: lists, events, filters and pictures as they cross to the browser."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from core import models
from core.data.augmentation import Augmentation
from core.data.sets import CLASSES, present
from core.told import keyed
from core.training.config import GENTLE, STRONG
from core.training.folder import write_atomically
from core.training.runs import Runs
from core.training.settings import SOURCES
from explorer.wire.numbers import grey_codes, in_base64
from explorer.wire.requests import CLASS, STROKES, Fields, checked
from explorer.wire.trace import encode_maps

__all__ = ["KEPT_DRAWINGS", "choices", "filters", "pictures", "save_drawings"]

KEPT_DRAWINGS = ".drawings"
"""Folder, among the runs, of the drawings that runs were started with."""

MOST_FILTERS = 64
"""Filters that are shown of a layer."""

MOST_DRAWINGS = 2000

LABELLED: Fields = {"label": CLASS, "strokes": STROKES}

DISTORTIONS = {"none": Augmentation(), "gentle": GENTLE, "strong": STRONG}
"""How far pictures are distorted, in words."""


def choices(data_dir: Path | None) -> dict[str, Any]:
    """Return what the form offers: models with their titles, sources of pictures, distortions.

    Data sets besides MNIST are offered where they are in the folder of data sets (the user's cache by default); `mnist`
    says whether that one is.
    """
    return {
        "models": [{"name": name, "title": models.card(name).title} for name in models.names()],
        "sources": [name for name in SOURCES if name == "mnist" or name not in CLASSES or present(name, data_dir)],
        "mnist": present("mnist", data_dir),
        "distortions": {name: asdict(distortion) for name, distortion in DISTORTIONS.items()},
    }


def filters(model: nn.Module) -> dict[str, Any]:
    """Return the kernels of the first convolution, of each the first input channel, as codes.

    The answer has its `path`, their `shape` (count, rows, columns), and how many input `channels` there are; the shape
    is empty for a model without a convolution.
    """
    found = [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Conv2d)]
    if not found:
        return {"path": "", "shape": [], "channels": 0, "scales": "", "data": ""}
    path, layer = found[0]
    kernels = layer.weight.detach()[:MOST_FILTERS, 0].float()
    shape = {"path": path, "shape": list(kernels.shape), "channels": layer.weight.shape[1]}
    return {**shape, **encode_maps(kernels.flatten(1))}


def pictures(runs: Runs, name: str, indices: list[int]) -> list[dict[str, Any]]:
    """Return held-back pictures as grey bytes, 0 black, with their labels."""
    return [_grey(*runs.picture(name, index)) for index in indices]


def save_drawings(folder: Path, drawings: Any) -> Path:
    """Write labelled drawings to a file that a run can read; return the file.

    Args:
        folder: of the runs.
        drawings: a list of `{"label": int, "strokes": [[[x, y], …], …]}`, coordinates in pads.

    Raises:
        ValueError: that is not what they are.
        OSError: the folder cannot be written.
    """
    if not isinstance(drawings, list) or not 0 < len(drawings) <= MOST_DRAWINGS:
        count = len(drawings) if isinstance(drawings, list) else type(drawings).__name__
        raise keyed(
            ValueError(f"expected 1 to {MOST_DRAWINGS} labelled drawings, got {count}"),
            "told.drawings.count",
            most=MOST_DRAWINGS,
            count=str(count),
        )
    for number, drawing in enumerate(drawings, 1):
        fits = isinstance(drawing, dict) and type(drawing.get("label")) is int and drawing.get("strokes")
        if not fits or not isinstance(drawing["strokes"], list):
            raise ValueError(f"drawing {number} of {len(drawings)} has no label or no strokes")
        checked(drawing, LABELLED)
    kept = folder / KEPT_DRAWINGS
    kept.mkdir(parents=True, exist_ok=True)
    file = kept / f"{time.time_ns()}.json"
    write_atomically(file, json.dumps(drawings))
    return file


def _grey(picture: Tensor, label: int) -> dict[str, Any]:
    codes = grey_codes(picture.mean(0))
    height, width = codes.shape
    return {"label": label, "width": width, "height": height, "data": in_base64(codes)}
