"""The folder: the pages' own files, the networks, and an entry that mounts them; nothing in it asks another place."""

import hashlib
import html
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.ops.formulas import FORMULAS
from core.training.runs import Runs
from explorer.app import STYLES
from explorer.arithmetic.listings import listings
from explorer.learn.page import lessons
from explorer.models.library import Explored, Library
from explorer.publish import training
from explorer.publish.joined import exported, files_of, joined
from explorer.publish.notice import notice
from explorer.publish.pictures import examples as test_pictures
from explorer.publish.pictures import write_pictures
from explorer.publish.plan import planned
from explorer.publish.route import weights_of
from explorer.publish.truth import drawings, truth
from explorer.train.page import RUNS_DIR
from explorer.wire.view import WEB

__all__ = ["PAGES", "publish"]

PAGES = {"draw": "Draw", "arithmetic": "Arithmetic", "kernels": "Kernels", "train": "Train", "learn": "Learn"}
"""What works without Python, as the tabs are called before a language is known."""

ROOMS = ("lib", "parts", "models", "engine", "site", "i18n", *PAGES)
"""Folders of `explorer/web` that those pages load."""

SOURCES = (".c", ".sha256", ".html", ".js", ".css")
"""Endings of what the folder is made from, and does not hold as it is."""

FIRST = ("site/page.js", "models/bar.js", "draw/page.js")
"""Modules that the first drawing needs: they and all that they import are one file, named after the first of them."""

GREETING = "first"
"""The lesson that Draw offers, *Show me how it works*."""

PRINTED = "learn/print.css"
"""A style that only paper has, which a page asks for by itself."""


def publish(
    folder: Path,
    library: Library,
    models: Sequence[str],
    *,
    runs: Sequence[str] = (),
    language: str = "en",
    lessons_dir: Path | None = None,
    examples: int = 0,
    pages: Sequence[str] = tuple(PAGES),
    slim: bool = False,
    compared: bool = True,
) -> list[Path]:
    """Write the folder anew and return its files, relative to it.

    Args:
        folder: where; it is made, and what an earlier publication left there replaced.
        library: where the models are, and MNIST.
        models: their names, the one explored first ahead.
        runs: names of runs whose time lines come along.
        language: of the page until somebody chooses another.
        lessons_dir: a teacher's own lessons, shown beside the shipped ones.
        examples: how many of MNIST's test pictures come along.
        pages: which pages, of `PAGES`.
        slim: whether the network stands on top, under a slim band for the input.
        compared: whether PyTorch's numbers come along, to compare the browser's with.

    Raises:
        ValueError: a model cannot run in the browser; the folder holds something else; MNIST has not so many pictures.
        FileNotFoundError: a model's weights, a run, or MNIST are not here.
    """
    chosen = test_pictures(library.data_dir, examples) if examples else None
    learners = [training.LEARNER] if "train" in pages else []
    found = {name: library.explored(name) for name in (*models, *learners)}
    plans = {name: planned(explored, explored.trace(explored.blank())[0]) for name, explored in found.items()}
    told: dict[str, bytes] = {}
    for name in runs:
        told |= training.run_files(library, Runs(library.runs_dir or RUNS_DIR), name)
    site = _site(plans, models, runs, language, pages, slim=slim, examples=examples)
    _emptied(folder)
    _write_web(folder / "web", pages)
    if "learn" not in pages:
        _keep_greeting(folder / "web/learn/lessons")
    _write_json(folder / "lessons", lessons(lessons_dir, None))
    for name, explored in found.items():
        _write_model(folder / "models", explored, plans[name])
    if compared:
        drawn = drawings()
        _write_json(folder / "drawings.json", drawn)
        for name in models:
            _write_json(folder / f"models/{name}.truth.json", truth(found[name], drawn))
    if "train" in pages:
        write_pictures(folder, "digits", training.drawn())
    if chosen:
        write_pictures(folder, "mnist", *chosen)
    for path, content in told.items():
        (folder / "models" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models" / path).write_bytes(content)
    _write_json(folder / "site.json", site | {"compared": compared})
    _write_json(folder / "arithmetic.json", {"listings": listings(), "formulas": FORMULAS, "films": []})
    _write_json(folder / "manifest.webmanifest", _manifest())
    (folder / "NOTICE.txt").write_text(notice(examples), encoding="utf-8")
    (folder / "index.html").write_text(_entry(language, pages), encoding="utf-8")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    _write_worker(folder, files, first=models[0])
    return [*files, Path("offline.js")]


def _emptied(folder: Path) -> None:
    """Make the folder, without what an earlier publication left.

    Raises:
        ValueError: it holds something else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "site.json").is_file():
            raise ValueError(f"{folder} holds something that is no publication of ConvScope: choose another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _write_web(folder: Path, pages: Sequence[str]) -> None:
    """Write what browsers load: the modules and styles joined into a few files, everything else as it is."""
    for path in sorted(WEB.rglob("*")):
        relative = path.relative_to(WEB)
        if path.is_file() and path.suffix not in SOURCES and _published(relative):
            _write(folder / relative, path.read_bytes())
    _write(folder / PRINTED, (WEB / PRINTED).read_bytes())
    _write(folder / "style.css", _style().encode())
    for name, modules in files_of(FIRST, [f"{page}/page.js" for page in pages]).items():
        root = "../" * name.count("/")
        text = joined(modules, exported(name), of=name, folder=f'new URL("{root}", import.meta.url).href')
        _write(folder / name, text.encode())


def _keep_greeting(folder: Path) -> None:
    """Leave of the lessons the one that Draw itself offers."""
    for path in folder.iterdir():
        if path.stem != GREETING:
            path.unlink()
    _write_json(folder / "index.json", [GREETING])


def _style() -> str:
    styles = [WEB / "site/site.css", *(style for style in STYLES if _published(style.relative_to(WEB)))]
    return "\n".join(style.read_text(encoding="utf-8") for style in styles)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_model(folder: Path, explored: Explored, plan: dict[str, Any]) -> None:
    (folder / explored.name).parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{explored.name}.safetensors").write_bytes(weights_of(explored))
    _write_json(folder / f"{explored.name}.json", plan)


def _site(
    plans: dict[str, Any],
    models: Sequence[str],
    runs: Sequence[str],
    language: str,
    pages: Sequence[str],
    *,
    slim: bool,
    examples: int,
) -> dict[str, Any]:
    first = models[0]
    offered = [{"name": name, "title": plans[name]["facts"]["title"]} for name in models]
    bar = {"models": offered, "model": first, "language": language, "device": "browser"}
    train = training.options(plans, examples) if "train" in pages else {}
    given = {"draw": {"slim": slim}, "arithmetic": "arithmetic.json", "kernels": {}, "train": train, "learn": {}}
    return {
        "first": first,
        "bar": bar | {"network": None, "classroom": False},
        "pages": {name: options for name, options in given.items() if name in pages},
        "runs": list(runs),
        "examples": examples,
    }


def _manifest() -> dict[str, Any]:
    icon = {"src": "web/favicon.svg", "type": "image/svg+xml", "sizes": "any"}
    return {
        "name": "ConvScope",
        "short_name": "ConvScope",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f6f7f9",
        "theme_color": "#0072b2",
        "icons": [icon, icon | {"purpose": "maskable"}],
    }


def _entry(language: str, pages: Sequence[str]) -> str:
    """Return the entry page: the app's frame."""
    tabs = [
        f'<button type="button" role="tab" data-tab-id="{name}" id="tab-{name}" aria-controls="page-{name}" '
        f'aria-selected="false">{html.escape(PAGES[name])}</button>'
        for name in pages
    ]
    panels = [
        f'<div role="tabpanel" id="page-{name}" data-page="{name}" aria-labelledby="tab-{name}" hidden>'
        f'<div class="block webview-block webview-{name}"><div class="html-container"><div class="webview"></div>'
        "</div></div></div>"
        for name in pages
    ]
    filled = {"language": language, "tabs": tabs, "panels": panels}
    text = (WEB / "site/index.html").read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace(f"{{{name}}}", value if isinstance(value, str) else "\n    ".join(value))
    return text


def _published(path: Path) -> bool:
    return len(path.parts) == 1 or path.parts[0] in ROOMS


def _write_worker(folder: Path, files: Sequence[Path], *, first: str) -> None:
    """Write the service worker: its version is that of the files, those that every visit needs are stored at once."""
    told = hashlib.blake2b(digest_size=8)
    for file in files:
        told.update(file.as_posix().encode())
        told.update((folder / file).read_bytes())
    own = {f"models/{first}.json", f"models/{first}.safetensors"}
    names = (file.as_posix() for file in files)
    stored = ["./", *(name for name in names if name in own or not name.startswith(("models/", "drawings")))]
    text = (WEB / "site/worker.js").read_text(encoding="utf-8")
    listed = json.dumps(json.dumps(stored))
    written = text.replace("{version}", told.hexdigest()).replace('"{files}"', listed)
    (folder / "offline.js").write_text(written, encoding="utf-8")


def _write_json(path: Path, told: Any) -> None:
    path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
