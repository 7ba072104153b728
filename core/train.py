"""`python -m core.train MODEL --data-dir DIR --out DIR`: train a model by its recipe, write its weights and its card.

With `--run RUNS/NAME` it is trained as the page does it, into a run's folder (`core.training.runs`), which a page shows
and which an interrupted run goes on from; `torchrun` shares it among processes, on one machine or several:

    python -m core.train a2 --run runs/first --data-dir DIR --set data.share=0.03 --set training.epochs=3
    python -m core.train --run runs/first --resume
    torchrun --nproc-per-node=2 -m core.train a2 --run-dir runs/both --data-dir DIR

The shipped weights were made in steps. One run holds training digits back, and measures on them the temperature that
calibrates the model and the probability below which it is unsure; another trains on all of MNIST and takes both from
the first one's card; a third may go on from its weights, and `--average` keeps the mean of both, which forgets less:

    python -m core.train MODEL --held-out 5000 --out runs/part
    python -m core.train MODEL --out runs/all
    python -m core.train MODEL --start runs/all/MODEL.safetensors --calibration runs/part/MODEL.json --out core/weights

Each card has the commands of all its steps.
"""

import argparse
import io
import sys
from collections.abc import Sequence

__all__ = ["main"]

RECIPES = ("recommended", "a1", "a2", "a3")
NAMES = (*RECIPES, "resnet18", "mobilenet_v3_small")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train a model, by its recipe or as a run; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a code page without a class's letters ends no run
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is not None:
        from core.training.command import train_as_run  # a run that waits for its turn needs no torch

        return train_as_run(parser, options)
    if options.out is None or options.model not in RECIPES:
        parser.error(f"expected --run DIR, or --out DIR with one of {', '.join(RECIPES)}")
    from core.training.recipe import train_by_recipe

    return train_by_recipe(parser, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", choices=NAMES, metavar="MODEL", help=", ".join(NAMES))
    parser.add_argument("--out", metavar="DIR", help="folder for MODEL.safetensors and MODEL.json: train by the recipe")
    parser.add_argument(
        "--run", "--run-dir", metavar="DIR", help="run folder to make and to train in (torchrun takes only --run-dir)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with a run that ended early")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="setting of a run, data.share=0.03"
    )
    parser.add_argument("--queue", type=int, metavar="N", help="wait until fewer than N runs of the folder train")
    parser.add_argument("--start", metavar="FILE", help="safetensors file to go on from, instead of random weights")
    parser.add_argument(
        "--average", action="store_true", help="keep the mean of the start's weights and the trained ones"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="folder with MNIST in torchvision's layout")
    parser.add_argument(
        "--held-out", type=int, default=0, metavar="N", help="training digits to calibrate with instead"
    )
    parser.add_argument("--calibration", metavar="FILE", help="card of a held-out run, to take its calibration from")
    parser.add_argument("--strokes", metavar="FILE", help="labelled pen strokes to report the accuracy on, at the end")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--seed", type=int, help="instead of the recipe's")
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first N training digits")
    parser.add_argument("--drawn", type=int, metavar="N", help="drawn digits, instead of the recipe's")
    parser.add_argument(
        "--negatives", type=int, metavar="N", help="pictures that are no digits, instead of the recipe's"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:INDEX")
    return parser


if __name__ == "__main__":
    sys.exit(main())
