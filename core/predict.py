"""`python -m core.predict image.png …`: what a model says of pictures.

A picture of a digit, dark on light or light on dark, is scanned, scaled and centred as the drawing pad does it; for a
model that was trained on a folder of pictures its middle is cut out, as there. A picture that cannot be read is named,
and the others are asked about all the same; the exit status is then 1.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import UnidentifiedImageError
from torch import Tensor, nn

from core import models
from core.data.photo import preprocess_scan, scan
from core.data.picture import fitted, open_picture, pixels
from core.models import Card
from core.training.runs import Runs

__all__ = ["Prediction", "main", "picture_of", "predict"]

SHOWN = 3
"""Classes that are printed for a picture."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of a picture.

    Attributes:
        answer: the most likely class.
        probabilities: of every class, the most likely first.
        unsure: whether the greatest one is below the card's `unsure_below`.
    """

    answer: str
    probabilities: dict[str, float]
    unsure: bool


def picture_of(file: str | Path, card: Card, *, as_it_is: bool = False) -> Tensor:
    """Return a picture file as a model was trained to see it: `(1, C, H, W)`, intensity in [0, 1].

    Args:
        file: any format that Pillow reads.
        card: of the model.
        as_it_is: do not look for the digit: the picture is light ink on black already, centred as MNIST's.

    Raises:
        OSError: there is no such file, or it is no picture.
        ValueError: there is no ink on it, or it is too large.
    """
    if card.takes == "pictures":
        colours = open_picture(file, channels=card.channels)
        return fitted(colours, *card.input_shape[-2:])[None].float() / 255
    grey = pixels(open_picture(file, channels=1))[0].float() / 255
    return (grey if as_it_is else preprocess_scan(scan(grey)).picture)[None, None]


@torch.no_grad()
def predict(model: nn.Module, card: Card, picture: Tensor) -> Prediction:
    """Return what a model, in evaluation mode, says of a picture `(1, C, H, W)`, intensity in [0, 1]."""
    p = torch.softmax(model(card.prepare(picture))[0].double(), 0)
    order = p.argsort(descending=True).tolist()
    probabilities = {card.classes[k]: float(p[k]) for k in order}
    return Prediction(card.classes[order[0]], probabilities, float(p[order[0]]) < card.unsure_below)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a model says of pictures."""
    parser = argparse.ArgumentParser(
        prog="python -m core.predict", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="+", metavar="PICTURE")
    parser.add_argument("--model", default="recommended", help=f"one of {', '.join(models.names())}")
    parser.add_argument("--weights", metavar="FILE", help="safetensors file instead of the shipped weights")
    parser.add_argument("--run", metavar="DIR", help="run folder, whose last weights are asked")
    parser.add_argument("--as-it-is", action="store_true", help="the pictures look like MNIST's already")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with every probability")
    options = parser.parse_args(arguments)
    try:
        model, card = _asked(options)
    except (ValueError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    failed = 0
    for file in options.pictures:
        try:
            picture = picture_of(file, card, as_it_is=options.as_it_is)
        except (ValueError, OSError, SyntaxError) as error:
            failed += 1
            print(f"{parser.prog}: {file}: {_reason(error)}", file=sys.stderr)
            continue
        print(_line(file, predict(model, card, picture), as_json=options.json))
    return 1 if failed else 0


def _asked(options: argparse.Namespace) -> tuple[nn.Module, Card]:
    if options.run is not None:
        run = Path(options.run)
        return Runs(run.parent).model(run.name)
    model = models.load(options.model, weights=options.weights)
    known = models.card(options.model, None if options.weights is None else Path(options.weights).parent)
    return model, known


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "is no picture"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _line(file: str, found: Prediction, *, as_json: bool) -> str:
    if as_json:
        told = {"picture": file, "answer": found.answer, "unsure": found.unsure, "probabilities": found.probabilities}
        return json.dumps(told, ensure_ascii=False)
    words = ", ".join(f"{name} {p:.1%}" for name, p in list(found.probabilities.items())[:SHOWN])
    return f"{file}: {words}" + (" (unsure)" if found.unsure else "")


if __name__ == "__main__":
    sys.exit(main())
