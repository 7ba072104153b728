"""`python -m explorer`: start ConvScope and open it in the browser."""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.unproxied import import_gradio

if TYPE_CHECKING:
    from explorer.classroom import Classroom
    from explorer.models.library import Library

PASSWORD = "CONVSCOPE_PASSWORD"
"""The environment's variable of a teacher's password: a command line is seen by everybody on the machine."""

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported: it asks the network at import


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the app until interrupted; return the exit status."""
    options = _parser().parse_args(arguments)
    import_gradio()
    from core.device import choose_device
    from explorer.app import build, launch
    from explorer.models.library import Library
    from explorer.serving import address_in_network, free_or_fail, is_loopback

    try:
        free_or_fail(options.host, options.port)
        library = Library(device=choose_device(options.device), data_dir=options.data_dir, runs_dir=options.runs_dir)
        model = _chosen(library, options.model)
        classroom = _classroom(options)
    except (ValueError, TypeError, OSError) as error:
        print(f"convscope: {error}", file=sys.stderr)
        return 2
    pictures = options.pictures_dir or (Path.home() if is_loopback(options.host) else None)
    app = build(
        library,
        model=model,
        language=options.lang,
        pictures_dir=pictures,
        host=options.host,
        classroom=classroom,
    )
    served = launch(
        app,
        host=options.host,
        port=options.port,
        open_browser=options.open,
        library=library,
        allowed=options.allow_host,
        root_path=options.root_path,
        remembered=classroom is not None,
        lessons_dir=options.lessons,
    )
    print(f"ConvScope on {served.url} (Ctrl+C stops it)", flush=True)
    network = address_in_network(options.host)
    if network:
        print(f"Other machines open http://{network}:{options.port}", flush=True)
    served.wait()
    return 0


def _chosen(library: "Library", name: str) -> str:
    """Return the name of the model to explore first, a factory's model added to the library."""
    from explorer.models.library import UNTRAINED

    if ":" not in name or name.endswith(UNTRAINED):
        library.card(name)
        return name
    from explorer.models.factory import arguments_from
    from explorer.models.own import add

    arguments = arguments_from(name)
    arguments["model"].to(library.device)
    inputs = arguments.pop("example_input", ())
    return add(library, arguments.pop("model"), *(inputs if isinstance(inputs, tuple) else (inputs,)), **arguments)


def _classroom(options: argparse.Namespace) -> "Classroom | None":
    """Return the class, where one is wanted or others than this machine can come in; print a password that was made."""
    from core.training.runs import Runs
    from explorer.classroom import Classroom
    from explorer.serving import is_loopback

    if options.open_to_all or not (options.classroom or options.password or not is_loopback(options.host)):
        return None
    said = options.password or os.environ.get(PASSWORD)
    password = said or secrets.token_urlsafe(9)
    classroom = Classroom(Runs(options.runs_dir), password=password)
    if not said:
        print(f"The teacher's password: {password}", flush=True)
    return classroom


def _parser() -> argparse.ArgumentParser:
    prog = "convscope" if Path(sys.argv[0]).stem == "convscope" else "python -m explorer"
    parser = argparse.ArgumentParser(prog=prog, description="Every number inside a CNN, live.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name, or name:port, that the page is reached by, a proxy's for example; may be said again",
    )
    parser.add_argument("--root-path", default="", help="the path at which a proxy shows the page: /convscope")
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--class",
        dest="classroom",
        action="store_true",
        help="students come in by name, and change only their own runs; so it is wherever others than this machine ask",
    )
    who.add_argument("--open-to-all", action="store_true", help="no class: whoever reaches the page may do everything")
    parser.add_argument(
        "--password", help=f"the teacher's, of at least 8 characters (default: ${PASSWORD}, or one that is printed)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    parser.add_argument(
        "--model",
        default="recommended",
        help="model to explore first: a name, or package.module:factory, a function that returns a torch.nn.Module, "
        "(module, example_input) or a dict of explorer.explore's arguments (default: %(default)s)",
    )
    parser.add_argument("--data-dir", type=_folder, help="folder of data sets and pretrained weights, for offline use")
    parser.add_argument(
        "--pictures-dir",
        type=_folder,
        help="folder below which runs may read pictures of your own (default: your home, where only this machine asks)",
    )
    parser.add_argument(
        "--runs-dir",
        type=_folder,
        default=Path("runs"),
        help="folder of the models you trained with `core.train MODEL --out runs/NAME`",
    )
    parser.add_argument(
        "--lessons",
        type=_folder,
        metavar="DIR",
        help="folder of your own lessons, which the Learn page lists (docs/lessons.md)",
    )
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page (default: en)")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="open the browser")
    return parser


def _folder(text: str) -> Path:
    """A folder, which need not be there yet."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file, expected a folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
