"""Results of something costly: made once, also when several people ask at once, and kept within one budget of memory.

What was asked for longest ago is forgotten first, of whatever kind it is.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

__all__ = ["Memory", "Recent"]

Made = TypeVar("Made")


@dataclass(eq=False)
class _Place(Generic[Made]):
    """Where one result stands: `made` holds it once it is there, `nbytes` is its size then."""

    made: list[Made] = field(default_factory=list)
    nbytes: int = 0
    lock: Lock = field(default_factory=Lock)


class Memory:
    """The bytes that several kinds of results share, on whatever device they lie.

    Args:
        nbytes: how many all results may take together; the last one of each kind is kept whatever its size.
    """

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self.lock = Lock()
        self.places: OrderedDict[tuple[Recent[Any], Hashable], _Place[Any]] = OrderedDict()
        """By kind and key, the one asked for longest ago first."""

        self.taken = 0
        """Bytes of all that is kept."""

    def drop(self, kind: "Recent[Any]", key: Hashable, place: "_Place[Any] | None" = None) -> None:
        """Forget a result, unless another one than `place` is there; under the lock."""
        found = self.places.get((kind, key))
        if found is not None and place in (None, found):
            del self.places[kind, key]
            kind.count -= 1
            self.taken -= found.nbytes

    def trim(self, kind: "Recent[Any]") -> None:
        """Forget what is too much, now that one of a kind was made."""
        with self.lock:
            while kind.count > kind.most or self.taken > self.nbytes:
                over = self.taken > self.nbytes
                oldest = next((p for p in self.places if p[0].count > 1 and (over or p[0] is kind)), None)
                if oldest is None:
                    return
                self.drop(*oldest)


class Recent(Generic[Made]):
    """Results of one kind, by key.

    Args:
        memory: where they are kept.
        most: how many are kept, however small they are.
        size: returns the bytes of a result.
        holds: returns whether a result is still true; one that is not is made anew.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        most: float = math.inf,
        size: Callable[[Made], int],
        holds: Callable[[Made], bool] = lambda made: True,
    ) -> None:
        self.most, self.count = most, 0
        self._memory, self._size, self._holds = memory, size, holds

    def of(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return the result of a key, made if it is not there; who asks meanwhile waits for it.

        What `make` raises is raised, and nothing is kept.
        """
        with self._memory.lock:
            place: _Place[Made] | None = self._memory.places.get((self, key))
            if place is None:
                place = self._memory.places[self, key] = _Place()
                self.count += 1
            self._memory.places.move_to_end((self, key))
        with place.lock:
            if place.made and not self._holds(place.made[0]):
                place.made.clear()
            if not place.made:
                try:
                    place.made.append(make())
                except BaseException:
                    with self._memory.lock:
                        self._memory.drop(self, key, place)
                    raise
                self._weigh(key, place)
            made = place.made[0]
        return made

    def get(self, key: Hashable) -> Made | None:
        """Return the result of a key if it is there."""
        with self._memory.lock:
            place = self._memory.places.get((self, key))
            if place is None or not place.made:
                return None
            self._memory.places.move_to_end((self, key))
            made: Made = place.made[0]
            return made

    def has(self, key: Hashable, made: Made) -> bool:
        """Return whether this very result is the one that is there; to look is not to ask."""
        with self._memory.lock:
            place = self._memory.places.get((self, key))
            return place is not None and made in place.made

    def __len__(self) -> int:
        return self.count

    def drop(self, unwanted: Callable[[Any], bool]) -> None:
        """Forget the results of some keys."""
        with self._memory.lock:
            keys = [key for kind, key in self._memory.places if kind is self]
        dropped = [key for key in keys if unwanted(key)]
        with self._memory.lock:
            for key in dropped:
                self._memory.drop(self, key)

    def _weigh(self, key: Hashable, place: _Place[Made]) -> None:
        """Note how large a result is, if it is kept, and leave room for it."""
        nbytes = self._size(place.made[0])
        with self._memory.lock:
            if self._memory.places.get((self, key)) is place:
                self._memory.taken += nbytes - place.nbytes
                place.nbytes = nbytes
        self._memory.trim(self)
