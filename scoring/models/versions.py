"""Which formula counts, since when, and what others would give in its place."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import Person


class FormulaSwitch(models.Model):
    """One formula took another's place; the newest row says which one counts. Without any, settings.FORMULA does."""

    formula = models.CharField(max_length=20)
    previous = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    switched_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    switched_at = models.DateTimeField()
    # The first run by it; who moved by more than a few points has then been told.
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-switched_at", "-pk"]
        verbose_name_plural = "formula switches"

    def __str__(self) -> str:
        return f"{self.previous} -> {self.formula}"


class ShadowFormula(models.Model):
    """A formula that runs beside the live one each day, for comparing."""

    formula = models.CharField(max_length=20, primary_key=True)
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.formula


class ShadowScore(models.Model):
    """What a person's score would be by a formula that runs in shadow."""

    pk = models.CompositePrimaryKey("person_id", "formula")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shadow_scores", db_index=False)
    formula = models.CharField(max_length=20)
    as_of = models.DateField()
    score = models.FloatField()
    reach = models.FloatField()
    amplification = models.FloatField()
    network_part = models.FloatField()
    # Points by network: {"twitter": 31.2, ...}.
    networks = models.JSONField(default=dict)
    # Of those who move most against the live formula: [network, feature, points that it moves], the farthest first.
    features = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.person_id} by {self.formula}: {self.score:.1f}"
