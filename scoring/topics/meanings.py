"""What is known of words beyond the names of topics: which of them mislead, and what else topics are called.

Both lists are data (scoring/data/word_meanings.txt, topic_aliases.txt), read once.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from pathlib import Path

from scoring.topics.grammar import COMMON
from scoring.topics.words import normalised, words_of

DATA = Path(__file__).parents[1] / "data"
# Shorter ones are abbreviations of this and that, unless they are known not to be.
SHORTEST = 4


class Meaning(IntEnum):
    """How far a word can be taken for the topic that is called so; the higher, the further."""

    NOTHING = 0
    # It is several things: something else of its branch of the tree has to speak too.
    SEVERAL = 1
    # It is what it says, and everybody says it: in a sentence it is no more than a word.
    EVERYDAY = 2
    CLEAR = 3


SECTIONS = {
    "nothing": Meaning.NOTHING,
    "several": Meaning.SEVERAL,
    "everyday": Meaning.EVERYDAY,
    "clear": Meaning.CLEAR,
}


@cache
def known_words() -> dict[str, Meaning]:
    """Key -> what is known of it. Raises ValueError for a section that is none, and for a word that is there twice."""
    return read_words((DATA / "word_meanings.txt").read_text())


def read_words(text: str) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    meaning: Meaning | None = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            meaning = SECTIONS.get(line.strip("[] "))
            if meaning is None:
                raise ValueError(f"{line} is no section: they are {', '.join(SECTIONS)}")
            continue
        if meaning is None:
            raise ValueError(f"{line!r} stands in no section")
        for word in filter(None, map(normalised, line.split(","))):
            if found.setdefault(word, meaning) is not meaning:
                raise ValueError(f"{word} is both {found[word].name.lower()} and {meaning.name.lower()}")
    return found


def meaning_of(key: str) -> Meaning:
    """What the word with this key (words.normalised) can be taken for."""
    words = known_words()
    known = words.get(key, words.get(f"{key}s"))
    if known is not None:
        return known
    if key in COMMON:
        # "para" is a word of every Spanish sentence, whatever topic has this name.
        return Meaning.NOTHING
    short = len(key) < SHORTEST and key.isascii()
    return Meaning.SEVERAL if short or key.isdigit() else Meaning.CLEAR


@cache
def idioms() -> frozenset[str]:
    """Ways to speak in which no word is what it says; folded, with spaces."""
    text = (DATA / "idioms.txt").read_text()
    return frozenset(" ".join(words_of(line)) for line in text.splitlines() if line and not line.startswith("#"))


@cache
def aliases() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """(slugs, the first that there is counts; what it is called too) for each line of the list."""
    return read_aliases((DATA / "topic_aliases.txt").read_text())


def read_aliases(text: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Raises ValueError for a line without slugs or words."""
    lines = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        slugs, _, words = line.partition("|")
        named = tuple(word.strip() for word in words.split(",") if word.strip())
        if not slugs.split() or not named:
            raise ValueError(f"{line!r} has no slugs or no words")
        lines.append((tuple(slugs.split()), named))
    return tuple(lines)
