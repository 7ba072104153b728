"""The settings of a training run, and those that the shipped weights were made with."""

from dataclasses import dataclass, field
from typing import Literal

from core.data.augmentation import Augmentation

__all__ = ["GENTLE", "RECIPES", "STRONG", "Config"]


@dataclass(frozen=True)
class Config:
    """Everything that decides a training run besides the model and the pictures.

    Attributes:
        epochs: passes over all pictures.
        batch_size: pictures a step.
        optimiser: "sgd" (with `momentum`), "adam" or "adamw".
        learning_rate: of a constant schedule, or the greatest one of another.
        momentum: of SGD.
        nesterov: whether SGD looks ahead by its momentum.
        weight_decay: as the optimiser defines it.
        schedule: "constant", "one_cycle", "cosine" (from the rate down to nothing) or "steps" (a tenth of the rate
            after half of the run, a hundredth after three quarters).
        label_smoothing: share of the target given to all classes alike.
        no_digit_weight: weight in the loss of pictures that are no digits; their target is all classes alike.
        dropout: share of the units that each dropout layer silences, or of the head's inputs in a model without such
            layers; None leaves the model as it is.
        ema: decay of the running mean of the weights that is validated and kept, 0 for the weights themselves.
        trained: module paths whose parameters are trained, "head" for the last linear layer; all of them by default.
        body_rate: learning rate of everything but the head, as a multiple of `learning_rate`.
        precision: "float32", or "bfloat16" for mixed precision: weights and sums stay float32, products take half the
            bits. About twice as fast where `core.device.has_bfloat16`, several times slower elsewhere.
        compile: whether `torch.compile` makes the training step.
        augmentation: how far every batch is distorted.
        drawn: how many digits drawn by `core.data.drawn` join the pictures.
        negatives: how many pictures that are no digits join them.
        seed: of the weights, the order, the distortions, the dropout and the drawn pictures.
    """

    epochs: int = 10
    batch_size: int = 256
    optimiser: Literal["sgd", "adam", "adamw"] = "adamw"
    learning_rate: float = 2e-3
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    schedule: Literal["constant", "one_cycle", "cosine", "steps"] = "one_cycle"
    label_smoothing: float = 0.0
    no_digit_weight: float = 0.5
    dropout: float | None = None
    ema: float = 0.0
    trained: tuple[str, ...] = ()
    body_rate: float = 1.0
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)
    drawn: int = 0
    negatives: int = 0
    seed: int = 0


GENTLE = Augmentation(
    rotation=8, scale=0.08, shear=0.12, shift=1.5, elastic=0.4, thicker=0.3, thinner=0.2, contrast=1.0
)
STRONG = Augmentation(rotation=12, scale=0.12, shear=0.2, shift=2, elastic=0.7, thicker=0.5, thinner=0.4, contrast=1.0)

RECIPES = {
    "recommended": Config(
        epochs=18,
        batch_size=128,
        learning_rate=3e-3,
        weight_decay=0.05,
        label_smoothing=0.05,
        augmentation=STRONG,
        drawn=40000,
        negatives=6000,
    ),
    "a1": Config(epochs=5, learning_rate=1.5e-3, weight_decay=0.01, augmentation=GENTLE, drawn=6000, negatives=6000),
    "a2": Config(epochs=16, learning_rate=6e-3, augmentation=GENTLE, drawn=6000, negatives=6000),
    "a3": Config(epochs=10, learning_rate=2e-3, weight_decay=0.01, augmentation=GENTLE, drawn=6000, negatives=6000),
}
"""Epochs and rates were set on 5,000 held-out training pictures. How many digits are drawn, and how zeros are slashed,
was changed after the first recommended weights had read 9 of the development strokes' 130 zeros wrong; how many, again,
when the table of drawn digits had more hands."""
