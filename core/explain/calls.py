"""Names: which operation a torch callable is, and what torch calls its arguments.

`relu`, `relu_`, `Tensor.relu` and `nn.ReLU` are one operation, "relu"; `x + y`, `x += y`, `torch.add(x, y)` are "add".
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain.terms import BINDERS, Bind

_ALIASES = {
    "iadd": "add",
    "radd": "add",
    "isub": "sub",
    "subtract": "sub",
    "imul": "mul",
    "rmul": "mul",
    "multiply": "mul",
    "truediv": "div",
    "itruediv": "div",
    "true_divide": "div",
    "divide": "div",
    "rtruediv": "rdiv",
    "mm": "matmul",
    "bmm": "matmul",
    "mv": "matmul",
    "dot": "matmul",
    "ipow": "pow",
    "negative": "neg",
    "log_sigmoid": "logsigmoid",
    "concat": "cat",
    "concatenate": "cat",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "max_pool2d_with_indices": "max_pool2d",
    "dropout1d": "dropout",
    "dropout2d": "dropout",
    "dropout3d": "dropout",
    "feature_dropout": "dropout",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "not_equal": "ne",
    "absolute": "abs",
    "clip": "clamp",
    "arccos": "acos",
    "fix": "trunc",
    "invert": "bitwise_not",
    "and": "bitwise_and",
    "rand": "bitwise_and",
    "or": "bitwise_or",
    "ror": "bitwise_or",
    "xor": "bitwise_xor",
    "rxor": "bitwise_xor",
    "iand": "bitwise_and",
    "ior": "bitwise_or",
    "ixor": "bitwise_xor",
    "mod": "remainder",
    "imod": "remainder",
    "floordiv": "floor_divide",
    "ifloordiv": "floor_divide",
    "moveaxis": "movedim",
    "vector_norm": "norm",
    "linalg_norm": "norm",
    "linalg_vector_norm": "norm",
    "upsample": "interpolate",
    "alias": "identity",
}
"""Other spellings of an operation, after leading and trailing underscores are gone."""

_COLUMNS: dict[Any, str] = {F.unfold: "im2col", F.fold: "col2im"}
"""Windows as columns: `Tensor.unfold` is another operation of the same name."""

_BOOKKEEPING = {"requires_grad", "retain_grad", "grad", "register_hook"}
"""Methods and properties that may return a tensor and compute nothing."""

_LEAVING = {"item", "__float__", "tolist", "numpy", "__array__", "__complex__", "__dlpack__", "data_ptr"}
"""Calls that hand a tensor's numbers to Python, NumPy or another library."""

_IN_PLACE_DUNDERS = {"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ifloordiv__", "__imod__"} | {
    "__ipow__",
    "__iand__",
    "__ior__",
    "__ixor__",
    "__ilshift__",
    "__irshift__",
}


def _through(func: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function of torch that is written in Python, without its way out to who watches the call."""
    body = cast(FunctionType, func)
    names = body.__globals__ | {
        "has_torch_function": lambda tensors: False,
        "has_torch_function_unary": lambda tensor: False,
        "has_torch_function_variadic": lambda *tensors: False,
    }
    return FunctionType(body.__code__, names, body.__name__, body.__defaults__, body.__closure__)


COMPOSED: dict[Any, Callable[..., Any]] = {
    func: _through(func) for func in (F.multi_head_attention_forward, F.local_response_norm, F.gumbel_softmax)
}
"""Functions of torch that are several operations, each a step of its own: what to call in their place."""


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """Calls the function that ATen's one convolution stands for, by its axes."""
    axes = weight.ndim - 2
    if transposed:
        back = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]
        return back(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (F.conv1d, F.conv2d, F.conv3d)[axes - 1](input, weight, bias, stride, padding, dilation, groups)


def _native(func: Callable[..., Any], same: Callable[..., Tensor]) -> Callable[..., Any]:
    """Returns what calls `same` for the first of the tensors that `func` returns; the others nobody explains."""

    def call(*args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        with torch._C.DisableTorchFunction():
            _, *others = func(*args, **kwargs)
        return same(*args, **kwargs), *others

    return call


def _evaluated_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> Tensor:
    return F.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)


_ATEN = torch.ops.aten
COMPOSED |= dict.fromkeys((torch.convolution, _ATEN.convolution.default), _convolution)
COMPOSED |= {
    func: _native(func, same)
    for func, same in (
        (_ATEN._native_batch_norm_legit_no_training.default, _evaluated_batch_norm),
        (_ATEN.native_layer_norm.default, F.layer_norm),
    )
}
"""What a program that `torch.export` decomposed calls, as the functions that it was made of."""

_STATISTICS = {"batch_norm": "training", "instance_norm": "use_input_stats"}
"""Operations that update running statistics where this argument is true; torch raises no version for it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is known about a torch callable before it is called."""

    op: str
    bind: Bind
    is_bookkeeping: bool
    leaves: bool
    """The call hands the tensor's numbers to who cannot be watched."""
    is_in_place: bool
    """The name says that the first argument is overwritten: `relu_`, `__iadd__`, `__setitem__`."""
    inplace_position: int | None
    """Position of an `inplace` flag."""

    def overwritten(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
        """Returns the tensor that this call will overwrite with its result, or None."""
        if kwargs.get("out") is not None:
            target = kwargs["out"]
        elif self.is_in_place or kwargs.get("inplace") is True or self._is_flagged(args):
            target = args[0] if args else kwargs.get("input")
        else:
            return None
        return target if isinstance(target, Tensor) else None

    def overwritten_list(self, args: tuple[Any, ...]) -> list[Tensor]:
        """Returns the tensors that this call will overwrite one by one: those of `torch._foreach_add_`."""
        several = self.is_in_place and args and isinstance(args[0], list | tuple)
        return [tensor for tensor in args[0] if isinstance(tensor, Tensor)] if several else []

    def updated(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
        """Returns the running statistics that a normalisation in training mode will update besides its result."""
        flag = _STATISTICS.get(self.op)
        if flag is None:
            return []
        arguments = self.bind(*args, **kwargs)
        moments = (arguments["running_mean"], arguments["running_var"]) if arguments[flag] else ()
        return [tensor for tensor in moments if isinstance(tensor, Tensor)]

    def _is_flagged(self, args: tuple[Any, ...]) -> bool:
        position = self.inplace_position
        return position is not None and position < len(args) and args[position] is True


@lru_cache(maxsize=4096)
def describe(func: Callable[..., Any]) -> Call:
    """Returns what is known about the torch callable `func`."""
    name = func.overloadpacket.__name__ if isinstance(func, torch._ops.OpOverload) else func.__name__  # add_.Tensor
    op = canonical_name(func)
    in_place = name in _IN_PLACE_DUNDERS if name.startswith("__") else name.endswith("_")
    in_place = in_place or op == "set_data"
    signature = _signatures(func)[:1] if inspect.isfunction(func) else []
    names = [name for one in signature for name in one.parameters]
    position = names.index("inplace") if "inplace" in names else None
    assigned = name == "__set__" and op != "set_data"
    bookkeeping = assigned or (op in _BOOKKEEPING and not inspect.isfunction(func))
    bind = _either(BINDERS[op], func) if op in BINDERS else _generic_bind(func)
    return Call(op, bind, bookkeeping, name in _LEAVING, in_place, position)


def canonical_name(func: Callable[..., Any]) -> str:
    """Returns the operation's name: "add" for `Tensor.__iadd__`, "T" for the property `Tensor.T`."""
    name = func.__name__
    if name == "__get__":
        return str(func.__self__.__name__)  # type: ignore[attr-defined]
    if name == "__set__":
        return f"set_{func.__self__.__name__}"  # type: ignore[attr-defined]
    if isinstance(func, torch._ops.OpOverloadPacket | torch._ops.OpOverload):
        packet = func.overloadpacket if isinstance(func, torch._ops.OpOverload) else func
        qualified = packet._qualified_op_name
        library, _, own = qualified.partition("::")
        if library != "aten":  # torch.ops.quantized.conv2d is none of torch's
            return f"{library}.{own}"
        name = own.partition(".")[0]
    if func in _COLUMNS:
        return _COLUMNS[func]
    if func in (torch.rand, torch.ops.aten.rand):
        return "rand"
    bare = name.strip("_")
    return _ALIASES.get(bare, bare)


def positional(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Returns the arguments under positional names, for calls that no known signature fits."""
    return {"input" if k == 0 else f"argument_{k}": value for k, value in enumerate(args)} | kwargs


_IMPLEMENTATION = {"cudnn_enable", "cudnn_enabled"}
"""Arguments of ATen's that choose who computes, not what."""


def _either(own: Bind, func: Callable[..., Any]) -> Bind:
    """Returns `own`, the binder of an operation; arguments in ATen's order, which may be another, it gets by name."""
    taken = inspect.signature(own).parameters
    by_name = None if inspect.isfunction(func) else _generic_bind(func)

    def bind(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return own(*args, **kwargs)
        except TypeError:
            if by_name is None:
                raise
            arguments = by_name(*args, **kwargs)
            if not arguments.keys() <= taken.keys() | _IMPLEMENTATION:
                raise
            return own(**{name: value for name, value in arguments.items() if name in taken})

    return bind


def _generic_bind(func: Callable[..., Any]) -> Bind:
    signatures = _signatures(func)

    def bind(*args: Any, **kwargs: Any) -> dict[str, Any]:
        for signature in signatures:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                continue
            bound.apply_defaults()
            return dict(bound.arguments)
        return positional(*args, **kwargs)

    return bind


def _signatures(func: Callable[..., Any]) -> list[inspect.Signature]:
    """Returns the Python signature of `func`, or those of the ATen operators of its name."""
    if inspect.isfunction(func):
        try:
            return [inspect.signature(func)]
        except ValueError:  # a wrapper around a builtin: Tensor.__pow__
            return []
    return [signature for signature in map(_python_signature, _schemas(func)) if signature is not None]


def _schemas(func: Callable[..., Any]) -> list[Any]:
    if isinstance(func, torch._ops.OpOverload):
        return [func._schema]
    spellings = (func, *(getattr(torch.ops.aten, name, None) for name in (func.__name__, func.__name__.strip("_"))))
    packet = next((one for one in spellings if isinstance(one, torch._ops.OpOverloadPacket)), None)  # eq for __eq__
    names = [] if packet is None else packet.overloads()  # type: ignore[no-untyped-call]
    return [getattr(packet, name)._schema for name in names]


def _python_signature(schema: Any) -> inspect.Signature | None:
    parameters = [
        inspect.Parameter(
            "input" if argument.name == "self" else argument.name,
            inspect.Parameter.KEYWORD_ONLY if argument.kwarg_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=argument.default_value if argument.has_default_value() else inspect.Parameter.empty,
        )
        for argument in schema.arguments
    ]
    try:
        return inspect.Signature(parameters)
    except ValueError:  # a schema may put a default before an argument without one; Python cannot
        return None
