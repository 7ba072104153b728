"""How fast MNIST is learned: the time to 98, 99 and 99.4 % against the first epoch of the textbook loop.

`python -m benchmarks.training [--data-dir DIR] [--json FILE] [--quick] [--seeds N]`

The reference is PyTorch's MNIST example: a DataLoader that transforms each image in Python, batches of 64, Adadelta and
the architecture A1. Ours are resident tensors, small networks whose fixed first layer sets the digits upright, larger
batches, fused Adam and a one-cycle schedule, in bfloat16 where the processor has it, trained by
`core.training.loop.Training` as every run is. In each round a part of the reference's epoch is timed, A1 by our loop on
as many pictures in each precision, and each recipe with the round's seed, in turn; setting the digits upright and
finding their principal components is part of a recipe's time. Reading files and testing are outside of all times. Freed
memory is kept by the process, for all alike.

Last, what a person gets who presses Start on the Train page: runs of the settings that its form begins with, each a
process of its own (`first_start_s`: from the start until it is done, the process's own start included, median of the
seeds; `first_start_held_back`: the least accuracy on what was held back).
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmarks.networks import SIDE, Maps, Rows, Upright, principal
from core import models
from core.data import drawn, mnist
from core.data.mnist import Pictures
from core.device import has_bfloat16
from core.speed.timing import machine, write_json
from core.training.config import Config
from core.training.loop import BatchDone, Prepare, Training, logits
from core.training.memory import keep_freed_memory
from core.training.runs import Runs
from core.training.settings import parse
from tests.explorer.run_presets import presets

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
        side: of the upright picture: 14 halves it, 24 cuts the margin off.
        channels: of two 3×3 convolutions; without them, a perceptron takes the first `COMPONENTS` principal components.
        hidden: width of the linear layer before the last.
        config: of the training.
    """

    accuracy: float
    side: int
    channels: tuple[int, ...]
    hidden: int
    config: Config

    def body(self) -> Upright:
        """Return the fixed first layer."""
        same = torch.eye(self.side)
        margin = (SIDE - self.side) // 2
        rows = same.repeat_interleave(2, 0) / 2 if self.side * 2 == SIDE else F.pad(same, (0, 0, margin, margin))
        return Upright(rows, 2 if self.channels else 1, getattr(torch, self.config.precision))

    def head(self) -> nn.Sequential:
        """Return the trained layers with random weights; the convolutions see squares of 2×2 pixels as channels."""
        if not self.channels:
            return nn.Sequential(*_perceptron(COMPONENTS, self.hidden))
        first, second = self.channels
        width = second * ((self.side // 2 - 2) // 2 - 2) ** 2
        convolutions = [*_block(4, first, pool=True), *_block(first, second)]
        return nn.Sequential(Maps(4), *convolutions, Rows(), *_perceptron(width, self.hidden))


PRECISION: Literal["float32", "bfloat16"] = "bfloat16" if has_bfloat16(torch.device("cpu")) else "float32"
"""What this machine is faster in."""

PRECISIONS: tuple[Literal["float32", "bfloat16"], ...] = (
    ("float32",) if PRECISION == "float32" else ("float32", "bfloat16")
)
"""What A1 is timed in: an emulated precision is not."""

COMPONENTS, SAMPLE, DAMPING = 64, 5120, 1.0
"""Principal components, the digits they are found in, and what is added to their variances."""

ADAM = Config(epochs=1, batch_size=256, optimiser="adam", label_smoothing=0.1, precision=PRECISION)

GOALS = {
    "98": Goal(0.98, 14, (), 512, replace(ADAM, batch_size=384, learning_rate=0.03)),
    "99": Goal(0.99, 24, (32, 64), 128, replace(ADAM, learning_rate=0.015)),
    "994": Goal(0.994, 28, (32, 64), 128, replace(ADAM, epochs=4, learning_rate=0.015)),
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
    body, head = goal.body(), goal.head()
    start = time.perf_counter()
    with torch.no_grad():
        if not goal.channels:
            body.followed_by(principal(body(digits.pictures[:SAMPLE]), COMPONENTS, DAMPING))
        upright = Pictures(body(digits.pictures), digits.labels)
    for _ in Training(head, upright, replace(goal.config, seed=seed), prepare=unchanged).events():
        pass
    seconds = time.perf_counter() - start
    with torch.no_grad():
        upright_test = body(test.pictures).float()
    return seconds, accuracy(head, upright_test, unchanged, test.labels)


def accuracy(model: nn.Module, pictures: Tensor, prepare: Prepare, labels: Tensor) -> float:
    """Return the share of right answers, computed in float32."""
    answers = logits(model.eval(), pictures, prepare).argmax(1)
    return float((answers == labels).double().mean())


def a1(digits: Pictures, precision: Literal["float32", "bfloat16"], epochs: int) -> Training:
    """Return the same architecture in our loop."""
    config = Config(epochs, LARGER_BATCH, "adam", schedule="constant", learning_rate=1e-3, precision=precision)
    return Training(models.build("a1"), digits, config, prepare=normalised)


def stopwatch(training: Training) -> Callable[[int], float]:
    """Return what times a training: the seconds that so many of its batches take."""
    batches = (event for event in training.events() if isinstance(event, BatchDone))

    def seconds(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            next(batches)
        return time.perf_counter() - start

    return seconds


def unchanged(pictures: Tensor) -> Tensor:
    """Return the pictures."""
    return pictures


def normalised(pictures: Tensor) -> Tensor:
    """Return pictures in MNIST's standard deviations from MNIST's mean."""
    return (pictures - mnist.MEAN) / mnist.STD


def measure(digits: Pictures, test: Pictures, *, seeds: int, part: int) -> dict[str, Any]:
    """Return the seconds of every round, the accuracy of every seed, and the ratios."""
    textbook, few = Textbook(digits), max(1, part * BATCH // LARGER_BATCH)
    ours = {precision: stopwatch(a1(digits, precision, 10_000)) for precision in PRECISIONS}
    textbook.seconds(2)  # the first call for a shape builds oneDNN's primitive
    for seconds in ours.values():
        seconds(2)
    for goal in GOALS.values():
        few_digits = digits[: 4 * LARGER_BATCH + len(digits) % goal.config.batch_size]
        learn(replace(goal, config=replace(goal.config, epochs=1)), few_digits, test[:10], 0)
    epochs: dict[str, list[float]] = {name: [] for name in ("textbook", *PRECISIONS)}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in GOALS}
    for seed in range(seeds):
        epochs["textbook"].append(textbook.seconds(part) / part * textbook.batches)
        for precision, seconds in ours.items():
            epochs[precision].append(seconds(few) / few * -(-len(digits) // LARGER_BATCH))
        for name, goal in GOALS.items():
            found[name].append(learn(goal, digits, test, seed))
    result: dict[str, Any] = {"precision": PRECISION, "textbook_epoch_s": statistics.median(epochs["textbook"])}
    for precision in PRECISIONS:
        result[f"a1_{precision}_epoch_s"] = statistics.median(epochs[precision])
        result[f"same_architecture_{precision}"] = _ratio(epochs["textbook"], epochs[precision])
        whole = a1(digits, precision, 1)
        for _ in whole.events():
            pass
        result[f"a1_{precision}_accuracy"] = accuracy(whole.model, test.pictures, normalised, test.labels)
    result["same_architecture"] = result[f"same_architecture_{PRECISION}"]
    for name, goal in GOALS.items():
        times, accuracies = zip(*found[name], strict=True)
        result[f"ratio_{name}"] = _ratio(epochs["textbook"], list(times))
        result[f"goal_{name}"] = {
            "seconds": list(times),
            "accuracies": list(accuracies),
            "mean_accuracy": statistics.mean(accuracies),
            "reached": statistics.mean(accuracies) >= goal.accuracy,
            "parameters": sum(parameter.numel() for parameter in goal.head().parameters()),
        }
    return result


def first_start(data_dir: str | None, *, seeds: int, quick: bool) -> dict[str, Any]:
    """Return what the first press of Start on the Train page gives, of every seed."""
    config = presets(mnist=not quick)[""]
    config["data"]["path"] = data_dir
    if quick:
        config["data"]["count"] = 100
    found: list[tuple[float, float]] = []
    for seed in range(seeds):
        with TemporaryDirectory() as folder:
            runs = Runs(folder)
            start = time.perf_counter()
            name = runs.start(parse(config | {"training": config["training"] | {"seed": seed}}))
            while (status := runs.run(name).status).state in ("queued", "running"):
                time.sleep(0.02)
            if status.state != "done":
                raise RuntimeError(f"the first run {status.state}: {status.message}")
            found.append((time.perf_counter() - start, status.accuracy or 0.0))
    seconds, accuracies = zip(*found, strict=True)
    return {
        "first_start_s": statistics.median(seconds),
        "first_start_held_back": min(accuracies),
        "first_starts": {"seconds": list(seconds), "held_back": list(accuracies)},
    }


def _ratio(reference: list[float], ours: list[float]) -> float:
    """Return the median over the rounds of the reference's time divided by ours in the same round."""
    return statistics.median(a / b for a, b in zip(reference, ours, strict=True))


def _block(channels: int, out: int, *, pool: bool = False) -> list[nn.Module]:
    """Pooling comes before batch norm and ReLU, which then have a quarter of the work."""
    pooling = [nn.MaxPool2d(2)] if pool else []
    return [nn.Conv2d(channels, out, 3, bias=False), *pooling, nn.BatchNorm2d(out), nn.ReLU()]


def _perceptron(width: int, hidden: int) -> list[nn.Module]:
    return [nn.Linear(width, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, 10)]


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
    result |= first_start(options.data_dir, seeds=options.seeds, quick=options.quick)
    print(f"textbook epoch {result['textbook_epoch_s']:.1f} s")
    for precision in PRECISIONS:
        print(
            f"A1 by our loop in {precision}: {result[f'a1_{precision}_epoch_s']:.1f} s, "
            f"{result[f'same_architecture_{precision}']:.2f} times as fast, "
            f"{result[f'a1_{precision}_accuracy']:.2%} after one epoch"
        )
    for name in GOALS:
        found = result[f"goal_{name}"]
        seeds = ", ".join(f"{a:.2%} in {s:.2f} s" for a, s in zip(found["accuracies"], found["seconds"], strict=True))
        print(f"ratio_{name} {result[f'ratio_{name}']:.1f}, {found['parameters']:,} parameters: {seeds}; ", end="")
        print(f"mean {found['mean_accuracy']:.3%}" + ("" if found["reached"] else ": not reached"))
    print(f"first start: {result['first_start_s']:.1f} s, {result['first_start_held_back']:.2%} held back at least")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
