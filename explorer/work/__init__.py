"""Whose turn it is: quick and long requests, and the models that they take turns with."""

from explorer.work.line import Ended, Person, Work, checkpoint, person
from explorer.work.turns import Turns

__all__ = ["Ended", "Person", "Turns", "Work", "checkpoint", "person"]
