"""A trained model for use elsewhere: safetensors, ONNX, and PyTorch's own exported programs; each checked.

`python -m core.training.export MODEL --out FILE.onnx` writes one; `--run RUNS/NAME` instead of MODEL one of a run.
"""

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from core import models
from core.files import replace_file
from core.models import Card
from core.models.weights import read_weights, save_weights
from core.training.checkpoints import load
from core.training.folder import RunFolder, read_json
from core.training.settings import parse

__all__ = ["FORMATS", "TOLERANCE", "export", "main"]

TOLERANCE = 1e-4
"""Largest difference from the model's own output that an exported one may have, as a part of the largest output, or of
1 where that is less: float32 rounds outputs of thousands in the fourth digit after the point."""

PICTURES = 3
"""Pictures that an exported model is checked with; any number may be given to it."""


def export(model: nn.Module, card: Card, file: Path) -> Path:
    """Write a model in the format of the file's ending, and check that it answers what the model answers.

    `.safetensors` holds the weights; `.onnx` and `.pt2` (`torch.export`) hold the whole network, from prepared pictures
    `(N, C, H, W)` to its output `(N, classes)`, N being any number.

    Args:
        model: on the CPU, in evaluation mode.
        card: of the model.
        file: to write.

    Raises:
        ValueError: another ending; the exported model answers something else.
        ImportError: a format needs a package that is not installed; the message names it.
        OSError: the file cannot be written.
    """
    if file.suffix not in FORMATS:
        raise ValueError(f"{file.name}: expected a file ending in {', '.join(FORMATS)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".partial-{file.name}")
    example = torch.rand(PICTURES, *card.input_shape)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporters' own deprecations
            found = FORMATS[file.suffix](model, example, partial)
            expected = model(example)
        difference = float((found - expected).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
            raise ValueError(f"{file.name} answers something else than the model: the difference is {difference:.1e}")
        replace_file(partial, file)
    finally:
        partial.unlink(missing_ok=True)
    return file


def _safetensors(model: nn.Module, example: Tensor, file: Path) -> Tensor:
    save_weights(model, file)
    output: Tensor = torch.func.functional_call(model, read_weights(file), example)
    return output


def _onnx(model: nn.Module, example: Tensor, file: Path) -> Tensor:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"ONNX needs {' and '.join(missing)}: pip install {' '.join(missing)}")
    import onnxruntime

    batch = torch.export.Dim("N", min=1)
    torch.onnx.export(
        model, (example,), str(file), input_names=["pictures"], output_names=["output"],
        dynamic_shapes=({0: batch},), dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return torch.cat([torch.from_numpy(session.run(None, {"pictures": one[None].numpy()})[0]) for one in example])


def _program(model: nn.Module, example: Tensor, file: Path) -> Tensor:
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("N", min=1)},))
    with file.open("wb") as opened:
        torch.export.save(program, opened)
    with file.open("rb") as opened:
        again = torch.export.load(opened).module()
    return torch.cat([again(one[None]) for one in example])


FORMATS: Mapping[str, Callable[[nn.Module, Tensor, Path], Tensor]] = {
    ".safetensors": _safetensors,
    ".onnx": _onnx,
    ".pt2": _program,
}
"""What writes a file of each ending, and returns what the written one answers to the example."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a model's weights or the whole network into a file."""
    parser = argparse.ArgumentParser(prog="python -m core.training.export", description=main.__doc__)
    parser.add_argument("model", nargs="?", default="recommended", help=f"one of {', '.join(models.names())}")
    parser.add_argument("--run", metavar="DIR", help="run folder, whose last weights are taken")
    parser.add_argument("--step", type=int, help="of the run's time line, instead of its last weights")
    parser.add_argument("--weights", metavar="FILE", help="safetensors file instead of the shipped weights")
    parser.add_argument("--out", required=True, metavar="FILE", help=f"ending in {', '.join(FORMATS)}")
    options = parser.parse_args(arguments)
    try:
        if options.run is not None:
            run = RunFolder(Path(options.run))
            model, card = load(run, parse(read_json(run.config)), options.step)
        else:
            card = models.card(options.model)
            model = models.load(options.model, weights=options.weights)
        print(export(model, card, Path(options.out)))
    except (ValueError, OSError, ImportError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
