"""`python -m core.speed`: measure, and print every event as one line of JSON."""

import argparse
import json

from core.speed.sweep import Sweep, measure
from core.speed.ways import WAYS
from core.training.memory import keep_freed_memory


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m core.speed", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default="8,16,32,64,128", help="image sizes in pixels, apart by commas")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--channels", type=int, default=8, help="input channels")
    parser.add_argument("--outputs", type=int, default=16, help="output channels")
    parser.add_argument("--kernel", type=int, default=3, help="rows and columns of a kernel")
    parser.add_argument("--ways", default=",".join(WAYS), help=f"some of {', '.join(WAYS)}")
    parser.add_argument("--threads", type=int, help="threads of the processor; all by default")
    parser.add_argument("--seed", type=int, default=0)
    asked = vars(parser.parse_args())
    try:
        sweep = Sweep(ways=asked.pop("ways").split(","), **asked)
    except ValueError as error:
        parser.error(str(error))
    keep_freed_memory()
    for event in measure(sweep):
        print(json.dumps(event), flush=True)


def _sizes(text: str) -> list[int]:
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, expected whole numbers apart by commas") from None


if __name__ == "__main__":
    main()
