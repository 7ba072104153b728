"""The trace: what actually ran in one forward pass, in order, with the real tensors."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

INPUT = -1
"""The parent index that means "the model's input"."""

UNSEEN = "unseen"
"""The operation of a tensor that was made where nobody can look (TorchScript, NumPy, another thread, a function
transform); and the argument that lists the values which reached a step as Python numbers."""


PLAIN = frozenset({int, float, bool, str, type(None), torch.dtype, torch.device})
"""Kinds of values that hold no tensor."""


@dataclass(eq=False, slots=True, repr=False)
class Step:
    """One operation that ran, seen at the outermost call: `nn.ReLU`, `F.relu` and `x.relu_()` are each one "relu".

    Tensors are kept by value: an in-place operation that ran later has changed neither `arguments` nor `output`.
    Parameters and buffers are the model's own tensors, with the version they had (`parameter_versions`).
    An operation that returns several tensors (chunk, split) is one step for each, told apart by `part`.
    """

    index: int
    op: str
    """Canonical name: "conv2d", "relu", "add"."""
    func: str
    """The name under which it was called: "relu_", "__iadd__"."""
    path: str
    """Module path, "layer1.0.conv1"; "" for what the model's own `forward` calls."""
    module: str
    """Class name of the module at `path`."""
    arguments: dict[str, Any]
    """By torch's argument names, defaults included; a sequence of tensors stays a sequence."""
    parents: dict[str, int]
    """Argument name to the step that made it (-1: the model's input); "tensors.1" is an element of a list."""
    parameters: dict[str, str]
    """Argument name to the qualified name of the parameter or buffer."""
    output: Tensor
    seconds: float = 0.0
    part: int = 0
    parameter_versions: dict[str, int] = field(default_factory=dict)
    edge: GradientEdge | None = None
    """Where the gradient of `output` is read, for traces recorded with `grad=True`."""
    called: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]] | None = None
    """The function and arguments of the call, where it returned `output` alone and neither has been changed since."""

    def __repr__(self) -> str:
        where = f" in {self.path} ({self.module})" if self.path else ""
        return f"<Step {self.index}: {self.op}{where} -> {tuple(self.output.shape)}>"

    def tensor(self, name: str) -> Tensor:
        """Returns the tensor argument `name` ("input", "tensors.1").

        Raises:
            ValueError: `name` is a parameter that has been changed since the step ran.
        """
        head, *positions = name.split(".")
        tensor: Tensor = self.arguments[head]
        for position in positions:
            tensor = tensor[int(position)]
        version = self.parameter_versions.get(name)
        if version is not None and version_of(tensor) != version:
            raise ValueError(
                f"{self.parameters[name]} has been changed since step {self.index} ({self.op}) was recorded "
                f"(version {version}, now {version_of(tensor)}): record again"
            )
        return tensor.detach()

    def replace(self, name: str, tensor: Tensor) -> None:
        """Keeps `tensor` as the argument `name` from now on."""
        head, *positions = name.split(".")
        self.arguments[head] = _replaced(self.arguments[head], [int(position) for position in positions], tensor)
        self.called = None
        self.parameter_versions.pop(name, None)


def version_of(tensor: Tensor) -> int:
    """Returns how often the tensor's values have been changed in place; 0 for inference tensors, which do not count."""
    return 0 if tensor.is_inference() else tensor._version


def _replaced(value: Any, positions: list[int], tensor: Tensor) -> Any:
    if not positions:
        return tensor
    items = list(value)
    items[positions[0]] = _replaced(items[positions[0]], positions[1:], tensor)
    return type(value)(items)


def named_tensors(value: Any, name: str = "") -> list[tuple[str, Tensor]]:
    """Returns the tensors in nested tuples, lists, dicts and dataclasses by name: "", "0", "logits", "tensors.1"."""
    if isinstance(value, Tensor):
        return [(name, value)]
    if type(value) in PLAIN or (type(value) in (tuple, list) and PLAIN.issuperset(map(type, value))):
        return []
    if is_dataclass(value) and not isinstance(value, type | Mapping):
        value = {field.name: getattr(value, field.name, None) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return []
    return [pair for key, item in value.items() for pair in named_tensors(item, f"{name}.{key}" if name else str(key))]


def rebuilt(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Returns a tuple, list or dict with each item converted; anything else as it is."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return type(value)(*map(convert, value))
    if type(value) in (tuple, list):
        return type(value)(map(convert, value))
    if isinstance(value, dict):
        copy = value.copy()
        copy.update((key, convert(item)) for key, item in value.items())
        return copy
    return value


@dataclass(eq=False, slots=True, repr=False)
class Trace:
    """A forward pass of `model`: `steps` in execution order, from `input` to `output`."""

    model: str
    """Class name of the model."""
    input: Tensor
    steps: list[Step] = field(default_factory=list)
    output: Any = None
    """What the model returned, by value: a tensor, or a tuple, list or dict of them."""
    results: dict[str, int] = field(default_factory=dict)
    """Name of each returned tensor ("" for a single one, "0", "logits") to the step that made it."""
    modules: dict[str, str] = field(default_factory=dict)
    """Path of every module that ran, to its class name, in the order of first use."""
    seconds: float = 0.0
    grad: bool = False
    """Whether the autograd graph was kept."""
    input_name: str = "input"
    """What `forward` calls the input; a step "input" has its own name as `func`."""
    overwritten: set[int] = field(default_factory=set)
    """Steps whose output is a view that a later step overwrote: autograd has led their gradient around them."""
    scores: str | None = None
    """Name of the returned tensor that holds one score per class, where somebody chose it; None: by rule."""
    structure: str = ""
    """Its signature, where that is known from a trace of the same calls."""
    nbytes: int | None = None
    """How much memory its values take, where somebody has counted it in this trace or in one of the same calls."""

    def __repr__(self) -> str:
        return f"<Trace of {self.model}: {tuple(self.input.shape)}, {len(self.steps)} steps>"

    def value(self, index: int) -> Tensor:
        """Returns the output of step `index`, or the model's input for -1."""
        return self.input if index == INPUT else self.steps[index].output

    def signature(self) -> str:
        """Returns a digest of the structure: operations, paths, shapes, dtypes and parents, but no values.

        Two traces with the same signature can be drawn in the same picture.
        """
        if self.structure:
            return self.structure
        steps = [
            (s.op, s.path, s.part, tuple(s.output.shape), str(s.output.dtype), tuple(s.parents.items()))
            for s in self.steps
        ]
        text = repr((self.model, tuple(self.input.shape), steps, tuple(self.results.items())))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def gradients(self, of: Tensor) -> dict[int, Tensor]:
        """Returns d`of`/d(output) of every step that `of` depends on, and of the input (-1); `.grad` is left alone.

        Views that were `overwritten` are left out: `core.explain.gradients_of` has them too.

        Args:
            of: A scalar computed from `output` of a trace recorded with `grad=True`; the graph is kept.

        Raises:
            ValueError: The trace was recorded without `grad=True`, or the model's `forward` keeps no graph.
        """
        if not self.grad:
            raise ValueError("the trace keeps no graph: record(model, input, grad=True)")
        if not of.requires_grad:
            raise ValueError(
                "the model's output has no gradient: its forward runs under torch.no_grad, or detaches what it returns"
            )
        edges = {step.index: step.edge for step in self.steps if step.edge is not None}
        sources = dict(edges)
        if self.input.requires_grad:
            sources[INPUT] = get_gradient_edge(self.input)
        found = torch.autograd.grad(of, list(sources.values()), retain_graph=True, allow_unused=True)
        return {index: grad for index, grad in zip(sources, found, strict=True) if grad is not None}
