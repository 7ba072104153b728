"""Pictures chosen and divided: by class, by share, the same of every class, the same for the same seed."""

from collections.abc import Sequence

import torch

from core.data.mnist import Pictures

__all__ = ["hold_back", "keep_classes", "thin"]


def keep_classes(pictures: Pictures, classes: Sequence[int]) -> Pictures:
    """Return only the pictures of some labels, relabelled 0, 1, … in the order given.

    Raises:
        ValueError: a label is named twice, or there is no picture of it.
    """
    present = set(pictures.labels.tolist())
    for label in classes:
        if label not in present or list(classes).count(label) > 1:
            raise ValueError(f"classes is {list(classes)}, expected different labels of {sorted(present)}")
    chosen = torch.isin(pictures.labels, torch.tensor(list(classes)))
    kept = pictures[chosen]
    places = torch.zeros(max(present) + 1, dtype=torch.long)
    places[torch.tensor(list(classes))] = torch.arange(len(classes))
    return Pictures(kept.pictures, places[kept.labels])


def thin(pictures: Pictures, share: float, *, seed: int) -> Pictures:
    """Return a share of the pictures, the same of every class and at least one of each, drawn by the seed."""
    return pictures if share >= 1 else hold_back(pictures, 1 - share, seed=seed, least=0)[0]


def hold_back(pictures: Pictures, share: float, *, seed: int, least: int = 1) -> tuple[Pictures, Pictures]:
    """Return `(kept, held back)`: a share of every class, drawn by the seed, is held back.

    At least one picture of each class is kept, and at least `least` are held back where a class has two or more.
    """
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    labels = pictures.labels[order]
    held = torch.zeros(len(pictures), dtype=torch.bool)
    for label in sorted(set(labels.tolist())):
        places = (labels == label).nonzero().squeeze(1)
        count = min(max(round(len(places) * share), least if share else 0), len(places) - 1)
        held[places[:count]] = True
    return pictures[order[~held].sort().values], pictures[order[held].sort().values]
