"""A walk as a moving picture: frames that the page drew, put together as a GIF or, by ffmpeg, as an MP4."""

import base64
import binascii
import io
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from PIL import Image, UnidentifiedImageError

from core.told import keyed
from explorer.work import checkpoint

__all__ = ["FORMATS", "MOST_FRAMES", "MOST_PIXELS", "animate"]

MOST_FRAMES = 400
MOST_PIXELS = 150_000_000
"""Most pixels of all frames together."""
SHORTEST, LONGEST = 20, 10_000
"""Least and most time of a frame, in ms: browsers slow down what is faster."""
COLOURS = 128
"""Colours of a GIF, the same in all frames so that nothing flickers."""
SAMPLED = 6
"""Frames that the colours are chosen from."""
FORMATS = {"gif": "image/gif", "mp4": "video/mp4"}


def animate(request: Any) -> dict[str, Any]:
    """Return `{type, data}`, a moving picture in base64, for `{format, delay, frames}`.

    Args:
        request: `format` is one of `FORMATS`, `delay` ms for each frame, `frames` PNG files in base64. Frames smaller
            than the largest are put on its background, at the left and the top.

    Raises:
        ValueError: A field is missing or out of its range, or a frame is no picture.
    """
    if not isinstance(request, dict):
        raise ValueError(f"expected an object, got {type(request).__name__}")
    kind, delay, frames = request.get("format"), request.get("delay"), request.get("frames")
    if kind not in FORMATS:
        raise ValueError(f"the format is {kind!r}, expected {' or '.join(FORMATS)}")
    if not isinstance(delay, int | float) or not SHORTEST <= delay <= LONGEST:
        raise ValueError(f"the delay is {delay!r}, expected {SHORTEST} to {LONGEST} ms")
    if not isinstance(frames, list) or not 1 <= len(frames) <= MOST_FRAMES:
        raise ValueError(
            f"expected 1 to {MOST_FRAMES} frames, got {len(frames) if isinstance(frames, list) else frames!r}"
        )
    opened = [_opened(frame) for frame in frames]
    pixels = len(opened) * max(picture.width for picture in opened) * max(picture.height for picture in opened)
    if pixels > MOST_PIXELS:
        raise keyed(
            ValueError(f"the frames have {pixels} pixels, at most {MOST_PIXELS} are taken"),
            "told.film.large",
            count=f"{pixels / 1e6:,.0f}",
            most=f"{MOST_PIXELS / 1e6:,.0f}",
        )
    checkpoint()
    pictures = _same_size([_decoded(picture) for picture in opened])
    checkpoint()
    data = _gif(pictures, delay) if kind == "gif" else _mp4(pictures, delay)
    return {"type": FORMATS[kind], "data": base64.b64encode(data).decode()}


def _opened(frame: Any) -> Image.Image:
    """Return a frame whose size is known and whose pixels are not read yet."""
    try:
        return Image.open(io.BytesIO(base64.b64decode(frame, validate=True)), formats=["PNG"])
    except (TypeError, binascii.Error, UnidentifiedImageError):
        raise ValueError("a frame is no PNG file in base64") from None
    except Image.DecompressionBombError as error:
        raise ValueError(f"a frame is too large: {error}") from None


def _decoded(picture: Image.Image) -> Image.Image:
    try:
        return picture.convert("RGB")
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a frame is a broken PNG file: {error}") from None


def _same_size(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Return the pictures on grounds of one size, even in both directions as video wants it."""
    width, height = (max(sizes) + max(sizes) % 2 for sizes in zip(*(picture.size for picture in pictures), strict=True))
    grounds = []
    for picture in pictures:
        ground = Image.new("RGB", (width, height), picture.getpixel((0, 0)))
        ground.paste(picture)
        grounds.append(ground)
    return grounds


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return some of the pictures, the first and the last among them, one under another."""
    last = len(pictures) - 1
    chosen = [pictures[k] for k in sorted({round(last * part / (SAMPLED - 1)) for part in range(SAMPLED)})]
    width, height = chosen[0].size
    sheet = Image.new("RGB", (width, height * len(chosen)))
    for k, picture in enumerate(chosen):
        sheet.paste(picture, (0, k * height))
    return sheet


def _gif(pictures: Sequence[Image.Image], delay: float) -> bytes:
    palette = _sheet(pictures).quantize(COLOURS)
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=round(delay), loop=0, optimize=False)
    return file.getvalue()


def _mp4(pictures: Sequence[Image.Image], delay: float) -> bytes:
    try:
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:
        raise keyed(
            ValueError("there is no ffmpeg for this machine: install it, or save the walk as a GIF"), "told.film.ffmpeg"
        ) from None
    width, height = pictures[0].size
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "walk.mp4"
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(1000 / delay), "-i", "-"]
        target = ["-pix_fmt", "yuv420p", "-movflags", "+faststart", str(file)]
        frames = b"".join(picture.tobytes() for picture in pictures)
        done = subprocess.run([ffmpeg, "-loglevel", "error", *source, *target], input=frames, capture_output=True)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise keyed(ValueError(f"ffmpeg failed: {said}"), "told.film.failed", said=said)
        return file.read_bytes()
