"""Why somebody has a topic, as sentences for pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.visibility import Viewer, may_see
from scoring.models import PersonTopic, Topic, TopicEvidence
from scoring.topics.tree import name_in

# So many reasons are said of a topic, the strongest first.
MOST = 4


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: a sentence; where it comes from, for a symbol beside it ("" where no network); what it is worth.

    source: of TopicEvidence.Source, "chosen", or "unsaid" where all of it is kept back. network: a slug. words: as they
    were read, for a dispute.
    """

    text: str
    source: str
    network: str = ""
    words: str = ""
    strength: float = 0.0
    last_on: date | None = None

    def __str__(self) -> str:
        return self.text


def why(
    persons: Person | Iterable[Person],
    topics: Collection[Topic] | None = None,
    *,
    most: int = MOST,
    viewer: Viewer = Viewer.OWN,
) -> dict[tuple[int, int], list[Why]]:
    """(number of the person, number of the topic) -> why they have it, the strongest first, at most `most`.

    topics: None for all that they have. Two queries, however many people and topics. A topic that nothing speaks for
    and nobody chose has no entry. Who may see topics is for the caller to ask; `viewer` is told nothing of the networks
    and the +K of people who keep these back.
    """
    people = [persons] if isinstance(persons, Person) else list(persons)
    named = {person.pk: person for person in people}
    if not named or (topics is not None and not topics):
        return {}
    chosen = PersonTopic.objects.filter(person__in=named, chosen=True)
    lines = TopicEvidence.objects.filter(person__in=named).select_related("through").order_by("-strength", "pk")
    if topics is not None:
        chosen, lines = chosen.filter(topic__in=topics), lines.filter(topic__in=topics)
    return told(named, lines, chosen.values_list("person", "topic"), most=most, viewer=viewer)


def told(
    named: Mapping[int, Person],
    lines: Iterable[TopicEvidence],
    chosen: Iterable[tuple[int, int]],
    *,
    most: int = MOST,
    viewer: Viewer = Viewer.OWN,
) -> dict[tuple[int, int], list[Why]]:
    """The same from what was read already: lines with the strongest first, and (person, topic) that were chosen."""
    found: dict[tuple[int, int], list[Why]] = defaultdict(list)
    by_source: dict[tuple[int, int, str, int | None], list[TopicEvidence]] = defaultdict(list)
    unsaid: set[tuple[int, int]] = set()
    for line in lines:
        part = part_told(line)
        if part and not may_see(named[line.person_id], part, viewer):
            unsaid.add((line.person_id, line.topic_id))
            continue
        by_source[line.person_id, line.topic_id, line.source, line.through_id].append(line)
    for (person, topic, _source, _through), same in by_source.items():
        found[person, topic].append(_said(same))
    for person, topic in chosen:
        found[person, topic].append(Why(_("Chosen by %(name)s") % {"name": named[person].display_name}, "chosen"))
    for person, topic in unsaid - found.keys():
        text = _("What speaks for it is something that %(name)s does not show.")
        found[person, topic].append(Why(text % {"name": named[person].display_name}, "unsaid"))
    return {key: reasons[:most] for key, reasons in found.items()}


def part_told(line: TopicEvidence) -> str:
    """The part of a profile that a line gives away; "" for none."""
    if line.source == TopicEvidence.Source.PLUS_K:
        return "plus_k"
    return "networks" if line.network else ""


def _said(lines: Sequence[TopicEvidence]) -> Why:
    """The sentence of lines of one source, the strongest first."""
    first = lines[0]
    text = SENTENCES[first.source](lines)
    if first.through is not None:
        text = _("%(reason)s, which is about %(topic)s") % {"reason": text, "topic": name_in(first.through)}
    last_on = max((line.last_on for line in lines if line.last_on), default=None)
    return Why(text, first.source, first.network, first.words, first.strength, last_on)


def _posts(lines: Sequence[TopicEvidence]) -> str:
    first = lines[0]
    values = {"posts": first.number, "people": first.people, "tag": f"#{first.words}", "network": _label(first.network)}
    posts = ngettext(
        "%(posts)d post with %(tag)s on %(network)s", "%(posts)d posts with %(tag)s on %(network)s", first.number
    )
    if not first.people:
        return posts % values
    reacted = ngettext(
        "%(said)s that %(people)d person reacted to", "%(said)s that %(people)d people reacted to", first.people
    )
    return reacted % {"said": posts % values, "people": first.people}


def _lists(lines: Sequence[TopicEvidence]) -> str:
    number = sum(line.number for line in lines)
    text = ngettext("on %(number)d list called “%(name)s”", "on %(number)d lists, such as “%(name)s”", number)
    return text % {"number": number, "name": lines[0].words}


def _skills(lines: Sequence[TopicEvidence]) -> str:
    number = max(line.people for line in lines)
    text = ngettext(
        "endorsed by %(number)d person for %(skill)s", "endorsed by %(number)d people for %(skill)s", number
    )
    return text % {"number": number, "skill": lines[0].words}


def _recommendations(lines: Sequence[TopicEvidence]) -> str:
    number = max(line.people for line in lines)
    text = ngettext(
        "recommended by %(number)d person, who wrote of “%(words)s”",
        "recommended by %(number)d people, who wrote of “%(words)s”",
        number,
    )
    return text % {"number": number, "words": lines[0].words}


def _plus_k(lines: Sequence[TopicEvidence]) -> str:
    return ngettext("+K from %(number)d person", "+K from %(number)d people", lines[0].people) % {
        "number": lines[0].people
    }


def _answers(lines: Sequence[TopicEvidence]) -> str:
    first = lines[0]
    text = ngettext("%(answers)d answer here that got +K", "%(answers)d answers here that got +K", first.number)
    return text % {"answers": first.number}


def _label(network: str) -> str:
    return NETWORKS[network].spec.label if network in NETWORKS else network


SENTENCES: Mapping[str, Callable[[Sequence[TopicEvidence]], str]] = {
    TopicEvidence.Source.HASHTAG: _posts,
    TopicEvidence.Source.LIST: _lists,
    TopicEvidence.Source.SKILL: _skills,
    TopicEvidence.Source.RECOMMENDATION: _recommendations,
    TopicEvidence.Source.PLUS_K: _plus_k,
    TopicEvidence.Source.ANSWER: _answers,
}
