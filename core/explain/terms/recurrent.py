"""Recurrent layers: a walk over time, each state made of the input there and of the state before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import AxisRule, Product, Relation, Taps, same, whole
from core.explain.terms.base import Addends, FloatArray, Operator, Partials, Quantity, Terms, column, summed
from core.explain.terms.line import Line, Unexplained, named
from core.explain.trace import Step

GATES = {"lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n"), "rnn_tanh": ("h",), "rnn_relu": ("h",)}
"""In the order in which torch's weights hold them."""


LOOSE = 64.0
"""How much a gradient's rounding grows on its way back through time, in its largest slopes: each step takes 1 − y² of a
rounded y."""


class _Moment(NamedTuple):
    """One layer in one direction at one time, of one sample and one unit."""

    gates: dict[str, float]
    before: float
    """The state h before."""
    cell_before: float
    """Of an LSTM, c before."""
    state: float
    cell: float
    reach: float
    """Σ |weight · value| of the largest gate."""


class Recurrent(Operator):
    """As `torch.lstm`, `torch.gru`, `torch.rnn_tanh`, `torch.rnn_relu` without packing, projection or dropout."""

    names = ("lstm", "gru", "rnn_tanh", "rnn_relu")

    @override
    @staticmethod
    def bind(
        input: Any,
        hx: Any,
        params: Any,
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> dict[str, Any]:
        return locals()

    @override
    def check(self, step: Step) -> None:
        given = step.arguments
        if not isinstance(given["has_biases"], bool):
            raise Unexplained(f"{step.op} of a packed sequence is not explained")
        if given["train"] and given["dropout"]:
            raise Unexplained(f"{step.op} with dropout between its layers drops values that cannot be seen")
        if step.tensor("input").ndim != 3 or len(given["params"]) % self._each(step) or self._is_projected(step):
            raise Unexplained(f"{step.op} without a batch, or with projections, is not explained")
        if torch.finfo(step.output.dtype).bits == 16:
            raise Unexplained(f"{step.op} in 16 bits rounds every state: what it adds up to cannot be told")

    def _each(self, step: Step) -> int:
        return 4 if step.arguments["has_biases"] else 2

    def _is_projected(self, step: Step) -> bool:
        several = step.arguments["num_layers"] * (1 + step.arguments["bidirectional"])
        return bool(len(step.arguments["params"]) != several * self._each(step))

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        self.check(step)
        shape, sizes = tuple(step.output.shape), step.tensor("input").shape
        first = step.arguments["batch_first"]
        time, batch = (1, 0) if first else (0, 1)
        samples: AxisRule = same(batch if step.part == 0 else 1, sizes[batch])
        length = sizes[time]
        so_far = Taps(time, length, tuple(tuple(range(t + 1)) for t in range(length)))
        times: AxisRule = so_far if step.part == 0 and not step.arguments["bidirectional"] else whole(length)
        rules = (samples, times) if first else (times, samples)
        halves = step.part == 0 and step.arguments["bidirectional"] and step.arguments["num_layers"] == 1
        return {} if halves else {"input": Product((*rules, whole(sizes[2])), shape)}  # one half reads what is ahead

    def _place(self, step: Step, index: tuple[int, ...]) -> tuple[int, int, int, int]:
        """Returns layer and direction in one number, time, sample and unit of an element of the output."""
        units = self._starts(step)[0].shape[2]
        both = 1 + step.arguments["bidirectional"]
        length = step.tensor("input").shape[1 if step.arguments["batch_first"] else 0]
        if step.part:
            row, n, k = index
            return row, 0 if row % both else length - 1, n, k
        n, t = index[:2] if step.arguments["batch_first"] else (index[1], index[0])
        return (step.arguments["num_layers"] - 1) * both + index[2] // units, t, n, index[2] % units

    def _starts(self, step: Step) -> list[Tensor]:
        return [step.tensor(name).double().cpu() for name in (("hx.0", "hx.1") if step.op == "lstm" else ("hx",))]

    def _moment(self, step: Step, row: int, t: int, n: int, k: int) -> _Moment:
        """Walks through all layers below, and through time up to t, in float64."""
        both = 1 + step.arguments["bidirectional"]
        x = step.tensor("input").double().cpu()[n if step.arguments["batch_first"] else slice(None)]
        x = x if step.arguments["batch_first"] else x[:, n]
        starts = [start[:, n] for start in self._starts(step)]
        for layer in range(row // both + 1):
            outputs = []
            for direction in range(both):
                number = layer * both + direction
                found, moment = self._walk(
                    step, number, x, [s[number] for s in starts], (t, k) if number == row else None
                )
                if moment is not None:
                    return moment
                outputs.append(found)
            x = torch.cat(outputs, -1)
        raise AssertionError("a layer that is there was not walked")

    def _walk(
        self, step: Step, number: int, x: Tensor, start: Sequence[Tensor], wanted: tuple[int, int] | None
    ) -> tuple[Tensor, _Moment | None]:
        each = self._each(step)
        weights = [p.detach().double().cpu() for p in step.arguments["params"][number * each : (number + 1) * each]]
        w, u = weights[:2]
        zero = w.new_zeros(len(w))
        b, d = weights[2:] if each == 4 else (zero, zero)
        backwards = step.arguments["bidirectional"] and number % 2 == 1
        h, c = start[0], start[1] if step.op == "lstm" else start[0]
        states = [h] * len(x)
        for t in reversed(range(len(x))) if backwards else range(len(x)):
            before = h, c
            given, kept = w @ x[t] + b, u @ h + d
            gates, h, c = _stepped(step.op, given, kept, h, c)
            states[t] = h
            if wanted is not None and wanted[0] == t:
                k = wanted[1]
                reach = (w.abs() @ x[t].abs() + u.abs() @ before[0].abs() + b.abs() + d.abs()).max()
                values = {name: float(gate[k]) for name, gate in gates.items()}
                numbers = (float(one[k]) for one in (*before, h, c))
                before_h, before_c, state, cell = numbers
                return h, _Moment(values, before_h, before_c, state, cell, float(reach))
        return torch.stack(states), None

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        row, t, n, k = self._place(step, index)
        moment = self._moment(step, row, t, n, k)
        gate = moment.gates
        parts: list[tuple[str, float]]
        if step.op == "lstm" and step.part == 2:
            parts = [("f · c before", gate["f"] * moment.cell_before), ("i · g", gate["i"] * gate["g"])]
        elif step.op == "lstm":
            parts = [("o · tanh c", gate["o"] * float(np.tanh(moment.cell)))]
        elif step.op == "gru":
            parts = [("(1 − z) · n", (1 - gate["z"]) * gate["n"]), ("z · h before", gate["z"] * moment.before)]
        else:
            parts = [("h", moment.state)]
        rows = tuple(Addends(rule, rule, (), np.array([value])) for rule, value in parts)
        quantities = {name: Quantity(value) for name, value in gate.items() if name != "h"}
        quantities |= {"h before": Quantity(moment.before)}
        quantities |= (
            {"c": Quantity(moment.cell), "c before": Quantity(moment.cell_before)} if step.op == "lstm" else {}
        )
        length = step.tensor("input").shape[1 if step.arguments["batch_first"] else 0]
        count = length * (step.tensor("input").shape[2] + len(gate))
        scale = (1 + moment.reach) * (1 + abs(moment.cell))
        return summed(step, index, rows, terms=count, scale=scale, quantities=quantities)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        slopes: FloatArray = column(self, step, wrt, index)
        outputs = np.argwhere(slopes != 0).astype(np.int64)
        values = slopes[tuple(outputs.T)]
        return Partials(outputs, values, f"∂y/∂{wrt}", scale=LOOSE * float(np.abs(values).max(initial=0.0)))

    @override
    def line(self, step: Step) -> Line:
        values = tuple(named(name, value) for name, value in step.arguments.items())
        return replace(Line(f"torch.{step.op}", values), part=step.part)


def _stepped(op: str, given: Tensor, kept: Tensor, h: Tensor, c: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Returns the gates and the next h and c: `given` is of the input, `kept` of the state before."""
    names = GATES[op]
    if op == "gru":
        (ri, zi, ni), (rh, zh, nh) = given.chunk(3), kept.chunk(3)
        r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
        new = torch.tanh(ni + r * nh)
        state = (1 - z) * new + z * h
        return dict(zip(names, (r, z, new), strict=True)), state, state
    if op == "lstm":
        i, f, g, o = (given + kept).chunk(4)
        gates = (torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o))
        cell = gates[1] * c + gates[0] * gates[2]
        return dict(zip(names, gates, strict=True)), gates[3] * torch.tanh(cell), cell
    state = torch.tanh(given + kept) if op == "rnn_tanh" else torch.relu(given + kept)
    return {"h": state}, state, state
