"""`python -m explorer.learn FOLDER`: what is wrong with lessons, a line for each fault: `FILE:LINE: WHAT`.

The check is the page's own, in JavaScript, and runs on Node.js.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

CHECK = Path(__file__).with_name("check.js")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong with the lessons of a folder, or with some files.

    Returns:
        The exit status: 0 where all can be gone through, 1 where something is wrong, 2 where nothing was checked.
    """
    options = _parser().parse_args(arguments)
    files = [file for path in options.paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    missing = next((file for file in files if not file.is_file()), None)
    node = shutil.which("node")
    if missing or not files:
        print(f"convscope: there is no lesson at {missing or options.paths[0]}", file=sys.stderr)
        return 2
    if node is None:
        problem = "the check runs on Node.js, which is not here; the Learn page says the same of a file dropped on it"
        print(f"convscope: {problem}", file=sys.stderr)
        return 2
    status = subprocess.run([node, str(CHECK), options.lang, *map(str, files)], check=False).returncode
    if status == 0:
        print(f"{len(files)} lessons can be gone through" if len(files) > 1 else f"{files[0]} can be gone through")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m explorer.learn", description="Say what is wrong with lessons (docs/lessons.md)."
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="FOLDER", help="folder of lessons, or a file")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of what is said (default: en)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
