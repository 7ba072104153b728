"""How the app is served: who may ask, how much, and the server that listens."""

from explorer.serving.guard import Guard, is_loopback
from explorer.serving.reach import address_here, address_in_network
from explorer.serving.server import Served, free_or_fail, serve

__all__ = ["Guard", "Served", "address_here", "address_in_network", "free_or_fail", "is_loopback", "serve"]
