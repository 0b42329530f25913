"""When a campaign is open, to whom first, and how a lottery is drawn."""

from __future__ import annotations

import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.places import validate_time_zone
from perks.models.campaigns import Campaign
from perks.models.stock import Variant

SHORTEST = timedelta(hours=24)


class Window(models.Model):
    """A time in which a campaign can be claimed (or, in a lottery, entered): from `opens_at` to before `closes_at`."""

    class Kind(models.TextChoices):
        ALL = "all", _("open to all at once")
        STAGGERED = "staggered", _("staggered by score")
        LOTTERY = "lottery", _("a lottery")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="windows")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.ALL)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    # The zone in which the brand states it; people see it in their own.
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    # Of a staggered one: [[minimum score, minutes after it opens], ...]; the last one is for everybody who qualifies.
    stages = models.JSONField(_("stages"), default=list, blank=True)
    # Why it is shorter than a day; people see it.
    short_reason = models.CharField(_("why it is shorter than a day"), max_length=200, blank=True)
    # Of a lottery: how many are drawn; None: as many as there are.
    winners = models.PositiveIntegerField(_("how many are drawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("window")
        verbose_name_plural = _("windows")
        ordering = ["opens_at", "pk"]
        indexes = [models.Index(fields=["closes_at", "opens_at"], name="window_by_close")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["all", "staggered", "lottery"]), name="perk_window_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="perk_window_closes_after_it_opens",
                violation_error_message=_("It closes before it opens."),
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gte=F("opens_at") + SHORTEST) | ~Q(short_reason=""),
                name="perk_window_a_day_or_a_reason",
                violation_error_message=_("A window is open for at least 24 hours, or says why not."),
            ),
        ]

    def __str__(self) -> str:
        zone = ZoneInfo(self.time_zone)
        opens, closes = (
            date_format(moment.astimezone(zone), "SHORT_DATETIME_FORMAT") for moment in (self.opens_at, self.closes_at)
        )
        return f"{opens} \N{EN DASH} {closes}, {self.time_zone}"


class Entry(models.Model):
    """Somebody takes part in a lottery. `ticket` is what the draw and its page know them by."""

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="entries")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="perk_entries")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    ticket = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entered_at = models.DateTimeField()
    # Score and formula when it was entered: a later recompute takes nothing away.
    score = models.FloatField(null=True)
    formula = models.CharField(max_length=20, blank=True)
    # The place in the draw, from 1; None until it was drawn.
    rank = models.PositiveIntegerField(null=True)
    offer = models.OneToOneField("perks.Claim", null=True, on_delete=models.SET_NULL, related_name="entry")
    # When they were told how the draw ended, and that an offer which they let pass is over.
    told_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "person"], name="entry_once"),
            models.UniqueConstraint(fields=["window", "rank"], name="entry_rank_once"),
        ]

    def __str__(self) -> str:
        return str(self.ticket)


class Draw(models.Model):
    """A lottery's seed: its fingerprint is published before anybody enters, itself when it is drawn."""

    window = models.OneToOneField(Window, on_delete=models.CASCADE, related_name="draw")
    # SHA-256 of the seed, in hexadecimal.
    commitment = models.CharField(max_length=64)
    # Encrypted until it is drawn.
    sealed_seed = models.BinaryField()
    committed_at = models.DateTimeField()
    # In hexadecimal, once drawn; and a fingerprint of the tickets, in their order.
    seed = models.CharField(max_length=64, blank=True)
    tickets_digest = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"draw of {self.window}"


class ToldOpening(models.Model):
    """Somebody was told that a window will open: nobody is told twice."""

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="told")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "person"], name="told_opening_once")]

    def __str__(self) -> str:
        return f"{self.person_id} was told of {self.window_id}"
