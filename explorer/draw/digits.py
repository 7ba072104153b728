"""MNIST's test pictures to choose an input from: by class, or only those that a model gets wrong."""

import math
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

import torch
from torch import Tensor

from core.models.cards import DIGITS
from core.told import keyed
from explorer.models.library import Explored, Library
from explorer.screen.inputs import Inputs
from explorer.wire.numbers import in_base64
from explorer.wire.requests import FLAG, MODEL, Fields, checked, or_null, whole
from explorer.wire.view import by_key

__all__ = ["BATCH", "PER_PAGE", "Gallery", "browse"]

PER_PAGE = 60
"""Pictures that travel at once."""

BATCH = 100
BATCH_VALUES = 300_000
"""Pictures, and values of its input, that a model is asked about at once; a person's request waits for one batch."""


BROWSED: Fields = {
    "model": MODEL,
    "label": or_null(whole(0, len(DIGITS) - 1)),
    "wrong": FLAG,
    "first": whole(),
    "download": FLAG,
}


@dataclass
class Verdicts:
    """What one model says of the test pictures so far.

    Attributes:
        guesses: its class for each picture, −1 where it was not asked yet.
        done: how many pictures were judged, from the first on.
        problem: why it cannot be judged; "" while nothing is wrong.
    """

    guesses: Tensor
    done: int = 0
    problem: str = ""
    lock: Lock = field(default_factory=Lock)


class Gallery:
    """Pages through the test pictures, and judges each model once, in the background, when its errors are wanted."""

    def __init__(self, inputs: Inputs):
        self.inputs = inputs
        self.threads: list[Thread] = []
        self._verdicts: dict[str, Verdicts] = {}
        self._lock = Lock()

    def browse(
        self, explored: Explored, *, label: int | None, wrong: bool, first: int, download: bool = False
    ) -> dict[str, Any]:
        """Return one page of test pictures: index, label, the model's guess where it is known, and the pixels.

        Args:
            explored: the model whose errors are told.
            label: the only class shown; None for all.
            wrong: whether only pictures are shown that the model gets wrong, as far as it was asked.
            first: how many of the chosen pictures come before the page.
            download: fetch MNIST if it is not on this machine.

        Raises:
            FileNotFoundError: MNIST is not on this machine; the message names the options.
            ValueError: there is no such class or page, or the model cannot be judged.
        """
        digits = self.inputs.test_set(download=download)
        if label is not None and not 0 <= label < len(DIGITS):
            raise ValueError(f"there is no digit {label}; MNIST has 0 to {len(DIGITS) - 1}")
        if first < 0:
            raise ValueError(f"first is {first}, expected 0 or more")
        verdicts = self.judged(explored) if wrong else self._verdicts.get(explored.name)
        chosen = torch.ones(len(digits), dtype=torch.bool) if label is None else digits.labels == label
        guesses = None
        if verdicts:
            with verdicts.lock:
                guesses, done, problem = verdicts.guesses.clone(), verdicts.done, verdicts.problem
            if wrong and problem:
                raise ValueError(problem)
            if wrong:
                chosen &= (guesses != digits.labels) & (guesses >= 0)
        indices = chosen.nonzero()[:, 0]
        page = indices[first : first + PER_PAGE]
        return {
            "total": len(indices),
            "first": first,
            "perPage": PER_PAGE,
            "size": len(digits),
            "judged": done if verdicts else 0,
            "indices": page.tolist(),
            "labels": digits.labels[page].tolist(),
            "guesses": guesses[page].tolist() if guesses is not None else None,
            "side": digits.pictures.shape[-1],
            "data": in_base64(digits.pictures[page]),
        }

    def judged(self, explored: Explored) -> Verdicts:
        """Return what is known of a model's guesses; the first call starts asking it about every picture."""
        with self._lock:
            if explored.name not in self._verdicts:
                verdicts = Verdicts(torch.full((len(self.inputs.test_set()),), -1))
                self._verdicts[explored.name] = verdicts
                self.threads.append(Thread(target=self._judge, args=(explored, verdicts), daemon=True))
                self.threads[-1].start()
            return self._verdicts[explored.name]

    def _judge(self, explored: Explored, verdicts: Verdicts) -> None:
        torch.set_num_threads(1)  # of this thread: the others answer people meanwhile
        pictures = self.inputs.test_set().pictures
        try:
            if explored.card.classes != DIGITS:
                raise keyed(
                    ValueError(f"{explored.name} tells {', '.join(explored.card.classes)[:60]} apart, not the digits"),
                    "told.gallery.classes",
                    model=explored.name,
                )
            batch = max(1, min(BATCH, BATCH_VALUES // max(1, math.prod(explored.card.input_shape))))
            for start in range(0, len(pictures), batch):
                guesses = explored.classify(pictures[start : start + batch].float() / 255)
                with verdicts.lock:
                    verdicts.guesses[start : start + len(guesses)] = guesses
                    verdicts.done = start + len(guesses)
        except (
            Exception
        ) as error:  # a model of somebody's own may raise anything: it is told where the errors are wanted
            verdicts.problem = f"{explored.name} cannot be judged: {error}"


def browse(library: Library, gallery: Gallery, request: Any) -> dict[str, Any]:
    """Answer one page of MNIST's test pictures; `missing` says why there is none and how to get them."""
    asked = checked(request, BROWSED)
    explored = library.explored(asked["model"])
    try:
        return gallery.browse(
            explored, label=asked["label"], wrong=asked["wrong"], first=asked["first"], download=asked["download"]
        )
    except FileNotFoundError as error:
        return {"missing": str(error), **by_key(error)}
