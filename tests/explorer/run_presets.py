"""The configurations of the starting points that the Train page's form offers, as its own module makes them."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from explorer.train.shown import DISTORTIONS

__all__ = ["presets"]

FORM = Path(__file__).resolve().parents[2] / "explorer" / "web" / "lib" / "run_form.js"


def presets(*, mnist: bool) -> dict[str, Any]:
    """Return the configurations of the form's starting points, by name, the caller's own; the first one is ""."""
    found: dict[str, Any] = json.loads(_told(mnist=mnist))
    return found


@cache
def _told(*, mnist: bool) -> bytes:
    script = f"""
      import {{ LESSONS, RECIPES, configOf, firstOf, presetOf }} from {json.dumps(FORM.as_uri())};
      const names = [...Object.keys(RECIPES), ...Object.keys(LESSONS)];
      const none = {{ {", ".join(f"{name}: {{}}" for name in DISTORTIONS)} }};
      const config = (name) => configOf(presetOf(name, {json.dumps(mnist)}), none);
      const found = names.map((name) => [name, config(name)]);
      console.log(JSON.stringify(Object.fromEntries([["", config(firstOf({json.dumps(mnist)}))], ...found])));
    """
    return subprocess.run(["node", "--input-type=module", "--eval", script], check=True, capture_output=True).stdout
