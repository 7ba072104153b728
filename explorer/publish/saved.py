"""One page of one network, in a file that needs nothing else: to be mailed, or kept beside a paper."""

import base64
import json
import re
import tempfile
from pathlib import Path

from explorer.models.library import Library
from explorer.publish.joined import files_of, joined, plain, threads
from explorer.publish.site import FIRST, publish

__all__ = ["save"]

PAGES = ("draw", "arithmetic", "kernels")
"""What a saved page shows: lessons are about other networks."""

FOLDER = "`${globalThis.home}web/`"
"""Where the modules would lie: below the folder of the page."""

TEXTS = (".json", ".svg", "")
"""Endings of files that are text."""

ENGINE = "engine/worker.js"
"""The thread that answers for the network; a saved page trains none."""

FETCHED = ("models", "web/engine")
"""What the engine's thread fetches: folders of the publication."""


def save(path: Path, library: Library, name: str, *, language: str = "en") -> Path:
    """Write a page that shows a network with its example, and return its path.

    Raises:
        ValueError: the engine does not compute the network; the message names the step that it lacks.
        OSError: the file cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        publish(site, library, [name], language=language, pages=PAGES, slim=True, compared=False)
        text = _page(site)
    path.write_text(text, encoding="utf-8")
    return path


def _page(site: Path) -> str:
    """Return a publication as one page."""
    files: dict[str, str | dict[str, str]] = {}
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.suffix not in (".js", ".css", ".html", ".webmanifest"):
            data = path.read_bytes()
            name = path.relative_to(site).as_posix()
            files[name] = data.decode() if path.suffix in TEXTS else {"base64": base64.b64encode(data).decode()}
    fetched = {name: file for name, file in files.items() if name.startswith(FETCHED)}
    modules = files_of(FIRST, [f"{page}/page.js" for page in PAGES])
    started = threads(module for held in modules.values() for module in held)
    held = dict.fromkeys(module for name, held in modules.items() if name not in started for module in held)
    carried = {
        "files": {name: file for name, file in files.items() if name not in fetched},
        "threads": {f"web/{ENGINE}": joined(modules[ENGINE], of=ENGINE, folder=FOLDER)},
        "fetched": fetched,
    }
    code = "\n".join(
        (
            'globalThis.home = new URL(".", document.baseURI).href;',
            plain("site/carried.js").replace("export function", "function"),
            'const carried = JSON.parse(document.querySelector("#carried").textContent);',
            "carry(carried.files, globalThis.home);",
            "carryThreads(carried.threads, carried.fetched, globalThis.home);",
            joined(list(held), of=FIRST[0], folder=FOLDER),
        )
    )
    icon = base64.b64encode((site / "web/favicon.svg").read_bytes()).decode()
    style = (site / "web/style.css").read_text(encoding="utf-8")
    told = _inside(json.dumps(carried, ensure_ascii=False))
    entry = (site / "index.html").read_text(encoding="utf-8")
    parts = {
        '<link rel="manifest" href="manifest.webmanifest" />': "",
        '<link rel="icon" href="web/favicon.svg" />': f'<link rel="icon" href="data:image/svg+xml;base64,{icon}" />',
        '<link rel="stylesheet" href="web/style.css" />': f"<style>\n{style}</style>",
        '<script type="module" src="web/site/page.js"></script>': (
            f'<script type="application/json" id="carried">{told}</script>\n'
            f'    <script type="module">\n{_inside(code)}</script>'
        ),
    }
    for link, part in parts.items():
        if link not in entry:
            raise RuntimeError(f"the entry page has no {link}")
        entry = entry.replace(link, part)
    return entry


def _inside(text: str) -> str:
    """Return text as it stands within a script's element: nothing of it ends the element."""
    return re.sub(r"<(?=/script|!--)", r"\\u003c", text, flags=re.IGNORECASE)
