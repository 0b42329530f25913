"""+K: one person says of another that they know about a topic, and how many of these somebody has to give today."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from accounts.models import Person
from scoring.models.questions import Answer
from scoring.models.topics import Topic

# One to the same person in the same topic within:
APART = timedelta(days=7)


class Endorsement(models.Model):
    """One +K. It can be taken back for ten minutes; after that it is written to the log, as verb plus-k (settled)."""

    giver = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="plus_k_given", db_index=False)
    receiver = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="plus_k_received", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="endorsements", db_index=False)
    # Given for an answer to a question in the topic.
    answer = models.ForeignKey(Answer, null=True, on_delete=models.SET_NULL, related_name="endorsements")
    # Who clicked, where several speak for the giver.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    given_at = models.DateTimeField()
    # given_at and APART: until then there is no other one.
    until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    # When its receiver was told of it, at most once a day (scoring.plus_k.news).
    told_at = models.DateTimeField(null=True)
    # What it counts for once rings and returned favours count less, 0 to 1; as of the last run.
    weight = models.FloatField(default=1.0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="endorsement_of_another"),
            models.CheckConstraint(condition=Q(until__gt=F("given_at")), name="endorsement_until_later"),
            models.CheckConstraint(condition=Q(weight__range=(0, 1)), name="endorsement_weight_known"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(settled_at__isnull=True), name="endorsement_undone_or_settled"
            ),
            ExclusionConstraint(
                name="endorsement_once_in_seven_days",
                expressions=[
                    (F("giver"), RangeOperators.EQUAL),
                    (F("receiver"), RangeOperators.EQUAL),
                    (F("topic"), RangeOperators.EQUAL),
                    (Func(F("given_at"), F("until"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(undone_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["giver", "-given_at"], name="endorsement_given"),
            models.Index(fields=["receiver", "-given_at"], name="endorsement_received"),
            models.Index(fields=["topic", "-given_at"], name="endorsement_of_topic"),
            models.Index(
                fields=["given_at"],
                condition=Q(settled_at__isnull=True, undone_at__isnull=True),
                name="endorsement_to_settle",
            ),
            models.Index(
                fields=["told_at", "receiver"], condition=Q(settled_at__isnull=False), name="endorsement_to_tell"
            ),
        ]

    def __str__(self) -> str:
        return f"+K of {self.giver_id} for {self.receiver_id} in {self.topic_id}"


class Purse(models.Model):
    """How many +K somebody may give on a UTC day, and how many are given. Its row is the lock that giving takes."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="purse")
    day = models.DateField()
    allowance = models.IntegerField()
    given = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(given__gte=0, given__lte=F("allowance")), name="purse_not_overdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.given} of {self.allowance} on {self.day}"
