"""The tutorials' models, two transfer backbones and the recommended one, each with its card and its weights."""

from core.models.cards import Card
from core.models.download import Download
from core.models.registry import build, card, load, names
from core.models.weights import load_weights, save_weights

__all__ = ["Card", "Download", "build", "card", "load", "load_weights", "names", "save_weights"]
