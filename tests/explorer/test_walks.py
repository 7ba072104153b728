import base64
import io
import subprocess
import tempfile

import imageio_ffmpeg
import pytest
from PIL import Image

from explorer.arithmetic.films import MOST_FRAMES, animate


def frame(colour: str, width: int = 30, height: int = 21) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_a_walk_becomes_a_gif_with_a_frame_for_each_step():
    answer = animate({"format": "gif", "delay": 120, "frames": [frame("red"), frame("lime", 20), frame("blue")]})
    assert answer["type"] == "image/gif"
    with Image.open(io.BytesIO(base64.b64decode(answer["data"]))) as picture:
        assert (picture.size, picture.n_frames, picture.info["duration"], picture.info["loop"]) == ((30, 22), 3, 120, 0)
        seen = []
        for k in range(3):
            picture.seek(k)
            seen.append(picture.convert("RGB").getpixel((5, 5)))
    for found, wanted in zip(seen, [(255, 0, 0), (0, 255, 0), (0, 0, 255)], strict=True):
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 8


def test_a_walk_becomes_a_video_of_its_length():
    answer = animate({"format": "mp4", "delay": 100, "frames": [frame("red"), frame("blue"), frame("red")]})
    assert answer["type"] == "video/mp4"
    file = base64.b64decode(answer["data"])
    assert file[4:8] == b"ftyp"
    assert frames_of(file) == [(255, 0, 0), (0, 0, 255), (255, 0, 0)]


def frames_of(file: bytes) -> list[tuple[int, ...]]:
    """The colour of each frame of a video, full or none of each primary."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as place:
        place.write(file)
        place.flush()
        one_pixel = ["-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", place.name, *one_pixel]
        pixels = subprocess.run(command, capture_output=True, check=True).stdout
    return [tuple(255 * (part > 127) for part in pixels[k : k + 3]) for k in range(0, len(pixels), 3)]


def test_without_ffmpeg_a_video_is_refused_in_words(monkeypatch):
    def absent() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", absent)
    with pytest.raises(ValueError, match="no ffmpeg for this machine: install it, or save the walk as a GIF"):
        animate({"format": "mp4", "delay": 100, "frames": [frame("red")]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "expected an object, got list"),
        ({"format": "webm"}, "the format is 'webm', expected gif or mp4"),
        ({"delay": 5}, "the delay is 5, expected 20 to 10000 ms"),
        ({"delay": "1"}, "the delay is '1'"),
        ({"frames": []}, f"expected 1 to {MOST_FRAMES} frames, got 0"),
        ({"frames": "png"}, "frames, got 'png'"),
        ({"frames": [1]}, "no PNG file in base64"),
        ({"frames": ["!"]}, "no PNG file in base64"),
        ({"frames": [base64.b64encode(b"GIF89a").decode()]}, "no PNG file in base64"),
        ({"frames": [base64.b64encode(base64.b64decode(frame("red"))[:60]).decode()]}, "a broken PNG file"),
        ({"frames": [frame("red", 8000, 8000), *[frame("red")] * 2]}, "the frames have 192000000 pixels"),
    ],
)
def test_what_is_no_walk_is_refused(change, message):
    request = {"format": "gif", "delay": 100, "frames": [frame("red")]}
    with pytest.raises(ValueError, match=message):
        animate([] if change is None else {**request, **change})
