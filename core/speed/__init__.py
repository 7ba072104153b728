"""One convolution computed in many ways, proven equal, timed and weighed: `python -m core.speed`.

ways      the implementations, from literal loops to the graphics card
measure   a sweep over image sizes, as a stream of events
timing    interleaved rounds, medians and quartiles, peak memory, the machine
"""

from core.speed.sweep import Sweep, measure
from core.speed.ways import WAYS, Way

__all__ = ["WAYS", "Sweep", "Way", "measure"]
