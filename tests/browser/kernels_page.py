"""What a person does on the Kernels page and reads off it, for its tests."""

import base64
import io
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

FRAMES, TRIALS = 60, 8
CROWDED = 0.1
"""Share of the cores from which on other programs keep a page from its display rate."""


def open_kernels(page: Page) -> Page:
    tab = page.locator('#pages [role=tab]:has-text("Kernels")')
    if not tab.count():  # on a phone there is room for some of the tabs only
        page.get_by_label("More tabs").click()
        tab = page.locator(".overflow-dropdown button", has_text="Kernels")
    tab.click()
    return shown(page)


def shown(page: Page) -> Page:
    """The page once its first result has been computed in full."""
    page.locator(".magnifier .magnified-cell").first.wait_for()
    return settled(page)


def settled(page: Page) -> Page:
    """The page once everything that was asked for has been computed and painted."""
    expect(page.locator(".kernels")).to_have_attribute("aria-busy", "false")
    return page


def choose(page: Page, control: str, value: str) -> None:
    page.locator(f".kernels [data-control='{control}']").select_option(value)


def fill(page: Page, control: str, value: int | str) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(null)))")  # fields show the last change
    page.locator(f".kernels [data-control='{control}']").fill(str(value))


def pixels(page: Page, screen: str) -> Tensor:
    """The bytes of a picture on the page at rest, `(3, H, W)`."""
    settled(page)
    return canvas_bytes(page.locator(f"[data-screen='{screen}'] canvas"))


def canvas_bytes(canvas: Locator) -> Tensor:
    width, height, data = canvas.evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let text = "";
          for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
          return [canvas.width, canvas.height, btoa(text)];
        }"""
    )
    rgba = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
    return torch.tensor(rgba).permute(2, 0, 1)[:3].double()


def taps(page: Page) -> Tensor:
    """The kernel as the page's cells announce it."""
    settled(page)
    labels = page.locator(".tap").evaluate_all("cells => cells.map(cell => cell.getAttribute('aria-label'))")
    places = [re.fullmatch(r"row (\d+), column (\d+): (\S+)", label.replace("−", "-")) for label in labels]
    kernel = torch.zeros(
        *(max(int(place[axis]) for place in places if place) + 1 for axis in (1, 2)), dtype=torch.float64
    )
    for place in places:
        assert place
        kernel[int(place[1]), int(place[2])] = float(place[3])
    return kernel


def correlated(picture: Tensor, kernel: Tensor, *, mode: str = "replicate", **moves: Any) -> Tensor:
    """torch's result on each channel, padded for the same size."""
    (rows, columns), dilation = kernel.shape, moves.get("dilation", (1, 1))
    totals = [dilation[0] * (rows - 1), dilation[1] * (columns - 1)]
    around = [totals[1] // 2, totals[1] - totals[1] // 2, totals[0] // 2, totals[0] - totals[0] // 2]
    padded = F.pad(picture[:, None], around, mode=mode)
    return F.conv2d(padded, kernel[None, None], **moves)[:, 0]


def read_sum(page: Page) -> tuple[int, int, float, float]:
    """The opened cell, its sum and its value."""
    settled(page)
    heading = re.search(r"row (\d+), column (\d+)", page.locator(".magnifier-title").inner_text())
    assert heading
    data = page.locator(".magnifier-sum").evaluate("sum => ({ ...sum.dataset })")
    return int(heading[1]), int(heading[2]), float(data["sum"]), float(data["value"])


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator(".kernels .source-file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def notes(page: Page) -> Locator:
    return page.locator(".source-notes")


def dragging_rate(page: Page, tap: int, frames: int) -> tuple[float, float]:
    """Frames a second while a tap is dragged that the mouse holds down: as measured, and as the page says."""
    box = page.locator(".tap").nth(tap).bounding_box()
    assert box
    measured = page.evaluate(
        """([x, y, tap, frames]) => new Promise(done => {
          const cell = document.querySelectorAll(".tap")[tap];
          const started = performance.now();
          let count = 0;
          requestAnimationFrame(function move() {
            const place = { clientX: x + (count * 4) % 160, clientY: y };
            cell.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerId: 1, ...place }));
            if (++count < frames) requestAnimationFrame(move);
            else done(1000 * count / (performance.now() - started));
          });
        })""",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, tap, frames],
    )
    return measured, float(page.locator(".kernels-speed").get_attribute("data-rate") or 0)


class Drag(NamedTuple):
    """One drag: frames a second as they came, the page's own work, and what else the machine had to do."""

    rate: float
    work: float
    """Processor time of the page's main thread, seconds a frame."""
    others: float
    """Share of the machine's cores that programs took which are not of this test; 0 where that cannot be told."""


def dragged_often(page: Page, tap: int, wanted: float) -> list[Drag]:
    """Drags of a tap, until one reaches `wanted` frames a second."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def taken() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    page.locator(".tap").nth(tap).hover()
    page.mouse.down()
    drags: list[Drag] = []
    while len(drags) < TRIALS and (not drags or drags[-1].rate < wanted):
        work, ticks = taken(), processor_ticks()
        rate = min(dragging_rate(page, tap, FRAMES))
        drags.append(Drag(rate, (taken() - work) / FRAMES, others_share(ticks, processor_ticks())))
    page.mouse.up()
    return drags


def assert_display_rate(drags: list[Drag], wanted: float) -> None:
    """The page's work leaves room for `wanted` frames a second, and they come; skips where others hold the cores."""
    assert min(drag.work for drag in drags) <= 1 / wanted
    best = max(drag.rate for drag in drags)
    others = min(drag.others for drag in drags)
    if best < wanted and others > CROWDED:
        pytest.skip(f"{best:.0f} frames a second while other programs took {others:.0%} of the cores")
    assert best >= wanted


def processor_ticks() -> tuple[int, int, int] | None:
    """All ticks of the cores so far, the busy ones, and those of this test's living processes; None but on Linux."""
    if not Path("/proc/stat").exists():
        return None
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    parents, taken = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
            taken[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    own = newest = {os.getpid()}
    while newest:
        newest = {pid for pid, parent in parents.items() if parent in newest}
        own = own | newest
    return sum(ticks), sum(ticks) - ticks[3] - ticks[4], sum(taken.get(pid, 0) for pid in own)


def others_share(before: tuple[int, int, int] | None, after: tuple[int, int, int] | None) -> float:
    if before is None or after is None:
        return 0
    total, busy, own = (then - now for then, now in zip(after, before, strict=True))
    return max(0, busy - own) / max(1, total)
