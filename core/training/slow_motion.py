"""One batch in slow motion: the very step that a run makes after a moment of its time line, with all its numbers.

The run's state of that moment is taken up once more, on a network that is thrown away, and its next step is made as
the run makes it: the same pictures with the same distortions, the same dropout, the same optimiser. What it does is
recorded on the way.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from core.device import choose_device, current, deterministic
from core.explain import Trace, gradients_of, record
from core.models import Card
from core.models.transfer import head
from core.ops.optim import adam_step, sgd_step
from core.told import keyed
from core.training import experiment
from core.training.checkpoints import Saved, read_state
from core.training.config import Config
from core.training.course import Course, next_batch
from core.training.features import caches
from core.training.folder import RunFolder
from core.training.loop import BatchDone, Training, drawn_on, losses
from core.training.settings import RunConfig

__all__ = ["OneStep", "Update", "next_step"]

BUFFERS = ("momentum_buffer", "exp_avg", "exp_avg_sq")
"""What torch's optimisers remember of each weight, in the order in which they are told."""


@dataclass(frozen=True)
class Update:
    """What a step did to one parameter; all tensors have its shape.

    Attributes:
        name: of the parameter.
        rate: learning rate of its part of the network.
        before, gradient, after: the weights, dL/d(weight), and the weights after the step.
        memory: what the optimiser remembered of them, before and after, by torch's name; 0 before its first step.
        formula: the weights after the step by `core.ops`, float64.
    """

    name: str
    rate: float
    before: Tensor
    gradient: Tensor
    after: Tensor
    memory: Mapping[str, tuple[Tensor, Tensor]]
    formula: Tensor


@dataclass(frozen=True)
class OneStep:
    """The step that a run makes after `step` others.

    Attributes:
        step: optimiser steps made before.
        card: of the network.
        recipe: of the part of the run.
        momentum: in this step; Adam's β₁.
        loss: of the batch, before the step, nats.
        pictures: as they were distorted, `(N, C, H, W)` in [0, 1].
        labels: `(N,)`, −1 for what is no digit.
        losses: of each picture, nats.
        probabilities: of each picture's classes, `(N, K)`.
        trace: of the whole batch, as the network computed it in training.
        gradients: d(loss)/d(output) of the trace's steps, and of its input under −1.
        updates: of the trained parameters, in their order.
    """

    step: int
    card: Card
    recipe: Config
    momentum: float
    loss: float
    pictures: Tensor
    labels: Tensor
    losses: Tensor
    probabilities: Tensor
    trace: Trace
    gradients: Mapping[int, Tensor]
    updates: list[Update]

    def alone(self, picture: int) -> tuple[Trace, dict[int, Tensor]]:
        """Return the trace and the gradients of one picture of the batch, as the network computed it among the others.

        Raises:
            IndexError: there is no such picture.
        """
        size = len(self.pictures)
        if not 0 <= picture < size:
            raise IndexError(f"there is no picture {picture} in a batch of {size}")

        def own(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)(map(own, value))
            return value[picture : picture + 1] if isinstance(value, Tensor) and value.shape[:1] == (size,) else value

        whole = self.trace
        steps = [
            replace(
                step,
                output=own(step.output),
                arguments={
                    name: own(value) if any(parent.partition(".")[0] == name for parent in step.parents) else value
                    for name, value in step.arguments.items()
                },
            )
            for step in whole.steps
        ]
        alone = Trace(whole.model, own(whole.input), steps, own(whole.output), whole.results, whole.modules)
        return alone, {index: own(gradient) for index, gradient in self.gradients.items()}


def next_step(run: RunFolder, config: RunConfig, step: int) -> OneStep:
    """Return what a run does, or did, with the batch after a step of its time line.

    Nothing of the run is changed, and nothing is downloaded.

    Raises:
        FileNotFoundError: the run's state after that step was not kept, or its pictures are missing.
        ValueError: the run ends with that step, its files are damaged, or the run trained on another kind of device,
            whose random numbers this one cannot draw.
    """
    last = not run.state(step).is_file()
    saved = read_state(run) if last else read_state(run, step)
    device = choose_device(config.device)
    if (made_by := drawn_on(saved.counters)) != device.type:
        raise ValueError(
            f"{run.path.name} trained on {made_by}, and the random numbers of its next batch can be drawn only there: "
            f"this device is {device.type}"
        )
    threads = torch.get_num_threads()
    with current(device), deterministic(device), torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_num_threads(config.threads or threads)
        try:
            made = experiment.build(config, run.path.parent, device, download=False)
            course = Course(config, made)
            with _readable():
                phase = course.load(saved)
                after = course.steps_before(phase) + int(saved.counters["step"])
            if last and after != step:
                raise FileNotFoundError(
                    f"{run.path.name} kept the weights after step {step}, but not what its optimiser remembered there; "
                    f"it did after step {after}"
                )
            return _made(course, phase, saved, step, rate=_rate(run, step))
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _readable() -> Iterator[None]:
    """Say of a state that does not fit that it is damaged."""
    try:
        yield
    except (KeyError, TypeError, IndexError, AttributeError, RuntimeError, OverflowError, ValueError) as error:
        raise ValueError(f"the state of the run is damaged: {type(error).__name__}: {error}") from error


def _rate(run: RunFolder, step: int) -> float | None:
    """Return the learning rate that somebody set for the next step of a run that stands at `step`, if anybody did."""
    return run.control().learning_rate if step == max(run.steps_kept(), default=-1) else None


def _made(course: Course, phase: int, saved: Saved, step: int, *, rate: float | None) -> OneStep:
    """Take up a state and make the step after it."""
    device = next(course.made.model.parameters()).device
    with _readable():
        only = next_batch(course.plan[phase], len(course.made.parts.training), saved, device)
        training = course.training(phase, only=only)
        training.restore(saved.counters, saved.tensors)
    training.learning_rate = training.learning_rate if rate is None else rate
    if training.step == training.steps:
        phase += 1
        if phase == len(course.plan):
            raise keyed(
                ValueError(f"the run ends with step {step}: no batch comes after it"), "told.run.last", step=step
            )
        training = course.training(phase)
    return _observed(course, training, course.plan[phase], step)


def _observed(course: Course, training: Training, recipe: Config, step: int) -> OneStep:
    """Make one step, and record its forward pass just before, from the same weights and the same draws."""
    made, batch = course.made, training.step % training.batches
    plain, watched = training.prepare, list[tuple[Tensor, Trace]]()

    def watch(x: Tensor) -> Tensor:
        fed = plain(x)
        if caches(recipe):  # x are features: the body computes as it did when they were taken
            made.model.eval()
            head(made.model).train()
            chosen = training.order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            x = made.parts.training.pictures[chosen.cpu()].to(training.device).float() / 255
        with torch.random.fork_rng([x.device] if x.is_cuda else []):
            watched.append((x, record(made.model, made.prepare(x), grad=True)))
        return fed

    before = {name: _copy(value) for name, value in made.model.named_parameters()}
    remembered = {name: _memory(training, value) for name, value in made.model.named_parameters()}
    training.prepare = watch
    training.forward = training.model  # what `torch.compile` would fuse is seen operation by operation
    done = next(training.events())
    assert isinstance(done, BatchDone)
    ((pictures, trace),) = watched
    labels = training.pictures.labels[training.order[batch * recipe.batch_size :][: len(pictures)]]
    each = losses(trace.output.float(), labels, recipe)
    head_group = training.optimiser.param_groups[-1]
    return OneStep(
        step=step,
        card=made.card,
        recipe=recipe,
        momentum=head_group["betas"][0] if "betas" in head_group else head_group["momentum"],
        loss=done.loss,
        pictures=pictures,
        labels=labels,
        losses=each.detach(),
        probabilities=trace.output.detach().float().softmax(1),
        trace=trace,
        gradients={index: gradient.detach() for index, gradient in gradients_of(trace, each.mean()).items()},
        updates=[
            _update(name, parameter, before[name], remembered[name], training)
            for name, parameter in made.model.named_parameters()
            if parameter.requires_grad and parameter.grad is not None
        ],
    )


def _update(
    name: str, parameter: torch.nn.Parameter, before: Tensor, remembered: Mapping[str, Tensor], training: Training
) -> Update:
    assert parameter.grad is not None
    now = _memory(training, parameter)
    group = next(group for group in training.optimiser.param_groups if any(p is parameter for p in group["params"]))
    told = {key: value.double() for key, value in remembered.items()}
    weights, gradient = before.double(), parameter.grad.double()
    if training.config.optimiser == "sgd":
        buffer = told.get("momentum_buffer")
        factors = {key: group[key] for key in ("lr", "momentum", "weight_decay", "nesterov")}
        formula, _ = sgd_step(weights, gradient, buffer, **factors)
    else:
        decay = group["weight_decay"]
        if training.config.optimiser == "adamw":  # the decay acts on the weights, not on the gradient
            weights, decay = weights * (1 - group["lr"] * decay), 0.0
        made = int(training.optimiser.state[parameter]["step"])
        factors = {key: group[key] for key in ("lr", "betas", "eps")} | {"weight_decay": decay}
        formula, *_ = adam_step(weights, gradient, told.get("exp_avg"), told.get("exp_avg_sq"), step=made, **factors)
    memory = {key: (remembered.get(key, torch.zeros_like(before)), value) for key, value in now.items()}
    return Update(name, group["lr"], before, _copy(parameter.grad), _copy(parameter), memory, formula)


def _memory(training: Training, parameter: torch.nn.Parameter) -> dict[str, Tensor]:
    """Return what the optimiser remembers of a parameter; nothing before its first step."""
    found: Mapping[str, Any] = training.optimiser.state.get(parameter, {})
    return {key: _copy(found[key]) for key in BUFFERS if isinstance(found.get(key), Tensor)}


def _copy(value: Tensor) -> Tensor:
    return value.detach().clone(memory_format=torch.contiguous_format)
