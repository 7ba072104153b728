"""Padding, one element at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Size, check_size
from core.ops.checks import check_tensors
from core.ops.geometry import padded_size
from core.ops.naive.numbers import Output, numbers

__all__ = ["pad2d", "pad2d_input_grad"]


def source(index: int, size: int, padding_mode: str) -> int | None:
    """Return the element that index `index` of a padded axis repeats, None where the padding holds zeros.

    Args:
        index: Position relative to the input's first element; negative or ≥ `size` in the padding.
        size: Number of elements of the input.
        padding_mode: "zeros"; "reflect" (cba|abcd|cba without repeating the edge), "replicate" (aaa|abcd|ddd) or
            "circular" (bcd|abcd|abc).
    """
    if 0 <= index < size:
        return index
    if padding_mode == "reflect":
        return -index if index < 0 else 2 * (size - 1) - index
    if padding_mode == "replicate":
        return 0 if index < 0 else size - 1
    if padding_mode == "circular":
        return index % size
    return None


def pad2d(input: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return the input with elements added around its rows and columns.

    output[n, c, y, x] = input[n, c, source(y − top), source(x − left)], 0 where there is no source

    Args:
        input: `(N, C, H, W)`.
        padding: Elements added at the left, right, top and bottom: the order of `torch.nn.functional.pad`.
        padding_mode: What is added: "zeros", "reflect", "replicate" or "circular".

    Returns:
        `(N, C, top + H + bottom, left + W + right)`.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, the padding is negative or not four numbers, the mode is unknown, or there are
            too few elements to reflect or to repeat.

    Source: `torch.nn.functional.pad`.
    """
    check_tensors(input=input)
    N, C, outH, outW = padded_size(input.shape, padding, padding_mode)
    H, W, (left, _, top, _) = *input.shape[2:], padding
    output = Output(input, N, C, outH, outW)
    input = numbers(input)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        row, col = source(y - top, H, padding_mode), source(x - left, W, padding_mode)
        if row is not None and col is not None:
            output[n, c, y, x] = input[n, c, row, col]
    return output.tensor()


def pad2d_input_grad(input_size: Size, grad_output: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return dL/dinput of `pad2d`: each element's gradient is the sum over all its copies.

    grad_input[n, c, row, col] = Σ_{y,x: source(y − top) = row, source(x − left) = col} grad_output[n, c, y, x]

    Args:
        input_size: `(N, C, H, W)`.
        grad_output: `(N, C, top + H + bottom, left + W + right)`.
        padding: As given to `pad2d`.
        padding_mode: As given to `pad2d`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: As `pad2d`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output)
    N, C, outH, outW = padded_size(input_size, padding, padding_mode)
    check_size("grad_output", grad_output.shape, (N, C, outH, outW))
    _, _, H, W = input_size
    left, _, top, _ = padding
    grad_input = Output(grad_output, N, C, H, W)
    grad_output = numbers(grad_output)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        row, col = source(y - top, H, padding_mode), source(x - left, W, padding_mode)
        if row is not None and col is not None:
            grad_input[n, c, row, col] += grad_output[n, c, y, x]
    return grad_input.tensor()
