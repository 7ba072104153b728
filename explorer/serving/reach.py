"""From where a server can be reached: what a link that is passed on says."""

import socket

from explorer.serving.guard import is_loopback

__all__ = ["address_here", "address_in_network"]

ANYWHERE = {"", "0.0.0.0", "::"}
SOMEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737): nobody has it, but the way to it begins at this machine's own address."""


def address_here(host: str) -> str:
    """Return how a browser on this machine names a server that listens on `host`, as a link has it."""
    return "localhost" if host in ANYWHERE else _in_link(host)


def address_in_network(host: str) -> str | None:
    """Return where other machines find a server that listens on `host`, as a link has it; None where they cannot.

    No packet is sent: a datagram socket only looks up the way.
    """
    if is_loopback(host):
        return None
    if host not in ANYWHERE:
        return _in_link(host)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(SOMEWHERE)
        except OSError:  # no network: the name may be known nevertheless
            return socket.gethostname()
        return str(way.getsockname()[0])


def _in_link(host: str) -> str:
    return f"[{host}]" if ":" in host else host
