"""All that topics are called, and how they lie to each other, ready to be matched; built from the tables at once.

A name in another language, a singular, an alias count less than the name itself where two topics share a key.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.topics import cues
from scoring.topics.meanings import Meaning, aliases, known_words, meaning_of
from scoring.topics.words import normalised, words_of

# Topics at the top that only hold others together are never anybody's.
NEVER = re.compile(r"-super$|^_root_$", re.IGNORECASE)
# With more below it, a topic is too wide to follow from one of them.
WIDE = 40
# What lies below is places: in a sentence they are mostly where something is, and not what it is about.
PLACES = ("location", "location-super")
# Children of one topic are of one branch, unless they are so many that they have little to do with each other.
MOST_SIBLINGS = 60
LONGEST_PHRASE = 6
# Names in other languages than English: shorter ones are too often words of yet another language.
SHORTEST_FOREIGN = 5
_ASIDE = re.compile(r"\s*\([^()]*\)")


class Rank:
    """How good a name is, where several topics have the same key; the lower the better."""

    NAME, SLUG, ALIAS, SINGULAR, ABROAD = range(5)


@dataclass(frozen=True, slots=True)
class Named:
    """What a key stands for. topic: its number. language: "" for English and for everybody's.

    words: the name as it is spoken, folded, with spaces. tag_only: no word of a sentence.
    """

    topic: int
    words: str
    rank: int
    meaning: Meaning
    language: str = ""
    tag_only: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """named: key -> what it is; phrases: words of several, with spaces -> key. parents: topic -> those above it.

    misleading: (topic, key) that do not speak for it.
    """

    slugs: Mapping[int, str]
    names: Mapping[int, str]
    parents: Mapping[int, tuple[int, ...]]
    named: Mapping[str, Named]
    phrases: Mapping[str, str]
    # Key -> names in other languages, where English has another use for the key or none.
    abroad: Mapping[str, Mapping[str, Named]]
    misleading: frozenset[tuple[int, str]] = frozenset()
    never: frozenset[int] = frozenset()
    cues: cues.Cues = field(default_factory=dict)
    _related: dict[tuple[int, int], bool] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def children(self) -> Mapping[int, tuple[int, ...]]:
        found: dict[int, list[int]] = defaultdict(list)
        for below, above in self.parents.items():
            for parent in above:
                found[parent].append(below)
        return {topic: tuple(below) for topic, below in found.items()}

    @cached_property
    def wide(self) -> frozenset[int]:
        """Topics at the very top, and those with many below them."""
        return frozenset(
            topic
            for topic in self.slugs
            if (not self.real_parents(topic) and topic in self.children) or len(self.below(topic)) > WIDE
        )

    @cached_property
    def places(self) -> frozenset[int]:
        tops = [topic for topic, slug in self.slugs.items() if slug in PLACES]
        return frozenset(below for top in tops for below in self.below(top))

    def below(self, topic: int) -> set[int]:
        """All that lies below `topic`, at any depth."""
        found: set[int] = set()
        waiting = [topic]
        while waiting:
            for child in self.children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found

    def real_parents(self, topic: int) -> tuple[int, ...]:
        """The topics above `topic` that somebody can have."""
        return tuple(parent for parent in self.parents.get(topic, ()) if parent not in self.never)

    def above(self, topic: int) -> dict[int, int]:
        """Topics above `topic` -> how many levels, 1 or 2."""
        found: dict[int, int] = {}
        for parent in self.real_parents(topic):
            found[parent] = 1
        for parent in list(found):
            for grandparent in self.real_parents(parent):
                found.setdefault(grandparent, 2)
        found.pop(topic, None)
        return found

    def related(self, one: int, other: int) -> bool:
        """Whether both are of one branch: one lies under the other (two levels at most), or both under a third that is
        not wide."""
        if one == other:
            return True
        key = (min(one, other), max(one, other))
        known = self._related.get(key)
        if known is None:
            known = self._related[key] = self._of_one_branch(one, other)
        return known

    def _of_one_branch(self, one: int, other: int) -> bool:
        above_one, above_other = self.above(one), self.above(other)
        if one in above_other or other in above_one:
            return True
        shared = {topic for topic, level in above_one.items() if level == 1} & {
            topic for topic, level in above_other.items() if level == 1
        }
        return any(topic not in self.wide and len(self.children.get(topic, ())) <= MOST_SIBLINGS for topic in shared)

    @cached_property
    def lifts(self) -> dict[str, NDArray[Any]]:
        """Columns topic, above, level: which topics lie above which, up to two levels; wide: 1 where `above` is."""
        rows = [
            (topic, above, level, above in self.wide)
            for topic in self.slugs
            if topic not in self.never
            for above, level in self.above(topic).items()
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return {"topic": table[:, 0], "above": table[:, 1], "level": table[:, 2], "wide": table[:, 3]}


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic as the vocabulary needs it; names: {language: name}."""

    number: int
    slug: str
    name: str
    names: Mapping[str, str]


def build(
    topics: Iterable[TopicRow],
    parents: Mapping[int, Sequence[int]],
    misleading: Iterable[tuple[int, str]] = (),
    also: Iterable[tuple[str, str]] = (),
) -> Vocabulary:
    """The vocabulary of `topics`.

    misleading: (topic, words) that the staff found to mislead. also: (slug, another name), beside the list of aliases.
    """
    topics = list(topics)
    by_slug = {topic.slug: topic.number for topic in topics}
    never = frozenset(topic.number for topic in topics if NEVER.search(topic.slug))
    offered: dict[str, list[Named]] = defaultdict(list)
    abroad: dict[str, dict[str, Named]] = defaultdict(dict)
    for topic in topics:
        if topic.number not in never:
            for one in _own_names(topic):
                offered[normalised(one.words)].append(one)
    for slugs, words in (*aliases(), *(((slug,), (name,)) for slug, name in also)):
        number = next((by_slug[slug] for slug in slugs if slug in by_slug), None)
        if number is None or number in never:
            continue
        # Where a nearer topic is not there, its name is one more of what the next is called.
        missing = [slug.replace("-", " ") for slug in slugs if slug not in by_slug]
        for word in missing:
            offered[normalised(word)].append(Named(number, word, Rank.ALIAS, meaning_of(normalised(word))))
        for word in words:
            spoken = " ".join(words_of(word.removeprefix("#")))
            key = normalised(spoken)
            # What is written down there is meant; but not what is known to mislead.
            meaning = known_words().get(key, Meaning.CLEAR)
            offered[key].append(Named(number, spoken, Rank.ALIAS, meaning, tag_only=word.startswith("#")))
    named = {key: chosen for key, all_of in offered.items() if (chosen := _best(all_of)) is not None}
    for topic in topics:
        if topic.number not in never:
            for language, foreign in _abroad(topic):
                key = normalised(foreign.words)
                if key not in named and known_words().get(key) is not Meaning.NOTHING:
                    abroad[key].setdefault(language, foreign)
    phrases = {one.words: key for key, all_of in offered.items() for one in all_of if " " in one.words}
    phrases |= {one.words: key for key, found in abroad.items() for one in found.values() if " " in one.words}
    return Vocabulary(
        slugs={topic.number: topic.slug for topic in topics},
        names={topic.number: topic.name for topic in topics},
        parents={below: tuple(above) for below, above in parents.items()},
        named=named,
        phrases=phrases,
        abroad=abroad,
        misleading=frozenset((topic, normalised(words)) for topic, words in misleading),
        never=never,
        cues=cues.by_words(by_slug),
    )


def _own_names(topic: TopicRow) -> Iterable[Named]:
    number = topic.number
    bare = _ASIDE.sub("", topic.name).strip()
    spoken = words_of(topic.name)
    if not spoken:
        return
    whole = " ".join(spoken)
    by_address = words_of(topic.slug)
    # "Mobile" at mobile-alabama: what its address has to explain is not clear without it.
    explained = len(by_address) > len(spoken) == 1 and by_address[0] == whole
    clearest = Meaning.SEVERAL if explained else Meaning.CLEAR
    yield Named(number, whole, Rank.NAME, min(clearest, meaning_of(normalised(whole))))
    if bare and bare != topic.name:
        # "Lost (TV Series)": what needs an explanation in its own tree is not clear without it.
        yield Named(number, " ".join(words_of(bare)), Rank.SLUG, min(Meaning.SEVERAL, meaning_of(normalised(bare))))
    if "(" not in topic.name:
        address = " ".join(by_address)
        if address and address != whole:
            yield Named(number, address, Rank.SLUG, meaning_of(normalised(address)))
        if (one := singular(spoken[-1])) and meaning_of(normalised(whole)) is not Meaning.SEVERAL:
            words = " ".join([*spoken[:-1], one])
            yield Named(number, words, Rank.SINGULAR, min(meaning_of(normalised(words)), meaning_of(normalised(whole))))


def _abroad(topic: TopicRow) -> Iterable[tuple[str, Named]]:
    for language, name in topic.names.items():
        words = words_of(_ASIDE.sub("", name))
        whole = " ".join(words)
        key = normalised(whole)
        # Letters other than Latin ones are few words' of other languages.
        if key and (len(key) >= SHORTEST_FOREIGN or not key.isascii()):
            # "Mobile (Alabama)" is no word of that language.
            meaning = min(meaning_of(key), Meaning.SEVERAL if "(" in name else Meaning.CLEAR)
            yield language, Named(topic.number, whole, Rank.ABROAD, meaning, language=language)


def _best(names: Sequence[Named]) -> Named | None:
    """The one that a key stands for; of several things at once where two topics have as good a claim to it."""
    ranked = sorted(names, key=lambda one: (one.rank, one.words.count(" ")))
    first = ranked[0]
    if first.rank == Rank.ALIAS:
        # The list of aliases says itself which comes first; a word that is there with and without "#" is both.
        return next((one for one in ranked if one.topic == first.topic and not one.tag_only), first)
    rivals = {one.topic for one in ranked if (one.rank, one.words.count(" ")) == (first.rank, first.words.count(" "))}
    if len(rivals) == 1:
        return first
    return Named(first.topic, first.words, first.rank, min(first.meaning, Meaning.SEVERAL), tag_only=first.tag_only)


def singular(word: str) -> str:
    """The singular of an English plural; "" where it looks like none."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics", "news")):
        return ""
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > 5 else ""
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1]
