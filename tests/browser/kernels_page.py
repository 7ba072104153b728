"""What a person does on the Kernels page and reads off it, for its tests."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from tests.browser.words import named


def open_kernels(page: Page) -> Page:
    tab = page.get_by_role("tab", name="Kernels")
    if not tab.count():  # on a phone there is room for some of the tabs only
        page.get_by_label("More tabs").click()
        tab = page.locator(".overflow-dropdown button", has_text="Kernels")
    tab.click()
    return shown(page)


def shown(page: Page) -> Page:
    """The page once its first result has been computed in full."""
    magnifier(page).locator(".magnified-cell").first.wait_for()
    return settled(page)


def settled(page: Page) -> Page:
    """The page once everything that was asked for has been computed and painted."""
    expect(page.locator(".kernels")).to_have_attribute("aria-busy", "false")
    return page


def weights(page: Page) -> Locator:
    """The cells of the kernel."""
    return page.get_by_role("grid", name=named("kernels.editor.label")).get_by_role("gridcell")


def picture_of(page: Page, screen: str) -> Locator:
    """The picture that goes in, or the result: "input" or "output"."""
    return page.get_by_role("img", name=named(f"kernels.{screen}.label"))


def magnifier(page: Page) -> Locator:
    """The opened pixel of the result."""
    return page.get_by_role("region", name=named("kernels.magnifier.title"))


def learning(page: Page) -> Locator:
    """Where a kernel is learned."""
    return page.get_by_role("region", name=named("kernels.learn"))


def choose(page: Page, control: str, value: str) -> None:
    page.locator(f".kernels [data-control='{control}']").select_option(value)


def fill(page: Page, control: str, value: int | str) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(null)))")  # fields show the last change
    page.locator(f".kernels [data-control='{control}']").fill(str(value))


def pixels(page: Page, screen: str) -> Tensor:
    """The bytes of a picture on the page at rest, `(3, H, W)`."""
    settled(page)
    return canvas_bytes(picture_of(page, screen))


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
    labels = weights(page).evaluate_all("cells => cells.map(cell => cell.getAttribute('aria-label'))")
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
    heading = re.search(r"row (\d+), column (\d+)", magnifier(page).get_by_role("heading").inner_text())
    assert heading
    data = page.locator(".magnifier-sum").evaluate("sum => ({ ...sum.dataset })")
    return int(heading[1]), int(heading[2]), float(data["sum"]), float(data["value"])


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator(".kernels .source-file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def saved(page: Page, words: str, folder: Path) -> Path:
    """What the page saves under a choice of its menu."""
    page.locator(".kernels .menu-button").click()
    with page.expect_download() as download:
        page.locator(".kernels .menu-choice", has_text=words).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def notes(page: Page) -> Locator:
    return page.locator(".source-notes")


DRAG = """([x, y, tap]) => new Promise((done) => {
  const cell = document.querySelectorAll(".tap")[tap];
  let count = 0;
  requestAnimationFrame(function move() {
    const place = { clientX: x + (count * 4) % 160, clientY: y };
    cell.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerId: 1, ...place }));
    if (++count < 60) requestAnimationFrame(move);
    else done(null);
  });
})"""
"""A move in each of 60 frames: the mouse of the tests is slower than the screen."""


def drag(page: Page, tap: int) -> None:
    """Drag a weight that the mouse holds down."""
    cell = weights(page).nth(tap)
    cell.hover()
    page.mouse.down()
    box = cell.bounding_box()
    assert box
    page.evaluate(DRAG, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, tap])
    page.mouse.up()
