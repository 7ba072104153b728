"""Functions with a gradient of their own (`torch.autograd.Function`), told to whoever watches on the thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

from torch.autograd import Function

__all__ = ["watched"]

Apply = Callable[..., Any]
Watcher = Callable[[type[Function], Apply, tuple[Any, ...], dict[str, Any]], Any]

_APPLY = Function.__dict__["apply"]
_watchers: dict[int, Watcher] = {}
_lock = Lock()


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Calls `watcher(function, apply, args, kwargs)` for each `function.apply(*args, **kwargs)` of this thread.

    torch offers no hook here: `Function.apply` is replaced while anybody watches. What the watcher returns is what the
    call returns; `apply` is the original.
    """
    thread = get_ident()
    with _lock:
        before = _watchers.get(thread)
        _watchers[thread] = watcher
        Function.apply = classmethod(_told)
    try:
        yield
    finally:
        with _lock:
            if before is None:
                del _watchers[thread]
            else:
                _watchers[thread] = before
            if not _watchers:
                Function.apply = _APPLY


def _told(function: type[Function], *args: Any, **kwargs: Any) -> Any:
    apply = _APPLY.__get__(None, function)
    watcher = _watchers.get(get_ident())
    return apply(*args, **kwargs) if watcher is None else watcher(function, apply, args, kwargs)
