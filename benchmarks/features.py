"""How much faster the epochs of a frozen body's head are on features that were computed once.

`python -m benchmarks.features [--data-dir DIR] [--json FILE] [--quick] [--threads N]`

The reference is the usual transfer loop: every epoch forwards every picture through the frozen body. Ours is what a run
does (`core.training.features`): the body sees each picture once, and the epochs train the head on what it answered.
Both train ResNet18's head from the same random weights, on MNIST digits of 64×64 in the same order; an epoch of one is
followed by an epoch of the other.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core import models
from core.data import drawn, mnist
from core.data.mnist import Pictures
from core.models.transfer import head
from core.speed.timing import machine, write_json
from core.training.config import Config
from core.training.features import features
from core.training.loop import EpochDone, Prepare, Training, logits
from core.training.memory import keep_freed_memory
from core.training.parts import HEAD, select

THREADS = 2
MODEL = "resnet18"
SIDE = 64
PICTURES = 600
RECIPE = Config(epochs=6, batch_size=32, optimiser="adam", learning_rate=1e-3, trained=(HEAD,))


def measure(digits: Pictures, test: Pictures, config: Config) -> dict[str, Any]:
    """Return both loops' seconds and accuracies, and whether the frozen weights have the bits they had."""
    card = models.card(MODEL)
    prepare = replace(card, input_shape=(card.input_shape[0], SIDE, SIDE)).prepare
    torch.manual_seed(config.seed)
    whole = models.build(MODEL)
    cached = copy.deepcopy(whole)
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    for model in (whole, cached):
        select(model, config.trained)
    start = time.perf_counter()
    seen = features(cached, digits, prepare)
    computing = time.perf_counter() - start
    runs = {
        "forwarding": epochs(Training(whole, digits, config, prepare=prepare)),
        "cached": epochs(Training(head(cached), seen, config, prepare=lambda x: x)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(config.epochs):
        for name, run in runs.items():
            seconds[name].append(next(run))
    ratios = [a / b for a, b in zip(seconds["forwarding"], seconds["cached"], strict=True)]
    return {
        "epoch_s": {name: statistics.median(values[1:] or values) for name, values in seconds.items()},
        "computing_s": computing,
        "epoch_ratio": statistics.median(ratios[1:] or ratios),
        "whole_ratio": sum(seconds["forwarding"]) / (computing + sum(seconds["cached"])),
        "accuracy": {"forwarding": accuracy(whole, test, prepare), "cached": accuracy(cached, test, prepare)},
        "largest_difference": float((head(whole).weight - head(cached).weight).detach().abs().max()),
        "frozen_identical": all(frozen_alike(model, before) for model in (whole, cached)),
    }


def epochs(training: Training) -> Iterator[float]:
    """Train on by an epoch at a time, and yield how many seconds each one took."""
    return (event.seconds for event in training.events() if isinstance(event, EpochDone))


def accuracy(model: nn.Module, test: Pictures, prepare: Prepare) -> float:
    """Return the share of right answers."""
    answers = logits(model.eval(), test.pictures, prepare, batch_size=100).argmax(1)
    return float((answers == test.labels).double().mean())


def frozen_alike(model: nn.Module, before: Mapping[str, Tensor]) -> bool:
    """Return whether everything but the trained parameters has the very bits it had."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    return all(torch.equal(value, before[name]) for name, value in model.state_dict().items() if name not in trained)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", metavar="DIR", help="folder with MNIST in torchvision's layout")
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a few drawn digits: a smoke test")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads of both (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    result: dict[str, Any] = {"benchmark": "features", "keeps_freed_memory": keep_freed_memory(), "machine": machine()}
    if options.quick:
        digits, test = drawn.digits(40, seed=0), drawn.digits(20, seed=1)
    else:
        digits, test = mnist.load("train", options.data_dir)[:PICTURES], mnist.load("test", options.data_dir)[:PICTURES]
    result |= measure(digits, test, replace(RECIPE, epochs=2) if options.quick else RECIPE)
    forwarding, cached = result["epoch_s"]["forwarding"], result["epoch_s"]["cached"]
    print(f"{MODEL} with random weights, {len(digits)} pictures of {SIDE}×{SIDE}, {options.threads} threads")
    print(f"an epoch through the frozen body {forwarding:.2f} s, on its features {cached * 1e3:.1f} ms: ", end="")
    print(f"{result['epoch_ratio']:.0f} times as fast; computing them once {result['computing_s']:.2f} s, ", end="")
    print(f"the whole training {result['whole_ratio']:.1f} times as fast")
    print("accuracy " + ", ".join(f"{name} {value:.2%}" for name, value in result["accuracy"].items()), end="; ")
    print(f"the heads differ by {result['largest_difference']:.1e} at most; the frozen weights are ", end="")
    print("bit for bit the same" if result["frozen_identical"] else "CHANGED")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
