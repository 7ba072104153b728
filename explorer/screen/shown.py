"""What is on screen, made from a request once: a model, what it is shown, a person's changes, and what it did.

One movement of the pen asks for maps, for the opened cell's sum, for reasons and for a comparison. All of them are
about the same forward pass: it runs for whoever asks first, and the others find it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Any
from weakref import WeakSet

import orjson
from torch import Tensor

from core.explain import Backward, Trace, backward
from core.explain.members import modules
from core.explain.trace import PLAIN, named_tensors, version_of
from explorer.models.library import Changes, Explored, Library, one_thread
from explorer.models.recent import Recent
from explorer.screen.edits import Edits
from explorer.screen.inputs import Input, Inputs
from explorer.wire.requests import ON_PAD

__all__ = ["Showing", "Shown", "nbytes_of"]

MOST = 64
"""What is on the screens of as many people, each with a model beside another, stays at hand."""


LIGHT_POINTS, LIGHT_PAGES = 2000, 100
"""A drawing has a few hundred points, a network a few dozen columns of maps."""


@dataclass(eq=False)
class Shown:
    """One forward pass with all that belongs to it.

    Attributes:
        explored: the model.
        input: what it was shown.
        changes: what was changed of it.
        grad: whether the trace can be run backwards.
        trace: what ran, by value.
        problem: what the model raised half-way, if it did.
    """

    explored: Explored
    input: Input
    changes: Changes
    grad: bool
    trace: Trace
    problem: str | None
    _state: tuple[Any, ...]
    _back: Backward | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def make(cls, explored: Explored, input: Input, changes: Changes, *, grad: bool) -> "Shown":
        """Return a model's answer to an input: one forward pass."""
        state = _state(explored)  # before the pass: what changes meanwhile is seen
        trace, problem = explored.trace(input.shown_to(explored), grad=grad, changes=changes)
        return cls(explored, input, changes, grad, trace, problem, state)

    def back(self, label: int | None) -> Backward | None:
        """Return the loss for a true class run backwards, the last one made once; None without a class.

        Raises:
            ValueError: as `core.explain.backward`.
        """
        if label is None:
            return None
        with self._lock:
            if self._back is None or self._back.label != label:
                one_thread()
                self._back = backward(self.trace, label)
            return self._back

    @property
    def holds(self) -> bool:
        """Whether the model is still what it was: a notebook that trains it goes on while it is explored."""
        return self._state == _state(self.explored) and all(
            version_of(tensor) == step.parameter_versions.get(name, version_of(tensor))
            for step in self.trace.steps
            for name, tensor in named_tensors(step.arguments)
        )

    @property
    def nbytes(self) -> int:
        """How much memory the values of the trace take, bytes; with the graph about as much for the gradients."""
        return nbytes_of(self.trace, self.explored) * (2 if self.grad else 1)


class Showing:
    """Everybody's screens: what requests show, the last few kept in the library's memory."""

    def __init__(self, library: Library, edits: Edits | None = None, *, most: int = MOST) -> None:
        self.library, memory = library, library.memory
        self.edits = Edits(Inputs(library.data_dir, library.runs_dir), memory) if edits is None else edits
        self._seen: WeakSet[Explored] = WeakSet()
        self._inputs: Recent[Input] = Recent(memory, most=most, size=lambda input: input.picture.nbytes)
        self._kept: Recent[Shown] = Recent(
            memory, most=most, size=lambda shown: shown.nbytes, holds=lambda shown: shown.holds
        )

    @property
    def inputs(self) -> Inputs:
        """What reads the pads of requests."""
        return self.edits.inputs

    def of(self, asked: Mapping[str, Any], *, grad: bool | None = None) -> Shown:
        """Return what a request shows.

        Args:
            asked: a request that was checked: `model`, the drawing, `edits`, and the true class as `label`.
            grad: whether the trace is to be run backwards; by default where there is a label.

        Raises:
            ValueError: as `Library.explored`, `Inputs.read` and `Edits.changes`.
            FileNotFoundError: as `Library.explored` and `Inputs.read`.
        """
        explored, changes = self.model(asked)
        grad = asked.get("label") is not None if grad is None else grad
        drawing = _digest({name: asked.get(name) for name in ON_PAD})
        one_thread()

        def make() -> Shown:
            card = explored.card
            taken = card.takes, card.input_shape, card.preprocess is None
            input = self._inputs.of((drawing, taken), lambda: self.inputs.read(asked, card))
            return Shown.make(explored, input, changes, grad=grad)

        return self._kept.of((explored, drawing, _digest(asked["edits"]), grad), make)

    def model(self, asked: Mapping[str, Any]) -> tuple[Explored, Changes]:
        """Return a request's model and what is changed of it.

        Raises:
            ValueError: as `Library.explored` and `Edits.changes`.
            FileNotFoundError: as `Library.explored`.
        """
        explored = self.library.explored(asked["model"])
        if explored not in self._seen:
            self._forget_replaced()
            self._seen.add(explored)
        return explored, self.edits.changes(explored, asked["edits"])

    def is_light(self, request: Any) -> bool:
        """Return whether what a request asks takes a few milliseconds, and waits for nobody.

        That is: a drawing of usual length, at most one pass of a model at hand, and no sum term by term.
        """
        if not isinstance(request, dict) or request.get("edits") or request.get("every"):
            return False
        if request.get("label") is not None or request.get("source") is not None:
            return False
        name, strokes, wanted = request.get("model"), request.get("strokes"), request.get("wanted", [])
        if not isinstance(name, str) or not isinstance(strokes, list) or not isinstance(wanted, list):
            return False
        points = sum(len(stroke) for stroke in strokes if isinstance(stroke, list))
        return points <= LIGHT_POINTS and len(wanted) <= LIGHT_PAGES and self.library.is_light(name)

    def _forget_replaced(self) -> None:
        """Forget what belongs to models that the library has loaded anew, or no longer holds."""
        holds = cache(self.library.holds)
        self._kept.drop(lambda key: not holds(key[0]))
        self.edits.drop(lambda explored: not holds(explored))


def _digest(value: Any) -> bytes:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def _state(explored: Explored) -> tuple[Any, ...]:
    """Return what the model is made of, the mode of each part, and the version of its parameters."""
    return explored.version, *((id(module), module.training) for module in modules(explored.model))


def nbytes_of(trace: Trace, explored: Explored) -> int:
    """Return how much memory the values of a trace take, bytes, without the model's own: counted once."""
    if trace.nbytes is not None:
        return trace.nbytes
    own = {id(parameter) for parameter in explored.parameters.values()}
    tensors = [trace.input]
    for step in trace.steps:
        tensors.append(step.output)
        for value in step.arguments.values():
            if type(value) not in PLAIN and id(value) not in own:
                tensors += [value] if isinstance(value, Tensor) else (tensor for _, tensor in named_tensors(value))
    trace.nbytes = sum({_memory(tensor): tensor.nbytes for tensor in tensors}.values())
    return trace.nbytes


def _memory(tensor: Tensor) -> int:
    """Return what tensors that share memory have in common."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse
        return id(tensor)
