"""A model trained by its recipe, its weights and its card: how the shipped ones were made."""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core import models
from core.data import mnist
from core.data.mnist import Pictures
from core.device import choose_device
from core.evaluate import evaluate, load_strokes
from core.models.transfer import head
from core.training.calibration import fold_temperature, temperature, unsure_below
from core.training.config import RECIPES, Config
from core.training.folder import write_atomically
from core.training.loop import EpochDone, Event, logits, train
from core.training.memory import keep_freed_memory
from core.training.pictures import training_pictures

__all__ = ["average", "calibrate", "publish", "train_by_recipe"]

UNSURE_SHARE = 0.01
"""Share of held-out digits that the threshold calls unsure."""


def train_by_recipe(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Train a model by its recipe and write its weights and its card; return the exit status."""
    try:
        device = choose_device(options.device)
        config = _config(options)
        calibration = _calibration(options)
        torch.manual_seed(config.seed)
        model = models.load(options.model, device=device, pretrained=False, weights=options.start)
        if options.average and not options.start:
            raise ValueError("average is the mean of a start's weights and the trained ones: it needs start")
        before = deepcopy(model.state_dict())
        digits = mnist.load("train", options.data_dir)
        test = mnist.load("test", options.data_dir)
        strokes = load_strokes(options.strokes) if options.strokes else None
        if options.limit:
            digits = digits[: options.limit]
        sha256, held_out = digits.sha256(), None
        if options.held_out:
            digits, held_out = mnist.split(digits, options.held_out, seed=config.seed)
    except (ValueError, FileNotFoundError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")

    keep_freed_memory()
    card = models.card(options.model)
    start = time.perf_counter()
    for event in train(model, training_pictures(digits, config), config, prepare=card.prepare, validation=held_out):
        _tell(event)
    recipe = {
        "command": _command(options),
        "start": _recipe_of(options.start),
        "config": asdict(config),
        "training_digits": len(digits),
        "training_sha256": sha256,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "seconds": round(time.perf_counter() - start, 1),
    }
    if held_out is not None:
        calibration = calibrate(logits(model, held_out.pictures, card.prepare).cpu(), held_out.labels)
        calibration["command"] = recipe["command"]
    judged = test if held_out is None else held_out
    fold_temperature(head(model), calibration["temperature"])
    if options.average:
        average(model, before)
    figures = publish(Path(options.out), model, card, recipe, calibration, judged, strokes)
    print(json.dumps({key: value for key, value in figures.items() if not key.endswith("per_class")}))
    return 0


def calibrate(output: Tensor, labels: Tensor) -> dict[str, Any]:
    """Return the `temperature` and the `unsure_below` of logits of held-out digits."""
    value = temperature(output, labels)
    confidence = torch.softmax(output.double() / value, dim=1).max(1).values
    return {"temperature": value, "unsure_below": unsure_below(confidence, UNSURE_SHARE)}


def average(model: nn.Module, before: Mapping[str, Tensor]) -> None:
    """Give a model the mean of its weights and those that its training went on from.

    Source: M. Wortsman et al. (2022), *Robust fine-tuning of zero-shot models*.
    """
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.lerp_(before[name], 0.5)


def publish(
    out: Path,
    model: nn.Module,
    card: models.Card,
    recipe: Mapping[str, Any],
    calibration: Mapping[str, Any],
    judged: Pictures,
    strokes: Pictures | None,
) -> dict[str, Any]:
    """Write a model's weights and its card, and return what it reaches.

    Each file appears whole or not at all.

    Args:
        out: folder for both files.
        model: trained and calibrated.
        card: of the model.
        recipe: how it was trained.
        calibration: `temperature` and `unsure_below`.
        judged: the digits that its figures are measured on.
        strokes: pen strokes to report on.
    """
    figures = evaluate(model, replace(card, unsure_below=calibration["unsure_below"]), judged, strokes)
    models.save_weights(model, out / f"{card.name}.safetensors")
    text = json.dumps(
        {
            "unsure_below": calibration["unsure_below"],
            "recipe": {**recipe, "calibration": calibration},
            "figures": figures,
        },
        indent=2,
    )
    write_atomically(out / f"{card.name}.json", text + "\n")
    return figures


def _tell(event: Event) -> None:
    """Print a line for an epoch, and on a terminal a passing one for every twentieth batch."""
    if isinstance(event, EpochDone):
        held_out = "" if event.validation_accuracy is None else f", held out {event.validation_accuracy:.2%}"
        print(
            f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}, distorted digits {event.accuracy:.2%}"
            f"{held_out}, {event.seconds:.0f} s",
            flush=True,
        )
    elif event.batch % 20 == 0 and sys.stderr.isatty():
        print(f"  {event.batch}/{event.batches} loss {event.loss:.4f}", end="\r", file=sys.stderr, flush=True)


def _command(options: argparse.Namespace) -> str:
    """Return the command line without this machine's folders."""
    settings = ("held_out", "epochs", "learning_rate", "seed", "limit", "drawn", "negatives")
    words = ["python -m core.train", options.model, "--data-dir DIR --out DIR"]
    words += [f"--{key.replace('_', '-')} {getattr(options, key)}" for key in settings if getattr(options, key)]
    words += [f"--{key} FILE" for key in ("start", "calibration") if getattr(options, key)]
    words += ["--average"] if options.average else []
    return " ".join(words)


def _recipe_of(weights: str | None) -> dict[str, Any] | None:
    """Return the recipe in the card beside weights that a run goes on from."""
    if weights is None or not Path(weights).with_suffix(".json").exists():
        return None
    recipe: dict[str, Any] = json.loads(Path(weights).with_suffix(".json").read_text(encoding="utf-8"))["recipe"]
    return recipe


def _config(options: argparse.Namespace) -> Config:
    given = {key: getattr(options, key) for key in ("epochs", "learning_rate", "seed", "drawn", "negatives")}
    return replace(RECIPES[options.model], **{key: value for key, value in given.items() if value is not None})


def _calibration(options: argparse.Namespace) -> dict[str, Any]:
    """Return the calibration in another run's card; without one, a neutral one."""
    if options.calibration is None:
        return {"temperature": 1.0, "unsure_below": 0.5}
    file = Path(options.calibration)
    if not file.is_file():
        raise FileNotFoundError(f"there is no card at {file}")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["recipe"]["calibration"]
        numbers = {key: float(found[key]) for key in ("temperature", "unsure_below")}
        return numbers | {"command": str(found.get("command", ""))}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is no card of a training run: {error!r}") from error
