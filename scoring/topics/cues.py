"""Words that speak for a topic together and not alone: "aperture" and "shutter" in one text are photography.

Which they are is data (scoring/data/topic_cues.txt). A cue in capitals (ISO, MC) is one where it is written so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from scoring.topics.meanings import DATA, read_aliases
from scoring.topics.words import words_of

# So many different ones in a text are enough.
ENOUGH = 2
LONGEST = 4


@dataclass(frozen=True, slots=True)
class Cue:
    """topic: its number. name: the cue in its first form, so that plurals of it are no second cue."""

    topic: int
    name: str
    capitals: bool = False


Cues = Mapping[str, tuple[Cue, ...]]


@cache
def lines() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """(slugs, the first that there is counts; its cues) for each line of the list."""
    return read_aliases((DATA / "topic_cues.txt").read_text())


def by_words(numbers: Mapping[str, int]) -> dict[str, tuple[Cue, ...]]:
    """Words folded, with spaces -> what they are cues of; numbers: slug -> topic."""
    found: dict[str, dict[int, Cue]] = defaultdict(dict)
    for slugs, words in lines():
        topic = next((numbers[slug] for slug in slugs if slug in numbers), None)
        if topic is None:
            continue
        for written in words:
            name = " ".join(words_of(written))
            capitals = written.isupper() and written.isalpha()
            for form in (name, f"{name}s"):
                found[form].setdefault(topic, Cue(topic, _stem(name), capitals))
    return {words: tuple(cues.values()) for words, cues in found.items()}


def _stem(name: str) -> str:
    return name.removesuffix("s")


def said(
    words: Sequence[tuple[str, str]], cues: Cues, passed_over: Callable[[int], bool]
) -> Iterator[tuple[int, int, Cue]]:
    """(begin, end, cue) of the cues in `words` (folded, written), the longest first, no word twice.

    passed_over: whether the word at a place counts for nothing.
    """
    shouting = all(written.isupper() for _, written in words if written.isalpha())
    begin = 0
    while begin < len(words):
        step = 1
        for end in range(min(len(words), begin + LONGEST), begin, -1):
            here = cues.get(" ".join(word for word, _ in words[begin:end]))
            if here and not any(map(passed_over, range(begin, end))):
                capitals = words[begin][1].isupper() and not shouting
                yield from ((begin, end, cue) for cue in here if capitals or not cue.capitals)
                step = end - begin
                break
        begin += step


def enough(
    found: Collection[tuple[int, int, Cue]], named: Mapping[int, Collection[tuple[int, int, str]]]
) -> dict[int, list[tuple[int, int]]]:
    """Topic -> where its cues stand (begin, end), for topics with ENOUGH of them, and no other text has far more.

    named: topic -> (begin, end, key) of its own names that are unsure where they stand: each is a cue too.
    """
    by_topic: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    for topic, places in named.items():
        for begin, end, key in places:
            by_topic[topic].setdefault(_stem(key), (begin, end))
    taken = {
        topic: {place for begin, end in at.values() for place in range(begin, end)} for topic, at in by_topic.items()
    }
    for begin, end, cue in found:
        if not taken.get(cue.topic, set()) & set(range(begin, end)):
            by_topic[cue.topic].setdefault(cue.name, (begin, end))
    cued = {cue.topic for _, _, cue in found}
    counted = {topic: len(at) for topic, at in by_topic.items() if topic in cued and len(at) >= ENOUGH}
    most = max(counted.values(), default=0)
    return {
        topic: sorted(by_topic[topic].values())
        for topic, number in counted.items()
        if number > ENOUGH or number == most
    }
