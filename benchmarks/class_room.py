"""How many people can draw at once: simulated ones over real connections, each asking what the page asks.

`python -m benchmarks.class_room [--json FILE]` starts ConvScope, draws one digit on its page in Chromium to learn what
a stroke asks for, and then lets 8 and 32 people draw the example digits: each sends the next drawing when the answer to
the last one is there, at most 30 a second. Summary fields: `people8_p95_ms` and `people32_p95_ms` (from asking to the
whole answer, milliseconds), `cpu_ms` (of the server for a stroke, with 32), `mbit_per_person` (received in a second,
with 8: they draw faster), `errors` (answers that are none), `others_max_ms` (the slowest answer to 8 people while
another one asks 40 times at once for Occlusion on resnet18).
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, cycle, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from benchmarks.explorer import EXAMPLES, draw, draw_digits, served, usable_page, worst
from core.speed.timing import machine, write_json
from tests.browser import chromium

EVERY = 1 / 30
"""Seconds between two drawings of a person, at least."""

HEAVY = 40
"""Requests for Occlusion on resnet18 that one person asks at once."""

ADDRESS = "127.0.0.1"

CLASS = 64
"""People in a class whose browsers compute."""

SIGN_SECONDS = 4
"""Between two signs of life of a page: `ATTEND_MS` of parts/classroom/sign.js."""


@dataclass
class Seen:
    """What people met: seconds of each answer, bytes received, and answers that were none."""

    seconds: list[float] = field(default_factory=list)
    bytes: int = 0
    errors: int = 0


class Person:
    """A browser's connection."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name = port, name
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes) -> bytes:
        """Return the answer's body, as it came over the wire.

        Raises:
            OSError: the server answered with another status than 200.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(ADDRESS, self.port, limit=2**20)
        reader, writer = self._streams
        head = (
            f"POST /gradio_api/component_server HTTP/1.1\r\nhost: {ADDRESS}:{self.port}\r\n"
            f"cookie: convscope={self.name}\r\ncontent-type: application/json\r\naccept-encoding: gzip\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().splitlines()
        told = dict(line.split(": ", 1) for line in headers if ": " in line)
        answer = await reader.readexactly(int(told["content-length"]))
        if " 200 " not in f"{status} ":
            raise OSError(f"{status}: {answer[:200]!r}")
        return answer

    def leave(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--model", default="recommended")
    parser.add_argument("--seconds", type=float, default=15, help="that each group of people draws")
    parser.add_argument("--port", type=int, default=7898)
    options = parser.parse_args()
    if chromium.find() is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    with TemporaryDirectory() as runs, served(options.model, options.port, "--runs-dir", runs) as server:
        asked = asked_by_page(options.port)
        asyncio.run(drawing(options.port, asked, 2, 3))  # warms up
        eight = asyncio.run(drawing(options.port, asked, 8, options.seconds))
        before = cpu_seconds(server.pid)
        many = asyncio.run(drawing(options.port, asked, 32, options.seconds))
        spent = cpu_seconds(server.pid) - before
        others = asyncio.run(drawing(options.port, asked, 8, options.seconds, heavy=HEAVY))
    with TemporaryDirectory() as runs, served(options.model, options.port, "--class", "--runs-dir", runs) as server:
        engine = of_engine(options.port, server.pid, asked)
    result = {
        "benchmark": "class_room",
        "machine": machine(),
        "model": options.model,
        "strokes": len(many.seconds),
        "people8_p95_ms": 1000 * worst(eight.seconds),
        "people32_p50_ms": 1000 * statistics.median(many.seconds),
        "people32_p95_ms": 1000 * worst(many.seconds),
        "cpu_ms": 1000 * spent / len(many.seconds),
        "answer_bytes": many.bytes / len(many.seconds),
        "mbit_per_person": 8 * eight.bytes / 1e6 / options.seconds / 8,
        "errors": eight.errors + many.errors + others.errors,
        "others_p95_ms": 1000 * worst(others.seconds),
        "others_max_ms": 1000 * max(others.seconds),
        **engine,
    }
    for name in list(result)[3:]:
        print(f"{name:18} {result[name]:>10,.1f}")
    if options.json:
        write_json(options.json, result)


def asked_by_page(port: int) -> dict[str, Any]:
    """Return what the page sends for a stroke, once it has drawn a digit."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        page = usable_page(browser, port)
        sent: list[dict[str, Any]] = []

        def note(request: Any) -> None:
            if "component_server" in request.url and '"fn_name":"observe"' in (request.post_data or ""):
                sent.append(json.loads(request.post_data))

        page.on("request", note)
        page.locator("[data-tool='clear']").click()
        draw(page, digits()[0])
        page.wait_for_timeout(1000)
        browser.close()
    return max(sent[len(sent) // 2 :], key=lambda each: len(each["data"]["wanted"]))


def digits() -> list[list[list[list[float]]]]:
    """Return the strokes of the example digits."""
    return [example["strokes"] for example in json.loads(EXAMPLES.read_text(encoding="utf-8"))]


def movements(first: int) -> Iterator[list[list[list[float]]]]:
    """Return the strokes after each movement of a pen that writes one digit after the other, without end."""
    examples = digits()
    for k in cycle(range(len(examples))):
        strokes = examples[(first + k) % len(examples)]
        for stroke, points in enumerate(strokes):
            for point in range(1, len(points) + 1):
                yield [*strokes[:stroke], points[:point]]


async def drawing(port: int, asked: dict[str, Any], people: int, seconds: float, *, heavy: int = 0) -> Seen:
    """Let people draw, and somebody ask for what takes long meanwhile."""
    seen, until = Seen(), time.perf_counter() + seconds
    slow = [asyncio.create_task(ask_why(port, asked, k)) for k in range(heavy)]
    await asyncio.gather(*(draw_on(port, asked, k, until, seen) for k in range(people)))
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    return seen


async def draw_on(port: int, asked: dict[str, Any], number: int, until: float, seen: Seen) -> None:
    """Draw as one person; each person's pen has strayed by another pixel's thousandth, so that nobody asks the same."""
    person = Person(port, f"person{number}")
    await asyncio.sleep(EVERY * (number % 8) / 8)
    for strokes in movements(number):
        started = time.perf_counter()
        if started >= until:
            break
        moved = [[[x + 1e-5 * number, y] for x, y in stroke] for stroke in strokes]
        body = json.dumps(asked | {"data": asked["data"] | {"strokes": moved}, "session_hash": person.name}).encode()
        started = time.perf_counter()
        try:
            answer = await person.ask(body)
        except (OSError, asyncio.IncompleteReadError):
            seen.errors += 1
            person = Person(port, person.name)
            continue
        taken = time.perf_counter() - started
        seen.seconds.append(taken)
        seen.bytes += len(answer)
        seen.errors += b'"error"' in answer[:200]
        await asyncio.sleep(max(0.0, EVERY - taken))
    person.leave()


async def ask_much(port: int, asked: dict[str, Any]) -> None:
    """Ask for Occlusion on resnet18 many times at once."""
    with urlopen(f"http://{ADDRESS}:{port}/config") as answer:
        components = json.load(answer)["components"]
    view = next(each["id"] for each in components if "webview-draw" in (each["props"].get("elem_classes") or []))
    await asyncio.gather(*(ask_why(port, asked | {"component_id": view}, k) for k in range(HEAVY)))


async def ask_why(port: int, asked: dict[str, Any], number: int) -> None:
    """Ask for Occlusion on resnet18, as one person who does not wait."""
    person = Person(port, "impatient")
    drawing = {name: asked["data"][name] for name in asked["data"] if name not in ("wanted", "structure", "sort")}
    wanted = {"model": "resnet18:untrained", "strokes": digits()[number % 10], "method": "occlusion"}
    data = drawing | wanted | {"target": number % 10, "layer": None}
    with suppress(OSError, asyncio.IncompleteReadError):
        await person.ask(json.dumps(asked | {"fn_name": "why", "data": data}).encode())
    person.leave()


def of_engine(port: int, pid: int, stroke: dict[str, Any]) -> dict[str, float]:
    """Return what one page meets that computes its drawings in a class: alone, among others, beside one who asks much.

    Args:
        port: of the class.
        pid: of its server.
        stroke: what a page asks the server for a stroke where it does not compute it itself.
    """
    asked: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if "component_server" in request.url:
            asked.append(json.loads(request.post_data))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        page = usable_page(browser, port)
        page.on("request", note)
        page.get_by_label("Your name").fill("Ann")
        page.get_by_role("button", name="Come in").first.click()
        page.keyboard.press("Escape")
        alone, _ = draw_digits(page, "0123456789", answers=False)
        sign = next(each for each in asked if each["fn_name"] == "attend_class")
        with others(port, sign, CLASS - 1):
            asked.clear()
            before, started = cpu_seconds(pid), time.perf_counter()
            among, _ = draw_digits(page, "0123456789", answers=False)
            spent, seconds = cpu_seconds(pid) - before, time.perf_counter() - started
            counted = sum(each["fn_name"] != "attend_class" for each in asked)
            impatient = threading.Thread(target=asyncio.run, args=(ask_much(port, stroke),))
            impatient.start()
            beside, _ = draw_digits(page, "0123456789", answers=False)
        browser.close()
    return {
        "engine1_p95_ms": worst(alone),
        "engine64_p95_ms": worst(among),
        "engine64_asked": counted,
        "engine64_cpu_ms": 1000 * spent / seconds / CLASS,
        "engine_others_p95_ms": worst(beside),
        "engine_others_max_ms": max(beside),
    }


@contextmanager
def others(port: int, sign: dict[str, Any], people: int) -> Iterator[None]:
    """Let others be in the class, each with a name, a drawing and a sign of life every few seconds."""
    ended = threading.Event()

    async def attend(number: int) -> None:
        person = Person(port, f"other{number}")
        await asyncio.sleep(SIGN_SECONDS * number / people)
        for told in chain([{"fn_name": "join_class", "data": {"name": f"Other {number}"}}], repeat({})):
            if ended.is_set():
                break
            await person.ask(json.dumps(sign | told | {"session_hash": person.name}).encode())
            await asyncio.sleep(SIGN_SECONDS)
        person.leave()

    async def everybody() -> None:
        await asyncio.gather(*map(attend, range(people)))

    thread = threading.Thread(target=asyncio.run, args=(everybody(),))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def cpu_seconds(pid: int) -> float:
    """Return the seconds that a process has computed, in all its threads; on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
