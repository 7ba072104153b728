"""Models that nobody here has written: timm's architectures with random weights, recorded and explained cell by cell.

Run `python -m benchmarks.zoo [NAME …] [--json FILE]` where timm is installed (`pip install timm`, in an environment of
its own: nothing else needs it). `zoo_names.txt` lists the models: of each of timm's modules the two with the fewest
parameters, `--choose` writes it anew.

For each model: whether it records; whether every step is explained; one random cell of every step against its tensor,
random gradients against autograd; whether the model is left as found; how much longer recording takes than the plain
pass. Fields of the JSON: `tried`, `recorded`, `fully_explained`, `cells`, `disagree`, `left_as_found`, `record_ratio`
(the median over the models) and the same for each model. What a FILE has already is not tried again.
"""

import argparse
import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import Any

import torch
from torch import Tensor, nn

from core.explain import INPUT, Trace, Unexplained, consumers, grad_terms, gradients_of, record, terms
from core.explain.terms import explained
from core.explain.trace import named_tensors

NAMES = Path(__file__).with_name("zoo_names.txt")

SIDES = (128, 160, 192, 224, 256, 288, 384, 448)
"""Sides of the picture that a model is tried with, in pixels: the first that it takes."""

GRADIENTS = 20
"""Steps of a model whose gradient is opened at a random cell."""

ROUNDS = 5


@dataclass
class Row:
    """What was found for one model."""

    name: str
    side: int = 0
    recorded: bool = False
    steps: int = 0
    unexplained: dict[str, int] = field(default_factory=dict)
    """Steps without an explanation, by reason."""
    cells: int = 0
    disagree: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """What recording has changed of the model."""
    ratio: float = 0.0
    """Seconds of the processor, recording / plain pass, best of `ROUNDS` each."""
    problem: str = ""


def chosen() -> list[str]:
    """Returns the names of the two smallest models of each of timm's modules."""
    import timm  # type: ignore[import-not-found]
    from timm.models import _registry as registry  # type: ignore[import-not-found]

    by_module = defaultdict(list)
    for name in (name for name in timm.list_models() if not name.startswith("test_")):
        try:
            with torch.device("meta"):
                model = timm.create_model(name)
        except Exception as error:
            print(f"{name} is left out: {error}")
            continue
        by_module[registry._model_to_module[name]].append((sum(p.numel() for p in model.parameters()), name))
    return sorted(name for found in by_module.values() for _, name in sorted(found)[:2])


def build(name: str) -> tuple[nn.Module, Tensor]:
    """Returns a model in evaluation mode, of random weights and statistics, and the smallest picture that it takes."""
    import timm

    problem: Exception | None = None
    for side in SIDES:
        for options in ({"img_size": side}, {}):
            torch.manual_seed(0)
            try:
                model = timm.create_model(name, **options).eval()
                config = model.pretrained_cfg
                picture = torch.randn(1, config["input_size"][0], side, side)
                with torch.no_grad():
                    model(picture)
            except Exception as error:
                problem = error
            else:
                return _with_statistics(model), picture
    raise RuntimeError(f"no side up to {SIDES[-1]} is taken: {problem}")


def _with_statistics(model: nn.Module) -> nn.Module:
    """Returns the model with batch norms as after training: means off 0, variances off 1."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in model.named_buffers():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1, generator=generator)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0, generator=generator)
    return model


def examine(name: str) -> Row:
    """Returns what is found for the model `name`."""
    row, r = Row(name), Random(name)
    try:
        model, picture = build(name)
        row.side = picture.shape[-1]
        before = _state(model)
        trace = record(model, picture, grad=True)
        row.recorded, row.steps = True, len(trace.steps)
        row.changed = [
            key for key, value in _state(model).items() if key not in before or not _same(value, before[key])
        ]
        with torch.no_grad():
            plain = _seconds(lambda: model(picture))
            row.ratio = _seconds(lambda: record(model, picture)) / plain
    except Exception as error:
        row.problem = f"{type(error).__name__}: {error}"[:300]
        return row
    _check_values(trace, row, r)
    _check_gradients(trace, row, r)
    return row


def _state(model: nn.Module) -> dict[str, Any]:
    """Returns all that recording must not change: numbers, gradients, modes, hooks and attributes."""
    found: dict[str, Any] = {key: value.clone() for key, value in model.state_dict().items()}
    for path, module in model.named_modules():
        found[f"{path}: training"] = module.training
        found[f"{path}: hooks"] = len(module._forward_hooks) + len(module._forward_pre_hooks)
        found[f"{path}: attributes"] = sorted(vars(module))
    return found | {f"{key}: grad": value.grad for key, value in model.named_parameters()}


def _same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) else one == other


def _seconds(run: Callable[[], Any]) -> float:
    def once() -> float:
        start = process_time()
        run()
        return process_time() - start

    once()
    return min(once() for _ in range(ROUNDS))


def _check_values(trace: Trace, row: Row, r: Random) -> None:
    """Compares one random cell of every step with its sum."""
    reasons: Counter[str] = Counter()
    for step in trace.steps:
        try:
            explained(step).relations(step)
            if step.output.numel():
                index = _cell(step.output, r)
                found = terms(step, index)
                row.cells += 1
                if not found.agrees:
                    row.disagree.append(f"{step} {index}: sum {found.value:.9g}, tensor {found.shown:.9g}")
        except Unexplained as error:
            reasons[f"{step.op}: {error}"] += 1
        except Exception as error:
            row.disagree.append(f"{step}: {type(error).__name__}: {error}"[:300])
    row.unexplained = dict(reasons)


def _check_gradients(trace: Trace, row: Row, r: Random) -> None:
    """Compares the gradient that arrives at random steps with the sum over those that read them."""
    outputs = [tensor for _, tensor in named_tensors(trace.output) if tensor.requires_grad]
    if not outputs:
        return
    torch.manual_seed(0)
    gradients = gradients_of(trace, torch.stack([(one * torch.randn_like(one)).sum() for one in outputs]).sum())
    returned = set(trace.results.values())
    inner = [index for index in gradients if index not in returned and trace.value(index).numel()]
    for index in r.sample(inner, min(GRADIENTS, len(inner))):
        try:
            row.disagree += _gradient_differs(trace, gradients, index, _cell(trace.value(index), r))
            row.cells += 1
        except Unexplained as error:
            key = f"gradient: {error}"
            row.unexplained[key] = row.unexplained.get(key, 0) + 1
        except Exception as error:
            row.disagree.append(f"gradient of {index}: {type(error).__name__}: {error}"[:300])


def _gradient_differs(trace: Trace, gradients: dict[int, Tensor], index: int, cell: tuple[int, ...]) -> Iterator[str]:
    """Yields how the gradient at a cell differs from its sum, or nothing."""
    readers = [(step, name) for step, name in consumers(trace, index) if step.index in gradients]
    parts = [grad_terms(step, cell, name, gradients[step.index]) for step, name in readers]
    value, shown = sum(part.value for part in parts), gradients[index][cell].item()
    tolerance = sum(part.tolerance for part in parts) + 4 * torch.finfo(gradients[index].dtype).eps * abs(shown)
    if abs(value - shown) > tolerance:
        where = "the input" if index == INPUT else trace.steps[index]
        by = ", ".join(f"{step.op} by {name}" for step, name in readers)
        yield f"gradient of {where} {cell} ({by}): sum {value:.9g}, autograd {shown:.9g}, tolerance {tolerance:.2g}"


def _cell(tensor: Tensor, r: Random) -> tuple[int, ...]:
    return tuple(r.randrange(size) for size in tensor.shape)


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Returns the figures over all models."""
    recorded = [row for row in rows if row.recorded]
    return {
        "tried": len(rows),
        "recorded": len(recorded),
        "fully_explained": sum(not row.unexplained for row in recorded),
        "cells": sum(row.cells for row in rows),
        "disagree": sum(len(row.disagree) for row in rows),
        "left_as_found": sum(not row.changed for row in recorded),
        "record_ratio": median(row.ratio for row in recorded) if recorded else None,
    }


def main() -> None:
    """Runs the benchmark and prints what it finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="models; by default those of zoo_names.txt")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--choose", action="store_true", help="write zoo_names.txt anew")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if options.choose:
        NAMES.write_text("\n".join(chosen()) + "\n")
    known = json.loads(options.json.read_text())["models"] if options.json and options.json.exists() else []
    rows = [Row(**one) for one in known]
    for name in options.names or NAMES.read_text().split():
        if any(row.name == name for row in rows):
            continue
        row = examine(name)
        rows.append(row)
        words = row.problem or f"{row.steps} steps, {row.cells} cells, recording {row.ratio:.2f}×"
        print(f"{name} ({row.side}): {words}", flush=True)
        for line in (*row.unexplained, *row.disagree, *row.changed):
            print(f"    {line}", flush=True)
        if options.json:
            found = {**summary(rows), "torch": torch.__version__, "models": [asdict(one) for one in rows]}
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(summary(rows)))


if __name__ == "__main__":
    main()
