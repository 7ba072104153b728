"""Files from the network come whole and checked, or not at all."""

import hashlib
import threading
import time

import pytest

from core.models import Download, download
from tests.core.models.network import serving

DATA = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("length", [True, False])
def test_a_file_comes_whole(tmp_path, length, capsys):
    found = Download()
    with serving(DATA, length=length) as url:
        found.fetch(url, tmp_path / "new" / "file", sha256=SHA256[:8])
    assert (tmp_path / "new" / "file").read_bytes() == DATA
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["file"]
    assert (found.done, found.size, found.under_way) == (len(DATA), len(DATA) if length else None, False)
    assert f"fetching {url}" in capsys.readouterr().err


def refused(tmp_path, message, found=None, sha256=SHA256, **options):
    """What is there before stays there, and nothing half-made is left."""
    (tmp_path / "file").write_bytes(b"before")
    with serving(DATA, **options) as url, pytest.raises(OSError, match=message):
        (found or Download()).fetch(url, tmp_path / "file", sha256=sha256)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"before"


def test_what_has_another_checksum_is_refused(tmp_path):
    refused(tmp_path, "what came has SHA-256 .*, expected f37072fd", sha256="f37072fd")


def test_a_silent_server_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "SECONDS", 0.2)
    refused(tmp_path, "timed out", silent_after=len(DATA) // 2)


def test_a_download_can_be_cancelled_and_says_how_far_it_is(tmp_path):
    found = Download()

    def cancel():
        while not 0 < found.done < len(DATA):
            time.sleep(0.005)
        assert found.size == len(DATA)
        found.cancel()

    watching = threading.Thread(target=cancel)
    watching.start()
    refused(tmp_path, "it was cancelled", found, pause=0.02)
    watching.join()
    assert found.done < len(DATA)
