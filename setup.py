"""How the folders of a checkout become the package `convscope`; everything else stands in pyproject.toml.

In a checkout the packages are `core` and `explorer`, beside each other. Installed, they are `convscope.core` and
`convscope.explorer`, so that no package of those names stands among everybody's others. What they import from each
other is written anew as the wheel is built. An editable install leaves them as they are: it is a checkout on the path.
"""

import ast
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOMS = ("core", "explorer")


def installed(source: str) -> str:
    """Return a module's source with `core` and `explorer` imported as parts of `convscope`."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(
                f"from {node.module} import", f"from convscope.{node.module} import", 1
            )
        elif isinstance(node, ast.Import) and any(alias.name.split(".")[0] in ROOMS for alias in node.names):
            raise ValueError(f"line {node.lineno}: expected `from {node.names[0].name} import …`")
    return "".join(lines)


class Build(build_py):
    """Copies the packages, and puts the installed names into what is copied."""

    def build_module(self, module: str, module_file: str, package: str) -> object:
        """Copy one module; its imports are those of the installed package."""
        copied = super().build_module(module, module_file, package)
        if not self.editable_mode:
            target = Path(self.get_module_outfile(self.build_lib, package.split("."), module))
            target.write_text(installed(target.read_text(encoding="utf-8")), encoding="utf-8")
        return copied


class Editable(editable_wheel):
    """Leaves the packages where and what they are."""

    def run(self) -> None:
        """Put the checkout itself on the path."""
        self.distribution.packages = ["convscope", *found]
        self.distribution.package_dir = {}
        super().run()


found = find_packages(include=[pattern for room in ROOMS for pattern in (room, f"{room}.*")])
setup(
    packages=["convscope", *(f"convscope.{name}" for name in found)],
    package_dir={"convscope": "convscope", **{f"convscope.{room}": room for room in ROOMS}},
    cmdclass={"build_py": Build, "editable_wheel": Editable},
)
