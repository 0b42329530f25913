"""What scoring keeps about people and accounts: how it is handed out, and how it is erased (accounts.privacy)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from accounts import privacy
from accounts.models import Person
from accounts.networks import BY_CODE
from accounts.networks.base import VERB_NAMES
from scoring import log
from scoring.models import (
    AccountScore,
    Award,
    Component,
    CounterReading,
    ImportJob,
    Interaction,
    Post,
    PostTotal,
    Relation,
    Score,
    ScoreHistory,
)

PARTS = ("score", "reach", "amplification", "network_part")


def register() -> None:
    """Tell accounts.privacy what this app keeps; called once, when the app is ready."""
    privacy.register(
        "scoring",
        export_person,
        erase_person,
        erase_accounts=erase_accounts,
        models=[
            *("scoring.Score", "scoring.ScoreHistory", "scoring.Component", "scoring.AccountScore", "scoring.Award"),
            *("scoring.Interaction", "scoring.Relation", "scoring.CounterReading", "scoring.PostTotal", "scoring.Post"),
            # A tombstone is the erasure itself: a number that means nobody any more.
            *("scoring.Tombstone", "scoring.ImportJob"),
        ],
    )


def export_person(person: Person) -> dict[str, Any]:
    """Scores, awards, uploads and what was collected. Who reacted is other people's: of them, numbers only."""
    accounts = list(person.links.values_list("account", flat=True))
    received = (
        Interaction.objects.filter(target__in=accounts)
        .values_list("target", "network", "verb")
        .annotate(number=Count("pk"))
        .order_by("target", "network", "verb")
    )
    current = Score.objects.filter(person=person)
    history = ScoreHistory.objects.filter(person_id=person.pk).order_by("as_of")
    return {
        "score": [_row(row) for row in current.values(*PARTS, "percentile", "confidence", "formula", "as_of")],
        "history": [_row(row) for row in history.values(*PARTS, "percentile", "networks", "formula", "as_of")],
        "why": [
            _row(row)
            for row in Component.objects.filter(person=person)
            .order_by("network", "account", "part", "feature")
            .values("network", "account", "part", "feature", "value", "points")
        ],
        "awards": [_row(row) for row in Award.objects.filter(person=person).values("family", "level", "earned_on")],
        "uploads": [
            _row(row)
            for row in ImportJob.objects.filter(person=person)
            .order_by("created_at")
            .values("network", "file_name", "state", "summary", "error", "created_at", "finished_at")
        ],
        "counters": [
            _row(row)
            for row in CounterReading.objects.filter(account__in=accounts)
            .order_by("account", "name", "day")
            .values("account", "name", "day", "value")
        ],
        "posts": [
            _row(row)
            for row in Post.objects.filter(account__in=accounts)
            .order_by("account", "posted_at")
            .values("account", "external_id", "url", "posted_at")
        ],
        "reactions_received": [
            {"account": target, "network": BY_CODE[network].spec.slug, "verb": VERB_NAMES[verb], "number": number}
            for target, network, verb, number in received
        ],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    """Delete what was published about `person`, and their uploads with the files."""
    jobs = ImportJob.objects.filter(Q(person=person) | Q(user__in=privacy.users_of_nobody_else(person)))
    for path in jobs.values_list("path", flat=True):
        transaction.on_commit(partial(Path(path).unlink, missing_ok=True))
    return {
        "uploads": jobs.delete()[0],
        "awards": Award.objects.filter(person=person).delete()[0],
        "leaves of the explanation": Component.objects.filter(person=person).delete()[0],
        "days of history": ScoreHistory.objects.filter(person_id=person.pk).delete()[0],
        "scores": Score.objects.filter(person=person).delete()[0],
    }


def erase_accounts(accounts: Sequence[int], at: datetime) -> dict[str, int]:
    """Delete all that the log holds of `accounts`, as target or actor, and what was computed from it."""
    named = Q(target__in=accounts) | Q(actor__in=accounts)
    removed = Counter(
        {
            "interactions": Interaction.objects.filter(named).count(),
            "followers and other standing relations": Relation.objects.filter(named).count(),
            "counter readings": CounterReading.objects.filter(account__in=accounts).count(),
            "posts": Post.objects.filter(account__in=accounts).count(),
            "totals of posts": PostTotal.objects.filter(account__in=accounts).count(),
        }
    )
    log.erase_accounts(list(accounts), at)
    Component.objects.filter(account__in=accounts).delete()
    AccountScore.objects.filter(account__in=accounts).delete()
    return dict(removed)
