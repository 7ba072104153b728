"""The run itself: build, train, keep, obey, and end with a word for people whatever happens."""

import json
import math
import time
import traceback
from collections.abc import Iterator

import torch

from core.device import choose_device, current, deterministic, has_bfloat16
from core.models.weights import save_weights
from core.training import checkpoints, experiment
from core.training.calibration import unsure_below
from core.training.config import Config
from core.training.control import Controls, Stopped
from core.training.course import Course
from core.training.events import Checkpoint, Compiled, Ended, Epoch, Note, Resumed, Started, Tested
from core.training.experiment import Experiment
from core.training.failures import Diverged, reason
from core.training.folder import RunFolder, State, read_json, write_atomically
from core.training.loop import BatchDone, Training, drawn_on, logits
from core.training.memory import keep_freed_memory
from core.training.observe import activations, score
from core.training.parts import frozen_modules
from core.training.settings import RunConfig, parse
from core.training.team import Team, join, leads, leave
from core.training.telling import Teller

__all__ = ["train_run"]

STATE_SECONDS = 60.0
"""Longest time between two states that a killed run can be resumed from."""

CALIBRATED = 100
"""Held-back pictures that it takes to say below which probability a model is unsure."""

UNSURE_SHARE = 0.01
"""Share of held-back pictures that are called unsure."""


def train_run(run: RunFolder) -> int:
    """Train a run to its end, from its last checkpoint if it has one; return the process's exit status."""
    config = parse(read_json(run.config))
    try:
        team, device = join(choose_device(config.device))
    except (ValueError, RuntimeError) as error:
        _end(run, Teller(run, silent=not leads()), "failed", str(error))
        return 1
    torch.set_num_threads(config.threads or torch.get_num_threads())
    keep_freed_memory()
    with current(device), deterministic(device):
        status = _train(run, config, team, device)
    if status == 0:
        leave()
    return status


def _train(run: RunFolder, config: RunConfig, team: Team, device: torch.device) -> int:
    teller = Teller(run, silent=not team.leads)
    controls = Controls(run, teller, team, device)
    if team.size == 1:
        controls.watch()
    engine = None
    try:
        teller.tell("running")
        engine = Engine(run, config, experiment.build(config, run.path.parent, device), teller, controls, team)
        engine.train()
        _end(run, teller, "done", figures=engine.finish())
    except Stopped:
        assert engine is not None
        if team.leads:
            engine.keep_once(look=False)
            engine.finish()
        _end(run, teller, "stopped")
    except BaseException as error:
        told = reason(error, config, processes=team.size)
        if told is None:
            traceback.print_exc()
        _end(run, teller, "failed", told or f"{type(error).__name__}: {error}")
        return 1
    finally:
        controls.heed()
    return 0


class Engine:
    """A run while it trains."""

    def __init__(
        self, run: RunFolder, config: RunConfig, made: Experiment, teller: Teller, controls: Controls, team: Team
    ):
        self.run, self.config, self.made, self.teller, self.controls, self.team = (
            run, config, made, teller, controls, team,
        )  # fmt: skip
        self.model, self.parts, self.prepare = made.model, made.parts, made.prepare
        self.course = Course(config, made, team)
        self.teller.steps = sum(self.course.steps)
        self.teller.epochs = sum(recipe.epochs for recipe in self.course.plan)
        self.phase = 0
        self.training: Training | None = None
        self._saved = time.monotonic()
        self._kept = -1

    def train(self) -> None:
        """Train to the end.

        Raises:
            Stopped: somebody wanted it to stop.
            Diverged: the loss or the weights are no finite numbers any more.
        """
        saved = checkpoints.read_state(self.run) if self.run.resumable.exists() else None
        if saved is None:
            self._begin()
        else:
            self.phase = self.course.load(saved)
        for phase in range(self.phase, len(self.course.plan)):
            self.phase = phase
            self.training = self.course.training(phase)
            if saved is not None:
                self.training.restore(saved.counters, saved.tensors)
            self.teller.step = self.course.steps_before(phase) + self.training.step
            if saved is not None:
                self.teller.say(Resumed(self.teller.step))
                self._tell_of_another_device(drawn_on(saved.counters))
                self._told_or_kept()
            elif self.phase == 0:
                self._first_look()
            saved = None
            self.controls.obey(self.training, self.keep_once)
            self._epochs(self.training)
        self._test()

    def keep(self, *, look: bool = True) -> None:
        """Write the weights and all that resuming needs; with `look`, validate them and look at their activations.

        Raises:
            Diverged: a weight is no finite number.
        """
        training = self.training
        if training is None or not self.team.leads:
            return
        self.model.eval()
        step = self.teller.step
        with training.averaged():
            state = self.model.state_dict()
            weights = {name: state[name] for name in self.course.moving}
            if not all(bool(value.isfinite().all()) for value in weights.values() if value.is_floating_point()):
                raise Diverged("a weight is no finite number", step, training.learning_rate)
            file = checkpoints.save_checkpoint(self.run, weights, step)
        self._save_state(training, moment=step)
        with training.averaged():
            held = self.parts.validation if look else None
            found = None if held is None else score(self.model, held, self.prepare, len(self.parts.classes))
            sample = activations(self.model, held or self.parts.training[:64], self.prepare) if look else []
        self._kept = step
        epoch = min(self._epoch(training), self.teller.epochs)
        self.teller.say(Checkpoint(step, epoch, file.relative_to(self.run.path).as_posix(), found, sample))
        if found is not None:
            self.teller.tell(accuracy=found.accuracy)

    def keep_once(self, *, look: bool = True) -> None:
        """Do the same, unless it was done after this very step."""
        if self._kept != self.teller.step:
            self.keep(look=look)

    def finish(self) -> dict[str, float]:
        """Write the last weights and their card, as models that the explorer lists; return what they reach."""
        training = self.training
        if training is None or not self.team.leads:
            return {}
        self.model.eval()
        with training.averaged():
            save_weights(self.model, self.run.path / f"{self.config.model}.safetensors")
            figures, threshold = self._figures()
        card = checkpoints.summary_of(self.made.card) | {
            "unsure_below": threshold,
            "recipe": self.config.json(),
            "figures": figures,
        }
        write_atomically(self.run.path / f"{self.config.model}.json", json.dumps(card, indent=2) + "\n")
        return figures

    def _begin(self) -> None:
        if not self.team.leads:
            return
        parts, recipe = self.parts, self.course.plan[0]
        counts = {"training": len(parts.training), **{name: len(test) for name, test in parts.tests.items()}}
        if parts.validation is not None:
            counts["validation"] = len(parts.validation)
            checkpoints.save_held_back(self.run, parts.validation)
        checkpoints.save_base(self.run, self.model, self.made.card, self.course.moving)
        parameters = list(self.model.parameters())
        self.teller.say(
            Started(
                steps=self.teller.steps,
                epochs=self.teller.epochs,
                pictures=counts,
                classes=parts.classes,
                parameters=sum(p.numel() for p in parameters),
                trained=sum(p.numel() for p in parameters if p.requires_grad),
                frozen=frozen_modules(self.model),
                device=str(next(self.model.parameters()).device),
                threads=torch.get_num_threads(),
                processes=self.team.size,
                notes=(*parts.notes, *_warnings(recipe, next(self.model.parameters()).device)),
            )
        )
        self.teller.tell(steps=self.teller.steps, epochs=self.teller.epochs)

    def _first_look(self) -> None:
        if self.config.start is not None:
            self._test()
        self.keep()

    def _tell_of_another_device(self, before: str) -> None:
        now = next(self.model.parameters()).device.type
        if before != now:
            self.teller.say(
                Note(f"it went on from {before} to {now}, which draws other random numbers and rounds differently: "
                     "its weights are not those of a run on one device")
            )  # fmt: skip

    def _told_or_kept(self) -> None:
        """Look at the weights that the last process kept but had no time to look at."""
        step = self.teller.step
        told = {event["step"] for event in self.run.events()[0] if event["event"] == "checkpoint"}
        if step in told:
            self._kept = step
        elif step in self.course.moments:
            self.keep()

    def _epochs(self, training: Training) -> None:
        events, compiled = training.events(), training.compile_seconds is not None
        while True:
            start = time.perf_counter()
            event = next(events, None)
            if event is None:
                return
            if isinstance(event, BatchDone):
                seconds = time.perf_counter() - start
                self.teller.batch(event, self.model, seconds, epoch=self._epoch(training), at_once=self.controls.single)
                if not math.isfinite(event.loss):
                    raise Diverged(f"the loss became {event.loss}", self.teller.step, event.learning_rate)
                if training.compile_seconds is not None and not compiled:
                    compiled = True
                    self.teller.say(Compiled(training.compile_seconds))
            else:
                told = self._epoch(training)
                self.teller.say(Epoch(self.teller.step, told, event.loss, event.accuracy, event.seconds))
            if not isinstance(event, BatchDone) or event.batch < event.batches:
                self._between(training)

    def _between(self, training: Training) -> None:
        """Keep what is to be kept after a step, and do what is wanted."""
        if self.teller.step in self.course.moments:
            self.keep()
        elif time.monotonic() - self._saved > STATE_SECONDS and self.team.leads:
            self._save_state(training)
        self.controls.obey(training, self.keep_once)

    def _save_state(self, training: Training, *, moment: int | None = None) -> None:
        checkpoints.save_state(self.run, self.course.state(self.phase, training), moment=moment)
        self._saved = time.monotonic()

    def _epoch(self, training: Training) -> int:
        return self.course.epochs_before(self.phase) + training.epoch

    def _test(self) -> None:
        if not self.team.leads or self.training is None:
            return
        self.model.eval()
        with self.training.averaged():
            for name, pictures in self.parts.tests.items():
                classes = 10 if name == "forgetting" else len(self.parts.classes)
                self.teller.say(Tested(self.teller.step, name, score(self.model, pictures, self.prepare, classes)))

    def _figures(self) -> tuple[dict[str, float], float]:
        """Return what the weights reach on the held-back pictures, and the probability below which they are unsure."""
        figures: dict[str, float] = {"parameters": sum(parameter.numel() for parameter in self.model.parameters())}
        last = {e["name"]: e for e in self.run.events()[0] if e["event"] == "tested" and e["step"] == self.teller.step}
        for name, event in last.items():
            data = self.config.data
            digits = name == "forgetting" or (data.source == "mnist" and not data.classes)
            figures["mnist_accuracy" if digits else f"{name}_accuracy"] = event["score"]["accuracy"]
        held = self.parts.validation
        if held is None or self.teller.step < self.teller.steps:
            return figures, checkpoints.UNSURE_BELOW
        confidence, answers = torch.softmax(logits(self.model, held.pictures, self.prepare).cpu(), 1).max(1)
        figures["validation_accuracy"] = float((answers == held.labels).double().mean())
        return figures, unsure_below(confidence, UNSURE_SHARE) if len(held) >= CALIBRATED else checkpoints.UNSURE_BELOW


def _end(
    run: RunFolder, teller: Teller, state: State, message: str = "", figures: dict[str, float] | None = None
) -> None:
    """Say how the run ended, and what was kept; as far as the disk lets it."""
    if teller.silent:
        return
    steps = run.steps_kept()
    if state != "done":
        kept = f"its weights after step {steps[-1]} are kept" if steps else "it had kept no weights yet"
        message = f"{message}; {kept}" if message else kept
    try:
        teller.tell(state, message, seconds_left=0.0 if state == "done" else None)
        teller.say(Ended(teller.step, state, message, figures or {}))
    except OSError as error:
        print(f"{state}: {message} (and it cannot be written: {error})", flush=True)


def _warnings(config: Config, device: torch.device) -> Iterator[str]:
    if config.learning_rate == 0:
        yield "the learning rate is 0: the weights will stay as they are"
    elif config.learning_rate > 1:
        yield f"the learning rate is {config.learning_rate:g}: above 1 a run will probably diverge"
    if config.precision == "bfloat16" and not has_bfloat16(device):
        yield "this device only emulates bfloat16: float32 will be faster"
