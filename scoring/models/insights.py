"""What a run says of a person's score beside the number: moments, the day's change, suggestions, what counts less."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import Person


class Moment(models.Model):
    """A post that moved a person's current score, found by leaving it out."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="moments", db_index=False)
    account = models.BigIntegerField()
    # The 64-bit hash of the post's id, as in Post.
    post = models.BigIntegerField()
    # What the post brings to the score in the window; negative only where nobody reacted to it.
    points = models.FloatField()
    # What it did to the day's change.
    change = models.FloatField(default=0.0)
    people = models.IntegerField()
    reactions = models.IntegerField()
    posted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "account", "post"], name="moment_once")]
        # Pages name a few that bring most, of however many there are.
        indexes = [models.Index(fields=["person", "-points", "post"], name="moment_highest_first")]

    def __str__(self) -> str:
        return f"post {self.post}: {self.points:+.2f}"


class DayChange(models.Model):
    """How a person's score came from one published day to the next; `moments`, `decay`, `rest` and `formula_change` add
    up to `points`."""

    pk = models.CompositePrimaryKey("person_id", "as_of")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="day_changes", db_index=False)
    as_of = models.DateField()
    since = models.DateField()
    points = models.FloatField()
    # What posts brought that day; what faded; what came otherwise (followers, mentions, more accounts, new standings).
    moments = models.FloatField()
    decay = models.FloatField()
    rest = models.FloatField()
    formula_change = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return f"{self.person_id} on {self.as_of}: {self.points:+.2f}"


class Suggestion(models.Model):
    """What would raise a person's score: a feature, how far it may grow, and the points that would bring."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="suggestions", db_index=False)
    # From 1, what brings most first.
    rank = models.SmallIntegerField()
    network = models.CharField(max_length=20)
    account = models.BigIntegerField()
    feature = models.CharField(max_length=60)
    value = models.FloatField()
    attainable = models.FloatField()
    points = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "rank"], name="suggestion_rank_once")]

    def __str__(self) -> str:
        return f"{self.feature} to {self.attainable:,.0f}: {self.points:+.2f}"


class Suspicion(models.Model):
    """Reactions to a person's account that count less, why, and what that costs."""

    class Reason(models.TextChoices):
        BURST = "burst"
        CIRCLE = "circle"
        FOLLOWERS = "followers"
        SUPPLIED = "supplied"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="suspicions", db_index=False)
    account = models.BigIntegerField()
    reason = models.CharField(max_length=9, choices=Reason)
    # How many people (or counted followers) count less, how many they count as (of uploads: the score at which these
    # end), and the points that this takes off.
    people = models.FloatField()
    counted_as = models.FloatField()
    points = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "account", "reason"], name="suspicion_once")]

    def __str__(self) -> str:
        return f"{self.people:,.0f} people count as {self.counted_as:,.0f} ({self.reason})"


class Trust(models.Model):
    """An operator's word that the reactions to an account are honest: no guard makes them count less."""

    account = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"account {self.account} is trusted"
