"""What a run writes while it trains: events, its status, and a progress bar for whoever watches the terminal."""

import sys
import time
from dataclasses import replace

from torch import nn

from core.training.events import Batch, Checkpoint, Ended, Epoch, Event, Note, Resumed, Started, Tested, line
from core.training.folder import RunFolder, State, Status
from core.training.loop import BatchDone
from core.training.observe import gradient_norms

__all__ = ["Teller"]

BETWEEN_BATCHES = 0.1
BETWEEN_STATUSES = 1.0
"""Seconds."""

BAR = 30
"""Letters of the progress bar."""


class Teller:
    """Writes a run's events and status; a silent one, of a process that does not lead, writes nothing.

    Attributes:
        steps, epochs: of the whole run.
        step: that the events are of.
    """

    def __init__(self, run: RunFolder, *, silent: bool = False):
        self.run, self.silent = run, silent
        self.steps = self.epochs = self.step = 0
        self.status = run.told()
        self._said = self._written = 0.0
        self._seconds = self._loss = 0.0
        self._pictures = self._right = self._batches = 0
        if not silent and run.metrics.exists() and not run.metrics.read_bytes().endswith(b"\n"):
            with run.metrics.open("a", encoding="utf-8") as file:
                file.write("\n")  # the last process was killed within a line

    def say(self, event: Event) -> None:
        """Append an event to `metrics.jsonl`, and print it for people."""
        if self.silent:
            return
        with self.run.metrics.open("a", encoding="utf-8") as file:
            file.write(line(event) + "\n")
        words = _words(event)
        if words:
            print(("\r\033[K" if sys.stdout.isatty() else "") + words, flush=True)

    def batch(self, done: BatchDone, model: nn.Module, seconds: float, *, epoch: int, at_once: bool = False) -> None:
        """Count a batch that took so many seconds, and tell of it and the ones before if the last word is a while ago.

        Args:
            done: the batch.
            model: with the gradients of its step.
            seconds: the batch took.
            epoch: of the whole run.
            at_once: tell of it now.
        """
        self.step += 1
        self._seconds += seconds
        self._batches += 1
        self._loss += done.loss * done.pictures
        self._right += done.right
        self._pictures += done.pictures
        now = time.monotonic()
        if self.silent or not (at_once or now - self._said >= BETWEEN_BATCHES or self.step == self.steps):
            return
        left = self._seconds / self._batches * (self.steps - self.step)
        rate = self._pictures / self._seconds if self._seconds else 0.0
        loss, accuracy = self._loss / self._pictures, self._right / self._pictures
        norms = gradient_norms(model)
        self.say(Batch(self.step, epoch, loss, accuracy, done.learning_rate, rate, left, norms))
        self._said, self._seconds, self._loss = now, 0.0, 0.0
        self._pictures = self._right = self._batches = 0
        self.status = replace(
            self.status, step=self.step, epoch=epoch, examples_per_second=round(rate, 1), seconds_left=round(left, 1)
        )
        if at_once or now - self._written >= BETWEEN_STATUSES:
            self.tell()
        if sys.stderr.isatty():
            full = round(BAR * self.step / self.steps)
            bar = "█" * full + "·" * (BAR - full)
            told = f"{bar} {self.step}/{self.steps} loss {loss:.4f} {accuracy:.1%}"
            print(f"\r\033[K{told} {rate:,.0f} pictures/s, {left:.0f} s left", end="", file=sys.stderr, flush=True)

    def tell(self, state: State | None = None, message: str = "", **more: float | None) -> None:
        """Write the status, with another state if one is given."""
        if self.silent:
            return
        changed: Status = replace(self.status, **more)  # type: ignore[arg-type]
        self.status = changed if state is None else replace(changed, state=state, message=message)
        self.run.tell(self.status)
        self._written = time.monotonic()


def _words(event: Event) -> str:
    match event:
        case Started():
            parts = ", ".join(f"{count} for {name}" for name, count in event.pictures.items())
            notes = "".join(f"\n{note}" for note in event.notes)
            return f"{event.steps} steps in {event.epochs} epochs; pictures: {parts}; {event.trained} parameters{notes}"
        case Resumed():
            return f"goes on after step {event.step}"
        case Epoch():
            return f"epoch {event.epoch}: loss {event.loss:.4f}, accuracy {event.accuracy:.2%}, {event.seconds:.1f} s"
        case Checkpoint(validation=score) if score is not None:
            return f"step {event.step}: validation loss {score.loss:.4f}, accuracy {score.accuracy:.2%}"
        case Tested(score=score):
            return f"step {event.step}: {event.name} loss {score.loss:.4f}, accuracy {score.accuracy:.2%}"
        case Note():
            return event.text
        case Ended():
            return f"{event.state}: {event.message}" if event.message else event.state
    return ""
