"""Achievements that people earned; what can be earned is data in scoring.achievements.catalogue."""

from django.db import models

from accounts.models import Person


class Award(models.Model):
    """A level of an achievement, earned on a day; once earned it stays."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="awards", db_index=False)
    family = models.CharField(max_length=40)
    level = models.IntegerField()
    earned_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "family", "level"], name="award_once"),
            models.CheckConstraint(condition=models.Q(level__gt=0), name="award_level_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.level} of {self.person}"
