"""`python -m core.evaluate --model NAME --mnist DIR [--strokes FILE]`: one JSON object of what a model reaches."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core import models
from core.data import mnist, negatives
from core.data.mnist import Pictures
from core.data.strokes import preprocess
from core.device import choose_device
from core.training.calibration import expected_calibration_error
from core.training.loop import logits

__all__ = ["evaluate", "load_strokes", "main", "stroke_labels"]

NEGATIVES_OF_A_KIND = 500


def evaluate(
    model: nn.Module, card: models.Card, pictures: Pictures, strokes: Pictures | None = None, *, seed: int = 1
) -> dict[str, Any]:
    """Return what a model reaches, as plain numbers (shares from 0 to 1).

    `parameters`, `mnist_accuracy`, `expected_calibration_error`, `mnist_per_class`, `unsure_below`, `unsure` (the share
    of MNIST's digits, of the strokes and of each held-out kind of no-digits that is called unsure), `n`, and
    `strokes_accuracy`, `strokes_per_class` if there are strokes.

    Args:
        model: in evaluation mode.
        card: its card.
        pictures: labelled digits, MNIST's test set.
        strokes: labelled digits from pen strokes.
        seed: of the pictures that are no digits.
    """

    def probabilities(batch: Tensor) -> Tensor:
        return torch.softmax(logits(model, batch, card.prepare).double(), dim=1).cpu()

    def unsure(p: Tensor) -> float:
        return float((p.max(1).values < card.unsure_below).double().mean())

    p = probabilities(pictures.pictures)
    report: dict[str, Any] = {
        "model": card.name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "mnist_accuracy": _accuracy(p, pictures.labels),
        "expected_calibration_error": expected_calibration_error(p, pictures.labels),
        "mnist_per_class": _per_class(p, pictures.labels, card.classes),
        "unsure_below": card.unsure_below,
        "unsure": {"mnist": unsure(p)},
        "n": {"mnist": len(pictures)},
    }
    if strokes is not None:
        p = probabilities(strokes.pictures)
        report["strokes_accuracy"] = _accuracy(p, strokes.labels)
        report["strokes_per_class"] = _per_class(p, strokes.labels, card.classes)
        report["unsure"]["strokes"] = unsure(p)
        report["n"]["strokes"] = len(strokes)
    for kind in negatives.HELD_OUT:
        drawn = negatives.negatives(NEGATIVES_OF_A_KIND, [kind], seed=seed)
        report["unsure"][kind] = unsure(probabilities(drawn))
        report["n"][kind] = len(drawn)
    return report


def load_strokes(file: str | Path) -> Pictures:
    """Return pen strokes from a JSON list of `{"label": …, "strokes": …}`, preprocessed as on the pad.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such list, or strokes in it are malformed; the message names the entry.
    """
    pictures, labels = [], []
    for index, (label, strokes) in enumerate(_labelled(Path(file))):
        try:
            pictures.append(preprocess(strokes).picture)
        except ValueError as error:
            raise ValueError(f"{file}, entry {index}: {error}") from error
        labels.append(label)
    return Pictures(torch.stack(pictures).mul(255).round().to(torch.uint8).unsqueeze(1), torch.tensor(labels))


def stroke_labels(file: str | Path) -> list[int]:
    """Return the labels of such a list; its strokes are not looked at.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such list.
    """
    return [label for label, _ in _labelled(Path(file))]


def _labelled(file: Path) -> list[tuple[int, Any]]:
    if not file.is_file():
        raise FileNotFoundError(f"there are no strokes at {file}")
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        labelled = [(int(entry["label"]), entry["strokes"]) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{file} is no JSON list of {{"label": …, "strokes": …}}: {error!r}') from error
    if not labelled:
        raise ValueError(f"{file} holds no digits")
    return labelled


def _accuracy(p: Tensor, labels: Tensor) -> float:
    return float((p.argmax(1) == labels).double().mean())


def _per_class(p: Tensor, labels: Tensor, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return, for each class, how many there are, how many are found (recall) and how many answers are right."""
    answers = p.argmax(1)
    figures = {}
    for index, name in enumerate(classes):
        truly, said = labels == index, answers == index
        both = int((truly & said).sum())
        figures[name] = {
            "n": int(truly.sum()),
            "recall": both / max(int(truly.sum()), 1),
            "precision": both / max(int(said.sum()), 1),
        }
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of a model as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m core.evaluate", description=main.__doc__)
    parser.add_argument("--model", required=True, help=f"one of {', '.join(models.names())}")
    parser.add_argument("--mnist", metavar="DIR", help="folder with MNIST in torchvision's layout")
    parser.add_argument("--strokes", metavar="FILE", help="JSON list of labelled digits as pen strokes")
    parser.add_argument("--weights", metavar="FILE", help="safetensors file instead of the shipped weights")
    parser.add_argument("--data-dir", metavar="DIR", help="folder of torchvision's ImageNet weights")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:INDEX")
    options = parser.parse_args(arguments)
    try:
        device = choose_device(options.device)
        card = models.card(options.model)
        model = models.load(options.model, device=device, weights=options.weights, data_dir=options.data_dir)
        pictures = mnist.load("test", options.mnist)
        strokes = load_strokes(options.strokes) if options.strokes else None
    except (ValueError, FileNotFoundError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    json.dump(evaluate(model, card, pictures, strokes), sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
