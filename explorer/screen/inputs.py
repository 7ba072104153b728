"""What a request shows the network: a drawing, a test picture of MNIST or a picture file, and how it is perturbed.

Besides the drawing's `strokes`, `brush` and `centred`, a request may carry

    "source": {"digit": 42}                                     the 43rd picture of MNIST's test set, as it is
    "source": {"width": 120, "height": 80, "data": "…"}         grey bytes in base64, row by row, 0 black
    "perturbation": {"rotation": 15, "noise": 0.1, "seed": 3}   see `core.data.perturbation`; units there
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.data import mnist
from core.data.perturbation import Perturbation, perturb
from core.data.photo import Scan, preprocess_scan, preprocessed_already, scan
from core.data.strokes import Preprocessed, preprocess
from core.told import keyed
from explorer.wire.requests import PAD

__all__ = ["LONGEST", "Input", "Inputs"]

LONGEST = 140
"""Longest side of a picture that a request may carry, pixels: five times the network's."""


@dataclass(frozen=True)
class Input:
    """One input: where it comes from, the stages of its preprocessing, and the perturbed picture.

    Attributes:
        stages: up to the picture before the perturbation.
        picture: `(28, 28)` what the network is asked about, intensity in [0, 1].
        perturbation: what was done to it.
        digit: index in MNIST's test set and label, for a test picture.
        scanned: paper and ink told apart, for a picture file.
    """

    stages: Preprocessed
    picture: Tensor
    perturbation: Perturbation
    digit: tuple[int, int] | None = None
    scanned: Scan | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing on the pad."""
        return self.stages.empty


class Inputs:
    """Reads the inputs that requests describe; MNIST's test set is loaded when first asked for."""

    def __init__(self, data_dir: Path | None = None):
        self.data_dir = data_dir
        self._test_set: mnist.Pictures | None = None
        self._lock = Lock()

    def read(self, asked: Mapping[str, Any]) -> Input:
        """Return the input of a request.

        Raises:
            ValueError: the source or the perturbation is not understood, or the drawing refused.
            FileNotFoundError: a test picture is wanted and MNIST is not on this machine.
        """
        source, amounts = asked.get("source"), asked.get("perturbation") or {}
        if not isinstance(amounts, dict):
            raise ValueError(f"perturbation is {str(amounts)[:60]}, expected amounts by name")
        perturbation = Perturbation.of(amounts)
        digit = scanned = None
        if source is None:
            stages = preprocess(asked["strokes"], pen=asked["brush"], pad=PAD, centred=asked["centred"])
        elif isinstance(source, dict) and "digit" in source:
            picture, label = self.digit(source["digit"])
            digit, stages = (source["digit"], label), preprocessed_already(picture)
        elif isinstance(source, dict) and {"width", "height", "data"} <= source.keys():
            scanned = scan(_grey(source))
            stages = preprocess_scan(scanned, centred=asked["centred"])
        else:
            raise ValueError(f"source is {str(source)[:60]}, expected null, a digit, or width, height and data")
        return Input(stages, perturb(stages.picture, perturbation), perturbation, digit, scanned)

    def digit(self, index: Any) -> tuple[Tensor, int]:
        """Return a test picture, `(28, 28)`, intensity in [0, 1], and its label.

        Raises:
            ValueError: there is no such picture.
            FileNotFoundError: MNIST is not on this machine.
        """
        digits = self.test_set()
        if type(index) is not int or not 0 <= index < len(digits):
            raise keyed(
                ValueError(f"there is no test picture {index!r}; MNIST has 0 to {len(digits) - 1}"),
                "told.digit",
                index=str(index),
                last=len(digits) - 1,
            )
        return digits.pictures[index, 0].float() / 255, int(digits.labels[index])

    def test_set(self, *, download: bool = False) -> mnist.Pictures:
        """Return MNIST's test pictures.

        Raises:
            FileNotFoundError: they are not on this machine (and could not be fetched); the message names the options.
            ValueError: the files are damaged.
        """
        with self._lock:
            if self._test_set is None:
                self._test_set = mnist.load("test", self.data_dir, download=download)
            return self._test_set


def _grey(source: Mapping[str, Any]) -> Tensor:
    """Return the pixels of a picture that travelled in a request, `(H, W)`, intensity in [0, 1]."""
    width, height = source["width"], source["height"]
    if not all(type(side) is int and 4 <= side <= LONGEST for side in (width, height)):
        raise keyed(
            ValueError(f"the picture is {width!r} × {height!r} pixels, expected 4 to {LONGEST} each way"),
            "told.picture.size",
            width=str(width),
            height=str(height),
            most=LONGEST,
        )
    try:
        codes = np.frombuffer(base64.b64decode(source["data"], validate=True), np.uint8)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("the picture's data is no base64") from None
    if codes.size != width * height:
        raise ValueError(f"the picture has {codes.size} bytes, expected {width} × {height} = {width * height}")
    return torch.from_numpy(codes.reshape(height, width).astype(np.float32) / 255)
