"""Joined modules are what they are one by one: the same exports, run once, in the order in which they are needed."""

import json
import subprocess
from pathlib import Path

import pytest

from explorer.publish.joined import exported, files_of, joined, reached
from explorer.wire.view import WEB
from tests.explorer.engine_cases import NODE
from tests.explorer.test_engine import needs_node

SCRIPTS = ("site/page.js", "site/worker.js", "engine/worker.js", "engine/training/worker.js")
"""What begins to work when it is loaded, and needs a browser."""

MODULES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js"))


def run(folder: Path, code: str) -> object:
    (folder / "run.mjs").write_text(code)
    assert NODE
    told = subprocess.run([NODE, folder / "run.mjs"], check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


@needs_node
def test_every_module_exports_the_same_when_it_is_joined(tmp_path: Path) -> None:
    names = [name for name in MODULES if name not in SCRIPTS]
    assert len(names) > 200
    text = joined(names, exported("lib/levels.js"), of="lib/levels.js", folder=json.dumps(f"{WEB.as_uri()}/"))
    (tmp_path / "joined.mjs").write_text(text)
    told = run(
        tmp_path,
        f"""import * as levels from "./joined.mjs";
const names = {json.dumps(names)}, folder = "{WEB.as_uri()}/";
const levels_ = await import(folder + "lib/levels.js");
const apart = Object.keys(levels_).join() === Object.keys(levels).join() ? [] : ["levels"];
const plain = (value) => String(value).replace(/\\s*\\/\\*\\*[^]*?\\*\\/\\s*/g, "").replace(/\\s+/g, "");
const told = (value) => plain(value).replaceAll("$here", "import.meta.url").replaceAll("$load(", "import(");
for (const name of names) {{
  const native = await import(folder + name), own = globalThis.convscope.need(name);
  for (const key of new Set([...Object.keys(native), ...Object.keys(own)]))
    if (typeof native[key] !== typeof own[key] || told(own[key]) !== plain(native[key])) apart.push(name + " " + key);
}}
console.log(JSON.stringify(apart));
""",
    )
    assert told == []


def test_a_file_holds_what_its_modules_import_and_no_other_file_has_before_it() -> None:
    files = files_of(("site/page.js", "models/bar.js", "draw/page.js"), ["kernels/page.js"])
    assert next(iter(files)) == "site/page.js"
    assert {"kernels/page.js", "parts/lesson/player.js", "engine/worker.js", "engine/training/worker.js"} <= set(files)
    first = set(files["site/page.js"])
    assert not first & set(files["kernels/page.js"])
    assert set(files["engine/worker.js"]) == set(reached(["engine/worker.js"]))  # a thread has no page beside it


def test_a_form_that_cannot_be_joined_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.publish.joined.WEB", tmp_path)
    for k, code in enumerate(("export default 3;", 'import * as all from "./x.js";', "export let a = 1;")):
        (tmp_path / f"{k}.js").write_text(f"{code}\n")
        with pytest.raises(ValueError, match=rf"{k}\.js has a form that cannot be joined: {code[:6]}"):
            reached([f"{k}.js"])
