"""`torch.nn.functional` on the operators of `core.ops`, forward and backward.

Every method has the operator's name in `core.ops.catalogue`, the arguments and the result of the function of torch
that it stands for, in-place variants and unbatched inputs included. What `core.ops` refuses is refused here with the
same message.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.nn import _reduction

from core.nn.bridge import apply, apply_keeping
from core.ops.arguments import Ints
from core.ops.catalogue import CATALOGUE


class Functional:
    """The functions of `torch.nn.functional`, computed by one implementation of the operators.

    Args:
        ops: `core.ops.naive` or `core.ops.vectorized`.
    """

    def __init__(self, ops: ModuleType) -> None:
        self.ops = ops

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what stands for a function whose arguments are those of its twin in `core.ops`, no method of its own.

        Raises:
            AttributeError: There is no such operator.
        """
        if name not in CATALOGUE or not CATALOGUE[name].functions:
            raise AttributeError(f"no operator stands for {name}")
        return partial(self._activation if CATALOGUE[name].activation else self._batched, name)

    def pad2d(self, input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
        """Stand for `torch.nn.functional.pad` of rows and columns; any other padding is left to torch."""
        around = (*pad, *(0,) * (4 - len(pad)))
        dims = {2: 3, 4: 4}.get(len(pad), 0)
        if input.dim() not in (dims - 1, dims) or min(around) < 0 or (mode == "constant" and value not in (None, 0)):
            return torch.nn.functional.pad(input, list(pad), mode, value)
        padding_mode = "zeros" if mode == "constant" else mode
        if dims == 3:
            return self._batched("pad2d", input.unsqueeze(-2), padding=around, padding_mode=padding_mode).squeeze(-2)
        return self._batched("pad2d", input, padding=around, padding_mode=padding_mode)

    def linear(self, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Stand for `torch.nn.functional.linear`; without features there is nothing to add up, and it is torch's."""
        if weight.numel() == 0:
            return torch.nn.functional.linear(input, weight, bias)
        output: Tensor = self._batched("linear", input, weight, bias)
        return output

    def max_pool2d(
        self,
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        """Stand for `torch.nn.functional.max_pool2d`."""
        options = {"padding": padding, "dilation": dilation, "ceil_mode": ceil_mode, "return_indices": return_indices}
        return self._outputs("max_pool2d", input, kernel_size=kernel_size, stride=_stride(stride), **options)

    def max_pool2d_with_indices(self, input: Tensor, kernel_size: Ints, *args: Any, **options: Any) -> Any:
        """Stand for `torch.nn.functional.max_pool2d_with_indices`."""
        return self.max_pool2d(input, kernel_size, *args[:4], **options | {"return_indices": True})

    def avg_pool2d(
        self,
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        """Stand for `torch.nn.functional.avg_pool2d`."""
        options = {"padding": padding, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
        windows = {"kernel_size": kernel_size, "stride": _stride(stride), "divisor_override": divisor_override}
        return self._batched("avg_pool2d", input, **windows, **options)

    def softmax(
        self, input: Tensor, dim: int | None = None, dtype: torch.dtype | None = None, *, _stacklevel: int = 3
    ) -> Tensor:
        """Stand for `torch.softmax` and `torch.nn.functional.softmax`."""
        return self._softmax("softmax", input, dim, dtype)

    def log_softmax(
        self, input: Tensor, dim: int | None = None, dtype: torch.dtype | None = None, *, _stacklevel: int = 3
    ) -> Tensor:
        """Stand for `torch.log_softmax` and `torch.nn.functional.log_softmax`."""
        return self._softmax("log_softmax", input, dim, dtype)

    def nll_loss(
        self,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Stand for `torch.nn.functional.nll_loss`."""
        reduction = _named_reduction(size_average, reduce, reduction)
        return self._loss("nll_loss", input, target, weight, ignore_index=ignore_index, reduction=reduction)

    def cross_entropy(
        self,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> Tensor:
        """Stand for `torch.nn.functional.cross_entropy`."""
        options = {"ignore_index": ignore_index, "label_smoothing": label_smoothing}
        reduction = _named_reduction(size_average, reduce, reduction)
        return self._loss("cross_entropy", input, target, weight, reduction=reduction, **options)

    def batch_norm(
        self,
        input: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """Stand for `torch.nn.functional.batch_norm`; training overwrites the running statistics, as torch does."""
        stats = (None, None) if training else (running_mean, running_var)
        output: Tensor
        output, kept = apply_keeping(self.ops, "batch_norm", input, *stats, weight, bias, training=training, eps=eps)
        if training and running_mean is not None and running_var is not None:
            stats, count = (running_mean, running_var), input.numel() // input.shape[1]
            with torch.no_grad():
                if kept is None or count == 0:
                    mean, var = self.ops.batch_norm_running_stats(input, *stats, momentum)
                    running_mean.copy_(mean)
                    running_var.copy_(var)
                else:
                    running_mean.lerp_(kept[0], momentum)
                    running_var.lerp_(kept[1] * (count / (count - 1)), momentum)
        return output

    def dropout(self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        """Stand for `torch.nn.functional.dropout`, with the mask that torch would draw at this moment."""
        return self._dropout(input, input.shape, p, training, inplace)

    def dropout2d(self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        """Stand for `torch.nn.functional.dropout2d`, which drops whole channels."""
        return self._dropout(input, (*input.shape[:2], *(1,) * (input.dim() - 2)), p, training, inplace)

    def _batched(self, name: str, input: Tensor, *args: Any, **options: Any) -> Tensor:
        """Return an operator's only output."""
        output: Tensor = self._outputs(name, input, *args, **options)
        return output

    def _outputs(self, name: str, input: Tensor, *args: Any, **options: Any) -> Any:
        """Return an operator's output or outputs; an input without a batch is a batch of one."""
        dims = CATALOGUE[name].dims
        if dims is None or input.dim() != dims - 1:
            return apply(self.ops, name, input, *args, **options)
        output = apply(self.ops, name, input.unsqueeze(0), *args, **options)
        return tuple(each.squeeze(0) for each in output) if isinstance(output, tuple) else output.squeeze(0)

    def _activation(self, name: str, input: Tensor, *args: Any, inplace: bool = False, **options: Any) -> Tensor:
        """Return an activation, written over its input on request; autograd then keeps the input's copy."""
        if args and isinstance(args[-1], bool):  # torch's last argument is `inplace`
            args, inplace = args[:-1], args[-1]
        output: Tensor = apply(self.ops, name, input.clone() if inplace else input, *args, **options)
        return input.copy_(output) if inplace else output

    def _softmax(self, name: str, input: Tensor, dim: int | None, dtype: torch.dtype | None) -> Tensor:
        if dim is None:
            warnings.warn(f"Implicit dimension choice for {name} has been deprecated.", stacklevel=5)
            dim = 0 if input.dim() in (0, 1, 3) else 1
        input = input if dtype is None else input.to(dtype)
        if input.dim() == 0 and dim in (0, -1):
            return self._softmax(name, input.unsqueeze(0), 0, None).squeeze(0)
        if input.numel() == 0 and -input.dim() <= dim < input.dim():
            return input.clone()
        output: Tensor = apply(self.ops, name, input, dim=dim)
        return output

    def _loss(self, name: str, input: Tensor, target: Tensor, weight: Tensor | None, **options: Any) -> Tensor:
        """Return a loss; the positions of `(N, C, *)` logits are rows of their own, `(C,)` logits are a single row."""
        if input.dim() == 2:
            output: Tensor = apply(self.ops, name, input, target, weight, **options)
            return output
        if input.dim() == 1:
            loss = self._loss(name, input.unsqueeze(0), target.unsqueeze(0), weight, **options)
            return loss.squeeze(0) if options["reduction"] == "none" else loss
        rows = input.movedim(1, -1)
        classes = target.movedim(1, -1).flatten(0, -2) if target.is_floating_point() else target.flatten()
        loss = self._loss(name, rows.flatten(0, -2), classes, weight, **options)
        return loss.reshape(rows.shape[:-1]) if options["reduction"] == "none" else loss

    def _dropout(self, input: Tensor, mask_size: Sequence[int], p: float, training: bool, inplace: bool) -> Tensor:
        if not 0 <= p <= 1:
            raise ValueError(f"p must be between 0 and 1, not {p}")
        if not training or p == 0 or input.numel() == 0:
            return input
        mask = _kept(input, mask_size, p)
        output: Tensor = apply(self.ops, "dropout", input.clone() if inplace else input, mask, p=p)
        return input.copy_(output) if inplace else output


def _kept(input: Tensor, size: Sequence[int], p: float) -> Tensor:
    """Return the mask that torch's dropout would draw, taking the same numbers from the generator.

    On the CPU, and for whole channels, torch fills a tensor with Bernoulli(1 − p); on a GPU it draws elements in one
    kernel with the product, whose mask is asked for here. For p = 1 it draws nothing.

    Source: ATen/native/Dropout.cpp.
    """
    if p == 1:
        return torch.zeros(list(size), dtype=torch.bool, device=input.device)
    if input.is_cuda and tuple(size) == tuple(input.shape):
        return torch.native_dropout(input.detach(), p, True)[1]
    noise = torch.empty_like(input) if tuple(size) == tuple(input.shape) else input.new_empty(list(size))
    return noise.bernoulli_(1 - p).bool()


def _stride(stride: Ints | None) -> Ints | None:
    """Return the stride of a pooling, None where torch writes "the kernel's size" as an empty list."""
    return None if stride is not None and not isinstance(stride, int) and len(stride) == 0 else stride


def _named_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """Return the reduction that torch's deprecated arguments ask for, where they are given."""
    if size_average is None and reduce is None:
        return reduction
    return _reduction.legacy_get_string(size_average, reduce)
