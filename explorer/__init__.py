"""The browser application over `core`; `explore` opens it on a model of your own."""

from explorer.exploring import Running, explore

__all__ = ["Running", "explore"]
