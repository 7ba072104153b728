"""Models on our own operators: the autograd bridge, and the switch that puts any model on it."""

from core.nn.backend import BACKENDS, use_backend
from core.nn.functional import Functional

__all__ = ["BACKENDS", "Functional", "use_backend"]
