"""How a run obeys between its batches: pause, single steps, another learning rate, stop; a stop also inside one."""

import os
import threading
import time
from collections.abc import Callable

import torch

from core.training.events import Ended, Paused, Rate
from core.training.folder import Control, RunFolder
from core.training.loop import Training
from core.training.team import Team
from core.training.telling import Teller

__all__ = ["Controls", "Stopped"]

LOOK = 0.05
"""Seconds between two looks while a run waits."""

PATIENCE = 0.5
"""Seconds that a batch may take to end once a stop is wanted; what comes before the first batch has nothing to lose."""

GO, WAIT, STOP = range(3)


class Stopped(Exception):
    """Somebody wanted the run to stop."""


class Controls:
    """What is wanted of a run, looked up in its `control.json`; the first of several processes decides for all."""

    def __init__(self, run: RunFolder, teller: Teller, team: Team, device: torch.device):
        self.run, self.teller, self.team, self.device = run, teller, team, device
        self.single = False
        """Whether the next batch is a single step that somebody wants to see."""
        self._control = Control()
        self._written = -1
        self._made = run.control().steps if run.resumable.exists() else 0
        self._paused = False
        self._trains = False
        self._heeded = threading.Lock()  # taken by whoever ends the run

    def obey(self, training: Training, rest: Callable[[], None]) -> None:
        """Do what is wanted after a batch; while that is a pause, wait.

        Args:
            training: its learning rate is set.
            rest: called once after each batch at which the run waits.

        Raises:
            Stopped: a stop is wanted.
        """
        self._trains, rested = True, False
        while True:
            word, rate = self._agreed(training.learning_rate)
            if rate != training.learning_rate:
                training.learning_rate = rate
                self.teller.say(Rate(self.teller.step, rate))
            if word == STOP:
                self.heed()
                raise Stopped
            if word == GO:
                break
            if not self._paused:
                self._paused = True
                self.teller.tell("paused", step=self.teller.step)
                self.teller.say(Paused(self.teller.step))
            if not rested:
                rested = True
                rest()
            time.sleep(LOOK)
        if self._paused and not self.single:
            self._paused = False
            self.teller.tell("running")

    def heed(self) -> None:
        """Let the run end in its own time from here on: the watching thread does nothing any more."""
        self._heeded.acquire(blocking=False)

    def watch(self) -> None:
        """Start a thread that ends the process when a stop is wanted and what the run is at takes too long.

        Only for a run of one process. What the last checkpoint kept is whole, and nothing else counts.
        """
        threading.Thread(target=self._watch, daemon=True).start()

    def _agreed(self, rate: float) -> tuple[int, float]:
        word = GO
        if self.team.leads:
            word, rate = self._wanted(rate)
        if self.team.size > 1:
            told = self.team.told(torch.tensor([word, rate], dtype=torch.float64, device=self.device)).tolist()
            word, rate = int(told[0]), told[1]
        return word, rate

    def _wanted(self, rate: float) -> tuple[int, float]:
        written = self.run.control_written()
        if written != self._written:
            self._control, self._written = self.run.control(), written
        control = self._control
        rate = rate if control.learning_rate is None else control.learning_rate
        self.single = control.state == "pause" and control.steps > self._made
        if self.single:
            self._made += 1
        if control.state == "stop":
            return STOP, rate
        return (GO if control.state == "run" or self.single else WAIT), rate

    def _watch(self) -> None:
        wanted = now = time.monotonic()
        while now - wanted < (PATIENCE if self._trains else LOOK):
            time.sleep(LOOK)
            now = time.monotonic()
            if self.run.control().state != "stop":
                wanted = now
            if self._heeded.locked():
                return
        if self._heeded.acquire(blocking=False):
            kept = self.run.steps_kept()
            message = f"its weights after step {kept[-1]} are kept" if kept else "it had kept no weights yet"
            self.teller.say(Ended(self.teller.step, "stopped", message))
            self.teller.tell("stopped", message)
            os._exit(0)
