"""The Kernels page: pictures convolved in the browser; the server hands out what a model has to give."""

from typing import Any

import gradio as gr

from explorer.classroom import Classroom
from explorer.kernels import learned as kernels
from explorer.kernels.speed_lab import SpeedLab
from explorer.models.library import Library
from explorer.screen.shown import Showing
from explorer.wire.requests import (
    CHANNEL,
    DRAWING,
    MODEL,
    STEP,
    Fields,
    checked,
    listed,
    optional,
    or_null,
    text,
    whole,
)
from explorer.wire.view import answers, web_view

__all__ = [
    "cancel_speed",
    "feature_map",
    "kernels_view",
    "learned_kernel",
    "learned_kernels",
    "offer_speed",
    "read_speed",
    "start_speed",
]

ASKED_MAP: Fields = {**DRAWING, "label": optional(DRAWING["label"]), "step": STEP, "channel": CHANNEL}
ASKED_KERNEL: Fields = {
    "model": MODEL,
    "edits": DRAWING["edits"],
    "name": text(300),
    "output": CHANNEL,
    "input": CHANNEL,
}
ASKED_SPEED: Fields = {
    "sizes": listed(whole(), 32),
    "images": whole(),
    "channels": whole(),
    "outputs": whole(),
    "kernel": whole(),
    "threads": or_null(whole()),
    "ways": listed(text(40), 32),
}
MEASUREMENT: Fields = {"run": whole()}


def kernels_view(showing: Showing, classroom: Classroom | None = None) -> gr.HTML:
    """Return the page's view; it computes without the server, but for the speed lab, in class the teacher's alone."""
    functions = [answers(feature_map, showing), answers(learned_kernel, showing)]
    lab = SpeedLab()
    permit = classroom.teachers("measure the server") if classroom else None
    speed = [answers(function, lab) for function in (offer_speed, read_speed)]
    speed += [answers(function, lab, permit=permit) for function in (start_speed, cancel_speed)]
    return web_view("kernels/page.js", functions=[*functions, answers(learned_kernels, showing.library), *speed])


def feature_map(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer a drawing, a step and a channel with the map's exact values."""
    asked = checked(request, ASKED_MAP)
    shown = showing.of(asked)
    if shown.problem and asked["step"] >= len(shown.trace.steps):
        raise ValueError(shown.problem)
    return kernels.feature_map(shown.trace, asked["step"], asked["channel"])


def learned_kernels(library: Library, request: Any) -> dict[str, Any]:
    """Answer a model's name with its convolutions' weights."""
    return kernels.learned_kernels(library.explored(checked(request, {"model": MODEL})["model"]))


def learned_kernel(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer a weight and two channels with the kernel between them."""
    asked = checked(request, ASKED_KERNEL)
    return kernels.learned_kernel(*showing.model(asked), asked["name"], asked["output"], asked["input"])


def offer_speed(lab: SpeedLab, request: Any) -> dict[str, Any]:
    """Answer with the ways to compute a convolution, and the measurement that can be read."""
    return lab.offer()


def start_speed(lab: SpeedLab, request: Any) -> dict[str, Any]:
    """Answer the settings of a measurement with its number."""
    asked = checked(request, ASKED_SPEED)
    return lab.start({name: asked[name] for name in ASKED_SPEED})


def read_speed(lab: SpeedLab, request: Any) -> dict[str, Any]:
    """Answer a measurement's number and how many events are known with what has come since."""
    asked = checked(request, {**MEASUREMENT, "since": whole()})
    return lab.read(asked["run"], asked["since"])


def cancel_speed(lab: SpeedLab, request: Any) -> dict[str, Any]:
    """End a measurement."""
    return lab.cancel(checked(request, MEASUREMENT)["run"])
