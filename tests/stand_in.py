"""A stand-in for a CUDA card, for machines without one: `TORCH_DEVICE=stand-in` runs the tests of Python on it.

Its tensors say `cuda:0` and compute on the processor. As on a card, they refuse to be mixed with the processor's
tensors and refuse `numpy()`, a generator of the card has a state of 16 bytes that a generator of the processor does not
take, and what is drawn at random on the card leaves the processor's generator alone. Kernels, times and rounding are
not imitated: for those there is `benchmarks/card.sh`. `install("mps")` puts an Apple card in its place, which knows no
float64.
"""

import functools
import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.overrides import _get_current_function_mode_stack, handle_torch_function
from torch.utils._device import DeviceContext
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["device_name", "install", "installed", "not_on_stand_in"]

CARD = torch.device("cuda", 0)
"""Which card it is."""

MOVES = {"to", "cpu", "cuda", "copy_", "__getitem__", "set_", "data", "type"}
"""What may meet tensors of both: transfers, and the processor's indices into a card's tensor."""

PROPERTIES = SimpleNamespace(name="stand-in", total_memory=16 * 2**30, major=8, minor=0, multi_processor_count=1)
"""What the card says of itself."""

DRAWS = {
    "alpha_dropout", "bernoulli", "bernoulli_", "dropout", "dropout1d", "dropout2d", "dropout3d", "dropout_",
    "feature_alpha_dropout", "multinomial", "normal", "normal_", "rand_like", "randint_like", "randn_like", "random_",
    "uniform_",
}  # fmt: skip


class CardGenerator:
    """A generator as a card has it: a seed and how often it was asked, 16 bytes."""

    device = CARD

    def __init__(self) -> None:
        self.seed, self.asked = 0, 0

    def manual_seed(self, seed: int) -> "CardGenerator":
        self.seed, self.asked = int(seed), 0
        return self

    def initial_seed(self) -> int:
        return self.seed

    def get_state(self) -> Tensor:
        return torch.tensor([self.seed, self.asked], dtype=torch.int64).view(torch.uint8)

    def set_state(self, state: Tensor) -> "CardGenerator":
        if state.device.type != "cpu" or state.dtype != torch.uint8 or state.numel() != 16:
            raise RuntimeError(f"RNG state is wrong size: expected 16 bytes on the processor, got {state.numel()}")
        self.seed, self.asked = state.clone().view(torch.int64).tolist()
        return self

    def drawn(self) -> torch.Generator:
        """What draws this time; the next time draws others."""
        self.asked += 1
        return PLAIN["Generator"]().manual_seed(hash((self.seed, self.asked)) % 2**63)


class CardTensor(Tensor):
    """A tensor that says that it lies on a card."""

    device = property(lambda self: CARD)  # type: ignore[assignment]
    is_cuda = property(lambda self: CARD.type == "cuda")  # type: ignore[assignment]
    is_mps = property(lambda self: CARD.type == "mps")  # type: ignore[assignment]
    is_cpu = property(lambda self: False)  # type: ignore[assignment]

    def get_device(self) -> int:
        return 0

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            copied = on_card(on_processor(self.detach())).requires_grad_(self.requires_grad)
            memo[id(self)] = nn.Parameter(copied, self.requires_grad) if isinstance(self, nn.Parameter) else copied
        found: Tensor = memo[id(self)]
        return found

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in ("numpy", "__array__", "__dlpack__"):
            raise TypeError(f"can't convert {CARD} device type tensor to numpy. Use Tensor.cpu() first")
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        if name not in MOVES:
            _refuse_mixed(name, args, kwargs)
        with _drawing(name), torch._C.DisableTorchFunctionSubclass():
            found = func(*args, **kwargs)
        if name in ("cpu", "get_state", "shape", "size"):
            return found
        return tree_map(on_card, found)


DEFAULT = CardGenerator()
"""What draws where no generator is named."""

PLAIN: dict[str, Any] = {}
"""What was there before `install`, by name."""


def on_card(value: Any) -> Any:
    """Return a tensor as one of the card, at the same place in the graph; what is no plain tensor as it is."""
    if type(value) is Tensor:
        if CARD.type == "mps" and value.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
        value.__class__ = CardTensor  # `as_subclass` would be one more step of the graph
    return value


def on_processor(value: Tensor) -> Tensor:
    """Return a copy of a card's tensor on the processor."""
    with torch._C.DisableTorchFunctionSubclass():
        return value.as_subclass(Tensor).clone(memory_format=torch.preserve_format)


def _refuse_mixed(name: str, args: Any, kwargs: Any) -> None:
    tensors = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    if any(type(value) is not CardTensor and not isinstance(value, CardTensor) and value.ndim for value in tensors):
        raise RuntimeError(f"Expected all tensors to be on the same device: {name} got {CARD} and cpu")


class _drawing:
    """While a card draws at random, its own default generator is in place of the processor's."""

    def __init__(self, name: str):
        self.draws = name in DRAWS

    def __enter__(self) -> None:
        if self.draws:
            self.before = PLAIN["get_rng_state"]()
            self.given = DEFAULT.drawn().get_state()
            PLAIN["set_rng_state"](self.given)

    def __exit__(self, *_: object) -> None:
        if self.draws:
            if torch.equal(self.given, PLAIN["get_rng_state"]()):  # nothing was drawn: dropout in evaluation
                DEFAULT.asked -= 1
            PLAIN["set_rng_state"](self.before)


def _names_card(device: Any) -> bool:
    return device is not None and not isinstance(device, Tensor) and str(device).startswith((CARD.type, "0"))


def _without_numbers() -> bool:
    """Return whether networks are made without numbers: the innermost `with device:` names "meta"."""
    around = [mode for mode in _get_current_function_mode_stack() if isinstance(mode, DeviceContext)]
    return bool(around) and around[-1].device.type == "meta"


def _made(name: str) -> Callable[..., Any]:
    """A maker of tensors that makes the card's where the card is named."""
    plain = PLAIN[name]

    @functools.wraps(plain)
    def make(*args: Any, **kwargs: Any) -> Any:
        generator = kwargs.get("generator")
        if kwargs.get("device") is None and _without_numbers():
            kwargs["device"] = "meta"  # torch tells its own makers only
        wanted = _names_card(kwargs.get("device"))
        if wanted and torch._C._is_torch_function_mode_enabled():  # who watches sees the card that was named
            return handle_torch_function(make, (), *args, **kwargs)
        if isinstance(generator, CardGenerator):
            if not wanted:
                raise RuntimeError(f"Expected a 'cpu' device type for generator but found 'cuda': {name}")
            kwargs["generator"] = generator.drawn()
        elif wanted and name in ("rand", "randn", "randint", "randperm"):
            if generator is not None:
                raise RuntimeError(f"Expected a 'cuda' device type for generator but found 'cpu': {name}")
            kwargs["generator"] = DEFAULT.drawn()
        if not wanted:
            return plain(*args, **kwargs)
        values = [value for value in args if isinstance(value, CardTensor)]
        if name in ("tensor", "as_tensor", "asarray") and values:
            return on_card(args[0])
        return on_card(plain(*args, **kwargs | {"device": "cpu"}))

    return make


MAKERS = (
    "arange", "as_tensor", "empty", "empty_strided", "eye", "full", "linspace", "logspace", "ones", "rand", "randint",
    "randn", "randperm", "tensor", "zeros",
)  # fmt: skip


def _one_call(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of tensors that whoever watches the calls of PyTorch sees as one, whatever it calls itself."""

    @functools.wraps(method)
    def call(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        if torch._C._is_torch_function_mode_enabled():
            return handle_torch_function(call, (tensor,), tensor, *args, **kwargs)
        return method(tensor, *args, **kwargs)

    call.__name__ = method.__name__.removeprefix("_")
    return call


@_one_call
def _to(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    named = kwargs.get("device", args[0] if args else None)
    if isinstance(named, Tensor):
        named, args = named.device, (named.dtype, *args[1:])
        kwargs = kwargs | {"device": named}
        rest = args
    elif "device" in kwargs or (args and isinstance(args[0], str | torch.device | int)):
        rest = args if "device" in kwargs else args[1:]
    else:
        return PLAIN["Tensor.to"](tensor, *args, **kwargs)
    target = torch.device(named) if not isinstance(named, int) else CARD
    if target.type not in ("cpu", CARD.type):  # sizes without numbers
        return PLAIN["Tensor.to"](_cpu(tensor), *args, **kwargs)
    others = {key: value for key, value in kwargs.items() if key != "device"}
    others.pop("non_blocking", None)
    if isinstance(tensor, CardTensor) and target.type == "cpu":
        moved = on_processor(tensor)
    elif not isinstance(tensor, CardTensor) and target.type == CARD.type:
        moved = on_card(tensor.clone(memory_format=torch.preserve_format))
    else:
        moved = tensor
    rest = tuple(value for value in rest if value is not None and not isinstance(value, bool))
    return PLAIN["Tensor.to"](moved, *rest, **others) if rest or others else moved


@_one_call
def _cpu(tensor: Tensor, **_: Any) -> Tensor:
    return on_processor(tensor) if isinstance(tensor, CardTensor) else tensor


@_one_call
def _cuda(tensor: Tensor, *_args: Any, **_kwargs: Any) -> Tensor:
    return _to(tensor, CARD)


def _generator(device: Any = "cpu") -> Any:
    return CardGenerator() if _names_card(device) else PLAIN["Generator"](device)


class _NoOne:
    """The card that is current: there is one."""

    def __init__(self, *_: Any):
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def _seeded(seed: int) -> torch.Generator:
    DEFAULT.manual_seed(seed)
    return PLAIN["manual_seed"](seed)


@functools.wraps(torch.autograd.grad)
def _gradients(*args: Any, **kwargs: Any) -> Any:
    outputs = tree_flatten(args[:1])[0]
    found = PLAIN["grad"](*args, **kwargs)
    return tree_map(on_card, found) if any(isinstance(value, CardTensor) for value in outputs) else found


def _same_kind(one: Tensor, other: Tensor) -> bool:
    return isinstance(one, CardTensor) == isinstance(other, CardTensor) and PLAIN["compatible"](one, other)


def _backward(context: Any, *grads: Any) -> Any:
    """The engine's gradients lie where the tensors of the forward pass lie."""
    if any(isinstance(value, CardTensor) for value in context.saved_tensors or ()):
        grads = tree_map(on_card, grads)
    return PLAIN["apply"](context, *grads)


def _replaced() -> Iterator[tuple[Any, str, Any]]:
    for name in MAKERS:
        yield torch, name, _made(name)
    yield torch, "Generator", _generator
    yield torch, "manual_seed", _seeded
    yield torch.random, "manual_seed", _seeded
    yield torch, "_has_compatible_shallow_copy_type", _same_kind
    yield torch.Tensor, "to", _to
    yield torch.Tensor, "cpu", _cpu
    yield torch.Tensor, "cuda", _cuda
    yield torch.autograd, "grad", _gradients
    yield BackwardCFunction, "apply", _backward
    yield torch.optim.Optimizer, "_accelerator_graph_capture_health_check", lambda self: None
    yield torch.backends.cudnn, "is_acceptable", lambda tensor: False
    if CARD.type == "mps":
        yield torch.mps, "synchronize", lambda: None
        return
    card = torch.cuda
    yield card, "is_available", lambda: True
    yield card, "device_count", lambda: 1
    yield card, "current_device", lambda: 0
    yield card, "synchronize", lambda device=None: None
    yield card, "is_bf16_supported", lambda including_emulation=True: True
    yield card, "device", _NoOne
    yield card, "manual_seed", DEFAULT.manual_seed
    yield card, "manual_seed_all", DEFAULT.manual_seed
    yield card, "get_rng_state", lambda device=None: DEFAULT.get_state()
    yield card, "set_rng_state", lambda state, device=None: DEFAULT.set_state(state)
    yield card, "memory_allocated", lambda device=None: 0
    yield card, "max_memory_allocated", lambda device=None: 0
    yield card, "reset_peak_memory_stats", lambda device=None: None
    yield card, "get_device_properties", lambda device=None: PROPERTIES


def install(kind: str = "cuda") -> None:
    """Put a card of a kind, "cuda" or "mps", into this process."""
    global CARD
    import torch._dynamo  # its annotations want the classes that are replaced

    CARD = CardGenerator.device = torch.device(kind, 0)
    PLAIN.update({name: getattr(torch, name) for name in MAKERS})
    PLAIN.update(
        {name: getattr(torch, name) for name in ("Generator", "manual_seed", "get_rng_state", "set_rng_state")}
    )
    PLAIN["compatible"] = torch._has_compatible_shallow_copy_type
    PLAIN["grad"], PLAIN["apply"] = torch.autograd.grad, BackwardCFunction.apply
    PLAIN["Tensor.to"] = torch.Tensor.to
    for owner, name, value in list(_replaced()):
        setattr(owner, name, value)


def installed() -> bool:
    """Return whether the card is in this process."""
    return bool(PLAIN)


def device_name() -> str:
    """Return the device that `TORCH_DEVICE` names: the card's own name where it is the stand-in."""
    return str(CARD.type) if installed() else os.environ.get("TORCH_DEVICE", "cpu")


def not_on_stand_in(why: str) -> pytest.MarkDecorator:
    """Mark a test of what the stand-in does not imitate."""
    return pytest.mark.skipif(installed(), reason=f"the stand-in card {why}")
