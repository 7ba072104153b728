"""A running ConvScope and a real Chromium to use it with."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "explorer" / "web" / "examples.json"
START_SECONDS = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))  # a busy machine may lose a race once; twice is a failure


PATIENCE_MS = 15_000
"""How long a test waits for what it expects to see: two tests share two cores with two servers."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser of the tests in this folder alone: while Playwright runs, its thread has a running event loop."""
    path = chromium.find()
    if path is None:
        message = "no Chromium: run `python -m tests.browser.chromium`, or set CHROMIUM to its path"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(*command: str, at: str = "/", host: str = "127.0.0.1") -> Iterator[str]:
    """Run `python COMMAND --port P`, yield its address on a host once it answers `at` a path, and stop it."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        address = f"http://{host}:{port}"
        try:
            _wait_for(address + at, process)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server stopped with status {process.returncode}: {process.communicate()[0].decode()}")
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {START_SECONDS} s")


@pytest.fixture(scope="package")
def app() -> Iterator[str]:
    """The address of the app as `python -m explorer` starts it."""
    yield from serve("-m", "explorer", "--no-open")


class Windows:
    """The windows of the browser in which tests open pages: what one has loaded is at hand for the next test.

    A page is always a new one and finds an empty storage; two pages of one test share nothing.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.problems: list[str] = []
        """Script errors, and requests to other hosts, of the test that runs."""
        self._free: list[BrowserContext] = []
        self._plain: list[BrowserContext] = []
        self._own: list[BrowserContext] = []

    def open(
        self, address: str, *, width: int, height: int, permissions: Sequence[str] = (), **options: object
    ) -> Page:
        """Return an empty page for an address; with options (touch, colours, motion) in a window of its own."""
        if options:
            window = self._new(**options)
            self._own.append(window)
        else:
            window = self._free.pop() if self._free else self._new()
            self._plain.append(window)
        window.grant_permissions(permissions)
        page = window.new_page()
        page.set_viewport_size({"width": width, "height": height})
        parts = urlsplit(address)
        session = window.new_cdp_session(page)
        emptied = {"origin": f"{parts.scheme}://{parts.netloc}", "storageTypes": "cookies,local_storage,indexeddb"}
        session.send("Storage.clearDataForOrigin", emptied)
        session.detach()
        return page

    def leave(self) -> list[str]:
        """Close what a test opened, and return the problems there were."""
        for window in self._own:
            window.close()
        for window in self._plain:
            for page in window.pages:
                page.close()
            window.clear_permissions()
            window.set_offline(False)
        self._free += self._plain
        found, self._own, self._plain, self.problems = self.problems, [], [], []
        return found

    def close(self) -> None:
        for window in self._free:
            window.close()

    def _new(self, **options: object) -> BrowserContext:
        calm = {"reduced_motion": "reduce", **options}  # an example then appears at once, instead of being drawn
        window = self.browser.new_context(**calm)  # type: ignore[arg-type]
        window.on("weberror", lambda web: self.problems.append(f"script error: {web.error}"))
        window.on("request", lambda request: self._check(request.url))
        return window

    def _check(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.problems.append(f"request to {url}")


@pytest.fixture(scope="package")
def windows(browser: Browser) -> Iterator[Windows]:
    windows = Windows(browser)
    yield windows
    windows.close()


@pytest.fixture
def open_page(windows: Windows) -> Iterator[Callable[..., Page]]:
    """Opens an address by a link, or, `greeted`, as somebody new sees it.

    Script errors and requests to other hosts fail the test.
    """

    def opened(
        address: str,
        *,
        width: int = 1280,
        height: int = 900,
        greeted: bool = False,
        permissions: Sequence[str] = (),
        **options: object,
    ) -> Page:
        page = windows.open(address, width=width, height=height, permissions=permissions, **options)
        page.goto(address if "#" in address or greeted else f"{address}#lang=en")
        seen: Literal["attached", "visible"] = "visible" if re.search("page=|lesson=", address) is None else "attached"
        page.locator(".draw .draw-top").wait_for(timeout=30_000, state=seen)
        page.locator(".draw .headline[data-verdict]").wait_for(timeout=30_000, state=seen)
        return page

    yield opened
    assert not windows.leave()


@pytest.fixture(scope="session")
def examples() -> dict[str, list[list[list[float]]]]:
    """The strokes of the example digits by label, in pad sides."""
    return {str(example["label"]): example["strokes"] for example in json.loads(EXAMPLES.read_text())}


def next_frames(page: Page) -> None:
    """Go on when what was changed by now has been laid out, painted, and asked for."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def speak(page: Page, language: str) -> None:
    """Choose a language, and go on when the page speaks it: its words are fetched once, then every line may move."""
    page.locator(".language").select_option(language)
    page.wait_for_function("language => document.documentElement.lang.startsWith(language)", arg=language)
