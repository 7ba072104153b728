"""The naive loops as they stand in `core.ops`, with the lines that a walk through their arithmetic stops at."""

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.ops import naive
from core.ops.optim import sgd_step

__all__ = ["MARKS", "Listing", "listing", "listings", "source"]

REPOSITORY = Path(__file__).resolve().parent.parent

CORRELATION = {
    "start": "total = 0.0 if bias is None else bias[o]",
    "skip": "if 0 <= row < H and 0 <= col < W:",
    "term": "total += weight[o, c, i, j] * input[n, first + c, row, col]",
    "done": "output[n, o, y, x] = total",
}
INPUT_GRAD = {
    "start": "total = 0.0",
    "skip": "if y_rest == 0 and x_rest == 0 and 0 <= y < outH and 0 <= x < outW:",
    "term": "total += weight[o, channel, i, j] * grad_output[n, o, y, x]",
    "done": "grad_input[n, c, row, col] = total",
}
WEIGHT_GRAD = {
    "start": "total = 0.0",
    "skip": "if 0 <= row < H and 0 <= col < W:",
    "term": "total += grad_output[n, o, y, x] * input[n, first + c, row, col]",
    "done": "grad_weight[o, c, i, j] = total",
}
BIAS_GRAD = {"start": "total = 0.0", "term": "total += grad_output[n, o, y, x]", "done": "grad_bias[o,] = total"}

MARKS: dict[str, dict[str, str]] = {
    "conv2d": CORRELATION,
    "conv2d_input_grad": INPUT_GRAD,
    "conv2d_weight_grad": WEIGHT_GRAD,
    "conv2d_bias_grad": BIAS_GRAD,
    "convolve2d": CORRELATION,
    "convolve2d_input_grad": INPUT_GRAD,
    "convolve2d_weight_grad": WEIGHT_GRAD,
    "max_pool2d": {
        "start": "best, index = -inf, -1",
        "skip": "if 0 <= row < H and 0 <= col < W:",
        "stay": "if index < 0 or value > best or isnan(value):",
        "term": "best, index = value, row * W + col",
        "done": "output[n, c, y, x], indices[n, c, y, x] = best, index",
    },
    "max_pool2d_input_grad": {
        "start": "row, col = divmod(indices[n, c, y, x], W)",
        "term": "grad_input[n, c, row, col] += grad_output[n, c, y, x]",
    },
    "avg_pool2d": {
        "start": "total = 0.0",
        "skip": "if 0 <= row < H and 0 <= col < W:",
        "term": "total += input[n, c, row, col]",
        "done": "output[n, c, y, x] = total / (divisor_override or rows[y] * cols[x])",
    },
    "avg_pool2d_input_grad": {
        "start": "share = grad_output[n, c, y, x] / (divisor_override or rows[y] * cols[x])",
        "skip": "if 0 <= row < H and 0 <= col < W:",
        "term": "grad_input[n, c, row, col] += share",
    },
    "adaptive_avg_pool2d": {
        "start": "total, count = 0.0, 0",
        "term": "total, count = total + input[n, c, row, col], count + 1",
        "done": "output[n, c, y, x] = total / count",
    },
    "adaptive_avg_pool2d_input_grad": {
        "start": "share = grad_output[n, c, y, x] / ((bottom - top) * (right - left))",
        "term": "grad_input[n, c, row, col] += share",
    },
    "pad2d_input_grad": {"term": "grad_input[n, c, row, col] += grad_output[n, c, y, x]"},
    "sgd_step": {"term": "return parameter - lr * g, None"},
}
"""For each function the lines that a walk stops at: before the first term, a term left out or that changes nothing, a
term, after the last. Parts of one function that are walked apart are "function.part"."""


ELSEWHERE: dict[str, Callable[..., Any]] = {"sgd_step": sgd_step}
"""Functions that stand beside the naive loops."""


@dataclass(frozen=True)
class Listing:
    """A function's source.

    Attributes:
        file: Its file in the repository.
        first: Number of its first line there.
        lines: Its source, line by line.
        documentation: First line of the docstring and the one after its last, counted from 0 in `lines`.
        marks: Where a walk stops, as indices of `lines`.
    """

    file: str
    first: int
    lines: list[str]
    documentation: tuple[int, int]
    marks: dict[str, int]


def listing(function: Callable[..., Any], marks: dict[str, str]) -> Listing:
    """Return a function's source with its marked lines.

    Args:
        function: Has a docstring.
        marks: The text of the marked lines.

    Raises:
        ValueError: A marked line is not in the source.
    """
    source, first = inspect.getsourcelines(function)
    lines = [line.rstrip("\n") for line in source]
    quotes = [k for k, line in enumerate(lines) for _ in range(line.count('"""'))]
    bare = [line.strip() for line in lines]
    for text in marks.values():
        if text not in bare:
            raise ValueError(f"{function.__name__} has no line {text!r}")
    file = Path(inspect.getfile(function)).relative_to(REPOSITORY).as_posix()
    places = {mark: bare.index(text) for mark, text in marks.items()}
    return Listing(file, first, lines, (quotes[0], quotes[1] + 1), places)


def source(name: str) -> Callable[..., Any]:
    """Return the function of `core.ops` that an entry of `MARKS` is about."""
    function = name.partition(".")[0]
    found: Callable[..., Any] = ELSEWHERE.get(function) or getattr(naive, function)
    return found


def listings() -> dict[str, dict[str, Any]]:
    """Return every function of `MARKS` as the page takes it."""
    return {name: asdict(listing(source(name), marks)) for name, marks in MARKS.items()}
