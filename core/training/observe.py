"""What a run looks at: gradient norms, activations, and how a model does on pictures."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.mnist import Pictures
from core.explain import record
from core.ops.catalogue import ACTIVATIONS
from core.training.events import Activation, Score
from core.training.loop import Prepare, logits

__all__ = ["activations", "gradient_norms", "score"]

WRONG = 200
"""The most wrong answers that are named."""

SAMPLE = 50_000
"""Pictures that activations are looked at with hold about so many numbers together: 64 of 28×28."""


def gradient_norms(model: nn.Module) -> dict[str, float]:
    """Return the norm ‖dL/dw‖ of each module's own parameters, by the module's path."""
    found = {}
    for path, module in model.named_modules():
        gradients = [parameter.grad for parameter in module.parameters(recurse=False) if parameter.grad is not None]
        if gradients:
            found[path] = torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients]))
    norms = torch.stack(list(found.values())).tolist() if found else []
    return dict(zip(found, norms, strict=True))


def activations(model: nn.Module, pictures: Pictures, prepare: Prepare) -> list[Activation]:
    """Return what each activation function answers to the first pictures, in the order they run."""
    count = max(1, SAMPLE // prepare(_one(pictures)).numel())
    device = next(model.parameters()).device
    input = prepare(pictures.pictures[:count].to(device).float() / 255)
    steps = [step for step in record(model, input).steps if step.op in ACTIVATIONS]
    names: dict[str, int] = {}
    found = []
    for step in steps:
        name = step.path or step.op
        names[name] = names.get(name, 0) + 1
        output = step.output.transpose(0, 1).flatten(1)  # (units, everything else)
        silent = (output == 0).all(1).nonzero().squeeze(1).tolist()
        title = name if names[name] == 1 else f"{name} {names[name]}"
        found.append(Activation(title, len(output), silent, float(output.mean()), float(output.std())))
    return found


def score(model: nn.Module, pictures: Pictures, prepare: Prepare, classes: int) -> Score:
    """Return how a model does on labelled pictures.

    Args:
        model: in evaluation mode.
        pictures: labels from 0.
        prepare: pictures in [0, 1] → the model's input.
        classes: how many labels there are.
    """
    output = logits(model, pictures.pictures, prepare).float().cpu()
    labels = pictures.labels.cpu()
    confidence, answers = torch.softmax(output, 1).max(1)
    counts = torch.bincount(labels * classes + answers, minlength=classes * classes)
    missed = (answers != labels).nonzero().squeeze(1)
    missed = missed[confidence[missed].argsort(descending=True, stable=True)][:WRONG]
    wrong = [(i, int(labels[i]), int(answers[i]), float(confidence[i])) for i in missed.tolist()]
    return Score(
        pictures=len(labels),
        loss=float(F.cross_entropy(output, labels)),
        accuracy=float((answers == labels).double().mean()),
        confusion=counts.reshape(classes, classes).tolist(),
        wrong=wrong,
    )


def _one(pictures: Pictures) -> Tensor:
    return pictures.pictures[:1].float() / 255
