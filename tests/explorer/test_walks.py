import base64
import io
import shutil

import pytest
from PIL import Image

from explorer.walks import MOST_FRAMES, animate, formats


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


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg")
def test_a_walk_becomes_a_video_where_ffmpeg_is():
    answer = animate({"format": "mp4", "delay": 100, "frames": [frame("red"), frame("blue")]})
    assert answer["type"] == "video/mp4"
    assert base64.b64decode(answer["data"])[4:8] == b"ftyp"


def test_without_ffmpeg_only_a_gif_is_offered(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert formats() == ["gif"]
    with pytest.raises(ValueError, match="the format is 'mp4', this machine writes gif"):
        animate({"format": "mp4", "delay": 100, "frames": [frame("red")]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "expected an object, got list"),
        ({"format": "webm"}, "the format is 'webm'"),
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
