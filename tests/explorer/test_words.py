"""Every operator that ConvScope knows has a card: a name and a sentence in both languages."""

import json
from pathlib import Path

import pytest

from core.ops.catalogue import CATALOGUE

LANGUAGES = Path(__file__).resolve().parents[2] / "explorer" / "web" / "i18n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_operator_of_the_catalogue_has_its_words(language):
    words = json.loads((LANGUAGES / f"{language}.json").read_text(encoding="utf-8"))
    for name in CATALOGUE:
        for key in (f"op.{name}.name", f"op.{name}"):
            assert words.get(key), f"{language}.json has no {key}"
        assert words[f"op.{name}"] not in (name, words[f"op.{name}.name"])


def test_no_two_operators_are_told_alike():
    words = json.loads((LANGUAGES / "en.json").read_text(encoding="utf-8"))
    told = [words[f"op.{name}"] for name in CATALOGUE]
    assert len(set(told)) == len(told)
