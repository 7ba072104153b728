"""Modules of `explorer/web` joined into one file: a browser fetches one in place of some hundred.

A module becomes a function that runs when it is first needed; `site/registry.js` keeps what it returned. That needs no
knowledge of JavaScript beyond the forms of `import` and `export` that the modules have, and refuses any other.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from explorer.wire.view import WEB

__all__ = ["exported", "files_of", "joined", "plain", "reached", "threads"]

IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function\*?|class|const) ([A-Za-z_$][\w$]*))", re.MULTILINE)
NAMED = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b(?!\()[^\n]*", re.MULTILINE)
SEVERAL = re.compile(r"^export const [^;{(\[]*,\n[^;]*;", re.MULTILINE)
MORE = re.compile(r"^ {2}(\w+) = ", re.MULTILINE)
COMMENT = re.compile(r"[ \t]*/\*\*.*?\*/[ \t]*\n?", re.DOTALL)
LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
THREAD = re.compile(r'new Worker\(new URL\("([^"]+)", import\.meta\.url\)')


class Module(NamedTuple):
    """A module's function, what it exports, and the modules that it imports, as names below `explorer/web`."""

    body: str
    exports: tuple[str, ...]
    imports: tuple[str, ...]


def reached(names: Iterable[str]) -> list[str]:
    """Return modules with all that they import, each once."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += _module(name).imports
    return found


def files_of(first: Sequence[str], later: Iterable[str]) -> dict[str, list[str]]:
    """Return the modules of each file, by the module that it is named after.

    Args:
        first: modules that are loaded at once, in a file named after the first of them.
        later: modules that are loaded when they are wanted, besides those that the first ones name themselves; a file
            of theirs leaves out what the first one holds.
    """
    files = {first[0]: reached(first)}
    _add(files, [*later, *_named(LATER, files[first[0]])], files[first[0]])
    for thread in _named(THREAD, [module for modules in files.values() for module in modules]):
        files[thread] = reached([thread])
        _add(files, _named(LATER, files[thread]), files[thread])
    return files


def threads(names: Iterable[str]) -> list[str]:
    """Return the modules that modules start as threads."""
    return _named(THREAD, names)


def _add(files: dict[str, list[str]], names: Iterable[str], known: Collection[str]) -> None:
    """Add the file of each module that is loaded later, and of those that it loads itself."""
    for name in names:
        if name not in files and name not in known:
            files[name] = [module for module in reached([name]) if module not in known]
            _add(files, _named(LATER, files[name]), known)


def joined(names: Sequence[str], exports: Collection[str] = (), *, of: str, folder: str) -> str:
    """Return modules as one, which itself imports nothing.

    Args:
        names: the modules, with all that they import that no file before holds.
        exports: what it exports.
        of: the module that runs when the file is loaded, and whose exports those are.
        folder: an expression for the address of `explorer/web`.
    """
    registry = plain("site/registry.js").replace("export function", "function")
    bodies = ",\n".join(f'"{name}": ($need, $here, $load) => {{\n{_module(name).body}\n}}' for name in names)
    needed = f'registry.need("{of}")'
    end = f"export const {{ {', '.join(exports)} }} = {needed};" if exports else f"{needed};"
    made = f"globalThis.convscope ??= (() => {{\n{registry}\nreturn createRegistry({folder});\n}})()"
    return f"const registry = ({made});\nregistry.define({{\n{bodies}\n}});\n{end}\n"


def exported(name: str) -> tuple[str, ...]:
    """Return what a module exports."""
    return _module(name).exports


@cache
def _module(name: str) -> Module:
    """Read a module.

    Raises:
        ValueError: it imports or exports in another form.
    """
    text = plain(name)
    exports = [*EXPORT.findall(text), *(more for several in SEVERAL.findall(text) for more in MORE.findall(several))]
    for listed in NAMED.findall(text):
        exports += [each.strip() for each in listed.split(",") if each.strip()]
    imports: list[str] = []

    def need(found: re.Match[str]) -> str:
        names, address = found.groups()
        imports.append((WEB / name).parent.joinpath(address).resolve().relative_to(WEB).as_posix())
        needed = f'$need("{imports[-1]}")'
        return f"const {{{names.replace(' as ', ': ')}}} = {needed};" if names else f"{needed};"

    body = NAMED.sub("", EXPORT.sub("", IMPORT.sub(need, text)))
    if odd := OTHER.search(body):
        raise ValueError(f"{name} has a form that cannot be joined: {odd[0].strip()}")
    body = body.replace("import.meta.url", "$here").replace("import(", "$load(")
    return Module(f"{body}return {{ {', '.join(exports)} }};", tuple(exports), tuple(imports))


def plain(name: str) -> str:
    """Return a module's text without its comments: types and explanations are a third of it."""
    return COMMENT.sub(lambda found: "\n" if found[0].endswith("\n") else "", (WEB / name).read_text(encoding="utf-8"))


def _named(pattern: re.Pattern[str], names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        for address in pattern.findall(plain(name)):
            found[(WEB / name).parent.joinpath(address).resolve().relative_to(WEB).as_posix()] = None
    return list(found)
