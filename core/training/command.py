"""The command line of runs: makes a run's folder from the options, or goes on with one."""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.training.folder import RunFolder, Status, write_atomically
from core.training.worker import work

__all__ = ["train_as_run"]

PATIENCE = 60.0
"""Seconds that the other processes of a run wait for the first one to make its folder."""


def train_as_run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Train into a run's folder; return the exit status, 1 for a run that failed."""
    run = RunFolder(Path(options.run))
    try:
        if int(os.environ.get("RANK", "0")):
            _await(run)
        elif options.model is not None:
            _make(run, options)
        elif options.queue is None:
            _allow(run)
        return work(run.path, places=options.queue)
    except (ValueError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _make(run: RunFolder, options: argparse.Namespace) -> None:
    if run.config.exists():
        raise ValueError(f"there is already a run at {run.path}: --run {run.path} --resume goes on with it")
    from core.training.settings import parse

    found: dict[str, Any] = {"model": options.model, "start": options.start, "device": options.device}
    found["data"] = {"path": options.data_dir}
    given = {name: getattr(options, name) for name in ("epochs", "learning_rate", "seed", "drawn", "negatives")}
    found["training"] = {name: value for name, value in given.items() if value is not None}
    for text in options.set:
        _put(found, text)
    config = parse(found)
    run.checkpoints.mkdir(parents=True)
    run.tell(Status(created=time.time()))
    write_atomically(run.config, json.dumps(config.json(), indent=2, ensure_ascii=False) + "\n")


def _put(found: dict[str, Any], text: str) -> None:
    """Put a setting, `data.share=0.03`, in its place; the value is JSON, or else a text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text}: expected NAME=VALUE")
    *groups, last = name.split(".")
    for group in groups:
        found = found.setdefault(group, {})
        if not isinstance(found, dict):
            raise ValueError(f"--set {text}: {group} is no group of settings")
    try:
        found[last] = json.loads(value)
    except ValueError:
        found[last] = value


def _allow(run: RunFolder) -> None:
    """Take back an earlier stop or pause."""
    if run.told().state == "done":
        raise ValueError(f"the run at {run.path} is done")
    if run.config.is_file():
        run.want(replace(run.control(), state="run"))


def _await(run: RunFolder) -> None:
    until = time.monotonic() + PATIENCE
    while not run.config.is_file() and time.monotonic() < until:
        time.sleep(0.1)
