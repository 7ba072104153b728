"""The lines that a walk through a naive loop stops at, as they follow from its syntax tree."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

__all__ = ["Marks", "walks"]

Marks = dict[str, int]
"""Numbers of lines by the name of what happens there, counted from 0 at the function's first."""

Block = Sequence[ast.stmt]
Marked = dict[str, ast.stmt]


def walks(source: str) -> dict[str, Marks]:
    """Return the walks through a function's arithmetic, each by the last variable that it computes.

    Every loop without a loop inside is walked. What it repeats, its deepest block, is the "term", or where that has
    several lines each goes by the variable that it writes. The condition on the way there is "skip", one within it
    "stay". Of the lines directly before it, in the loop around it, "start" begins what the terms add to; where there is
    none, each line whose number the terms read goes by its variable. The line after the loop is "done".

    A function without loops is walked to each of its returns, "done": every variable on the way goes by its name.

    Args:
        source: A function's source, its `def` in the first column.
    """
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    found = [_loop(*loop) for loop in _loops(function.body)] or list(_returns(function.body))
    return {name: {mark: line.lineno - 1 for mark, line in marks.items()} for name, marks in found}


class Loop(NamedTuple):
    """A loop without a loop inside, and the lines beside it in the loop around it."""

    body: Block
    before: Block
    after: Block


def _loops(block: Block, before: Block = (), after: Block = (), nested: bool = False) -> Iterator[Loop]:
    for place, statement in enumerate(block):
        following = block[place + 1 : place + 2] or after
        if isinstance(statement, ast.If):
            yield from _loops(statement.body, before, following, nested)
        elif isinstance(statement, ast.For):
            alone = Loop(statement.body, before, following) if nested else Loop(statement.body, (), ())
            yield from list(_loops(statement.body, nested=True)) or [alone]
        before = () if isinstance(statement, ast.If | ast.For) else (*before, statement)


def _loop(body: Block, before: Block, after: Block) -> tuple[str, Marked]:
    conditions, terms = _deepest(body)
    marks: Marked = dict(zip(("skip", "stay"), conditions, strict=False))
    grown = [line for line in before if any(set(_written(line)) & set(_written(term)) for term in terms)]
    if grown:
        marks["start"] = grown[-1]
    else:
        read = {name for term in terms for name in _read(term)}
        marks |= {name: line for line in before for name in _written(line) if name in read}
    marks |= {"term": terms[0]} if len(terms) == 1 else {_names(line)[0]: line for line in terms}
    if after and isinstance(after[0], ast.Assign):
        marks["done"] = after[0]
    return _names(terms[-1])[0], marks


def _deepest(block: Block) -> tuple[list[ast.stmt], Block]:
    """Return the conditions on the way to a block's deepest one, and that one."""
    for statement in block:
        if isinstance(statement, ast.If):
            conditions, deepest = _deepest(statement.body)
            return [statement, *conditions], deepest
    return [], block


def _returns(block: Block, before: Block = ()) -> Iterator[tuple[str, Marked]]:
    for statement in block:
        if isinstance(statement, ast.If):
            yield from _returns(statement.body, before)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            before = (*before, statement)
        elif isinstance(statement, ast.Return) and before:
            yield _names(before[-1])[0], {**{_names(line)[0]: line for line in before}, "done": statement}


def _targets(line: ast.stmt) -> list[ast.expr]:
    return line.targets if isinstance(line, ast.Assign) else [cast(ast.AugAssign, line).target]


def _names(line: ast.stmt) -> list[str]:
    """Return the variables that a line writes, whole or an element of them."""
    return [node.id for part in _targets(line) for node in _outside_indices(part) if isinstance(node, ast.Name)]


def _written(line: ast.stmt) -> list[str]:
    """Return the variables that a line writes whole."""
    names = [node for part in _targets(line) for node in ast.walk(part) if isinstance(node, ast.Name)]
    return [node.id for node in names if isinstance(node.ctx, ast.Store)]


def _read(line: ast.stmt) -> list[str]:
    """Return the variables whose values a line reads, those that only say where an element stands left out."""
    return [node.id for node in _outside_indices(cast(ast.Assign, line).value) if isinstance(node, ast.Name)]


def _outside_indices(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those in it, without the indices of elements."""
    yield node
    for child in [node.value] if isinstance(node, ast.Subscript) else ast.iter_child_nodes(node):
        yield from _outside_indices(child)
