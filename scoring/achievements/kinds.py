"""What a family is about: the group it stands in, how it is counted in plain words, and of which part of a profile it
tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.networks import NETWORKS
from scoring.achievements.catalogue import Family
from scoring.achievements.terms import OWN, Term, parsed

Words = Promise | str


@dataclass(frozen=True, slots=True)
class Group:
    """Families that are about the same; `text` says what in a sentence."""

    slug: str
    name: Words
    text: Words


REACH = Group("reach", gettext_lazy("Reach"), gettext_lazy("How many different people follow, list and like."))
AMPLIFICATION = Group(
    "amplification",
    gettext_lazy("Amplification"),
    gettext_lazy("How far they carry it: shares, quotes, replies, mentions and links."),
)
NETWORK = Group("network", gettext_lazy("Network"), gettext_lazy("Who stands beside you, and vouches for you."))
COMMUNITY = Group(
    "community", gettext_lazy("Community"), gettext_lazy("What you do for others here: +K, answers, honest reviews.")
)
PLACES = Group("places", gettext_lazy("Out and about"), gettext_lazy("Places where you have been."))
STANDING = Group(
    "standing",
    gettext_lazy("Score and time"),
    gettext_lazy("Where your score has been, and how long you have been here."),
)
GROUPS = (REACH, AMPLIFICATION, NETWORK, COMMUNITY, PLACES, STANDING)

CARRIED = frozenset({"share", "quote", "reply", "mention", "link"})
VOUCHED = frozenset({"connect", "recommend", "endorse"})
OF_PLACES = frozenset({"checkin", "checkins", "mayorships", "visit"})
OF_COMMUNITY = frozenset({"topics", "answers"})
# Which part of a profile (accounts.visibility.PARTS) says as much as the family: whoever keeps that back need not have
# it told by an achievement.
TELLS = {"networks": "networks", "topics": "topics", "steady": "chart", "comeback": "chart"}


def terms_of(family: Family) -> tuple[Term, ...]:
    """What it counts; nothing where the measure is none any more."""
    try:
        return parsed(family.measure, family.network)
    except ValueError:
        return ()


def verbs_of(terms: Iterable[Term]) -> frozenset[str]:
    """What people do that is counted; of columns their first word, which is their verb or what they count."""
    named = [term.verbs or ((term.name.partition("_")[0],) if term.kind == "column" else ()) for term in terms]
    return frozenset(verb for verbs in named for verb in verbs)


def group_of(family: Family) -> Group:
    """Where the family stands in the catalogue."""
    terms = terms_of(family)
    verbs, kinds = verbs_of(terms), {term.kind for term in terms}
    if "did" in kinds or family.network == OWN or "plus-k" in verbs or family.measure in OF_COMMUNITY:
        return COMMUNITY
    if "whole" in kinds:
        return STANDING
    if "post" in kinds or (verbs and verbs <= CARRIED):
        return AMPLIFICATION
    if verbs and verbs <= VOUCHED:
        return NETWORK
    if verbs and verbs <= OF_PLACES:
        return PLACES
    return REACH


def grouped(families: Iterable[Family]) -> list[tuple[Group, list[Family]]]:
    """The groups that have families, in the order of GROUPS; families keep theirs."""
    of: dict[Group, list[Family]] = {}
    for family in families:
        of.setdefault(group_of(family), []).append(family)
    return [(group, of[group]) for group in GROUPS if group in of]


def part_told(family: Family) -> str:
    """The part of a profile that the family gives away: which accounts are linked, say; "" for none."""
    if family.network == OWN or "plus-k" in verbs_of(terms_of(family)):
        return "plus_k"
    return "networks" if family.network else TELLS.get(family.measure, "")


def network_name(family: Family) -> str:
    """What the only network that counts is called; "" where all count."""
    return NETWORKS[family.network].spec.label if family.network in NETWORKS else ""


WHOLE = {
    "score": gettext_lazy("Your score of the day counts, as your profile shows it."),
    "networks": gettext_lazy("Each network counts once, however many accounts of it you have linked."),
    "topics": gettext_lazy("A topic counts when there is evidence for it; to choose one yourself is not enough."),
    "answers": gettext_lazy("An answer counts once somebody else has given it +K."),
    "steady": gettext_lazy(
        "Counted back from today: weeks in which the highest and the lowest score lie no more than three points apart."
    ),
    "comeback": gettext_lazy("Counted from the lowest score after a fall, up to where it stood before."),
    "years": gettext_lazy("Counted from the day you joined."),
}


def counted(family: Family) -> list[str]:
    """How it is counted, in sentences."""
    terms = terms_of(family)
    kinds = {term.kind for term in terms}
    found = [str(WHOLE[family.measure])] if family.measure in WHOLE else []
    if "people" in kinds:
        found.append(_("Each person counts once, however often they do it and however long ago it was."))
    if "post" in kinds:
        found.append(_("Your best post counts, and on it each person once."))
    if any(term.kind == "column" and term.name.endswith("_counter") for term in terms):
        found.append(_("The network itself counts, and we take its number as it stands."))
    elif "column" in kinds:
        found.append(_("What the network counts beyond those we know by name is added, and nobody counts twice."))
    if "did" in kinds:
        found.append(_("It counts what you do here."))
    if family.network == OWN:
        found.append(_("It counts what others do here."))
    elif network := network_name(family):
        found.append(_("Only %(network)s counts.") % {"network": network})
    elif kinds & {"people", "post", "column"}:
        found.append(_("All your linked networks count together."))
    if kinds & {"people", "post"}:
        found.append(_("Reactions of your own do not count, nor do those that look swapped or bought."))
    if "column" in kinds and "people" in kinds:
        found.append(_("What only a file that you uploaded says counts up to a limit."))
    return found
