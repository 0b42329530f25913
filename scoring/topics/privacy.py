"""What is kept about what people have to do with topics: how it is handed out and erased (accounts.privacy).

Words that others put on an account go with either account; they are handed out without who put them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_noop as _

from accounts import privacy
from accounts.models import Person
from accounts.networks import BY_CODE, NETWORKS
from accounts.networks.base import ORIGINS
from scoring.models import AttachedWords, TopicDispute, TopicEvidence


def register() -> None:
    """Tell accounts.privacy what is kept here; called once, when the app is ready."""
    privacy.register(
        "topics",
        export_person,
        erase_person,
        erase_accounts=erase_accounts,
        count=count_person,
        purge=purge,
        # Misleading words are about a topic, and name nobody.
        models=["scoring.TopicEvidence", "scoring.TopicDispute", "scoring.AttachedWords", "scoring.MisleadingWords"],
    )


def export_person(person: Person) -> dict[str, Any]:
    """Why they have topics, what they disputed, and which words are on their accounts: how many put them, not who."""
    accounts = list(person.links.values_list("account", flat=True))
    words = (
        AttachedWords.objects.filter(account__in=accounts)
        .values("account", "network", "source", "words")
        .annotate(number=Count("pk"), last_on=Max("observed_at"))
        .order_by("account", "source", "words")
    )
    return {
        "why_topics": _rows(
            TopicEvidence.objects.filter(person=person),
            *("topic__slug", "source", "network", "words", "through__slug", "number", "people", "last_on", "strength"),
        ),
        "disputed_topics": _rows(
            TopicDispute.objects.filter(person=person),
            *("topic__slug", "created_at", "evidence", "reason", "state", "decided_at"),
        ),
        "words_that_others_use": [
            {
                "account": row["account"],
                "network": BY_CODE[row["network"]].spec.slug if row["network"] in BY_CODE else "",
                "source": row["source"],
                "words": row["words"],
                "number": row["number"],
                "last_on": row["last_on"].isoformat(),
            }
            for row in words
        ],
    }


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    """The `fields` of `rows` in their own order, dates as ISO 8601."""
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in zip(fields, row, strict=True)}
        for row in rows.order_by(*fields[:2], "pk").values_list(*fields)
    ]


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    return {
        "reasons for topics": TopicEvidence.objects.filter(person=person).delete()[0],
        "disputed topics": TopicDispute.objects.filter(person=person).delete()[0],
    }


def erase_accounts(accounts: Sequence[int], at: datetime) -> dict[str, int]:
    """Delete the words on `accounts`, and those that they put on others."""
    named = AttachedWords.objects.filter(Q(account__in=accounts) | Q(actor__in=accounts))
    return {"words on accounts": named.delete()[0]}


def count_person(person: Person) -> dict[str, int]:
    accounts = list(person.links.values_list("account", flat=True))
    named = AttachedWords.objects.filter(Q(account__in=accounts) | Q(actor__in=accounts))
    return {
        _("reasons for topics"): TopicEvidence.objects.filter(person=person).count(),
        _("disputed topics"): TopicDispute.objects.filter(person=person).count(),
        _("words on accounts"): named.count(),
    }


def purge(network: str, before: datetime) -> dict[str, int]:
    """Delete the words that the API of `network` told before `before` and has not told since (accounts.retention)."""
    old = AttachedWords.objects.filter(
        network=NETWORKS[network].spec.code, origin=ORIGINS["api"], observed_at__lt=before
    )
    return {"words on accounts": old.delete()[0]}
