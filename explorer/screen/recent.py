"""The last few results of something costly: made once for each key, also when several people ask at the same moment."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Recent"]

Made = TypeVar("Made")


@dataclass(eq=False)
class _Place(Generic[Made]):
    """Where one result stands: `made` holds it once it is there, `nbytes` is its size then."""

    made: list[Made] = field(default_factory=list)
    nbytes: int = 0
    lock: Lock = field(default_factory=Lock)


class Recent(Generic[Made]):
    """Results by key, the one asked for longest ago forgotten first.

    Args:
        most: how many are kept.
        nbytes: how many bytes they may take together; the last one is kept whatever its size.
        size: returns the bytes of a result.
        holds: returns whether a result is still true; one that is not is made anew.
    """

    def __init__(
        self,
        *,
        most: int,
        nbytes: int,
        size: Callable[[Made], int],
        holds: Callable[[Made], bool] = lambda made: True,
    ) -> None:
        self.most, self.nbytes = most, nbytes
        self._size, self._holds = size, holds
        self._places: OrderedDict[Hashable, _Place[Made]] = OrderedDict()
        self._lock = Lock()

    def of(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return the result of a key, made if it is not there; who asks meanwhile waits for it.

        What `make` raises is raised, and nothing is kept.
        """
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
        with place.lock:
            if place.made and not self._holds(place.made[0]):
                place.made.clear()
            if not place.made:
                try:
                    place.made.append(make())
                except BaseException:
                    self._forget(key, place)
                    raise
                place.nbytes = self._size(place.made[0])
            made = place.made[0]
        self._trim()
        return made

    def get(self, key: Hashable) -> Made | None:
        """Return the result of a key if it is there."""
        with self._lock:
            place = self._places.get(key)
            if place is None or not place.made:
                return None
            self._places.move_to_end(key)
            return place.made[0]

    def drop(self, unwanted: Callable[[Hashable], bool]) -> None:
        """Forget the results of some keys."""
        with self._lock:
            for key in [key for key in self._places if unwanted(key)]:
                del self._places[key]

    def __len__(self) -> int:
        return len(self._places)

    def _forget(self, key: Hashable, place: _Place[Made]) -> None:
        with self._lock:
            if self._places.get(key) is place:
                del self._places[key]

    def _trim(self) -> None:
        with self._lock:
            taken = sum(place.nbytes for place in self._places.values())
            while len(self._places) > 1 and (len(self._places) > self.most or taken > self.nbytes):
                _, oldest = self._places.popitem(last=False)
                taken -= oldest.nbytes
