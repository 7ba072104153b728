"""The training loop: resident tensors in, a stream of typed events out; it can be left and taken up at any step."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from core.data.augmentation import Augmentation, augment
from core.data.mnist import Pictures
from core.data.negatives import NO_DIGIT
from core.models.transfer import head
from core.training import schedule
from core.training.config import Config
from core.training.parts import body_and_head, moving, training_mode
from core.training.team import ALONE, Team

__all__ = ["BatchDone", "EpochDone", "Event", "Training", "drawn_on", "logits", "loss", "train"]

Prepare = Callable[[Tensor], Tensor]

AT_ONCE, NUMBERS_AT_ONCE = 500, 2**20
"""Pictures that a network is shown at once, at most, and the numbers of their inputs together: 6 of 3×224×224."""


@dataclass(frozen=True)
class BatchDone:
    """One optimiser step was made.

    Attributes:
        epoch, batch: from 1.
        batches: in an epoch.
        loss: of this batch, before the step, nats.
        learning_rate: of this step.
        right: digits of this batch that were answered rightly, before the step.
        pictures: in this batch.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    learning_rate: float
    right: int
    pictures: int


@dataclass(frozen=True)
class EpochDone:
    """All pictures were seen once more.

    Attributes:
        epoch: from 1.
        epochs: of the run.
        loss: mean over the epoch's pictures, as they were distorted and before each step, nats.
        accuracy: share of right answers among the epoch's distorted digits.
        validation_accuracy: share of right answers on undistorted held-out digits, if there are any.
        seconds: since the epoch began, validation excluded.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    validation_accuracy: float | None
    seconds: float


Event = BatchDone | EpochDone


class Training:
    """A training run in memory: a model, its pictures, and all that changes from step to step.

    The same arguments on the same device and number of threads give the same weights, also when `state` is taken after
    some step and given to `restore` of a fresh object. On a CUDA card that holds within `core.device.deterministic` and
    for operations that have such an algorithm; elsewhere the weights are equal but for the order in which a few sums
    were rounded. Torch's global generator is seeded, for dropout.

    Args:
        model: where it shall be trained; parameters that require no gradient stay as they are.
        pictures: the label −1 means "no digit"; uint8 pictures, or floats as they are (features).
        config: the settings.
        prepare: pictures in [0, 1], `(N, C, H, W)`, → the model's input.
        team: the processes that share each batch.
    """

    def __init__(self, model: nn.Module, pictures: Pictures, config: Config, *, prepare: Prepare, team: Team = ALONE):
        self.model, self.config, self.prepare, self.team = model, config, prepare, team
        self.device = next(model.parameters()).device
        self.pictures = pictures.to(self.device)
        torch.manual_seed(config.seed)
        self.generator = torch.Generator(self.device).manual_seed(config.seed)
        model.to(memory_format=torch.channels_last).eval()  # each epoch begins by switching to training mode
        self.batches = -(-len(pictures) // config.batch_size)
        self.steps = config.epochs * self.batches
        self.step = 0
        self.learning_rate = config.learning_rate
        self.compile_seconds: float | None = None
        self.digits = int((self.pictures.labels != NO_DIGIT).sum())
        self.targets = _targets(head(model).out_features, config).to(self.device)
        self.order = torch.empty(0, dtype=torch.long, device=self.device)
        self.total, self.right = 0.0, 0
        self.optimiser = _optimiser(model, config)
        self.floating = dict(_floating(model))
        self.average = {name: value.clone() for name, value in self.floating.items()} if config.ema else None
        wrapped = team.wrap(model)
        self.forward: nn.Module = torch.compile(wrapped) if config.compile else wrapped  # type: ignore[assignment]

    @property
    def epoch(self) -> int:
        """The epoch that the last step belongs to, from 1; 0 before the first step."""
        return -(-self.step // self.batches)

    def events(self) -> Iterator[Event]:
        """Train on, and yield what happens; stopping to iterate stops the training, and another call goes on.

        The model is left in evaluation mode after each epoch.
        """
        start = time.perf_counter()
        while self.step < self.steps:
            batch = self.step % self.batches
            if batch == 0:
                start, self.total, self.right = time.perf_counter(), 0.0, 0
                self.order = torch.randperm(len(self.pictures), generator=self.generator, device=self.device)
            size = self.config.batch_size
            done = self._step(self.order[batch * size : (batch + 1) * size])
            yield done
            if done.batch == self.batches:
                seconds = time.perf_counter() - start
                self.model.eval()
                loss, accuracy = self.total / len(self.pictures), self.right / max(self.digits, 1)
                yield EpochDone(self.epoch, self.config.epochs, loss, accuracy, None, seconds)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return the counters and the tensors that `restore` needs to go on from here to the same weights."""
        counters = {
            "step": self.step,
            "total": self.total,
            "right": self.right,
            "learning_rate": self.learning_rate,
            "device": self.device.type,
        }
        weights = self.model.state_dict()
        tensors = {f"model.{name}": weights[name] for name in moving(self.model)}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimiser.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"optimiser.{key}.{name}"] = value
        tensors |= {f"average.{name}": value for name, value in (self.average or {}).items()}
        tensors |= {"order": self.order, "generator": self.generator.get_state(), "random": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        return counters, tensors

    def restore(self, counters: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Take up a state of the same run.

        The random numbers of another kind of device cannot be gone on with: then others are drawn from here on.

        Raises:
            ValueError: the state is another model's.
        """
        weights = self.model.state_dict()
        names = [name for name in moving(self.model) if f"model.{name}" not in tensors]
        if names:
            raise ValueError(f"the state to resume from has no {', '.join(names)}: it is another model's")
        for name in moving(self.model):
            weights[name].copy_(tensors[f"model.{name}"])
        self.optimiser.state.clear()
        for name, parameter in self.model.named_parameters():
            kept = {key: value for key, value in _under("optimiser.", tensors) if key.partition(".")[2] == name}
            for key, value in kept.items():
                self.optimiser.state[parameter][key.partition(".")[0]] = _laid_out_as(parameter, value)
        if self.average is not None:
            self.average = {name: value.to(self.device) for name, value in _under("average.", tensors)}
        self.order = tensors["order"].to(self.device)
        if drawn_on(counters) != self.device.type:
            torch.manual_seed(self.config.seed + int(counters["step"]))
            self.generator.manual_seed(self.config.seed + int(counters["step"]))
        else:
            self.generator.set_state(tensors["generator"])
            torch.set_rng_state(tensors["random"])
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
        self.step, self.learning_rate = int(counters["step"]), float(counters["learning_rate"])
        self.total, self.right = float(counters["total"]), int(counters["right"])

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the model have the running mean of its weights, if there is one, and its own back in the end."""
        if self.average is None:
            yield
            return
        own = {name: value.clone() for name, value in self.floating.items()}
        try:
            self._assign(self.average)
            yield
        finally:
            self._assign(own)

    def _step(self, chosen: Tensor) -> BatchDone:
        start = time.perf_counter()
        if not self.model.training:
            training_mode(self.model)
        x = _floats(self.pictures.pictures.index_select(0, chosen))  # several times as fast as pictures[chosen]
        labels = self.team.share(self.pictures.labels.index_select(0, chosen))
        if self.config.augmentation != Augmentation():
            x = augment(x, self.config.augmentation, self.generator)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            output = self.forward(_channels_last(self.prepare(self.team.share(x))))
        error = _cross_entropies(output.float(), self.targets[labels]).sum() / (len(chosen) / self.team.size)
        self.optimiser.zero_grad()
        torch.autograd.backward(error)
        learning_rate = self._set_rate()
        self.optimiser.step()
        if self.average is not None:
            for name, value in self.floating.items():
                self.average[name].lerp_(value, 1 - self.config.ema)
        right = (output.argmax(1) == labels).sum()
        found = self.team.sum(torch.stack([error.detach().double() / self.team.size, right.double()])).tolist()
        if self.config.compile and self.compile_seconds is None:
            self.compile_seconds = time.perf_counter() - start
        self.step += 1
        self.total += found[0] * len(chosen)
        self.right += int(found[1])
        batch = (self.step - 1) % self.batches + 1
        return BatchDone(self.epoch, batch, self.batches, found[0], learning_rate, int(found[1]), len(chosen))

    def _set_rate(self) -> float:
        rate = self.learning_rate * schedule.rate(self.config.schedule, self.step, self.steps)
        momentum = schedule.momentum(self.config.schedule, self.step, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
            if momentum is not None and "betas" in group:
                group["betas"] = (momentum, group["betas"][1])
            elif momentum is not None and self.config.momentum:
                group["momentum"] = momentum
        return rate

    def _assign(self, values: Mapping[str, Tensor]) -> None:
        for name, value in values.items():
            self.floating[name].copy_(value)


def train(
    model: nn.Module, pictures: Pictures, config: Config, *, prepare: Prepare, validation: Pictures | None = None
) -> Iterator[Event]:
    """Train a model in place and yield what happens; stopping to iterate stops the training.

    The arguments are those of `Training`; `validation` holds digits that are held out.
    """
    training = Training(model, pictures, config, prepare=prepare)
    for event in training.events():
        if isinstance(event, EpochDone) and validation is not None:
            with training.averaged():
                answers = logits(model, validation.pictures, prepare).argmax(1)
            accuracy = float((answers == validation.labels.to(answers.device)).float().mean())
            event = EpochDone(event.epoch, event.epochs, event.loss, event.accuracy, accuracy, event.seconds)
        yield event
    if training.average is not None:
        training._assign(training.average)


def drawn_on(counters: Mapping[str, Any]) -> str:
    """Return the kind of device, "cpu" or "cuda", whose generators a state holds."""
    return str(counters.get("device", "cpu"))


def loss(output: Tensor, labels: Tensor, config: Config) -> Tensor:
    """Return the mean of `losses`."""
    return losses(output, labels, config).mean()


def losses(output: Tensor, labels: Tensor, config: Config) -> Tensor:
    """Return each picture's cross-entropy, `(N,)`: smoothed labels for digits, all classes alike for what is no digit.

    loss[n] = −weight[n] · ((1 − s[n]) · log p[n, label] + s[n] · mean_k log p[n, k]),
    with s = `label_smoothing` for digits and 1 for the others.

    Args:
        output: `(N, K)` logits or log-probabilities.
        labels: `(N,)`, −1 for what is no digit.
        config: its `label_smoothing` and `no_digit_weight` are used.
    """
    return _cross_entropies(output, _targets(output.shape[1], config).to(output.device)[labels])


@torch.no_grad()
def logits(model: nn.Module, pictures: Tensor, prepare: Prepare, *, batch_size: int | None = None) -> Tensor:
    """Return a model's output for uint8 pictures `(N, C, H, W)`: `(N, K)`, on the model's device.

    Args:
        model: in evaluation mode.
        pictures: floats `(N, features)` of a head's input as well.
        prepare: pictures in [0, 1] → the model's input.
        batch_size: pictures at once; as many as are quickly and easily held by default.
    """
    device = next(model.parameters()).device
    if batch_size is None:
        inputs = max(1, prepare(_floats(pictures[:1].to(device))).numel())
        batch_size = max(1, min(AT_ONCE, NUMBERS_AT_ONCE // inputs))
    parts = [model(prepare(_floats(part.to(device)))) for part in torch.split(pictures, batch_size)]
    return torch.cat(parts)


def _targets(classes: int, config: Config) -> Tensor:
    """Return the weights of a picture's log-probabilities by its label, `(K + 1, K)`; label −1 finds the last row."""
    digits = torch.full((classes, classes), config.label_smoothing / classes)
    digits.diagonal().add_(1 - config.label_smoothing)
    return torch.cat([digits, torch.full((1, classes), config.no_digit_weight / classes)])


def _cross_entropies(output: Tensor, targets: Tensor) -> Tensor:
    return -(targets * F.log_softmax(output, dim=1)).sum(1)


def _floats(pictures: Tensor) -> Tensor:
    """Return uint8 pictures as intensities in [0, 1], and floats as they are."""
    return pictures if pictures.is_floating_point() else pictures.float().div_(255)


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def _floating(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    weights = model.state_dict()
    return ((name, weights[name]) for name in moving(model) if weights[name].is_floating_point())


def _optimiser(model: nn.Module, config: Config) -> Optimizer:
    body, last = body_and_head(model)
    groups: list[dict[str, Any]] = [{"params": body, "scale": config.body_rate}, {"params": last, "scale": 1.0}]
    if config.body_rate == 1:
        groups = [{"params": [*body, *last], "scale": 1.0}]  # one call of the optimiser's kernel
    groups = [group for group in groups if group["params"]]
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimiser:
        case "sgd":
            look_ahead = config.nesterov and config.momentum > 0
            return SGD(groups, rate, config.momentum, weight_decay=decay, nesterov=look_ahead, fused=True)
        case "adam":
            return Adam(groups, rate, weight_decay=decay, fused=True)
        case "adamw":
            return AdamW(groups, rate, weight_decay=decay, fused=True)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    return ((name.removeprefix(prefix), value) for name, value in tensors.items() if name.startswith(prefix))


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """Return an optimiser's tensor on the parameter's device, and in its layout, which fused optimisers rely on."""
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
