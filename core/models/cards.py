"""A model's card: what it expects, how it was trained, what it reached, and below which probability it is unsure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["DIGITS", "Card", "Takes", "taken"]

DIGITS = tuple("0123456789")

Takes = Literal["ink", "pictures", "tensors"]

LUMINANCE = (0.299, 0.587, 0.114)
"""Share of red, green and blue in the grey. Source: ITU-R BT.601, as Pillow turns colours grey."""


@dataclass(frozen=True)
class Card:
    """What a model is, needs and reached.

    Attributes:
        name: the word the registry and the command line know it by.
        title: its name for people.
        summary: one sentence.
        input_shape: of what `prepare` returns, without the batch: `(C, H, W)`, any other only with `preprocess`.
        classes: the label of each output.
        takes: what an input is made of. "ink": light ink on black, as MNIST has it, drawn, or found in a picture;
            "pictures": any picture, the middle of it cut out; "tensors": no picture at all.
        mean, std: per channel, or one for all; `prepare` returns `(picture − mean) / std`.
        scores: name of the returned tensor that holds one score per class; None: by the rule of `class_scores`.
        preprocess: makes the input of one picture `(C, H, W)`, intensity in [0, 1], with as many channels as
            `input_shape`, in place of resizing and normalising. With or without the batch's axis.
        unsure_below: a greatest probability below this means "unsure: this may not be a digit". 1.0 for a model
            whose head was never trained: nothing it says is sure. 0 where nobody measured it.
        recipe: how the shipped weights were made: command, seed, every setting, data checksum.
        figures: what they reached, by `python -m core.evaluate`, and how often `unsure_below` flags.
    """

    name: str
    title: str
    summary: str
    input_shape: tuple[int, ...] = (1, 28, 28)
    classes: tuple[str, ...] = DIGITS
    takes: Takes = "ink"
    scores: str | None = None
    mean: tuple[float, ...] = (0.1307,)
    std: tuple[float, ...] = (0.3081,)
    preprocess: Callable[[Tensor], Tensor] | None = None
    unsure_below: float = 1.0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """How many channels a picture has that it is prepared from."""
        return self.input_shape[0] if len(self.input_shape) == 3 else 1

    def prepare(self, picture: Tensor) -> Tensor:
        """Return pictures as the model wants them: resized, normalised, with its channels.

        Grey is repeated over the channels; colours become grey for a model without three channels.

        Args:
            picture: `(H, W)`, `(C, H, W)` or `(N, C, H, W)` floats, C 1 or 3, intensity in [0, 1].

        Returns:
            `(N, *input_shape)`, on the picture's device.

        Raises:
            ValueError: no floats, another shape, no pixels, or values that are NaN or infinite; `preprocess` raised,
                or returned no floats of `input_shape`.
        """
        if not picture.is_floating_point():
            raise ValueError(f"the picture is {picture.dtype}, expected floats in [0, 1]")
        if not 2 <= picture.ndim <= 4 or (picture.ndim > 2 and picture.shape[-3] not in (1, 3)):
            raise ValueError(
                f"the picture has shape {tuple(picture.shape)}, expected (H, W), (C, H, W) or (N, C, H, W), C 1 or 3"
            )
        if not picture.numel():
            raise ValueError(f"the picture has shape {tuple(picture.shape)}, expected at least one pixel")
        if not picture.isfinite().all():
            raise ValueError("the picture holds NaN or infinite values, expected intensities in [0, 1]")
        colours = picture.shape[-3] if picture.ndim > 2 else 1
        x = picture.reshape(-1, colours, *picture.shape[-2:])
        if colours == 3 != self.channels:
            x = (x * x.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)
        if self.preprocess is not None:
            return torch.cat([self._preprocessed(self.preprocess, one.expand(self.channels, -1, -1)) for one in x])
        height, width = self.input_shape[1:]
        if x.shape[-2:] != (height, width):
            x = F.interpolate(x, (height, width), mode="bilinear", align_corners=False, antialias=True)
        x = x.expand(-1, self.channels, -1, -1)
        return (x - x.new_tensor(self.mean)[:, None, None]) / x.new_tensor(self.std)[:, None, None]

    def _preprocessed(self, preprocess: Callable[[Tensor], Tensor], picture: Tensor) -> Tensor:
        given = f"it is called with floats {tuple(picture.shape)}, intensity in [0, 1]"
        try:
            made = preprocess(picture.clone())
        except Exception as error:  # somebody else's function: whatever it raises is told
            raise ValueError(f"preprocess raised {type(error).__name__}: {error}; {given}") from error
        wanted = ", ".join(map(str, self.input_shape))
        if not isinstance(made, Tensor) or not made.is_floating_point():
            found = made.dtype if isinstance(made, Tensor) else type(made).__name__
            raise ValueError(f"preprocess returned {found}, expected floats ({wanted}); {given}")
        made = made[None] if made.ndim == len(self.input_shape) else made
        if tuple(made.shape) != (1, *self.input_shape):
            raise ValueError(f"preprocess returned {tuple(made.shape)}, expected ({wanted}) or (1, {wanted}); {given}")
        return made


def taken(recipe: Mapping[str, Any]) -> Takes:
    """Return what the inputs of a model are made of, by the recipe of its training."""
    data = recipe.get("data")
    return "pictures" if isinstance(data, Mapping) and data.get("source") == "folder" else "ink"
