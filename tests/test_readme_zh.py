"""README.zh.md says in Chinese what README.md says: the same headings, commands, figures and links."""

import re
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = ((REPOSITORY / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))

FENCE = re.compile(r"^```([\w ]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FIGURE = re.compile(r"\d[\d,.]*\d|\d")
WRITTEN = {"Sixteen": "十六", "twelve": "十二", "five": "五", "six": "六"}
"""Numbers that the English page writes as words, and the Chinese one too."""


def blocks(text: str) -> list[tuple[str, str]]:
    """What is copied or run: every fenced block but the tree, whose words are translated."""
    return [(kind, body) for kind, body in FENCE.findall(text) if "core/  " not in body]


def prose(text: str) -> str:
    return FENCE.sub("", text)


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def test_both_have_the_same_headings() -> None:
    assert headings(ENGLISH) == headings(CHINESE)
    assert len(headings(ENGLISH)) > 8
    assert not [line for line in re.findall(r"^#+ (.*)$", prose(CHINESE), re.MULTILINE)[1:] if line.isascii()]


def test_both_have_the_same_commands() -> None:
    assert blocks(ENGLISH) == blocks(CHINESE)


def test_both_name_the_same_files_options_and_figures_in_code() -> None:
    assert Counter(re.findall(r"`([^`]+)`", prose(ENGLISH))) == Counter(re.findall(r"`([^`]+)`", prose(CHINESE)))


def test_both_have_the_same_figures() -> None:
    plain = [re.sub(r"`[^`]+`", "", prose(text)) for text in (ENGLISH, CHINESE)]
    english, chinese = (Counter(FIGURE.findall(text)) for text in plain)
    assert english == chinese
    assert english.total() > 60


def test_both_link_to_the_same_places() -> None:
    targets = [Counter(re.findall(r"\]\(([^)]+)\)|<(http[^>]+)>", prose(text))) for text in (ENGLISH, CHINESE)]
    assert targets[0] - targets[1] == Counter({("README.zh.md", ""): 1})
    assert targets[1] - targets[0] == Counter({("README.md", ""): 1})


@pytest.mark.parametrize(("english", "chinese"), WRITTEN.items())
def test_numbers_in_words_are_in_both(english: str, chinese: str) -> None:
    assert (english in ENGLISH) == (chinese in CHINESE)


def test_the_tree_names_the_same_folders() -> None:
    trees = [
        re.findall(r"^ *(\w+/)", body, re.MULTILINE)
        for text in (ENGLISH, CHINESE)
        for _, body in FENCE.findall(text)
        if "core/  " in body
    ]
    assert trees[0] == trees[1]
    assert len(trees) == 2
