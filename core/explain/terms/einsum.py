"""Sums of products by named axes."""

from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import IntArray, Product, Relation, Window, cartesian, same, whole
from core.explain.terms.base import Addends, Factor, Operator, Partials, Terms, read, summed
from core.explain.terms.line import Unexplained
from core.explain.trace import Step


class Einsum(Operator):
    """As `torch.einsum`: the letters of the output stay, all others are summed over."""

    names = ("einsum",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(equation: Any, *operands: Any) -> dict[str, Any]:
        one = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
        return {"equation": equation, "tensors": list(one)}

    @override
    def check(self, step: Step) -> None:
        if not isinstance(step.arguments.get("equation"), str):
            raise Unexplained("einsum with axes given as lists is not explained")
        if any(len(set(letters)) < len(letters) for letters in _letters(step)[0]):
            raise Unexplained("einsum of a diagonal is not explained")

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        self.check(step)
        inputs, output = _letters(step)
        shape = tuple(step.output.shape)

        def rule(letter: str, size: int) -> Window:
            if letter not in output:
                return whole(size)
            place = output.index(letter)
            return same(place, size) if size == shape[place] else Window(None, size)

        return {
            f"tensors.{k}": Product(tuple(map(rule, letters, tensor.shape)), shape)
            for k, (letters, tensor) in enumerate(zip(inputs, step.arguments["tensors"], strict=True))
        }

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        inputs, output = _letters(step)
        fixed = dict(zip(output, index, strict=True))
        factors = _factors(step, inputs, {letter: np.array([at]) for letter, at in fixed.items()}, range(len(inputs)))
        products = np.prod([factor.values for factor in factors], axis=0)
        rule = " · ".join(factor.argument for factor in factors)
        return summed(step, index, (Addends("products", rule, factors, products),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        inputs, output = _letters(step)
        own = int(wrt.partition(".")[2])
        sizes = _sizes(step, inputs)
        shape = step.tensor(wrt).shape
        placed = zip(inputs[own], index, shape, strict=True)
        fixed = {letter: np.array([at]) for letter, at, size in placed if size == sizes[letter]}
        others = [k for k in range(len(inputs)) if k != own]
        factors = _factors(step, inputs, fixed, others, output)
        letters = list(dict.fromkeys([*output, *"".join(inputs)]))
        places = cartesian([fixed.get(letter, np.arange(sizes[letter])) for letter in letters])
        outputs = places[:, : len(output)]
        values = np.prod([factor.values for factor in factors], axis=0) if factors else np.ones(len(places))
        rule = " · ".join(factor.argument for factor in factors) or "1"
        return Partials(outputs, values, rule, factors)


def _letters(step: Step) -> tuple[list[str], str]:
    """Returns the letters of each operand and of the output; an ellipsis stands for capitals beyond the alphabet."""
    equation = step.arguments["equation"].replace(" ", "")
    left, arrow, output = equation.partition("->")
    inputs = left.split(",")
    ranks = [tensor.ndim for tensor in step.arguments["tensors"]]
    hidden = [rank - len(letters.replace("...", "")) for rank, letters in zip(ranks, inputs, strict=True)]
    most = max((n for n, letters in zip(hidden, inputs, strict=True) if "..." in letters), default=0)
    stand_in = "".join(chr(0x391 + k) for k in range(most))
    if not arrow:
        counted = "".join(inputs).replace("...", "")
        output = "..." * any("..." in one for one in inputs)
        output += "".join(sorted(letter for letter in set(counted) if counted.count(letter) == 1))
    inputs = [one.replace("...", stand_in[most - n :]) for one, n in zip(inputs, hidden, strict=True)]
    return inputs, output.replace("...", stand_in)


def _sizes(step: Step, inputs: list[str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for letters, tensor in zip(inputs, step.arguments["tensors"], strict=True):
        for letter, size in zip(letters, tensor.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    return sizes


def _factors(
    step: Step, inputs: list[str], fixed: dict[str, IntArray], which: Any, output: str = ""
) -> tuple[Factor, ...]:
    """Returns what the operands `which` read for all places of the letters that are not `fixed`, output's first."""
    sizes = _sizes(step, inputs)
    letters = list(dict.fromkeys([*output, *"".join(inputs)])) if output else [*fixed, *_rest(inputs, fixed)]
    places = cartesian([fixed.get(letter, np.arange(sizes[letter])) for letter in letters])
    found = []
    for k in which:
        shape = step.arguments["tensors"][k].shape
        columns = [places[:, letters.index(letter)] * (size > 1) for letter, size in zip(inputs[k], shape, strict=True)]
        cells = np.stack(columns, axis=-1) if columns else np.zeros((len(places), 0), dtype=np.int64)
        found.append(read(step, f"tensors.{k}", cells))
    return tuple(found)


def _rest(inputs: list[str], fixed: dict[str, IntArray]) -> list[str]:
    return [letter for letter in dict.fromkeys("".join(inputs)) if letter not in fixed]
