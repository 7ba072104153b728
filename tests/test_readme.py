"""What the README tells a reader to run, runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_its_python_blocks_run(capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "README.md", "exec"), scope)
    assert "agree: True" in capsys.readouterr().out


def test_its_script_runs() -> None:
    (script,) = re.findall(r"```python script\n(.*?)```", README, re.DOTALL)
    subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=True)


def test_its_pictures_and_folders_are_there() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    tree = re.search(r"## The tree\n\n```\n(.*?)```", README, re.DOTALL)
    assert tree
    folders = re.findall(r"^(\s*)(\w+)/", tree[1], re.MULTILINE)
    top = ""
    for indent, name in folders:
        top = top if indent else name
        assert (REPOSITORY / (Path(top) / name if indent else name)).is_dir(), name
    assert all((REPOSITORY / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/operators.md", "CONTRIBUTING.md"])
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+/[\w.]*\.(?:py|js|json|cpp|css|md))`", text))
    assert named or page == "CONTRIBUTING.md"
    roots = ("", "explorer", "explorer/web", "explorer/web/parts", "core", "tests")
    missing = [
        name for name in named if "NAME" not in name and not any((REPOSITORY / root / name).is_file() for root in roots)
    ]
    assert not missing
