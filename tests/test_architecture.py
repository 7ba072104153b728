"""The laws of the rooms: who may import whom, read from the source."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

ROOMS = (
    ("work",),
    ("models",),
    ("wire",),
    ("classroom", "screen"),
    ("arithmetic", "draw", "kernels", "learn", "train"),
)
"""The rooms of explorer, from the ground up: each imports from itself and those below, a page from no other page."""

PAGES = ROOMS[-1]

AROUND = ("serving", "publish")
"""Rooms around the app, which no page imports."""

BAR = "explorer.models.bar"
"""A view among the models: a page by its place."""

DOORS = {
    (
        "draw",
        "explorer.arithmetic.from_network",
    ): "an opened cell goes to the Arithmetic page, which says whether it can",
}
"""What a page may import of another one, and why."""


def sources(package: str) -> list[Path]:
    return sorted((REPOSITORY / package).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for package in ("core", "explorer") for path in sources(package)}


def imported(tree: ast.AST) -> Iterator[str]:
    """Return what a module imports, also within its functions, but not what only the type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        else:
            yield from imported(node)


@cache
def imports(name: str) -> frozenset[str]:
    return frozenset(imported(ast.parse(MODULES[name].read_text())))


def level(name: str) -> int:
    """Return how high a module of explorer stands: its room's place, or above all rooms."""
    room = name.split(".")[1] if name.count(".") else ""
    if name == BAR:
        return len(ROOMS) - 1
    return next((k for k, rooms in enumerate(ROOMS) if room in rooms), len(ROOMS))


def page_of(name: str) -> str | None:
    room = name.split(".")[1] if name.count(".") else ""
    return "bar" if name == BAR else room if room in PAGES else None


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] == "core"])
def test_core_imports_no_explorer(name):
    assert not [
        other for other in imports(name) if other.split(".")[0] in ("explorer", "tests", "benchmarks", "gradio")
    ]


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] == "explorer"])
def test_rooms_import_from_below_and_pages_not_from_each_other(name):
    for other in imports(name):
        if other.split(".")[0] != "explorer":
            continue
        assert level(other) <= level(name), f"{name} imports {other}, which stands above it"
        one, another = page_of(name), page_of(other)
        if one and another and one != another:
            assert (one, other) in DOORS, f"{name} imports {other}, which belongs to another page"


@pytest.mark.parametrize(("page", "door"), DOORS)
def test_every_door_is_used(page, door):
    assert any(door in imports(name) for name in MODULES if page_of(name) == page)


@pytest.mark.parametrize(
    "name", ["explorer.app", BAR, *(name for name in MODULES if name.startswith("explorer") and name.endswith(".page"))]
)
def test_views_compose_and_compute_nothing(name):
    assert not [other for other in imports(name) if other.split(".")[0] in ("torch", "numpy", "PIL")]


def test_every_page_is_a_room():
    rooms = {path.parent.name for path in (REPOSITORY / "explorer").glob("*/__init__.py")}
    assert rooms <= {room for level in (*ROOMS, AROUND) for room in level}
    assert {path.parent.name for path in (REPOSITORY / "explorer").glob("*/page.py")} <= set(PAGES)


def circles() -> list[list[str]]:
    """Return the groups of modules that import each other, straight or round about (Tarjan's strong components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for other in imports(name) & MODULES.keys():
            if other not in order:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in path:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            start = path.index(name)
            if len(path) - start > 1:
                found.append(sorted(path[start:]))
            del path[start:]

    for name in MODULES:
        if name not in order:
            visit(name)
    return found


def test_no_modules_import_each_other_in_a_circle():
    assert circles() == []


def test_package_data_is_there():
    told = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package, patterns in told.items():
        for pattern in patterns:
            folder = package.removeprefix("convscope.")
            assert any((REPOSITORY / folder).glob(pattern)), f"{folder} has no {pattern}"


def test_what_is_imported_is_declared():
    lines = [line.split("~")[0].strip() for line in (REPOSITORY / "requirements.txt").read_text().splitlines()]
    declared = {line.lower().replace("-", "_") for line in lines if line}
    known = {"PIL": "pillow"}
    optional = {"onnx", "onnxruntime", "onnxscript", "triton", "IPython"}
    gradio_stands_on = {"anyio", "fastapi", "starlette", "uvicorn"}
    for name in MODULES:
        for other in imports(name):
            root = other.split(".")[0]
            if root in sys.stdlib_module_names or root in ("core", "explorer") or root in optional | gradio_stands_on:
                continue
            assert known.get(root, root).lower() in declared, f"{name} imports {root}, which is not declared"
