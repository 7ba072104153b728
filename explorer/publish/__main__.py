"""`python -m explorer.publish OUT`: write ConvScope as a folder of files, with the networks in the browser."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer.unproxied import import_gradio

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported: it asks the network at import

MODELS = ("recommended", "a1", "a2", "a3")
"""The shipped networks that the browser computes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the folder; return the exit status."""
    options = _parser().parse_args(arguments)
    import_gradio()
    from explorer.models.library import Library
    from explorer.publish.site import publish

    try:
        library = Library(data_dir=options.data_dir, runs_dir=options.runs_dir)
        files = publish(
            options.out,
            library,
            options.models,
            runs=options.runs,
            language=options.lang,
            lessons_dir=options.lessons_dir,
            examples=options.examples,
        )
    except (ValueError, OSError) as error:
        print(f"convscope: {error}", file=sys.stderr)
        return 2
    size = sum((options.out / file).stat().st_size for file in files)
    print(f"{options.out}: {len(files)} files, {size / 1e6:.1f} MB. Show it with any web server, for example:")
    print(f"  python -m http.server --directory {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m explorer.publish", description=main.__doc__)
    parser.add_argument("out", type=Path, help="folder to write; an earlier publication in it is replaced")
    parser.add_argument(
        "--models", nargs="+", default=list(MODELS), metavar="NAME", help="networks, the first ahead (%(default)s)"
    )
    parser.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        default=[],
        metavar="RUN",
        help="runs whose time lines come along, with the held-back pictures that they show",
    )
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="folder of the networks you trained")
    parser.add_argument(
        "--lessons", dest="lessons_dir", type=Path, metavar="DIR", help="folder of your own lessons, shown as well"
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=0,
        metavar="N",
        help="how many of MNIST's test pictures come along, of all digits alike: Draw offers them, and Train",
    )
    parser.add_argument("--data-dir", type=Path, help="folder that holds MNIST, in torchvision's layout (MNIST/raw)")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page (default: en)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
