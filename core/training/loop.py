"""The training loop: resident tensors in, a stream of typed events out."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from core.data.augmentation import Augmentation, augment
from core.data.mnist import Pictures
from core.data.negatives import NO_DIGIT
from core.training.config import Config

__all__ = ["BatchDone", "EpochDone", "Event", "logits", "loss", "train"]

Prepare = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class BatchDone:
    """One optimiser step was made.

    Attributes:
        epoch, batch: from 1.
        batches: in an epoch.
        loss: of this batch, before the step, nats.
        learning_rate: of this step.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    learning_rate: float


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


def train(
    model: nn.Module, pictures: Pictures, config: Config, *, prepare: Prepare, validation: Pictures | None = None
) -> Iterator[Event]:
    """Train a model in place and yield what happens; stopping to iterate stops the training.

    The same arguments on the same device and number of threads give the same weights. Torch's global generator is
    seeded, for dropout. The model is left in evaluation mode after each epoch.

    Args:
        model: where it shall be trained; parameters that require no gradient stay as they are.
        pictures: the label −1 means "no digit".
        config: the settings.
        prepare: pictures in [0, 1], `(N, 1, H, W)`, → the model's input.
        validation: digits that are held out.
    """
    device = next(model.parameters()).device
    pictures = pictures.to(device)
    torch.manual_seed(config.seed)
    generator = torch.Generator(device).manual_seed(config.seed)
    model.to(memory_format=torch.channels_last)
    batches = -(-len(pictures) // config.batch_size)
    optimiser = _optimiser(model, config)
    schedule = _schedule(optimiser, config, batches)
    for epoch in range(1, config.epochs + 1):
        _training_mode(model)
        start, total, right = time.perf_counter(), 0.0, 0
        order = torch.randperm(len(pictures), generator=generator, device=device)
        for batch, chosen in enumerate(torch.split(order, config.batch_size), 1):
            x, labels = pictures.pictures[chosen].float().div_(255), pictures.labels[chosen]
            if config.augmentation != Augmentation():
                x = augment(x, config.augmentation, generator)
            output = model(prepare(x).contiguous(memory_format=torch.channels_last))
            error = loss(output, labels, config)
            optimiser.zero_grad()
            torch.autograd.backward(error)
            learning_rate = optimiser.param_groups[0]["lr"]
            optimiser.step()
            if schedule is not None:
                schedule.step()
            total += error.item() * len(labels)
            right += int((output.argmax(1) == labels).sum())
            yield BatchDone(epoch, batch, batches, error.item(), learning_rate)
        seconds = time.perf_counter() - start
        model.eval()
        digits = int((pictures.labels != NO_DIGIT).sum())
        accuracy = None
        if validation is not None:
            answers = logits(model, validation.pictures, prepare).argmax(1)
            accuracy = float((answers == validation.labels.to(device)).float().mean())
        yield EpochDone(epoch, config.epochs, total / len(pictures), right / max(digits, 1), accuracy, seconds)


def loss(output: Tensor, labels: Tensor, config: Config) -> Tensor:
    """Return the mean cross-entropy: smoothed labels for digits, all classes alike for what is no digit.

    loss = −mean_n weight[n] · ((1 − s[n]) · log p[n, label] + s[n] · mean_k log p[n, k]),
    with s = `label_smoothing` for digits and 1 for the others.

    Args:
        output: `(N, K)` logits or log-probabilities.
        labels: `(N,)`, −1 for what is no digit.
        config: its `label_smoothing` and `no_digit_weight` are used.
    """
    log_p = F.log_softmax(output, dim=1)
    digit = labels != NO_DIGIT
    smoothing = torch.where(digit, config.label_smoothing, 1.0)
    weight = torch.where(digit, 1.0, config.no_digit_weight)
    own = log_p.gather(1, labels.clamp(min=0)[:, None]).squeeze(1)
    return -(weight * ((1 - smoothing) * own + smoothing * log_p.mean(1))).mean()


@torch.no_grad()
def logits(model: nn.Module, pictures: Tensor, prepare: Prepare, *, batch_size: int = 500) -> Tensor:
    """Return a model's output for uint8 pictures `(N, 1, H, W)`: `(N, K)`, on the model's device."""
    device = next(model.parameters()).device
    parts = [model(prepare(part.to(device).float() / 255)) for part in torch.split(pictures, batch_size)]
    return torch.cat(parts)


def _optimiser(model: nn.Module, config: Config) -> Optimizer:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimiser:
        case "sgd":
            return SGD(trained, rate, config.momentum, weight_decay=decay, fused=True)
        case "adam":
            return Adam(trained, rate, weight_decay=decay, fused=True)
        case "adamw":
            return AdamW(trained, rate, weight_decay=decay, fused=True)


def _schedule(optimiser: Optimizer, config: Config, batches: int) -> LRScheduler | None:
    if config.schedule == "constant":
        return None
    # the step after the last one asks the schedule once more
    return OneCycleLR(optimiser, config.learning_rate, total_steps=config.epochs * batches + 1, pct_start=0.25)


def _training_mode(model: nn.Module) -> None:
    """Switch to training mode, except for modules that are frozen: their batch-norm statistics stay as they are."""
    model.train()
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            module.eval()
