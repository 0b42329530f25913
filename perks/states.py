"""The states of a campaign: which follows which, and what may be changed in each; declared here, checked at import.

A campaign is open by its windows and the database's clock alone: `scheduled` and `live` differ in nothing but what
lists say, so that a worker who is late keeps nobody out and lets nobody in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(StrEnum):
    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"
    ARCHIVED = "archived"


LABELS: Mapping[State, str | Promise] = {
    State.DRAFT: _("draft"),
    State.REVIEW: _("in review"),
    State.SCHEDULED: _("scheduled"),
    State.LIVE: _("live"),
    State.PAUSED: _("paused"),
    State.ENDED: _("ended"),
    State.ARCHIVED: _("archived"),
}
CHOICES = [(state.value, LABELS[state]) for state in State]

# From each state to those that may follow. A scheduled one that is taken back is a draft again.
FOLLOWING: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.REVIEW, State.ARCHIVED}),
    State.REVIEW: frozenset({State.DRAFT, State.SCHEDULED}),
    State.SCHEDULED: frozenset({State.LIVE, State.PAUSED, State.DRAFT, State.ENDED}),
    State.LIVE: frozenset({State.PAUSED, State.ENDED}),
    State.PAUSED: frozenset({State.SCHEDULED, State.LIVE, State.ENDED}),
    State.ENDED: frozenset({State.ARCHIVED}),
    State.ARCHIVED: frozenset(),
}
# In which new claims are taken, within a window; and which people see.
CLAIMABLE = frozenset({State.SCHEDULED, State.LIVE})
PUBLIC = frozenset({State.SCHEDULED, State.LIVE, State.PAUSED, State.ENDED})

# What is changed: in which states, and whether the first hold or claim ends it whatever the state.
OFFER, AUDIENCE, STOCK, WINDOWS, TERMS, FOLLOW_UP = "offer", "audience", "stock", "windows", "terms", "follow_up"
GROUPS = (OFFER, AUDIENCE, STOCK, WINDOWS, TERMS, FOLLOW_UP)
_BEFORE = frozenset({State.DRAFT, State.REVIEW})
_RUNNING = frozenset({State.SCHEDULED, State.LIVE, State.PAUSED})
CHANGEABLE: Mapping[str, frozenset[State]] = {
    OFFER: _BEFORE | {State.SCHEDULED, State.PAUSED},
    AUDIENCE: _BEFORE | {State.SCHEDULED, State.PAUSED},
    STOCK: _BEFORE | _RUNNING,
    WINDOWS: _BEFORE | _RUNNING,
    TERMS: _BEFORE | _RUNNING,
    FOLLOW_UP: frozenset(State) - {State.ARCHIVED},
}
LOCKED_BY_CLAIMS = frozenset({OFFER, AUDIENCE})


def may_follow(before: State, after: State) -> bool:
    return after in FOLLOWING[before]


def may_change(group: str, state: State, *, claimed: bool) -> bool:
    """Whether `group` (of GROUPS) may be changed; `claimed`: somebody has held or claimed. Raises KeyError."""
    return state in CHANGEABLE[group] and not (claimed and group in LOCKED_BY_CLAIMS)


def _check() -> None:
    """Raises ValueError where the declarations contradict each other."""
    if set(FOLLOWING) != set(State) or set(LABELS) != set(State) or set(CHANGEABLE) != set(GROUPS):
        raise ValueError("every state and every group needs its line")
    reached, seen = {State.DRAFT}, set[State]()
    while reached - seen:
        state = (reached - seen).pop()
        seen.add(state)
        reached |= FOLLOWING[state]
    if reached != set(State):
        raise ValueError(f"no way leads to {', '.join(sorted(set(State) - reached))}")
    if FOLLOWING[State.ARCHIVED] or State.DRAFT in FOLLOWING[State.LIVE]:
        raise ValueError("what is archived stays so, and nothing that is live becomes a draft")
    if not CLAIMABLE <= PUBLIC:
        raise ValueError("what can be claimed is public")


_check()
