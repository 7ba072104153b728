"""How the naive loops ran for a case of the Arithmetic page: the marked lines in order, with their variables."""

import math
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from arithmetic_calls import CALLS, Case
from torch import Tensor

from explorer.arithmetic.listings import FUNCTIONS, walked

VARIABLES = (
    *("n", "first", "channel", "o", "c", "y", "x", "i", "j", "row", "col", "total", "value", "best", "index", "share"),
    *("k", "grad", "f", "l", "m", "top", "mass", "deviation", "mean_grad", "mean_product", "normal", "momentum"),
    *("unbiased", "step", "parameter", "g", "buffer", "v", "root", "mean", "var"),
)
STATISTICS = ("mean", "var")
WALKS = {name: (function, shown) for function in FUNCTIONS for name, shown in walked(function).items()}
"""Each function with its listing, by the names that the page has for them."""

Trace = list[tuple[str, dict[str, float | str]]]


def traced(call: Callable[[], Tensor], name: str) -> Trace:
    """Run a naive function and return which marked lines ran, one after another, with the variables after each."""
    function, shown = WALKS[name]
    marks = {shown.first + line: mark for mark, line in shown.marks.items()}
    events: Trace = []
    pending: int | None = None

    def flush(frame: FrameType, line: float) -> None:
        nonlocal pending
        if pending is not None and (marks[pending] not in ("skip", "stay") or line < pending):
            known = {key: frame.f_locals[key] for key in VARIABLES if key in frame.f_locals}
            for name in STATISTICS:
                if isinstance(frame.f_locals.get(name), list) and "c" in known:
                    known[f"{name}[c]"] = frame.f_locals[name][known["c"]]
            alone = {key: float(value) for key, value in known.items() if isinstance(value, int | float | Tensor)}
            kept = {key: value if math.isfinite(value) else str(value) for key, value in alone.items()}
            events.append((marks[pending], kept))
        pending = None

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal pending
        if frame.f_code is not function.__code__:
            return None
        if event == "line":
            flush(frame, frame.f_lineno)
            pending = frame.f_lineno if frame.f_lineno in marks else None
        elif event == "return":
            flush(frame, math.inf)
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        call()
    finally:
        sys.settrace(before)
    return events


def traces(case: Case) -> dict[str, tuple[str, Trace]]:
    """The listings and runs of a case's calls by the name of the result."""
    return {result: (name, traced(call, name)) for result, (name, call) in CALLS[case["op"]](case).items() if name}
