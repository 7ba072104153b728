"""Models are loaded each in a thread of its own: one whose weights are fetched from a silent network stops nobody."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from threading import Lock, Thread
from typing import Generic, TypeVar

from core.models import Download

__all__ = ["BeingFetched", "Loading"]

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that a request waits for a download before it says how far it is."""


class BeingFetched(ValueError):
    """The weights of a model are on their way.

    Attributes:
        done: bytes that have come.
        size: of the file, in bytes; None where the server does not say.
    """

    def __init__(self, name: str, download: Download) -> None:
        self.done, self.size = download.done, download.size
        of = f" of {self.size / 1e6:.1f}" if self.size else ""
        super().__init__(f"the weights of {name} are being fetched: {self.done / 1e6:.1f}{of} MB")


class Loading(Generic[T]):
    """What is being loaded, by name."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[str, tuple[Future[T], Download]] = {}

    def of(self, name: str, load: Callable[[Download], T]) -> T:
        """Return what `load` returns, called once for all who ask meanwhile.

        Raises:
            BeingFetched: a download takes longer than somebody at the page would wait without a word.
            Exception: what `load` raises.
        """
        with self._lock:
            if name not in self._under_way:
                self._under_way[name] = (Future(), Download())
                Thread(target=_load, args=(*self._under_way[name], load), daemon=True).start()
            future, download = self._under_way[name]
        while True:
            try:
                found = future.result(PATIENCE)
            except StillWaiting:
                if not future.done() and download.under_way:
                    raise BeingFetched(name, download) from None
                continue
            finally:
                if future.done():
                    self._forget(name, future)
            return found

    def cancel(self, name: str) -> None:
        """Give up a download that is under way, if there is one; whoever asks next begins anew."""
        with self._lock:
            future_and_download = self._under_way.pop(name, None)
        if future_and_download:
            future_and_download[1].cancel()

    def _forget(self, name: str, future: "Future[T]") -> None:
        with self._lock:
            if self._under_way.get(name, (None,))[0] is future:
                del self._under_way[name]


def _load(future: "Future[T]", download: Download, load: Callable[[Download], T]) -> None:
    try:
        future.set_result(load(download))
    except BaseException as error:  # told to whoever waits
        future.set_exception(error)
