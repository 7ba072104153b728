"""Pictures to choose an input from, MNIST's test set or what a run holds back: by class, or what a model gets wrong."""

import math
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.mnist import Pictures
from core.models.cards import DIGITS
from core.told import keyed
from core.training.runs import Runs
from explorer.models.library import Explored, Library
from explorer.screen.inputs import Inputs
from explorer.wire.numbers import in_base64
from explorer.wire.requests import FLAG, MODEL, Fields, checked, or_null, text, whole
from explorer.wire.view import by_key

__all__ = ["BATCH", "PER_PAGE", "Gallery", "browse"]

PER_PAGE = 60
"""Pictures that travel at once."""

SHOWN = 56
"""Side of the pictures that travel, pixels, where they are larger."""

BATCH = 100
BATCH_VALUES = 300_000
"""Pictures, and values of its input, that a model is asked about at once; a person's request waits for one batch."""


BROWSED: Fields = {
    "model": MODEL,
    "run": text(200),
    "label": or_null(whole(0, 1_000_000)),
    "wrong": FLAG,
    "first": whole(),
    "download": FLAG,
}
"""`run`: whose held-back pictures are shown; "": MNIST's test set."""


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


@dataclass(frozen=True)
class Collection:
    """Labelled pictures: what `run` holds back, or MNIST's where it is ""."""

    run: str
    pictures: Pictures
    classes: tuple[str, ...]


class Gallery:
    """Pages through pictures, and judges each model once, in the background, when its errors are wanted."""

    def __init__(self, inputs: Inputs):
        self.inputs = inputs
        self.threads: list[Thread] = []
        self._verdicts: dict[tuple[str, str], Verdicts] = {}
        self._lock = Lock()

    def collection(self, run: str = "", *, download: bool = False) -> Collection:
        """Return what a run holds back; without one MNIST's test set.

        Args:
            run: its name.
            download: fetch MNIST if it is not on this machine.

        Raises:
            FileNotFoundError: MNIST is not on this machine, or the run holds no pictures back; the message says which.
            ValueError: the files are damaged.
        """
        if not run:
            return Collection(run, self.inputs.test_set(download=download), DIGITS)
        if self.inputs.runs_dir is None:
            raise FileNotFoundError(f"there is no run {run!r}: this program keeps no runs")
        runs = Runs(self.inputs.runs_dir)
        return Collection(run, runs.held_back(run), runs.card(run).classes)

    def browse(
        self, explored: Explored, found: Collection, *, label: int | None, wrong: bool, first: int
    ) -> dict[str, Any]:
        """Return one page of pictures: index, label, the model's guess where it is known, and the pixels.

        Args:
            explored: the model whose errors are told.
            found: the pictures.
            label: the only class shown; None for all.
            wrong: whether only pictures are shown that the model gets wrong, as far as it was asked.
            first: how many of the chosen pictures come before the page.

        Raises:
            ValueError: there is no such class or page, or the model cannot be judged.
        """
        labels = found.pictures.labels
        if label is not None and not 0 <= label < len(found.classes):
            raise ValueError(f"there is no class {label}; the pictures have 0 to {len(found.classes) - 1}")
        if first < 0:
            raise ValueError(f"first is {first}, expected 0 or more")
        verdicts = self.judged(explored, found) if wrong else self._verdicts.get((explored.name, found.run))
        chosen = torch.ones(len(labels), dtype=torch.bool) if label is None else labels == label
        guesses = None
        if verdicts:
            with verdicts.lock:
                guesses, done, problem = verdicts.guesses.clone(), verdicts.done, verdicts.problem
            if wrong and problem:
                raise ValueError(problem)
            if wrong:
                chosen &= (guesses != labels) & (guesses >= 0)
        indices = chosen.nonzero()[:, 0]
        page = indices[first : first + PER_PAGE]
        pictures = _small(found.pictures.pictures[page])
        return {
            "total": len(indices),
            "first": first,
            "perPage": PER_PAGE,
            "size": len(labels),
            "judged": done if verdicts else 0,
            "indices": page.tolist(),
            "labels": labels[page].tolist(),
            "guesses": guesses[page].tolist() if guesses is not None else None,
            "classes": list(found.classes),
            "side": pictures.shape[-1],
            "channels": pictures.shape[1],
            "data": in_base64(pictures.movedim(1, 3).contiguous()),
        }

    def judged(self, explored: Explored, found: Collection) -> Verdicts:
        """Return what is known of a model's guesses; the first call starts asking it about every picture."""
        key = explored.name, found.run
        with self._lock:
            if key not in self._verdicts:
                verdicts = Verdicts(torch.full((len(found.pictures),), -1))
                self._verdicts[key] = verdicts
                self.threads.append(Thread(target=self._judge, args=(explored, found, verdicts), daemon=True))
                self.threads[-1].start()
            return self._verdicts[key]

    def _judge(self, explored: Explored, found: Collection, verdicts: Verdicts) -> None:
        torch.set_num_threads(1)  # of this thread: the others answer people meanwhile
        pictures = found.pictures.pictures
        try:
            if explored.card.classes != found.classes:
                told, wanted = (", ".join(names)[:60] for names in (explored.card.classes, found.classes))
                raise keyed(
                    ValueError(f"{explored.name} tells {told} apart, not {wanted}"),
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
    """Answer one page of pictures; `missing` says why there is none and how to get them."""
    asked = checked(request, BROWSED)
    explored = library.explored(asked["model"])
    try:
        found = gallery.collection(asked["run"], download=asked["download"])
    except FileNotFoundError as error:
        return {"missing": str(error), **by_key(error)}
    return gallery.browse(explored, found, label=asked["label"], wrong=asked["wrong"], first=asked["first"])


def _small(pictures: Tensor) -> Tensor:
    """Return pictures `(N, C, side, side)` uint8 at most `SHOWN` a side."""
    if not len(pictures) or pictures.shape[-1] <= SHOWN:
        return pictures
    scaled = F.interpolate(pictures.float(), (SHOWN, SHOWN), mode="bilinear", antialias=True)
    return scaled.add(0.5).clamp(0, 255).byte()
