"""How fast MNIST is learned: the time to 98 and to 99 % against the first epoch of the textbook loop.

`python -m benchmarks.training [--data-dir DIR] [--json FILE] [--quick] [--seeds N]`

The reference is PyTorch's MNIST example: a DataLoader that transforms each image in Python, batches of 64, Adadelta and
the architecture A1. Ours are resident tensors, small networks that shrink the picture early, larger batches, fused Adam
and a one-cycle schedule, trained by `core.training.loop.Training` as every run is. In each round a part of the
reference's epoch is timed, A1 by our loop on as many pictures, and each recipe with the round's seed, in turn. Reading
files and testing are outside of all times. Freed memory is kept by the process, for both alike.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from core import models
from core.data import drawn, mnist
from core.data.mnist import Pictures
from core.speed.timing import machine, write_json
from core.training.config import Config
from core.training.loop import BatchDone, Training, logits
from core.training.memory import keep_freed_memory

THREADS = 2
SEEDS = 5

PART = 60
"""Batches of the reference that are timed in a round."""

BATCH = 64
"""Of the reference. Source: PyTorch's MNIST example."""

LARGER_BATCH = 256
"""Of A1 by our loop."""


@dataclass(frozen=True)
class Goal:
    """An accuracy on MNIST's test digits and a recipe that reaches it, chosen on 5,000 held-out training digits.

    Attributes:
        accuracy: from 0 to 1.
        channels: of the network's convolutions.
        config: of its training.
    """

    accuracy: float
    channels: tuple[int, ...]
    config: Config

    def network(self) -> nn.Module:
        """Return the network with random weights: 2×2 squares as channels, 3×3 convolutions, one linear layer.

        Pooling comes before batch norm and ReLU, which then have a quarter of the work.
        """
        first, *between, last = self.channels
        padded = [_block(c, o, padding=1, pool=True) for c, o in zip([first, *between], between, strict=False)]
        stem = _block(4, first, pool=not between)
        blocks = [*stem, *(layer for block in padded for layer in block), *_block([first, *between][-1], last)]
        return nn.Sequential(nn.PixelUnshuffle(2), *blocks, nn.Flatten(), nn.Linear(16 * last, 10))


ADAM = Config(epochs=1, batch_size=256, optimiser="adam", learning_rate=0.015)

GOALS = {
    "98": Goal(0.98, (24, 48), ADAM),
    "99": Goal(0.99, (24, 48, 96), replace(ADAM, epochs=3, learning_rate=0.01, label_smoothing=0.05)),
}


class Digits(Dataset[tuple[Tensor, int]]):
    """Digits that are transformed one by one, as torchvision's MNIST does it."""

    def __init__(self, digits: Pictures):
        from torchvision import transforms

        self.pictures = [picture[0].numpy() for picture in digits.pictures]
        self.labels = digits.labels.tolist()
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mnist.MEAN,), (mnist.STD,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image

        picture: Tensor = self.transform(Image.fromarray(self.pictures[index]))
        return picture, self.labels[index]


class Textbook:
    """The reference, some batches at a time."""

    def __init__(self, digits: Pictures):
        loader = DataLoader(Digits(digits), batch_size=BATCH, shuffle=True)
        self.batches = len(loader)
        self.model = models.build("a1")
        self._optimiser = torch.optim.Adadelta(self.model.parameters(), lr=1.0)
        self._drawn: Iterator[list[Tensor]] = (batch for _ in iter(int, 1) for batch in loader)

    def seconds(self, batches: int) -> float:
        """Return the seconds that so many batches take."""
        start = time.perf_counter()
        for _ in range(batches):
            x, labels = next(self._drawn)
            self._optimiser.zero_grad()
            torch.autograd.backward(F.nll_loss(self.model(x), labels))
            self._optimiser.step()
        return time.perf_counter() - start


def learn(goal: Goal, digits: Pictures, test: Pictures, seed: int) -> tuple[float, float]:
    """Return the seconds that a recipe takes, and the accuracy that it then has on the test digits."""
    torch.manual_seed(seed)
    model = goal.network()
    start = time.perf_counter()
    for _ in Training(model, digits, replace(goal.config, seed=seed), prepare=normalised).events():
        pass
    seconds = time.perf_counter() - start
    answers = logits(model.eval(), test.pictures, normalised).argmax(1)
    return seconds, float((answers == test.labels).double().mean())


def same_architecture(digits: Pictures) -> Callable[[int], float]:
    """Return what times A1 by our loop: the seconds that so many batches take."""
    config = Config(epochs=10_000, batch_size=LARGER_BATCH, optimiser="adam", schedule="constant", learning_rate=1e-3)
    training = Training(models.build("a1"), digits, config, prepare=normalised)
    batches = (event for event in training.events() if isinstance(event, BatchDone))

    def seconds(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            next(batches)
        return time.perf_counter() - start

    return seconds


def normalised(pictures: Tensor) -> Tensor:
    """Return pictures in MNIST's standard deviations from MNIST's mean."""
    return (pictures - mnist.MEAN) / mnist.STD


def measure(digits: Pictures, test: Pictures, *, seeds: int, part: int) -> dict[str, Any]:
    """Return the seconds of every round, the accuracy of every seed, and the ratios."""
    textbook, ours = Textbook(digits), same_architecture(digits)
    few = max(1, part * BATCH // LARGER_BATCH)
    textbook.seconds(2), ours(1)  # the first call for a shape builds oneDNN's primitive
    for goal in GOALS.values():
        learn(replace(goal, config=replace(goal.config, epochs=1)), digits[: 2 * LARGER_BATCH], test[:10], 0)
    epochs: dict[str, list[float]] = {"textbook": [], "a1": []}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in GOALS}
    for seed in range(seeds):
        epochs["textbook"].append(textbook.seconds(part) / part * textbook.batches)
        epochs["a1"].append(ours(few) / few * -(-len(digits) // LARGER_BATCH))
        for name, goal in GOALS.items():
            found[name].append(learn(goal, digits, test, seed))
    result: dict[str, Any] = {f"{name}_epoch_s": statistics.median(seconds) for name, seconds in epochs.items()}
    result["same_architecture"] = _ratio(epochs["textbook"], epochs["a1"])
    for name, goal in GOALS.items():
        seconds, accuracies = zip(*found[name], strict=True)
        result[f"ratio_{name}"] = _ratio(epochs["textbook"], list(seconds))
        result[f"goal_{name}"] = {
            "seconds": list(seconds),
            "accuracies": list(accuracies),
            "mean_accuracy": statistics.mean(accuracies),
            "reached": statistics.mean(accuracies) >= goal.accuracy,
            "parameters": sum(parameter.numel() for parameter in goal.network().parameters()),
        }
    return result


def _ratio(reference: list[float], ours: list[float]) -> float:
    """Return the median over the rounds of the reference's time divided by ours in the same round."""
    return statistics.median(a / b for a, b in zip(reference, ours, strict=True))


def _block(channels: int, out: int, *, padding: int = 0, pool: bool = False) -> list[nn.Module]:
    pooling = [nn.MaxPool2d(2)] if pool else []
    return [nn.Conv2d(channels, out, 3, padding=padding, bias=False), *pooling, nn.BatchNorm2d(out), nn.ReLU()]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print every seed, and write the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", metavar="DIR", help="folder with MNIST in torchvision's layout")
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a few drawn digits: a smoke test")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads of all (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    result: dict[str, Any] = {"benchmark": "training", "keeps_freed_memory": keep_freed_memory(), "machine": machine()}
    if options.quick:
        digits, test = drawn.digits(300, seed=0), drawn.digits(50, seed=1)
    else:
        digits, test = mnist.load("train", options.data_dir), mnist.load("test", options.data_dir)
    result |= measure(digits, test, seeds=options.seeds, part=2 if options.quick else PART)
    print(f"textbook epoch {result['textbook_epoch_s']:.1f} s, A1 by our loop {result['a1_epoch_s']:.1f} s: ", end="")
    print(f"{result['same_architecture']:.2f} times as fast")
    for name in GOALS:
        found = result[f"goal_{name}"]
        seeds = ", ".join(f"{a:.2%} in {s:.2f} s" for a, s in zip(found["accuracies"], found["seconds"], strict=True))
        print(f"ratio_{name} {result[f'ratio_{name}']:.1f}, {found['parameters']:,} parameters: {seeds}; ", end="")
        print(f"mean {found['mean_accuracy']:.3%}" + ("" if found["reached"] else ": not reached"))
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
