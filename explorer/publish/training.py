"""What the Train page of a folder works with: digits, networks that the browser trains, runs that Python trained."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from core.data.drawn import digits
from core.data.mnist import Pictures
from core.training.runs import Runs
from explorer.models.library import Library
from explorer.models.moments import moment_name
from explorer.publish.plan import planned
from explorer.publish.route import weights_of
from explorer.train.shown import DISTORTIONS, pictures

__all__ = ["DRAWN", "LEARNER", "drawn", "options", "run_files", "trainable"]

DRAWN = 5000
"""Digits that the browser learns from: the first of those that Python draws with the seed 0."""

FEWEST = 200
"""Pictures of MNIST that a network can learn from."""

MOST_BATCHES = 1000
"""Batches that a published run tells of: no chart is wider, in pixels."""

MOST_WRONG = 24
"""Wrong answers that the page shows of a moment."""


LEARNER = "a2"
"""The network that every folder can train."""


def trainable(plan: Mapping[str, Any]) -> bool:
    """Return whether the browser trains a network: batch norm computes something else in training."""
    return all(step["op"] != "batch_norm" for step in plan["plan"]["steps"])


def options(plans: Mapping[str, Mapping[str, Any]], examples: int) -> dict[str, Any]:
    """Return what the Train page starts with.

    Args:
        plans: of the networks by name.
        examples: how many pictures of MNIST are here.
    """
    return {
        "models": [{"name": name, "title": plan["facts"]["title"]} for name, plan in plans.items() if trainable(plan)],
        "sources": ["drawn", "mnist"] if examples >= FEWEST else ["drawn"],
        "mnist": False,
        "distortions": {"none": asdict(DISTORTIONS["none"])},
        "drawn": DRAWN,
    }


@cache
def drawn() -> Pictures:
    """Return the digits that the browser learns from."""
    return digits(DRAWN, seed=0)


def run_files(library: Library, runs: Runs, name: str) -> dict[str, bytes]:
    """Return the files of a run, by their paths beside the networks: what it told, and its networks at its moments.

    The held-back pictures that it shows as wrong answers come along.

    Raises:
        FileNotFoundError: there is no such run, or it kept no weights.
        ValueError: it has not ended, or the engine cannot run its network.
    """
    run = runs.run(name)
    if run.status.state in ("queued", "running", "paused"):
        raise ValueError(f"{name} is {run.status.state}: stop it before you publish it")
    if not run.steps:
        raise FileNotFoundError(f"{name} has kept no weights: there is nothing to publish")
    moments = {step: library.explored(moment_name(name, run.model, step)) for step in run.steps}
    last = moments[run.steps[-1]]
    reading = runs.read(name, most=MOST_BATCHES)
    judged = [event["validation"] for event in reading.events if event["event"] == "checkpoint" and event["validation"]]
    wrong = sorted({index for score in judged for index, *_ in score["wrong"][:MOST_WRONG]})
    told = {
        "run": asdict(run) | {"resumable": False, "owner": "", "yours": False},
        "events": reading.events,
        "every": reading.every,
        "pictures": dict(zip(wrong, pictures(runs, name, wrong), strict=True)),
    }
    return {
        **{f"{name}/{run.model}@{step}.safetensors": weights_of(explored) for step, explored in moments.items()},
        f"{name}/{run.model}.json": _json(planned(last, last.trace(last.blank())[0])),
        f"{name}/run.json": _json(told),
    }


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
