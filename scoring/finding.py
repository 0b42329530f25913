"""Search: people by name, handle and handles on networks, topics by name; typing errors and accents forgiven.

Each kind of match is looked for among the foremost first, then among the known, then among the rest (Findable.tier),
and a later step is taken only where the ones before found too few. So a word that thousands share is answered by the
few of them that a page can show, a rare one has few rows anywhere, and no step reads more than LOOKED_AT rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from string import ascii_lowercase
from typing import Any
from unicodedata import normalize

from django.db import connection

from accounts.models import Findable, LinkedAccount, Person
from accounts.visibility import Viewer, may_see, showing
from scoring.models import Topic
from scoring.topics import found as found_topics

# So many people are shown, and so many found, since some may not be seen. Below so many, none of them by whole words,
# it is worth looking for what is similar.
SHOWN, FOUND, FEW = 30, 40, 4
# No step sorts more rows than this, and none compares more letter by letter.
LOOKED_AT, COMPARED = 2_000, 300
TOPICS, GUESSES = 6, 5
# Words of a query; more of them, or longer ones, would only cost time.
MOST_WORDS, LONGEST, LONGEST_OF_ALL = 5, 40, 60
# Of several words, those of so many letters tell by their beginning.
TELLING = 3
# Words of so many letters are looked for with one of them wrong; in longer ones pg_trgm sees that and more.
NEIGHBOURS = range(3, 9)


class Match(IntEnum):
    """How somebody was found, best first."""

    HANDLE = 0
    WORDS = 1
    BEGINNING = 2
    SIMILAR = 3
    GUESS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A person who was found; `link` is the account whose handle did it, where neither name nor handle did."""

    person: Person
    match: Match
    link: LinkedAccount | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found; `more` where there are more people than shown; `guesses` where there are none at all."""

    plain: str
    people: Sequence[Found] = ()
    topics: Sequence[Topic] = ()
    guesses: Sequence[Found] = ()
    more: bool = False


def search(asked: str, *, user: Any, at: date) -> Answer:
    """Find people whom `user` may see, and topics; at most nine queries."""
    asked = asked.strip()[:100]
    member = user.is_authenticated
    plain = plainly(asked)
    words = [word[:LONGEST] for word in plain.split()[:MOST_WORDS]]
    if not words:
        return Answer(plain)
    matches = ranked(matching(asked.lstrip("@"), words, member=member))
    if len(matches) < FEW and not any(match <= Match.WORDS for match in matches.values()):
        for person, match in ranked(similar(plain, words, member=member)).items():
            matches.setdefault(person, match)
    found = seen(matches, words, user=user, at=at)
    people = [one for one in found if one.match < Match.GUESS]
    topics = found_topics(asked, limit=TOPICS)
    guesses = [] if people or topics else found
    return Answer(plain, people[:SHOWN], topics, guesses, more=len(people) > SHOWN)


def plainly(text: str) -> str:
    """`text` as the database keeps words: without accents, capitals and signs, one space between words."""
    with connection.cursor() as cursor:
        # PostgreSQL has no text with this character.
        cursor.execute("SELECT klout_plain(%s)", [text.replace("\0", "")])
        plain: str = cursor.fetchone()[0]
    return plain


def ranked(rows: Iterable[tuple[int, int]]) -> dict[int, Match]:
    """person -> its best match, in the order of `rows`."""
    found: dict[int, Match] = {}
    for person, match in rows:
        found.setdefault(person, Match(match))
    return found


# ---------------------------------------------------------------- the steps
STEP = """
(SELECT found.person_id, {match} AS match
 FROM accounts_with_words({tier}, %(member)s, {most}, %({words})s, %({words}_openly)s) AS found
 LEFT JOIN scoring_score AS score ON score.person_id = found.person_id
 ORDER BY score.score DESC NULLS LAST, found.person_id LIMIT {found})
"""
EXACT = """
(SELECT findable.person_id, 0 FROM accounts_person AS person
 JOIN accounts_findable AS findable ON findable.person_id = person.id
 WHERE lower(person.handle) = lower(%(handle)s) AND (%(member)s OR findable.is_open))
"""
NEARNESS = "round(word_similarity(%(plain)s, findable.text)::numeric, 1)"
ALIKE = """
(SELECT found.person_id, {match} AS match
 FROM accounts_that_look_like({tier}, %(member)s, {most}, %(plain)s, '') AS found
 JOIN accounts_findable AS findable ON findable.person_id = found.person_id
 LEFT JOIN scoring_score AS score ON score.person_id = found.person_id
 ORDER BY {nearness} DESC, score.score DESC NULLS LAST, found.person_id LIMIT {found})
"""
# Among the foremost alone, of whom there are few enough to compare them all.
GUESS = """
(SELECT findable.person_id, {match} AS match FROM scoring_ranking AS ranking
 JOIN accounts_findable AS findable ON findable.person_id = ranking.person_id AND (%(member)s OR findable.is_open)
 WHERE ranking.rank <= {most} AND word_similarity(%(plain)s, findable.text) > 0.25
 ORDER BY {nearness} DESC, ranking.rank, ranking.person_id LIMIT {found})
"""
TIERS = sorted(Findable.Tier.values, reverse=True)
# The foremost are among the known too: a second look at so few is not worth its while where many words are sought.
KNOWN_AND_REST = TIERS[1:]


def run(steps: Sequence[str], parameters: Mapping[str, Any], limit: int) -> list[tuple[int, int]]:
    """The first `limit` rows of `steps`; PostgreSQL takes no step after the one that fills them."""
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(steps)} LIMIT {limit}", parameters)
        rows: list[tuple[int, int]] = cursor.fetchall()
    return rows


def matching(handle: str, words: Sequence[str], *, member: bool) -> list[tuple[int, int]]:
    """Who has just this handle, then who has all of `words`, then who has them as beginnings of words."""
    parameters = {"member": member, "handle": handle.replace("\0", "")}
    for weights, suffix in (("", ""), ("ABC", "_openly")):
        whole = query([[word] for word in words], weights=weights)
        begun = query([[word] for word in words], weights=weights, beginnings=1)
        # Among everybody, a letter or two are the beginning of too much to be gone through for each of several words.
        rest = query([[word] for word in words], weights=weights, beginnings=TELLING if len(words) > 1 else 1)
        if len(words) > 1:
            # Handles of several words are kept in one as well, with their server where there is one.
            one = query([["".join(words)[:LONGEST_OF_ALL]]], weights=weights)
            whole, begun, rest = f"({whole}) | {one}", f"({begun}) | {one}", f"({rest}) | {one}"
        # Who has the words whole was found by the steps before.
        parameters |= {
            f"whole{suffix}": whole,
            f"begun{suffix}": f"({begun}) & !({whole})",
            f"rest{suffix}": f"({rest}) & !({whole})",
        }
    steps = [EXACT]
    for match, sought in ((Match.WORDS, "whole"), (Match.BEGINNING, "begun")):
        for tier in TIERS:
            words_of = "rest" if sought == "begun" and tier == Findable.Tier.REST else sought
            steps.append(STEP.format(match=int(match), words=words_of, tier=tier, most=LOOKED_AT, found=FOUND))
    # No more than one step finds: the next one would always be taken for the sake of one more.
    return run(steps, parameters, FOUND)


def similar(plain: str, words: Sequence[str], *, member: bool) -> list[tuple[int, int]]:
    """Who has words one slip of the finger away, then whose handle, name and networks look alike, then guesses."""
    choices = [[word, *neighbours(word)] for word in words]
    parameters = {
        "member": member,
        "plain": plain,
        "near": query(choices),
        "near_openly": query(choices, weights="ABC"),
    }
    steps = [
        STEP.format(match=int(Match.SIMILAR), words="near", tier=tier, most=LOOKED_AT // 2, found=FOUND)
        for tier in KNOWN_AND_REST
    ]
    if len(plain) > 3:
        for tier in KNOWN_AND_REST:
            steps.append(
                ALIKE.format(match=int(Match.SIMILAR), tier=tier, most=COMPARED, nearness=NEARNESS, found=FOUND)
            )
        steps.append(GUESS.format(match=int(Match.GUESS), most=COMPARED, nearness=NEARNESS, found=GUESSES))
    return run(steps, parameters, FOUND // 2)


def query(choices: Iterable[Iterable[str]], *, weights: str = "", beginnings: int = 0) -> str:
    """A tsquery: of each of `choices` one word at least, from where one of `weights` says.

    beginnings: words of so many letters are found at the beginning of others too; 0 for none.
    """

    def sought(word: str) -> str:
        suffix = "*" * (0 < beginnings <= len(word)) + weights
        # Words are letters and digits alone (klout_plain).
        return f"'{word}'{':' * bool(suffix)}{suffix}"

    return " & ".join("(" + " | ".join(map(sought, words)) + ")" for words in choices)


def neighbours(word: str) -> Iterator[str]:
    """Every word that one slip makes `word` of: a letter too few, too many, another, or two the wrong way round."""
    if len(word) not in NEIGHBOURS:
        return
    letters = ascii_lowercase
    found = set()
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if after:
            found.add(before + after[1:])
            found.update(before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
        found.update(before + letter + after for letter in letters)
    found.discard(word)
    yield from found


# ---------------------------------------------------------------- who may be seen, and why they were found
def seen(matches: dict[int, Match], words: Sequence[str], *, user: Any, at: date) -> list[Found]:
    """The people of `matches` whom `user` may see, best first: by match, then by score."""
    viewer = Viewer.MEMBER if user.is_authenticated else Viewer.ANYBODY
    people = (
        Person.objects.visible_to(user, at)
        .filter(showing("search", viewer), pk__in=list(matches))
        .select_related("score")
        .in_bulk()
    )
    found = [people[person] for person in matches if person in people]
    by_network = [person for person in found if not named(person, words) and may_see(person, "networks", viewer)]
    links = (
        LinkedAccount.objects.connected()
        .filter(person__in=by_network)
        .select_related("account")
        .order_by("linked_at", "pk")
    )
    theirs: dict[int, LinkedAccount] = {}
    for link in links if by_network else ():
        if told_by(link.account.handle, words):
            theirs.setdefault(link.person_id, link)
    return [Found(person, matches[person.pk], theirs.get(person.pk)) for person in found]


def named(person: Person, words: Sequence[str]) -> bool:
    """Whether the name or the handle shows by itself why the person was found."""
    return told_by(f"{person.handle} {person.name}", words)


def told_by(text: str, words: Sequence[str]) -> bool:
    plain = "".join(letter for letter in normalize("NFKD", text.casefold()) if letter.isalnum())
    return any(word in plain for word in words)


# ---------------------------------------------------------------- topics
def popular_topics(number: int) -> list[Topic]:
    """The topics that most people have a place in."""
    return list(Topic.objects.filter(ranked__gt=0).order_by("-ranked", "name")[:number])
