"""What scoring keeps about people and accounts: how it is handed out, and how it is erased (accounts.privacy)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_noop as _

from accounts import privacy
from accounts.models import LinkedAccount, Person
from accounts.networks import BY_CODE, NETWORKS
from accounts.networks.base import VERB_NAMES
from scoring.models import (
    Activity,
    Award,
    AwardProgress,
    Component,
    CounterReading,
    DayChange,
    HiddenMoment,
    ImportJob,
    Interaction,
    Moment,
    PersonTopic,
    Post,
    PostTotal,
    PreviewedAward,
    Ranking,
    Relation,
    Score,
    ScoreHistory,
    SeenAwards,
    ShadowScore,
    Suggestion,
    Suspicion,
    Tie,
    ToldScore,
    Trust,
    UnlinkEffect,
)

PARTS = ("score", "reach", "amplification", "network_part")
RUN = ("percentile", "confidence", "formula", "as_of")


def register() -> None:
    """Tell accounts.privacy what this app keeps; called once, when the app is ready."""
    privacy.register(
        "scoring",
        export_person,
        erase_person,
        erase_accounts=erase_accounts,
        count=count_person,
        changed=score_anew,
        purge=purge,
        models=[
            *("scoring.Score", "scoring.ScoreHistory", "scoring.Component", "scoring.AccountScore", "scoring.Award"),
            *("scoring.AwardProgress", "scoring.SeenAwards", "scoring.PreviewedAward"),
            *("scoring.UnlinkEffect", "scoring.Moment", "scoring.DayChange", "scoring.Suggestion", "scoring.Suspicion"),
            *("scoring.ShadowScore", "scoring.Trust"),
            *("scoring.Tie", "scoring.Activity", "scoring.Ranking", "scoring.HiddenMoment", "scoring.ToldScore"),
            "scoring.PersonTopic",
            # A switch and a definition name who of the staff made them, and nobody else.
            *("scoring.FormulaSwitch", "scoring.Definition"),
            *("scoring.Interaction", "scoring.Relation", "scoring.CounterReading", "scoring.PostTotal", "scoring.Post"),
            # A tombstone is the erasure itself: a number that means nobody any more.
            *("scoring.Tombstone", "scoring.ImportJob"),
        ],
    )


def export_person(person: Person) -> dict[str, Any]:
    """Scores, awards, uploads and what was collected. Who reacted is other people's: of them, numbers only."""
    # Here and not above: every process loads this module at its start, and few need the libraries of the log.
    from scoring import log

    accounts = list(person.links.values_list("account", flat=True))
    mine = {"person": person}
    collected = {"account__in": accounts}
    return {
        "score": _rows(Score.objects.filter(**mine), *PARTS, *RUN, "low", "high", "unrested", "apart"),
        "history": _rows(ScoreHistory.objects.filter(person_id=person.pk), "as_of", *PARTS, "networks", *RUN[:-1]),
        "why": _rows(Component.objects.filter(**mine), "network", "account", "part", "feature", "value", "points"),
        "without_an_account": _rows(UnlinkEffect.objects.filter(**mine), "account", "points"),
        "moments": _rows(Moment.objects.filter(**mine), "account", "post", "points", "change", "people", "reactions"),
        "changes": _rows(
            DayChange.objects.filter(**mine), "as_of", "since", "points", "moments", "decay", "rest", "formula_change"
        ),
        "suggestions": _rows(
            Suggestion.objects.filter(**mine), "rank", "network", "account", "feature", "value", "attainable", "points"
        ),
        "what_counts_less": _rows(
            Suspicion.objects.filter(**mine), "account", "reason", "people", "counted_as", "points"
        ),
        "by_other_formulas": _rows(ShadowScore.objects.filter(**mine), "formula", "as_of", "score"),
        "awards": _rows(
            Award.objects.filter(**mine), "family", "level", "earned_on", "pinned", "revoked_at", "revoked_for"
        ),
        "on_the_way_to_awards": _rows(AwardProgress.objects.filter(**mine), "family", "value", "points"),
        "would_get_of_drafts": _rows(PreviewedAward.objects.filter(**mine), "definition__name", "level", "value"),
        "awards_looked_through": _rows(SeenAwards.objects.filter(**mine), "upto"),
        # Members and others together: a line of its own would tell of one who is hidden.
        "activity": _rows(
            Activity.objects.filter(**mine)
            .values("day", "account", "verb", "post")
            .annotate(people=Sum("people"), reactions=Sum("reactions"), weight=Sum("weight")),
            *("day", "account", "verb", "post", "people", "reactions", "weight"),
        ),
        # How many, not who: the others' side of a tie is theirs.
        "people_who_move_you": Tie.objects.filter(influencee=person).count(),
        "people_whom_you_move": Tie.objects.filter(influencer=person).count(),
        "place": _rows(Ranking.objects.filter(**mine), "rank", "country", "country_rank", "score"),
        "hidden_moments": _rows(HiddenMoment.objects.filter(**mine), "account", "post"),
        "last_told_score": _rows(ToldScore.objects.filter(**mine), "as_of", "score"),
        "topics": _rows(PersonTopic.objects.filter(**mine), "topic__slug", "chosen", "hidden", "expertise", "added_at"),
        "uploads": _rows(
            ImportJob.objects.filter(**mine),
            *("created_at", "network", "file_name", "state", "summary", "error", "finished_at"),
        ),
        "counters": _rows(CounterReading.objects.filter(**collected), "account", "name", "day", "value"),
        "posts": _rows(Post.objects.filter(**collected), "account", "posted_at", "external_id", "url", "tags", "links"),
        "totals_of_posts": _rows(
            PostTotal.objects.filter(**collected), "account", "occurred_at", "post", "verb", "total"
        ),
        "reactions_received": [
            {"account": target, "network": BY_CODE[network].spec.slug, "verb": VERB_NAMES[verb], "number": number}
            for (target, network, verb), number in log.received(accounts).items()
        ],
    }


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    """The `fields` of `rows` in their own order, dates as ISO 8601."""
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in zip(fields, row, strict=True)}
        for row in rows.order_by(*fields[:4]).values_list(*fields)
    ]


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    """Delete what was published about `person`, and their uploads with the files."""
    jobs = ImportJob.objects.filter(Q(person=person) | Q(user__in=privacy.users_of_nobody_else(person)))
    for path in jobs.values_list("path", flat=True):
        privacy.delete_after_commit(Path(path))
    return {
        "uploads": jobs.delete()[0],
        "awards": Award.objects.filter(person=person).delete()[0],
        "awards looked at": PreviewedAward.objects.filter(person=person).delete()[0],
        "steps towards awards": AwardProgress.objects.filter(person=person).delete()[0],
        "awards looked through": SeenAwards.objects.filter(person=person).delete()[0],
        "leaves of the explanation": Component.objects.filter(person=person).delete()[0],
        "days of history": ScoreHistory.objects.filter(person_id=person.pk).delete()[0],
        "effects of unlinking": UnlinkEffect.objects.filter(person=person).delete()[0],
        "moments": Moment.objects.filter(person=person).delete()[0],
        "days told": DayChange.objects.filter(person=person).delete()[0],
        "suggestions": Suggestion.objects.filter(person=person).delete()[0],
        "reactions that count less": Suspicion.objects.filter(person=person).delete()[0],
        "ties to other members": Tie.objects.filter(Q(influencer=person) | Q(influencee=person)).delete()[0],
        "counted activity": Activity.objects.filter(Q(person=person) | Q(actor=person)).delete()[0],
        "places on leaderboards": Ranking.objects.filter(person=person).delete()[0],
        "moments hidden": HiddenMoment.objects.filter(person=person).delete()[0],
        "topics": PersonTopic.objects.filter(person=person).delete()[0],
        "scores by other formulas": ShadowScore.objects.filter(person=person).delete()[0],
        "scores": Score.objects.filter(person=person).delete()[0],
    }


def count_person(person: Person) -> dict[str, int]:
    """What erasing `person` would remove here, closed days in the lake left uncounted."""
    accounts = list(person.links.values_list("account", flat=True))
    named = Q(target__in=accounts) | Q(actor__in=accounts)
    return {
        _("uploads"): ImportJob.objects.filter(person=person).count(),
        _("awards"): Award.objects.filter(person=person).count(),
        _("days of history"): ScoreHistory.objects.filter(person_id=person.pk).count(),
        _("scores"): Score.objects.filter(person=person).count(),
        _("interactions"): Interaction.objects.filter(named).count(),
        _("followers and other standing relations"): Relation.objects.filter(named).count(),
        _("counter readings"): CounterReading.objects.filter(account__in=accounts).count(),
        _("posts"): Post.objects.filter(account__in=accounts).count(),
        _("totals of posts"): PostTotal.objects.filter(account__in=accounts).count(),
    }


def score_anew(person: Person) -> None:
    """After accounts were let go: have the person scored by what is left, or show no score where nothing is."""
    if person.links.connected().exists():
        # By its name: the task needs the libraries of the engine, which few processes load.
        current_app.send_task("scoring.tasks.score_provisionally", [person.pk])
    else:
        with transaction.atomic():
            for model in (Component, Ranking, Activity, AwardProgress, Score):
                model.objects.filter(person=person).delete()
            Tie.objects.filter(Q(influencer=person) | Q(influencee=person)).delete()


def purge(network: str, before: datetime) -> dict[str, int]:
    """Remove what the API of `network` told before `before` and has not told since (accounts.retention)."""
    from scoring import log

    return log.purge(NETWORKS[network].spec.code, before)


def _erase_uploads(accounts: Sequence[int]) -> int:
    """Delete what is told of finished uploads (their names, what was wrong in them), save of networks still linked."""
    links = LinkedAccount.objects.select_related("account")
    erased = 0
    for link in links.filter(account__in=accounts):
        mine = {"person": link.person_id, "account__network": link.account.network}
        if not links.filter(**mine).exclude(account__in=accounts).exists():
            jobs = ImportJob.objects.filter(person=link.person_id, network=link.account.network)
            erased += jobs.filter(state__in=[ImportJob.State.DONE, ImportJob.State.FAILED]).delete()[0]
    return erased


def _forget_actors(accounts: Sequence[int]) -> None:
    """Delete what the owners of `accounts` are named for in other people's logs on the same networks. The rows do not
    say by which account it was; what another one of theirs did is there again after the next run."""
    for link in LinkedAccount.objects.select_related("account").filter(account__in=accounts):
        Activity.objects.filter(actor=link.person_id, network=link.account.network).delete()


def erase_accounts(accounts: Sequence[int], at: datetime) -> dict[str, int]:
    """Delete all that the log holds of `accounts`, as target or actor, and what was computed from it."""
    from scoring import log

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
    removed["uploads"] = _erase_uploads(accounts)
    _forget_actors(accounts)
    log.erase_accounts(list(accounts), at)
    Component.objects.filter(account__in=accounts).delete()
    for model in (UnlinkEffect, Moment, Suggestion, Suspicion, Trust, Activity, HiddenMoment):
        model.objects.filter(account__in=accounts).delete()
    return dict(removed)
