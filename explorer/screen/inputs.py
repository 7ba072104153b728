"""What a request shows the network, as its model takes it: a drawing, a picture, or its example; how it is perturbed.

Besides the drawing's `strokes`, `brush` and `centred`, a request may carry

    "source": {"digit": 42}                                     the 43rd picture of MNIST's test set, as it is
    "source": {"run": "mine", "picture": 7}                     the 8th picture that a run holds back
    "source": {"width": 120, "height": 80, "data": "…"}         bytes in base64, row by row, 0 black: one for each pixel
                                                                of a grey picture, three (red, green, blue) in colours
    "source": "example"                                         the model's example, whatever was drawn
    "perturbation": {"rotation": 15, "noise": 0.1, "seed": 3}   see `core.data.perturbation`; units there

A model of ink gets pictures scanned for ink, 28×28; a model of pictures the middle of them, as large as it takes
them, and with a `preprocess` of its own the whole.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from core.data import mnist
from core.data.perturbation import Perturbation, perturb
from core.data.photo import Scan, preprocess_scan, preprocessed_already, scan
from core.data.picture import fitted, middle, pixels
from core.data.strokes import Preprocessed, preprocess
from core.models import Card
from core.models.cards import taken
from core.told import keyed
from core.training.runs import Runs
from explorer.models.library import Explored
from explorer.wire.requests import PAD

__all__ = ["INK", "LONGEST", "Cut", "Held", "Input", "Inputs"]

LONGEST = 384
"""Longest side of a picture that a request may carry, pixels."""

SHORTEST = 4

INK = Card("", "", "")
"""What drawings are prepared for where no model is named."""


@dataclass(frozen=True)
class Cut:
    """A picture, and the part of it that a model of pictures is shown.

    Attributes:
        whole: `(C, H, W)`, intensity in [0, 1].
        box: `(left, top, right, bottom)` of the part, in shares of the whole; None where `preprocess` chooses it.
        picture: the part as large as the model takes it, `(C, h, w)`; the whole where `preprocess` chooses.
    """

    whole: Tensor
    box: tuple[float, float, float, float] | None
    picture: Tensor

    empty = False

    @classmethod
    def of(cls, picture: Image.Image, card: Card) -> "Cut":
        """Return what a model of pictures is shown of one."""
        right = picture.convert("L" if card.channels == 1 else "RGB")
        whole = pixels(right).float() / 255
        if card.preprocess is not None:
            return cls(whole, None, whole)
        height, width = card.input_shape[-2:]
        box = middle(*right.size, width / height)
        return cls(whole, box, fitted(right, height, width).float() / 255)


@dataclass(frozen=True)
class Held:
    """A picture that a run holds back: the run, its index there, and its class."""

    run: str
    index: int
    label: int


@dataclass(frozen=True)
class Input:
    """One input: where it comes from, the stages of its preprocessing, and the perturbed picture.

    Attributes:
        stages: up to the picture before the perturbation.
        picture: what the model's input is prepared from, `(28, 28)` of ink or `(C, H, W)`, intensity in [0, 1].
        perturbation: what was done to it.
        digit: index in MNIST's test set and label, for a test picture.
        held: for a picture that a run holds back.
        scanned: paper and ink told apart, for a picture that a model of ink is shown.
    """

    stages: Preprocessed | Cut
    picture: Tensor
    perturbation: Perturbation
    digit: tuple[int, int] | None = None
    held: Held | None = None
    scanned: Scan | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be shown."""
        return self.stages.empty

    def shown_to(self, explored: Explored) -> Tensor:
        """Return the picture that a model is asked about; a blank one where its example stands for nothing."""
        return explored.blank() if self.empty and explored.example is not None else self.picture


class Inputs:
    """Reads the inputs that requests describe; MNIST's test set is loaded when first asked for."""

    def __init__(self, data_dir: str | Path | None = None, runs_dir: str | Path | None = None):
        self.data_dir = data_dir
        self.runs_dir = runs_dir
        self._test_set: mnist.Pictures | None = None
        self._lock = Lock()

    def read(self, asked: Mapping[str, Any], card: Card = INK) -> Input:
        """Return the input of a request for the model of a card.

        Raises:
            ValueError: the source or the perturbation is not understood, or the drawing refused.
            FileNotFoundError: MNIST is not on this machine, or the run holds no pictures back.
        """
        source, amounts = asked.get("source"), asked.get("perturbation") or {}
        if not isinstance(amounts, dict):
            raise ValueError(f"perturbation is {str(amounts)[:60]}, expected amounts by name")
        perturbation = Perturbation.of(amounts)
        digit = held = scanned = None
        stages: Preprocessed | Cut
        keys = set(source) if isinstance(source, dict) else set()
        if source is None or source == "example":
            strokes = asked["strokes"] if source is None else []
            stages = preprocess(strokes, pen=asked["brush"], pad=PAD, centred=asked["centred"])
        elif "digit" in keys:
            picture, label = self.digit(source["digit"])
            digit, stages = (source["digit"], label), preprocessed_already(picture)
        elif {"run", "picture"} <= keys:
            found, held, of_ink = self._held_back(source)
            ready = (preprocessed_already(found[0]), None) if of_ink else None
            stages, scanned = ready or _shown(_image(found), asked, card)
        elif {"width", "height", "data"} <= keys:
            stages, scanned = _shown(_sent(source), asked, card)
        else:
            raise ValueError(
                f"source is {str(source)[:60]}, expected null, 'example', a digit, a run's picture, "
                "or width, height and data"
            )
        return Input(stages, perturb(stages.picture, perturbation), perturbation, digit, held, scanned)

    def _held_back(self, source: Mapping[str, Any]) -> tuple[Tensor, Held, bool]:
        """Return a picture that a run holds back, `(C, H, W)`, which it is, and whether it is ink already."""
        run, index = source["run"], source["picture"]
        if self.runs_dir is None or not isinstance(run, str) or type(index) is not int:
            raise ValueError(f"there is no held-back picture {str(index)[:20]} of a run {str(run)[:60]!r}")
        runs = Runs(self.runs_dir)
        picture, label = runs.picture(run, index)
        return picture, Held(run, index, label), taken(runs.config(run).json()) == "ink"

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


def _shown(picture: Image.Image, asked: Mapping[str, Any], card: Card) -> tuple[Preprocessed | Cut, Scan | None]:
    """Return what a model is shown of a picture."""
    if card.takes == "pictures":
        return Cut.of(picture, card), None
    scanned = scan(pixels(picture.convert("L"))[0].float() / 255)
    return preprocess_scan(scanned, centred=asked["centred"]), scanned


def _image(picture: Tensor) -> Image.Image:
    """Return a picture `(C, H, W)`, intensity in [0, 1], in bytes."""
    codes = (picture * 255 + 0.5).clamp(0, 255).byte().movedim(0, 2).numpy()
    return Image.fromarray(codes[..., 0] if codes.shape[-1] == 1 else codes)


def _sent(source: Mapping[str, Any]) -> Image.Image:
    """Return the picture that travelled in a request, grey or in colours."""
    width, height = source["width"], source["height"]
    if not all(type(side) is int and SHORTEST <= side <= LONGEST for side in (width, height)):
        raise keyed(
            ValueError(f"the picture is {width!r} × {height!r} pixels, expected {SHORTEST} to {LONGEST} each way"),
            "told.picture.size",
            width=str(width),
            height=str(height),
            most=LONGEST,
        )
    try:
        codes = np.frombuffer(base64.b64decode(source["data"], validate=True), np.uint8)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("the picture's data is no base64") from None
    if codes.size not in (width * height, 3 * width * height):
        raise ValueError(
            f"the picture has {codes.size} bytes, expected {width} × {height} = {width * height}, or 3 a pixel"
        )
    return Image.fromarray(codes.reshape((height, width) if codes.size == width * height else (height, width, 3)))
