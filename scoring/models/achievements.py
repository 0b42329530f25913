"""Achievements that people earned, and how far they are; what there is to earn is in scoring.achievements.catalogue
and, made by the staff, in Definition."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


class Award(models.Model):
    """A level of an achievement, earned on a day; once earned it stays, save where it was revoked for fraud."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="awards", db_index=False)
    family = models.CharField(max_length=40)
    level = models.IntegerField()
    earned_on = models.DateField()
    # The place among those that the person shows first, from 1; None: it is not among them.
    pinned = models.SmallIntegerField(null=True, blank=True)
    # When the staff took it away (the row stays, so that no run awards it anew), and why.
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_for = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "family", "level"], name="award_once"),
            models.CheckConstraint(condition=Q(level__gt=0), name="award_level_positive"),
            models.CheckConstraint(
                condition=Q(pinned__isnull=True) | Q(pinned__range=(1, 6)), name="award_pinned_place"
            ),
        ]
        # For those who earned one of a family last.
        indexes = [models.Index(fields=["family", "-id"], name="award_newest_of_family")]

    def __str__(self) -> str:
        return f"{self.family} {self.level} of {self.person}"


class AwardProgress(models.Model):
    """What a person has of what a family counts, of late: "72 of 100". Who has nothing of it has no row."""

    pk = models.CompositePrimaryKey("person_id", "family")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="award_progress", db_index=False)
    family = models.CharField(max_length=40)
    value = models.FloatField()
    # What the score would gain at the next level, all else as it is; None where that is not known or there is none.
    points = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"{self.value:g} of {self.family} for {self.person_id}"


class SeenAwards(models.Model):
    """Up to which award the shelf has been looked through by who speaks for the person: later ones are new there."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="seen_awards", primary_key=True)
    # The number of the last one: awards go, their numbers stay taken.
    upto = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.person_id} up to {self.upto}"


class Rarity(models.Model):
    """How many people have a level, and among how many: written by each daily run."""

    pk = models.CompositePrimaryKey("family", "level")
    family = models.CharField(max_length=40)
    level = models.IntegerField()
    people = models.IntegerField()
    among = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.family} {self.level}: {self.people} of {self.among}"


class Definition(models.Model):
    """A family that the staff made: looked at before it goes live, then awarded like those of the catalogue."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        LIVE = "live", _("live")
        # Nobody earns it any more; who has it keeps it.
        RETIRED = "retired", _("retired")

    slug = models.SlugField(_("address"), max_length=40, unique=True)
    # As scoring.achievements.catalogue.Family has them.
    network = models.CharField(_("network"), max_length=20, blank=True)
    measure = models.CharField(_("measure"), max_length=300)
    levels = ArrayField(models.IntegerField(), verbose_name=_("levels"), help_text=_("Rising numbers, with commas."))
    name = models.CharField(_("name"), max_length=60)
    unit = models.CharField(_("what is counted"), max_length=60, help_text=_("As in “72 of 100 lists”."))
    text = models.CharField(_("how it is earned"), max_length=300)
    # {code of the language: {"name": …, "unit": …, "text": …}}
    translations = models.JSONField(_("in other languages"), default=dict, blank=True)
    symbol = models.CharField(_("symbol"), max_length=20)
    revocable = models.BooleanField(_("revocable"), default=False)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    live_since = models.DateTimeField(null=True, blank=True, editable=False)
    # What the last preview found: {"as_of": …, "among": …, "people": [by level], "asked_at": …, "error": …}
    preview = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("achievement")
        verbose_name_plural = _("achievements")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["draft", "live", "retired"]), name="definition_state_known")
        ]

    def __str__(self) -> str:
        return self.name


class PreviewedAward(models.Model):
    """Who would get a draft, by the last preview: the highest level of each."""

    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, related_name="previewed", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    level = models.IntegerField()
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["definition", "person"], name="previewed_award_once")]
        indexes = [models.Index(fields=["definition", "-value"], name="previewed_award_by_value")]

    def __str__(self) -> str:
        return f"{self.definition_id} {self.level} for {self.person_id}"
