"""What comes after a claim: the parcel, the counter, words about it, and what looked odd."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from perks.models.brands import Brand, Counter
from perks.models.campaigns import Campaign
from perks.models.claims import Claim


class Shipment(models.Model):
    """A parcel to be sent for a claim: made when it is confirmed, moved on by the brand."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be sent")
        SHIPPED = "shipped", _("on its way")
        DELIVERED = "delivered", _("delivered")
        RETURNED = "returned", _("came back")

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="shipment")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=60, blank=True)
    tracking_url = models.URLField(_("tracking link"), blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        indexes = [models.Index(fields=["state", "id"], name="shipment_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "shipped", "delivered", "returned"]), name="shipment_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"parcel for {self.claim_id}"


class Redemption(models.Model):
    """A pass was taken at a counter: once for each claim, which is what refuses a replay."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="redemption")
    counter = models.ForeignKey(Counter, null=True, on_delete=models.SET_NULL, related_name="redemptions")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.claim_id} at {self.counter}"


class Review(models.Model):
    """What somebody says of a perk they had: never required, never needs to be kind, changes no score."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="review")
    stars = models.PositiveSmallIntegerField(
        _("stars"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("in words"), max_length=2000, blank=True)
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    # The staff may take one from the page (insults, others' data), never the brand; and says why.
    hidden_reason = models.CharField(max_length=200, blank=True)
    # The brand's own answer, under it.
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(condition=Q(stars__isnull=True) | Q(stars__range=(1, 5)), name="review_stars_range"),
            models.CheckConstraint(condition=Q(stars__isnull=False) | ~Q(text=""), name="review_says_something"),
        ]

    def __str__(self) -> str:
        return f"review of {self.claim_id}"


class Mention(models.Model):
    """A post about a perk: found by the campaign's hashtag or link, or named by its author."""

    class Source(models.TextChoices):
        HASHTAG = "hashtag", _("by the hashtag")
        LINK = "link", _("by the link")
        OWN = "own", _("by the person's own note")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="mentions")
    claim = models.ForeignKey(Claim, null=True, on_delete=models.SET_NULL, related_name="mentions")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=7, choices=Source)
    url = models.URLField(_("address of the post"), max_length=500, blank=True)
    network = models.CharField(max_length=20, blank=True)
    # As in scoring's Post; 0 where the post is none that we read.
    account = models.BigIntegerField(default=0)
    post = models.BigIntegerField(default=0)
    posted_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField()
    # Different people who reacted, reactions in all, and followers of the account, as read last.
    people = models.IntegerField(default=0)
    reactions = models.IntegerField(default=0)
    audience = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "account", "post"], condition=~Q(post=0), name="mention_of_post_once"
            ),
            models.UniqueConstraint(
                fields=["campaign", "person", "url"], condition=~Q(url=""), name="mention_of_address_once"
            ),
        ]

    def __str__(self) -> str:
        return self.url or f"post {self.post}"


class Problem(models.Model):
    """Something went wrong with a claim: the code does not work, the parcel never came."""

    class Kind(models.TextChoices):
        CODE = "code", _("the code does not work")
        PARCEL = "parcel", _("nothing has come")
        DAMAGED = "damaged", _("it came damaged or wrong")
        COUNTER = "counter", _("it was refused at the counter")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="problems")
    kind = models.CharField(_("what happened"), max_length=7, choices=Kind)
    text = models.TextField(_("in your words"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    reported_at = models.DateTimeField()
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        indexes = [models.Index(fields=["state", "-reported_at"], name="problem_newest_first")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Flag(models.Model):
    """Claims that look like one person's with several accounts: for the staff to look at; nothing is blocked by it."""

    class Kind(models.TextChoices):
        ADDRESS = "address", _("several people, one address")
        DEVICE = "device", _("several people, one device")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLEARED = "cleared", _("nothing wrong")
        CONFIRMED = "confirmed", _("one person")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    # What is equal: the HMAC that the claims share.
    digest = models.CharField(max_length=64)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="flags")
    claims = models.ManyToManyField(Claim, related_name="flags")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        constraints = [models.UniqueConstraint(fields=["brand", "kind", "digest"], name="flag_once")]

    def __str__(self) -> str:
        return self.get_kind_display()
