"""Whoever waits for a model's weights keeps nobody else waiting."""

import threading
import time

import pytest
import torch

from core.models import Download, transfer
from explorer.models import bar, loading
from explorer.models.library import Library
from explorer.models.loading import BeingFetched, Loading
from explorer.work import Turns
from tests.core.models.network import serving


@pytest.fixture
def silent(tmp_path, monkeypatch):
    """A library whose ResNet18 is fetched from a server that falls silent."""
    monkeypatch.setattr(loading, "PATIENCE", 0.05)
    with serving(bytes(1 << 20), silent_after=1 << 19) as url:
        monkeypatch.setitem(transfer.IMAGENET, "resnet18", f"{url}/resnet18-f37072fd.pth")
        library = Library(data_dir=tmp_path)
        yield library
        library.cancel("resnet18")


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_download_says_how_far_it_is_and_others_go_on(silent):
    wait_for(lambda: bar.describe(silent, {"model": "resnet18"})["fetching"]["size"] is not None)
    with pytest.raises(BeingFetched, match=r"the weights of resnet18 are being fetched: .* of 1.0 MB"):
        silent.explored("resnet18")
    with pytest.raises(BeingFetched) as told:
        silent.explored("resnet18")  # the same download, not another one
    assert told.value.size == 1 << 20
    trace, _ = silent.explored("a2").trace(torch.zeros(28, 28))
    assert trace.steps
    with pytest.raises(BeingFetched):
        silent.explored("resnet18")  # it did not come meanwhile


def test_the_bar_tells_a_download_and_can_cancel_it(silent):
    wait_for(lambda: bar.describe(silent, {"model": "resnet18"})["fetching"] == {"done": 1 << 19, "size": 1 << 20})
    assert bar.cancel_download(silent, {"model": "resnet18"}) == {}


def test_what_is_loaded_is_loaded_once_for_all_who_ask():
    under_way: Loading[str] = Loading()
    calls: list[str] = []
    begin = threading.Event()

    def load(_: Download) -> str:
        calls.append("loaded")
        begin.wait(10)
        return "a model"

    found: list[str] = []
    people = [threading.Thread(target=lambda: found.append(under_way.of("x", load))) for _ in range(8)]
    for each in people:
        each.start()
    wait_for(lambda: calls)
    begin.set()
    for each in people:
        each.join()
    assert found == ["a model"] * 8
    assert len(calls) == 1


def test_a_failure_is_told_and_the_next_who_asks_begins_anew():
    under_way: Loading[str] = Loading()

    def fail(_: Download) -> str:
        raise ValueError("damaged")

    for _ in range(2):
        with pytest.raises(ValueError, match="damaged"):
            under_way.of("x", fail)
    assert under_way.of("x", lambda _: "mended") == "mended"


def test_turns_go_round():
    turns, order, ready = Turns(), [], threading.Event()

    def greedy():
        for k in range(20):
            with turns:
                order.append("greedy")
                if k == 0:
                    ready.set()
                time.sleep(0.005)

    def modest():
        ready.wait(10)
        with turns:
            order.append("modest")

    threads = [threading.Thread(target=greedy), *(threading.Thread(target=modest) for _ in range(3))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert order.count("greedy") == 20
    last_modest = max(k for k, who in enumerate(order) if who == "modest")
    assert last_modest < 12  # nobody waits until the greedy one has done
