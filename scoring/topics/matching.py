"""Which topics words speak for: hashtags, names of lists, skills, recommendations, and whole texts. Precision first.

A word counts by what it can mean (meanings.Meaning). One of several meanings (apple, java, magic) is unsure: it counts
where something else that is sure names the same branch of the tree. In a sentence so does an everyday word (music,
books); as a hashtag or a skill, which somebody chose to write, it counts by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from scoring.topics import cues, current
from scoring.topics.grammar import (
    BETWEEN,
    ENDINGS,
    FARTHEST,
    FILLERS,
    HEADS,
    LONG,
    SKILL_TAILS,
    STOP_WORDS,
    TAILS,
    TAILS_OF_LONG,
    TITLES,
    TOO_WIDE_A_SKILL,
    TURNED,
)
from scoring.topics.meanings import Meaning, idioms, meaning_of
from scoring.topics.vocabulary import LONGEST_PHRASE, Named, Rank, Vocabulary
from scoring.topics.words import folded, hashtags, normalised, parted, sentences, spoken, words_of

# What of a branch was written as; the last for what is said of itself ("#").
HASHTAG, LIST, SKILL, RECOMMENDATION, SENTENCE = "hashtag", "list", "skill", "recommendation", "text"
STRENGTH = {HASHTAG: 0.8, LIST: 0.9, SKILL: 0.9, RECOMMENDATION: 0.7, SENTENCE: 0.6}
# A part of what was written; a name that another language has.
PART, ABROAD = 0.85, 0.8
MOST_WORDS = 4_000

_SEPARATED = re.compile(r"\s*(?:[,;/|·•]|\s[-\u2013\u2014]\s)\s*")


@dataclass(frozen=True, slots=True)
class Match:
    """A topic that words speak for. strength: 0 to 1. words: as they were written; key: in their one form.

    why: a sentence. sure: they can be taken for the topic without anything else.
    """

    topic: int
    slug: str
    strength: float
    words: str
    why: str
    key: str = ""
    sure: bool = True


def of_words(words: str, source: str = HASHTAG, *, vocabulary: Vocabulary | None = None) -> list[Match]:
    """The topics that a hashtag, the name of a list, a skill or the text of a recommendation speaks for by itself."""
    return [match for match in candidates(words, source, vocabulary=vocabulary) if match.sure]


def candidates(words: str, source: str = HASHTAG, *, vocabulary: Vocabulary | None = None) -> list[Match]:
    """As `of_words`, and those that need something else of their branch (Match.sure)."""
    known = vocabulary or current.vocabulary()
    text = words.strip().lstrip("#\uff03")[:200]
    key = normalised(text)
    if source == RECOMMENDATION and key not in known.named:
        return _in_text(words, None, known, RECOMMENDATION)
    if not key or meaning_of(key) is Meaning.NOTHING:
        return []
    found = list(_whole(key, text, source, known))
    if not found and source == HASHTAG:
        found = list(_compound(key, text, known)) or list(_humps(text, known))
    elif not found and source == LIST:
        found = list(_listed(text, known))
    elif not found and source == SKILL:
        found = list(_skilled(text, known))
    return _settled(found, known)


def of_text(
    text: str, language: str | None = None, *, vocabulary: Vocabulary | None = None, source: str = SENTENCE
) -> list[Match]:
    """The topics that a text is about, the strongest first: by its hashtags and by what its sentences name.

    language: its code, where it is known; else it is guessed from its commonest words.
    """
    return [match for match in _in_text(text, language, vocabulary or current.vocabulary(), source) if match.sure]


def _in_text(text: str, language: str | None, known: Vocabulary, source: str) -> list[Match]:
    """As `of_text`, and those that need something else of their branch."""
    tags = Counter(normalised(tag) for tag in hashtags(text))
    found: list[Match] = []
    for tag in dict.fromkeys(hashtags(text)):
        found += candidates_of_tag(tag, known)
    said = spoken(sentences(text))[:MOST_WORDS]
    code = (language or _language_of([word for word, _ in said]))[:2].lower()
    found += _named_in(said, code, source, known, again=tags)
    return _settled(found, known)


def words_in(text: str) -> list[str]:
    """The names of topics in a text, as they are written there: all that is kept of a recommendation."""
    return list(dict.fromkeys(match.words for match in of_text(text, source=RECOMMENDATION)))


def candidates_of_tag(tag: str, known: Vocabulary) -> list[Match]:
    key = normalised(tag)
    if not key or meaning_of(key) is Meaning.NOTHING:
        return []
    return list(_whole(key, tag, HASHTAG, known)) or list(_compound(key, tag, known)) or list(_humps(tag, known))


# ---------------------------------------------------------------- one name
def _whole(key: str, text: str, source: str, known: Vocabulary) -> Iterator[Match]:
    """All of it is one name."""
    named = known.named.get(key)
    if named is not None:
        yield from _match(named, key, text, source, known)
        return
    languages = known.abroad.get(key, {})
    topics = {one.topic for one in languages.values()}
    if len(topics) == 1:
        # In every language that has the word it is the same.
        (topic,) = topics
        one = replace(next(iter(languages.values())), topic=topic)
        yield from _match(one, key, text, source, known, factor=ABROAD)


def _match(
    named: Named, key: str, text: str, source: str, known: Vocabulary, *, factor: float = 1.0, sure: bool | None = None
) -> Iterator[Match]:
    if named.meaning is Meaning.NOTHING or (named.topic, key) in known.misleading:
        return
    certain = named.meaning > Meaning.SEVERAL if sure is None else sure
    name = known.names[named.topic]
    yield Match(
        topic=named.topic,
        slug=known.slugs[named.topic],
        strength=round(STRENGTH[source] * factor * (1.0 if certain else 0.5), 3),
        words=text,
        why=_why(source, text, name),
        key=key,
        sure=certain,
    )


def _why(source: str, text: str, name: str) -> str:
    sentences = {
        HASHTAG: _("#%(words)s is a hashtag of %(topic)s"),
        LIST: _("the list's name “%(words)s” names %(topic)s"),
        SKILL: _("the skill “%(words)s” is %(topic)s"),
        RECOMMENDATION: _("the recommendation names “%(words)s”, which is %(topic)s"),
        SENTENCE: _("the text names “%(words)s”, which is %(topic)s"),
    }
    return sentences[source] % {"words": text, "topic": name}


# ---------------------------------------------------------------- parts of a name
def _compound(key: str, text: str, known: Vocabulary) -> Iterator[Match]:
    """A hashtag that adds to its topic that somebody likes it: #coffeelovers."""
    for part in _without(key):
        named = known.named.get(part)
        if named is not None and len(part) >= 3 and named.meaning > Meaning.SEVERAL:
            yield from _match(named, part, text, HASHTAG, known, factor=PART)
            return


def _without(key: str) -> Iterator[str]:
    for tail in TAILS:
        if key.endswith(tail):
            yield key[: -len(tail)]
    for tail in TAILS_OF_LONG:
        if key.endswith(tail) and len(key) - len(tail) >= LONG:
            yield key[: -len(tail)]
    for head in HEADS:
        if key.startswith(head):
            yield key[len(head) :]
    yield from (ending for ending in ENDINGS if key.endswith(ending) and not key.startswith(tuple(TURNED)))


def _humps(tag: str, known: Vocabulary) -> Iterator[Match]:
    """A hashtag of several words of which some, at least two together or the last one, are a name: #LearnAI."""
    words = words_of(parted(tag))
    if len(words) < 2 or TURNED & set(words):
        return
    for start, end, named, key in _phrases(words, known):
        single = end - start == 1
        last = end == len(words)
        if named.meaning is Meaning.CLEAR and not named.language and (not single or (last and len(key) > 4)):
            yield from _match(named, key, tag, HASHTAG, known, factor=PART)


def _listed(text: str, known: Vocabulary) -> Iterator[Match]:
    """What the name of a list names among its other words: "AI & ML folks"."""
    for part in _SEPARATED.split(parted(text)):
        words = words_of(part)
        if TURNED & set(words):
            continue
        spoilt = _spoilt(words)
        rest = [word for place, word in enumerate(words) if word not in FILLERS and place not in spoilt]
        for start, end, named, key in _phrases(rest, known):
            alone = end - start == len(rest)
            sure = named.meaning is Meaning.CLEAR or (
                named.meaning is Meaning.EVERYDAY and (alone or end == len(rest) or " and " in f" {' '.join(words)} ")
            )
            if named.language and not alone:
                continue
            yield from _match(named, key, text, LIST, known, factor=1.0 if alone else PART, sure=sure)
        yield from _cued(spoken(part), LIST, known, spoilt=spoilt, named={})


def _skilled(text: str, known: Vocabulary) -> Iterator[Match]:
    """A skill that says of its topic what is done: "Python (Programming Language)", "Java Development"."""
    words = words_of(text)
    for start, end, named, key in _phrases(words, known):
        # "Digital Photography" is photography; "Time Management" is not management.
        last = end == len(words) > 1 and named.meaning > Meaning.SEVERAL and key not in TOO_WIDE_A_SKILL
        if (last or (end - start > 1 and named.meaning is Meaning.CLEAR)) and not named.language:
            yield from _match(named, key, text, SKILL, known, factor=PART, sure=True)
    rest = [word for word in words if word not in SKILL_TAILS and word not in FILLERS]
    if rest and len(rest) < len(words):
        key = "".join(rest)
        whole = known.named.get(key)
        if whole is not None:
            yield from _match(whole, key, text, SKILL, known, factor=PART)


def _phrases(words: Sequence[str], known: Vocabulary) -> Iterator[tuple[int, int, Named, str]]:
    """(begin, end, what it is, key) of the names in `words`, the longest first, no word twice."""
    begin = 0
    while begin < len(words):
        for end in range(min(len(words), begin + LONGEST_PHRASE), begin, -1):
            one = " ".join(words[begin:end])
            key = known.phrases.get(one) if end - begin > 1 else one
            named = _known_as(key, known) if key else None
            if named is not None:
                assert key is not None
                yield begin, end, named, key
                begin = end - 1
                break
        begin += 1


def _known_as(key: str, known: Vocabulary) -> Named | None:
    named = known.named.get(key)
    if named is not None:
        return named
    languages = known.abroad.get(key)
    if languages and len({one.topic for one in languages.values()}) == 1:
        return next(iter(languages.values()))
    return None


# ---------------------------------------------------------------- sentences
def _named_in(
    said: Sequence[tuple[str, str]], language: str, source: str, known: Vocabulary, *, again: Counter[str]
) -> Iterator[Match]:
    """What sentences name. again: the keys of the text's hashtags: what is both is meant."""
    words = [word for word, _ in said]
    shouting = all(written.isupper() for _, written in said if written.isalpha())
    spoilt = _spoilt(words)
    found = [
        (begin, end, named, key)
        for begin, end, named, key in _phrases_of_text(words, language, known)
        if not any(place in spoilt for place in range(begin, end))
        and (not named.tag_only or all(written.isupper() for _, written in said[begin:end]))
    ]
    times = Counter(key for _, _, _, key in found)
    seen: set[tuple[int, str]] = set()
    unsure: dict[int, list[tuple[int, int, str]]] = {}
    for begin, end, named, key in found:
        if (named.topic, key) in seen:
            continue
        seen.add((named.topic, key))
        written = " ".join(text for _, text in said[begin:end])
        meaning = named.meaning
        acronym = end - begin == 1 and len(key) < 4
        if acronym and (shouting or not written.isupper()):
            continue
        if named.tag_only:
            # An abbreviation in capitals is one in a sentence too, unless all of it is.
            if shouting:
                continue
            meaning = min(meaning, Meaning.EVERYDAY) if len(key) < 3 else meaning
        if named.topic in known.places or (named.rank == Rank.SINGULAR and end - begin == 1):
            # "In Lisbon" is where something is; "an algorithm" is one thing, and "algorithms" a topic.
            meaning = min(meaning, Meaning.EVERYDAY)
        abroad = language not in ("", "en")
        if abroad and not named.language and end - begin == 1 and meaning is not Meaning.CLEAR:
            continue
        if language == named.language == "de" and written.islower() and not all(w.islower() for _, w in said):
            # German nouns have a capital: "fahren" is no driving.
            continue
        sure = meaning is Meaning.CLEAR or (meaning is Meaning.EVERYDAY and times[key] + 2 * again[key] > 2)
        if meaning is Meaning.SEVERAL and written.islower() and not all(w.islower() for _, w in said):
            # A word as such; a name would have a capital.
            continue
        if meaning is Meaning.EVERYDAY and not sure:
            unsure.setdefault(named.topic, []).append((begin, end, key))
        yield from _match(named, key, written, source, known, sure=sure)
    yield from _cued(said, source, known, spoilt=spoilt, named=unsure)


def _cued(
    said: Sequence[tuple[str, str]],
    source: str,
    known: Vocabulary,
    *,
    spoilt: Collection[int],
    named: Mapping[int, Collection[tuple[int, int, str]]],
) -> Iterator[Match]:
    """What several words speak for together of which none does alone."""
    here = list(cues.said(said, known.cues, lambda place: place in spoilt))
    for topic, places in cues.enough(here, named).items():
        parts = [" ".join(written for _, written in said[begin:end]) for begin, end in places]
        if any((topic, normalised(part)) in known.misleading for part in parts):
            continue
        yield Match(
            topic=topic,
            slug=known.slugs[topic],
            strength=round(STRENGTH[source] * PART, 3),
            words=", ".join(parts),
            why=_why(source, ", ".join(parts), known.names[topic]),
            key=normalised("".join(parts)),
        )


def _spoilt(words: Sequence[str]) -> frozenset[int]:
    """The places of words that do not say what they say: within an idiom, or behind a word that turns them round."""
    found: set[int] = set()
    said = idioms()
    longest = max(map(_length, said), default=0)
    for begin in range(len(words)):
        for end in range(min(len(words), begin + longest), begin, -1):
            if " ".join(words[begin:end]) in said:
                found.update(range(begin, end))
                break
        if words[begin] in TITLES:
            found.add(begin + 1)
        if words[begin] in TURNED and not (begin and words[begin - 1] in TURNED):
            place = begin + 1
            while place < min(len(words) - 1, begin + FARTHEST) and words[place] in BETWEEN:
                place += 1
            found.update(range(begin + 1, place + 1))
    return frozenset(found)


def _length(phrase: str) -> int:
    return phrase.count(" ") + 1


def _phrases_of_text(words: Sequence[str], language: str, known: Vocabulary) -> Iterator[tuple[int, int, Named, str]]:
    for begin, end, named, key in _phrases(words, known):
        chosen: Named | None = named
        foreign = known.abroad.get(key, {})
        if named.language:
            # A word of another language is none in this one, save for letters that no other language has.
            chosen = foreign.get(language) or (named if not key.isascii() and not _latin(key) else None)
        if chosen is not None:
            yield begin, end, chosen, key


def _latin(key: str) -> bool:
    return any("a" <= letter <= "\u024f" for letter in folded(key))


def _language_of(words: Iterable[str]) -> str:
    """The language whose commonest words are most of these; "en" where none stands out."""
    counted = Counter(words)
    votes = {language: sum(counted[word] for word in common) for language, common in STOP_WORDS.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] > votes["en"] else "en"


# ---------------------------------------------------------------- together
def _settled(found: Iterable[Match], known: Vocabulary) -> list[Match]:
    """One match for each topic, the strongest first; what is unsure is sure where others of its branch are named."""
    matches = list(found)
    firm = [match for match in matches if match.sure]
    # Everyday words of one branch bear each other out; those of several meanings need one that is no such word.
    soft = [match for match in matches if not match.sure and _meaning(match.key, known) is Meaning.EVERYDAY]
    best: dict[int, Match] = {}
    for match in matches:
        if not match.sure:
            everyday = _meaning(match.key, known) is Meaning.EVERYDAY
            witnesses = [*firm, *soft] if everyday else firm
            if any(
                other.key != match.key and known.related(match.topic, other.topic)
                for other in witnesses
                if other.topic != match.topic or other.key != match.key
            ):
                match = replace(match, sure=True, strength=min(1.0, round(match.strength * 1.6, 3)))
        kept = best.get(match.topic)
        if kept is None or (match.sure, match.strength) > (kept.sure, kept.strength):
            best[match.topic] = match
    return sorted(best.values(), key=lambda match: (not match.sure, -match.strength, match.slug))


def _meaning(key: str, known: Vocabulary) -> Meaning:
    named = _known_as(key, known)
    return named.meaning if named else meaning_of(key)
