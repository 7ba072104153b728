"""The models a running ConvScope explores: found by name, loaded once, and run one request at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core import models
from core.device import current
from core.explain import RecordingError, Replay, Trace, left_as_found, record, scores_of, swapped
from core.explain.members import modules, named_buffers, named_parameters
from core.explain.trace import named_tensors, rebuilt, version_of
from core.models import Card, Download
from core.training.runs import Runs
from explorer.models.loading import Loading
from explorer.models.moments import is_moment, load_moment, run_of
from explorer.models.recent import Memory, Recent
from explorer.work import Turns, checkpoint

__all__ = ["UNCHANGED", "UNTRAINED", "Changes", "Example", "Explored", "Library", "device_of", "one_thread"]

UNTRAINED = ":untrained"
"""Ending of a name that asks for random weights: "resnet18:untrained"."""

MEMORY = 2**30
"""Bytes that loaded models, changed ones and the traces of what people look at may take together."""

LIGHT_SECONDS = 0.01
"""A pass of a model that takes no longer is answered at once: the server does nothing else meanwhile."""

SEED = 0
"""Of what a model draws at random while it is explored."""


@dataclass(frozen=True)
class Changes:
    """What somebody changed of a model, in force for one request at a time.

    Attributes:
        parameters: values that take the place of the model's own, by name.
        swaps: the number of an activation's call to the activation in its place, as `swapped` takes them.
    """

    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    swaps: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.parameters or self.swaps)

    def swapping(self) -> AbstractContextManager[Any]:
        """Return what puts the swaps in force for a forward pass; watching for them takes a tenth of its time."""
        return swapped(self.swaps) if self.swaps else nullcontext()


UNCHANGED = Changes()


@dataclass(frozen=True, eq=False)
class Example:
    """An input of a model's own kind: the arguments of its `forward`, the first tensor among them the one that changes.

    Attributes:
        args: by place.
        kwargs: by name.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> Tensor:
        """The first tensor."""
        return named_tensors((*self.args, dict(self.kwargs)))[0][1]

    def to(self, device: torch.device) -> "Example":
        """Return the example on a device."""
        return self._with(lambda tensor: tensor.to(device))

    def fed(self, input: Tensor) -> "Example":
        """Return the arguments with `input` in place of the first tensor; of a batch of inputs the others repeat."""
        first = self.input
        times = len(input) // len(first) if first.ndim and input.ndim and len(first) else 1

        def put(tensor: Tensor) -> Tensor:
            if tensor is first:
                return input
            return torch.cat([tensor] * times) if times > 1 and tensor.shape[:1] == first.shape[:1] else tensor

        return self._with(put)

    def _with(self, change: Callable[[Tensor], Tensor]) -> "Example":
        def changed(value: Any) -> Any:
            return change(value) if isinstance(value, Tensor) else rebuilt(value, changed)

        return Example(tuple(map(changed, self.args)), {name: changed(value) for name, value in self.kwargs.items()})


@dataclass(frozen=True, eq=False)
class Explored:
    """A model under exploration: what it is, and where it runs. One that is loaded anew is another one.

    Attributes:
        name: the name it is asked for by.
        card: what it expects and what it reached.
        model: the module, in the mode it was given in.
        trained: False when its weights are random.
        example: an input of the model's own kind: what an empty picture stands for. None: black.
        settled: whether its `forward` is known to make the same calls whatever it is shown.
    """

    name: str
    card: Card
    model: nn.Module
    device: torch.device
    trained: bool = True
    example: Example | None = None
    settled: bool = False
    parameters: Mapping[str, nn.Parameter] = field(init=False, repr=False)
    """The model's own, by name: the model itself may hold somebody's changes at any moment."""
    _buffers: tuple[Tensor, ...] = field(init=False, repr=False)
    _turns: Turns = field(default_factory=Turns, repr=False)
    _replays: dict[int, Replay] = field(default_factory=dict, repr=False)
    """What repeats the model's calls, with its quickest trace, by the `version` they were made at: the last one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", named_parameters(self.model))
        object.__setattr__(self, "_buffers", tuple(nn.Module.buffers(self.model)))  # its own: a pass works on copies

    @property
    def version(self) -> int:
        """Another number whenever a parameter or buffer was changed in place: a notebook may train the model."""
        return sum(version_of(tensor) for tensor in (*self.parameters.values(), *self._buffers))

    @property
    def is_light(self) -> bool:
        """Whether the next pass makes the calls of one before, and the quickest so far took a few milliseconds."""
        replay = self._replays.get(self.version)
        return replay is not None and replay.trace.seconds <= LIGHT_SECONDS

    @property
    def nbytes(self) -> int:
        """How much memory its parameters and buffers take, bytes."""
        return sum(tensor.nbytes for tensor in (*self.parameters.values(), *self._buffers))

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's input: its example's, or that of its parameters."""
        floats = (p.dtype for p in self.parameters.values() if p.is_floating_point())
        return next(floats, torch.float32) if self.example is None else self.example.input.dtype

    def input(self, pictures: Tensor) -> Tensor:
        """Return the model's input for a `(H, W)` or `(C, H, W)` picture or `(N, C, H, W)` of them, each in [0, 1].

        An empty picture alone stands for the model's example, where there is one; for a model that takes no pictures
        any picture does.
        """
        if self.example is not None and (self.card.takes == "tensors" or (pictures.ndim == 2 and not pictures.any())):
            return self.example.input.to(self.device)
        return self.card.prepare(pictures).to(self.device, self.dtype)

    def fed(self, input: Tensor) -> Example:
        """Return all arguments of the model's `forward` for an input."""
        return Example((input,)) if self.example is None else self.example.to(self.device).fed(input)

    def trace(self, picture: Tensor, *, grad: bool = False, changes: Changes = UNCHANGED) -> tuple[Trace, str | None]:
        """Return what the model did with a picture, as `input` takes it, and what it raised, if it did.

        A model that raises half-way leaves the trace of the part that ran. With `grad` the trace can be run backwards;
        `changes` are in force for this once.

        Requests for one model wait for each other: a forward pass may write the module's buffers. One thread computes:
        for a single picture more of them gain little and stall whenever the cores are busy. What a model draws at
        random (dropout, in training mode) is the same each time. A settled model as it is makes its calls again, of
        which any number can run at a time.
        """
        input, version = self.input(picture), self.version
        repeated = self.settled and not (grad or changes)
        replay = self._replays.get(version) if repeated else None
        if replay is not None and replay.fits(input):
            one_thread()
            trace = replay.run(input)
            if trace.seconds < replay.trace.seconds:
                self._replays[version] = replace(replay, trace=trace)
            return trace, None
        given = self.fed(input)
        with self._running(changes):
            try:
                trace = record(self.model, *given.args, grad=grad, within=changes.swapping(), **given.kwargs)
            except RecordingError as error:
                return error.trace, str(error)
        trace.scores = self.card.scores
        replay = Replay.of(trace) if repeated else None
        if replay is not None:
            self._replays.clear()
            self._replays[version] = replay
        return trace, None

    def run(self, input: Tensor, *, changes: Changes = UNCHANGED) -> Any:
        """Return what the model gives for a batch of inputs, under the caller's gradient mode, and leave it as found.

        Others wait for one batch, not for all that are run in a row.
        """
        given = self.fed(input.clone())
        with self._running(changes), left_as_found(self.model), changes.swapping():
            return self.model(*given.args, **given.kwargs)

    @contextmanager
    def _running(self, changes: Changes) -> Iterator[None]:
        one_thread()
        checkpoint()
        with self._turns, self._changed(changes.parameters), _same_draws(self.device):
            yield

    @contextmanager
    def _changed(self, parameters: Mapping[str, Tensor]) -> Iterator[None]:
        """Put other values in place of some parameters, and the very same parameters back in the end."""
        try:
            for name, value in parameters.items():
                _assign(self.model, name, nn.Parameter(value, requires_grad=self.parameters[name].requires_grad))
            yield
        finally:
            for name in parameters:
                _assign(self.model, name, self.parameters[name])

    def classify(self, pictures: Tensor) -> Tensor:
        """Return the most probable class of each of `(N, C, H, W)` pictures, `(N,)`, by the model as it is loaded.

        It is asked in evaluation mode and left in its own; requests for the same model wait meanwhile.

        Raises:
            ValueError: its output is not one score per class and picture.
        """
        checkpoint()
        given = self.fed(self.input(pictures))
        training = [module for module in modules(self.model) if module.training]
        with self._turns, torch.inference_mode():
            try:
                for module in training:
                    module.training = False
                output = self.model(*given.args, **given.kwargs)
            finally:
                for module in training:
                    module.training = True
        scores = scores_of(output, self.card.scores)
        if scores is None or tuple(scores.shape) != (len(pictures), len(self.card.classes)):
            shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(f"the output is {shape}, expected ({len(pictures)}, {len(self.card.classes)})")
        return scores.argmax(1).cpu()

    def blank(self) -> Tensor:
        """Return an empty picture, for learning the model's structure."""
        return torch.zeros(28, 28)


def one_thread() -> None:
    """Let torch compute with the calling thread alone from here on."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def _is_ours(model: nn.Module) -> bool:
    """Return whether a network is one of ours, evaluated: their `forward` asks for no value of a tensor."""
    return type(model).__module__.startswith(f"{models.__name__}.") and not model.training


def device_of(model: nn.Module) -> torch.device:
    """Return where a model's first parameter or buffer is; the CPU for a model without any."""
    tensors = chain(named_parameters(model).values(), named_buffers(model).values())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


@contextmanager
def _same_draws(device: torch.device) -> Iterator[None]:
    """Start the random generators at one seed, and leave them as they were."""
    on_cuda = device.type == "cuda"
    with current(device), torch.random.fork_rng([device] if on_cuda else []):
        torch.default_generator.manual_seed(SEED)
        if on_cuda:
            torch.cuda.manual_seed(SEED)
        yield


def _assign(model: nn.Module, name: str, parameter: nn.Parameter) -> None:
    path, _, attribute = name.rpartition(".")
    setattr(nn.Module.get_submodule(model, path), attribute, parameter)


class Library:
    """The models by name: the shipped ones, those trained into `runs_dir`, and any that the caller adds.

    Each is loaded when first asked for, and anew when others took its place in memory. A training run NAME makes the
    model "NAME/MODEL", and "NAME/MODEL@STEP" is what it was after a step of its time line.

    Attributes:
        memory: what is kept of models and of what they did, `nbytes` in all. A caller's own models do not count: they
            are the caller's.
    """

    def __init__(
        self,
        *,
        device: torch.device | str = "cpu",
        data_dir: Path | None = None,
        runs_dir: Path | None = None,
        nbytes: int = MEMORY,
    ):
        self.device = torch.device(device)
        self.data_dir = data_dir
        self.runs_dir = runs_dir
        self.memory = Memory(nbytes)
        self._loaded: Recent[Explored] = Recent(self.memory, size=lambda explored: explored.nbytes)
        self._added: dict[str, Explored] = {}
        self._loading: Loading[Explored] = Loading()

    def add(self, card: Card, model: nn.Module, *, example: Example | None = None) -> None:
        """Offer a model of the caller's own under `card.name`; it takes the place of a shipped one of that name.

        It runs where it is; an empty picture stands for `example`.
        """
        self._added[card.name] = Explored(card.name, card, model, device_of(model), example=example)

    def names(self) -> Sequence[str]:
        """Return the names that can be asked for, the caller's own models first."""
        return list(dict.fromkeys([*self._added, *models.names(), *self._runs()]))

    def card(self, name: str) -> Card:
        """Return the card of a model without loading its weights.

        Raises:
            ValueError: there is no model of that name.
        """
        if name in self._added:
            return self._added[name].card
        if is_moment(name):
            return self.explored(name).card
        run = self._runs().get(name)
        return models.card(run.stem, run.parent) if run else models.card(name.removesuffix(UNTRAINED))

    def offered(self) -> list[dict[str, str]]:
        """Return the name and the title of every model; one whose card is damaged has its name for a title."""
        return [{"name": name, "title": self._title(name)} for name in self.names()]

    def _title(self, name: str) -> str:
        try:
            return self.card(name).title
        except (ValueError, OSError):
            return f"⚠ {name}"

    def explored(self, name: str) -> Explored:
        """Return a model ready to run.

        Raises:
            ValueError: there is no model of that name, its weights are damaged, or they are being fetched
                (`BeingFetched`).
            FileNotFoundError: its weights are not on this machine and could not be fetched.
        """
        if name in self._added:
            return self._added[name]
        known = self._loaded.get(name)
        return known or self._loading.of(name, partial(self._load, name))

    def is_light(self, name: str) -> bool:
        """Return whether a model is at hand, and a pass of it takes a few milliseconds and waits for nobody."""
        known = self._added.get(name) or self._loaded.get(name)
        return known is not None and known.is_light

    def cancel(self, name: str) -> None:
        """Give up fetching a model's weights, if they are being fetched."""
        self._loading.cancel(name)

    def holds(self, explored: Explored) -> bool:
        """Return whether a model is what its name stands for now."""
        name = explored.name
        return self._added.get(name) is explored or self._loaded.has(name, explored)

    def forget(self, run: str) -> None:
        """Load a run's networks anew when they are asked for next: the run was continued, renamed or deleted."""
        self._loaded.drop(lambda name: name.startswith(f"{run}/"))

    def _held_back(self, name: str, card: Card) -> Example | None:
        """Return the first picture that a run on pictures holds back; None where there is none."""
        if card.takes != "pictures" or self.runs_dir is None:
            return None
        try:
            picture, _ = Runs(self.runs_dir).picture(run_of(name), 0)
        except (OSError, ValueError):
            return None
        return Example((card.prepare(picture),))

    def _runs(self) -> dict[str, Path]:
        """Return the weights that `core.train` wrote, by the name of their model: "NAME/MODEL"."""
        if self.runs_dir is None:
            return {}
        files = sorted(self.runs_dir.glob("*/*.safetensors"))
        return {f"{file.parent.name}/{file.stem}": file for file in files if file.stem in models.names()}

    def _load(self, name: str, download: Download) -> Explored:
        return self._loaded.of(name, partial(self._read, name, download))

    def _read(self, name: str, download: Download) -> Explored:
        if self.runs_dir is not None and is_moment(name):
            model, card = load_moment(self.runs_dir, name)
            example = self._held_back(name, card)
            return Explored(name, card, model.to(self.device), self.device, example=example, settled=_is_ours(model))
        run = self._runs().get(name)
        if run:
            model = models.load(run.stem, device=self.device, weights=run)
            card = self.card(name)
            example = self._held_back(name, card)
            return Explored(name, card, model, self.device, example=example, settled=_is_ours(model))
        trained = not name.endswith(UNTRAINED)
        plain = name.removesuffix(UNTRAINED)
        model = models.load(plain, device=self.device, pretrained=trained, data_dir=self.data_dir, download=download)
        return Explored(name, models.card(plain), model, self.device, trained, settled=_is_ours(model))
