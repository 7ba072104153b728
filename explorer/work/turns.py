"""A lock that is handed over in the order in which it was asked for."""

from collections import deque
from threading import Lock
from types import TracebackType

__all__ = ["Turns"]


class Turns:
    """Lets one thread in at a time, first come, first served.

    A plain lock may go back to the thread that has just let go of it: whoever computes in many parts would keep all
    others out until the last.
    """

    def __init__(self) -> None:
        self._own = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._own:
            if not self._taken:
                self._taken = True
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until whoever comes before hands over

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._own:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
