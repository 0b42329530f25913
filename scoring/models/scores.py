"""What a run published: each person's current score, its history, the leaves that explain it, and the run itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from operator import sub
from typing import Protocol

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from accounts.models import Person
from scoring.numbers import gained

# Over how many days a change is told.
CHANGE_DAYS = (1, 7, 30)


class ScoredDay(Protocol):
    """A score of a day, wherever it was read."""

    @property
    def as_of(self) -> date: ...

    @property
    def score(self) -> float: ...


class ScoreRun(models.Model):
    """One computation by a formula; `state` and `stage` say how far it came, so that a crashed one can be resumed."""

    class Kind(models.TextChoices):
        DAILY = "daily"
        # Some people's, between two daily runs: after their import, say.
        PROVISIONAL = "provisional"
        # Everybody's by a formula that is only tried: it publishes nothing that people see.
        SHADOW = "shadow"

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    as_of = models.DateField()
    formula = models.CharField(max_length=20)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.DAILY)
    # The last stage that ended (scoring.daily), and what the log held when it was computed.
    stage = models.CharField(max_length=20, blank=True)
    log_fingerprint = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("as_of", "formula", name="score_run_by_day")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["running", "done", "failed"]), name="score_run_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.as_of} by {self.formula} ({self.state})"

    @property
    def population(self) -> int:
        """Among how many scores a percentile of this run was taken."""
        return int(self.counts.get("population", 0))


class Score(models.Model):
    """A person's current score. `reach`, `amplification` and `network_part` are points and add up to `score`."""

    class Confidence(models.TextChoices):
        PROVISIONAL = "provisional"
        FAIR = "fair"
        SOLID = "solid"

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="score")
    run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT)
    score = models.FloatField()
    reach = models.FloatField()
    amplification = models.FloatField()
    network_part = models.FloatField()
    # The share of everybody scored in the run who scored lower, ties counted half; 0 to 100.
    percentile = models.FloatField()
    confidence = models.CharField(max_length=11, choices=Confidence)
    # In which the score would lie 19 times of 20 if its reactions had come from other people of the same kind.
    low = models.FloatField(db_default=1.0)
    high = models.FloatField(db_default=100.0)
    # What the score would be if no rest had kept it from fading; None where nobody rested. Perks go by the lower one.
    unrested = models.FloatField(null=True)
    # What YouTube would add if it were counted too; no part of `score`. None where it is, or nobody linked a channel.
    apart = models.FloatField(null=True)
    formula = models.CharField(max_length=20)
    as_of = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["-score"], name="score_highest_first")]
        constraints = [models.CheckConstraint(condition=models.Q(score__range=(1, 100)), name="score_range")]

    def __str__(self) -> str:
        return f"{self.person}: {self.score:.1f}"

    def changes(self, history: Iterable[ScoredDay], *, as_read: bool = False) -> dict[int, float | None]:
        """days -> points gained since so many days before `as_of`; None where `history` has no score of that day.

        as_read: between the scores as pages show them, to a tenth (scoring.numbers.gained).
        """
        change = gained if as_read else sub
        before = {row.as_of: row.score for row in history}
        then = {days: before.get(self.as_of - timedelta(days=days)) for days in CHANGE_DAYS}
        return {days: None if score is None else change(self.score, score) for days, score in then.items()}


class ScoreHistory(models.Model):
    """A person's score of each day; partitioned by month, with no foreign key to or from it (migration 0002)."""

    pk = models.CompositePrimaryKey("person_id", "as_of")
    person_id = models.BigIntegerField()
    as_of = models.DateField()
    score = models.FloatField()
    reach = models.FloatField()
    amplification = models.FloatField()
    network_part = models.FloatField()
    percentile = models.FloatField()
    confidence = models.CharField(max_length=11, choices=Score.Confidence)
    # Points by network: {"twitter": 31.2, ...}; without the point that everybody starts with.
    networks = models.JSONField(default=dict)
    formula = models.CharField(max_length=20)
    run_id = models.BigIntegerField()

    class Meta:
        # A day's rows lie together: some pages of index lead to the scores of everybody on one day.
        indexes = [BrinIndex(fields=["as_of"], name="score_history_by_day", pages_per_range=32)]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.as_of}: {self.score:.1f}"


class Component(models.Model):
    """A leaf of the tree that explains a person's current score: one feature of one account, and its points."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="components", db_index=False)
    # Empty network and account 0: the point that everybody starts with.
    network = models.CharField(max_length=20, blank=True)
    account = models.BigIntegerField(default=0)
    part = models.CharField(max_length=13)
    feature = models.CharField(max_length=60)
    # The feature's own measure (people, posts ...; scoring.features.catalogue says which), and the points it brings.
    value = models.FloatField()
    points = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "network", "account", "part", "feature"], name="component_once"),
            models.CheckConstraint(
                condition=models.Q(part__in=["reach", "amplification", "network"]), name="component_part_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature}: {self.points:.2f}"


class UnlinkEffect(models.Model):
    """How many points a person's current score would lose without one of the linked accounts."""

    account = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="unlink_effects")
    points = models.FloatField()

    def __str__(self) -> str:
        return f"without account {self.account}: {-self.points:+.2f}"


class AccountScore(models.Model):
    """Every account that the newest run saw, members' or not: to weigh engagers and for exports, never for pages."""

    account = models.BigIntegerField(primary_key=True)
    score = models.FloatField()
    reach = models.FloatField()
    amplification = models.FloatField()
    network_part = models.FloatField()
    percentile = models.FloatField()
    # How much a reaction of this account weighs, in 65,536ths (scoring.engine.graph).
    standing = models.IntegerField()
    # Its place in scoring.formula.base.CONFIDENCES: a number, since millions of rows are loaded each day.
    confidence = models.SmallIntegerField()
    low = models.FloatField(db_default=1.0)
    high = models.FloatField(db_default=100.0)

    def __str__(self) -> str:
        return f"account {self.account}: {self.score:.1f}"
