"""Classes of work: what is quick never waits for what takes long; what takes long is bounded and can be ended.

Light requests compute a few milliseconds and wait for nothing: they are answered where they arrive, one after the
other. Quick requests have threads of their own. The others stand in a line, one of a person at a time, and hold no
thread until it is their turn. A request is ended when its person left or asked the same anew: whoever computes for long
calls `checkpoint` between its parts.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread

from core.told import keyed

__all__ = ["Ended", "Person", "Work", "checkpoint", "person"]

QUICK = 16
"""Threads for quick requests; most of them wait for a model that another one uses."""

LONG = max(1, (os.cpu_count() or 1) // 2)
"""Long requests that are computed at once: half of the cores stay for what is quick."""

NOBODY_WAITS = "this was asked anew, or nobody waits for it any longer"

LINE = 64
LINE_OF_ONE = 4
"""Long requests that may stand in line, of all people and of one."""


class Ended(BaseException):
    """A request that nobody waits for any longer, or that found no room; who catches a model's errors lets it pass."""


@dataclass(frozen=True)
class Person:
    """Who asks.

    Attributes:
        name: the same for all requests of a browser.
        left: returns once the person no longer waits for the answer.
        address: where the request came from, "" where that is not known.
    """

    name: str
    left: Callable[[], Awaitable[None]] | None = None
    address: str = ""


SOMEBODY = Person("somebody")

person: ContextVar[Person] = ContextVar("person", default=SOMEBODY)
_ended: ContextVar[threading.Event | None] = ContextVar("ended", default=None)

Answering = Callable[[Any], dict[str, Any]]


def checkpoint() -> None:
    """Go on, unless nobody waits for this request any longer.

    Raises:
        Ended: the person left, or asked the same anew.
    """
    ended = _ended.get()
    if ended is not None and ended.is_set():
        raise Ended(NOBODY_WAITS)


@dataclass(eq=False)
class _Asked:
    """A long request: who asks, by which name, its turn, and whether it was ended."""

    who: str
    name: str
    turn: "asyncio.Future[None]"
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """Let it go no further: at its next checkpoint, or at once while it stands in line."""
        self.ended.set()
        if not self.turn.done():
            self.turn.set_exception(Ended(NOBODY_WAITS))


class Work:
    """The threads and the line of one server."""

    def __init__(self) -> None:
        self._threads = CapacityLimiter(QUICK)
        self._line: list[_Asked] = []
        self._computed: list[_Asked] = []

    async def quick(self, function: Answering, request: Any, *, light: bool = False) -> dict[str, Any]:
        """Return the function's answer, computed as soon as a thread is free; a `light` one is computed at once, here.

        Python computes in one thread at a time: a few milliseconds are over sooner than threads change places for them.
        """
        if light:
            return function(request)
        return await to_thread.run_sync(function, request, limiter=self._threads)

    async def long(self, function: Answering, request: Any, *, name: str) -> dict[str, Any]:
        """Return the function's answer, computed when it is its turn.

        Args:
            function: calls `checkpoint` between its parts.
            request: its argument.
            name: of what is asked: asking it anew ends what the same person asked before.

        Raises:
            Ended: the person left or asked anew, or the line is full.
        """
        who = person.get()
        for before in [*self._line, *self._computed]:
            if (before.who, before.name) == (who.name, name):
                before.end()
        self._line = [each for each in self._line if not each.ended.is_set()]
        if len(self._line) >= LINE or sum(each.who == who.name for each in self._line) >= LINE_OF_ONE:
            raise keyed(
                Ended(f"the server is busy: {len(self._line)} long requests stand in line; try again in a while"),
                "told.busy",
                count=len(self._line),
            )
        asked = _Asked(who.name, name, asyncio.get_running_loop().create_future())
        self._line.append(asked)
        self._call()
        watch = asyncio.ensure_future(who.left()) if who.left else None
        if watch:
            watch.add_done_callback(lambda done: None if done.cancelled() else asked.end())
        try:
            await asked.turn
            return await to_thread.run_sync(partial(_compute, function, request, asked.ended))
        finally:
            if watch:
                watch.cancel()
            for held in (self._line, self._computed):
                if asked in held:
                    held.remove(asked)
            self._call()

    def end(self) -> None:
        """End all long requests: the server stops."""
        for asked in [*self._line, *self._computed]:
            asked.ended.set()

    def _call(self) -> None:
        """Let those begin whose turn it is: the first in line of whom nothing else is computed."""
        for asked in list(self._line):
            if len(self._computed) >= LONG:
                return
            if not asked.ended.is_set() and all(other.who != asked.who for other in self._computed):
                self._line.remove(asked)
                self._computed.append(asked)
                asked.turn.set_result(None)


def _compute(function: Answering, request: Any, ended: threading.Event) -> dict[str, Any]:
    _ended.set(ended)  # in the context of this call alone: threads run in a copy
    checkpoint()
    return function(request)
