"""`pip install` puts one package named `convscope` among the others, with a command, as a wheel and editable."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[1]
PARTS = ("core", "explorer", "convscope", "setup.py", "pyproject.toml", "requirements.txt", "LICENSE")
IMPORT_ALL = """
import convscope, importlib, pkgutil, sys
for module in pkgutil.walk_packages(convscope.__path__, "convscope."):
    if module.name not in ("convscope.core.ops.triton",):  # needs a graphics card's compiler
        importlib.import_module(module.name)
assert not [name for name in sys.modules if name.split(".")[0] in ("core", "explorer")], "a module has another name"
print(convscope.core.train.__file__)
"""


def run(*command: object, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """An environment of its own, which has of these packages what convscope needs; return its folder of commands."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
    (Path(packages) / "needs.pth").write_text(sysconfig.get_path("purelib"))
    return scripts


def install(scripts: Path, *what: object, folder: Path) -> None:
    python = scripts / Path(sys.executable).name
    options = ("--no-deps", "--no-build-isolation", "--no-index", "-q")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *what, folder=folder)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        source = REPOSITORY / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / part)
    return folder


def test_a_wheel_holds_one_package_and_its_command_starts(checkout: Path, tmp_path: Path) -> None:
    scripts = environment(tmp_path / "environment")
    install(scripts, checkout, folder=tmp_path)
    assert "usage: convscope" in run(scripts / "convscope", "--help", folder=tmp_path)
    python = scripts / Path(sys.executable).name
    train = Path(run(python, "-c", IMPORT_ALL, folder=tmp_path).splitlines()[-1])
    packages = train.parents[2]
    assert packages.is_relative_to(tmp_path)
    assert not [name for name in ("core", "explorer", "tests", "benchmarks") if (packages / name).exists()]
    page = packages / "convscope" / "explorer" / "web" / "draw" / "page.js"
    assert page.read_bytes() == (REPOSITORY / "explorer" / "web" / "draw" / "page.js").read_bytes()
    picture = "import torch; from convscope.core.models import card, load; print(load('a2')(torch.zeros(1, 1, 28, 28)))"
    assert "tensor" in run(python, "-c", picture, folder=tmp_path)


def test_an_editable_install_is_the_checkout(checkout: Path, tmp_path: Path) -> None:
    scripts = environment(tmp_path / "environment")
    install(scripts, "-e", checkout, folder=tmp_path)
    assert "usage: convscope" in run(scripts / "convscope", "--help", folder=tmp_path)
    python = scripts / Path(sys.executable).name
    for module in ("convscope", "explorer"):
        assert "Every number inside" in run(python, "-m", module, "--help", folder=tmp_path)
    found = run(python, "-c", "import core.ops; print(core.ops.__file__)", folder=tmp_path).strip()
    assert Path(found) == checkout / "core" / "ops" / "__init__.py"


def test_the_tested_versions_are_within_the_ranges() -> None:
    tested = dict(line.split("==") for line in (REPOSITORY / "constraints.txt").read_text().splitlines()[1:])
    known = {canonicalize_name(name): version for name, version in tested.items()}
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (REPOSITORY / file).read_text().splitlines():
            if not line.startswith("-r"):
                wanted = Requirement(line)
                assert wanted.specifier.contains(known[canonicalize_name(wanted.name)]), line
