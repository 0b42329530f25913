"""The words in which a family says what it counts; what they come to is counted in scoring.achievements.measures.

A measure is one of WHOLE, or terms joined by "+":

    people:share,quote    different people who ever did one of these things ("people:any": anything)
    post:share,quote      the same, to the one post to which most did
    follow_surplus        a column of features (scoring.features.catalogue) that does not fade: *_surplus, *_counter
    did:reviews_written   what the person did on Klout itself (scoring.deeds), by its name there
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.features.catalogue import FEATURES, NETWORKS, STANDING_VERBS, VERBS

# By themselves: they are no sums.
WHOLE = ("score", "networks", "topics", "answers", "steady", "comeback", "years")
DID = ("plus_k_given", "plus_k_receivers", "plus_k_topics", "reviews_written")
# What people do to Klout's own pages is no network that anybody links.
OWN = "klout"


@dataclass(frozen=True, slots=True)
class Term:
    """kind: whole, people, post, column or did. verbs: of people and post, () for any. name: of the others."""

    kind: str
    verbs: tuple[str, ...] = ()
    name: str = ""


def parsed(measure: str, network: str = "") -> tuple[Term, ...]:
    """The terms of `measure` on `network` (its slug, "" for all). Raises ValueError for what cannot be counted."""
    if network and network not in NETWORKS:
        raise ValueError(f"there is no network {network!r}")
    if measure in WHOLE:
        if network:
            raise ValueError(f"{measure} is of all networks together")
        return (Term("whole", name=measure),)
    return tuple(_term(text.strip(), network) for text in measure.split("+"))


def _term(text: str, network: str) -> Term:
    kind, _colon, rest = text.partition(":")
    if kind in {"people", "post"} and rest:
        verbs = () if rest == "any" else tuple(rest.split(","))
        for verb in verbs:
            if verb not in VERBS or (kind == "post" and verb in STANDING_VERBS):
                raise ValueError(f"{text!r}: nobody can {verb!r} a {'post' if kind == 'post' else 'person'}")
            if network and verb not in NETWORKS[network].verbs:
                raise ValueError(f"{text!r}: on {network} nobody can {verb!r}")
        return Term(kind, verbs)
    if kind == "did" and rest in DID:
        if network:
            raise ValueError(f"{text!r} is done on Klout itself: leave the network empty")
        return Term("did", name=rest)
    if text in WHOLE:
        raise ValueError(f"{text!r} stands alone: it cannot be added to anything")
    if text in columns(network):
        return Term("column", name=text)
    raise ValueError(f"{text!r} is nothing that can be counted")


def columns(network: str = "") -> frozenset[str]:
    """The columns that may be counted on `network`, or on any: of what fades there is no more one day than another."""
    return frozenset(
        feature.column
        for feature in FEATURES
        if feature.measure in {"surplus", "counter"} and feature.given and (not network or feature.network == network)
    )
