"""Achievements that people earned, and how far they are; what there is to earn is in scoring.achievements.catalogue."""

from django.db import models

from accounts.models import Person


class Award(models.Model):
    """A level of an achievement, earned on a day; once earned it stays."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="awards", db_index=False)
    family = models.CharField(max_length=40)
    level = models.IntegerField()
    earned_on = models.DateField()
    # The place among those that the person shows first, from 1; None: it is not among them.
    pinned = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "family", "level"], name="award_once"),
            models.CheckConstraint(condition=models.Q(level__gt=0), name="award_level_positive"),
            models.CheckConstraint(
                condition=models.Q(pinned__isnull=True) | models.Q(pinned__range=(1, 6)), name="award_pinned_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.level} of {self.person}"


class AwardProgress(models.Model):
    """What a person has of what a family counts, of late: "72 of 100". Who has nothing of it has no row."""

    pk = models.CompositePrimaryKey("person_id", "family")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="award_progress", db_index=False)
    family = models.CharField(max_length=40)
    value = models.FloatField()

    def __str__(self) -> str:
        return f"{self.value:g} of {self.family} for {self.person_id}"
