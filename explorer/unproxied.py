"""Gradio imported apart from the environment's proxies: it makes a client on import, which fails on a SOCKS proxy.

ConvScope's server needs nobody but itself; downloads go through the proxies as ever.
"""

import importlib
import os
from threading import Lock

__all__ = ["import_gradio"]

_lock = Lock()


def import_gradio() -> None:
    """Import Gradio with no proxy variable set, and put them back."""
    with _lock:
        proxies = {name: os.environ.pop(name) for name in list(os.environ) if name.lower().endswith("_proxy")}
        try:
            importlib.import_module("gradio")
        finally:
            os.environ.update(proxies)
