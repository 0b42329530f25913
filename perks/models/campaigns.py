"""Campaigns: what is offered to whom, in which words, with which terms."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from secrets import token_hex

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks import states
from perks.models.brands import Brand
from perks.states import State

# As most know it: "#gifted" says that something was given for nothing.
DISCLOSURE = "I got this for nothing from {brand} through Klout. #gifted"


def picture_path(picture: Picture, file_name: str) -> str:
    return f"perks/{token_hex(16)}{PurePath(file_name).suffix}"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def public(self) -> CampaignQuerySet:
        """What people may see, open or not."""
        return self.filter(state__in=states.PUBLIC, is_template=False, brand__suspended=False)

    def open(self, at: datetime) -> CampaignQuerySet:
        """Public ones that take claims or entries at `at`, in one of their windows."""
        from perks.models.windows import Window

        windows = Window.objects.filter(campaign=models.OuterRef("pk"), opens_at__lte=at, closes_at__gt=at)
        return self.public().filter(models.Exists(windows), state__in=states.CLAIMABLE)


class Campaign(models.Model):
    """A perk that a brand offers. What may change when is in perks.states; claims are perks.claims' alone."""

    class Kind(models.TextChoices):
        CODE = "code", _("a code")
        SHIPPED = "shipped", _("sent by post")
        VOUCHER = "voucher", _("a voucher for the counter")
        DISCOUNT = "discount", _("a discount in tiers by score")
        EVENT = "event", _("a ticket to an event")
        LOUNGE = "lounge", _("a pass to a lounge by score")

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("brand"))
    state = models.CharField(_("state"), max_length=9, choices=states.CHOICES, default=State.DRAFT, editable=False)
    # A pattern for others: it is never published itself.
    is_template = models.BooleanField(_("template"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    # ------------------------------------------------------------ the offer
    title = models.CharField(_("title"), max_length=80)
    headline = models.CharField(_("in one line"), max_length=140, blank=True)
    text = models.TextField(_("text"), max_length=4000, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.CODE)
    value = models.DecimalField(
        _("value"), max_digits=10, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    # ISO 4217.
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    # Where and when, for events, lounges and counters.
    place = models.CharField(_("place"), max_length=200, blank=True)
    takes_place_at = models.DateTimeField(_("takes place at"), null=True, blank=True)
    # Until when it can be used; None: without end.
    use_until = models.DateTimeField(_("to be used until"), null=True, blank=True)
    how_to_use = models.TextField(_("how to use it"), max_length=2000, blank=True)

    # ------------------------------------------------------------ the audience (more in perks.models.requirements)
    minimum_score = models.FloatField(
        _("minimum score"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    # 95: the top 5%.
    minimum_percentile = models.FloatField(
        _("minimum percentile"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    any_topic = models.BooleanField(_("one of the topics is enough"), default=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True, verbose_name=_("countries"))
    regions = ArrayField(models.CharField(max_length=6), default=list, blank=True, verbose_name=_("regions"))
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True, verbose_name=_("languages"))
    networks = ArrayField(models.CharField(max_length=20), default=list, blank=True, verbose_name=_("linked networks"))
    new_to_brand = models.BooleanField(_("only who has had nothing of this brand"), default=False)
    minimum_age = models.PositiveSmallIntegerField(
        _("minimum age"), null=True, blank=True, validators=[MinValueValidator(16), MaxValueValidator(99)]
    )
    # Whether half of the score must come from accounts that their networks confirm. None: where the value is above
    # PERKS_CONFIRMED_ABOVE.
    confirmed_only = models.BooleanField(_("data confirmed by a network"), null=True, blank=True)

    # ------------------------------------------------------------ stock (more in perks.models.stock)
    per_person = models.PositiveSmallIntegerField(
        _("per person at most"), default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    waiting_list = models.BooleanField(_("waiting list"), default=True)
    offer_hours = models.PositiveSmallIntegerField(
        _("hours to accept an offer"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text=_("For who waits, and for who is drawn."),
    )

    # ------------------------------------------------------------ what is asked, and measured afterwards
    # Of perks.consent.FIELDS: what the brand would like to know; each is the person's own choice.
    asks_for = ArrayField(models.CharField(max_length=20), default=list, blank=True, verbose_name=_("asks for"))
    hashtag = models.CharField(_("hashtag"), max_length=60, blank=True)
    link = models.URLField(_("link"), blank=True)
    # What an item costs the brand, and the campaign as a whole, in its currency.
    cost_each = models.DecimalField(_("cost of each"), max_digits=10, decimal_places=2, null=True, blank=True)
    cost_fixed = models.DecimalField(_("other costs"), max_digits=12, decimal_places=2, null=True, blank=True)
    # Of a hundred people who qualify so many, drawn once, are left out, to compare with.
    hold_out = models.PositiveSmallIntegerField(
        _("left out to compare with, in percent"), default=0, validators=[MaxValueValidator(50)]
    )
    tell_hours = models.PositiveSmallIntegerField(
        _("tell people so many hours before it opens"), default=24, validators=[MaxValueValidator(168)]
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes = [models.Index(fields=["brand", "-created_at"], name="campaign_newest_first")]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(State)), name="campaign_state_known"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["code", "shipped", "voucher", "discount", "event", "lounge"]),
                name="campaign_kind_known",
            ),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="campaign_value_not_negative"),
            models.CheckConstraint(condition=models.Q(per_person__range=(1, 20)), name="campaign_per_person_sane"),
            models.CheckConstraint(condition=models.Q(hold_out__lte=50), name="campaign_hold_out_half_at_most"),
            models.CheckConstraint(
                condition=models.Q(is_template=False) | models.Q(state=State.DRAFT), name="campaign_template_is_draft"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("perk", args=[self.pk])

    @property
    def terms(self) -> Terms | None:
        """The terms that are in force."""
        return self.all_terms.order_by("-version").first()


class Terms(models.Model):
    """A version of a campaign's terms and of the words that disclose it. Written once; a change is another version."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="all_terms")
    version = models.PositiveIntegerField()
    text = models.TextField(_("terms"), max_length=20_000)
    disclosure = models.CharField(_("what to say when one posts about it"), max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        constraints = [models.UniqueConstraint(fields=["campaign", "version"], name="terms_version_once")]

    def __str__(self) -> str:
        return f"version {self.version}"


class Picture(models.Model):
    """A picture of an offer, drawn anew when it is uploaded (no metadata); the first one stands on cards."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="pictures")
    image = models.ImageField(_("picture"), upload_to=picture_path)
    alternative = models.CharField(_("what it shows, in words"), max_length=200)
    place = models.PositiveSmallIntegerField(_("position"), default=1)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["place", "pk"]

    def __str__(self) -> str:
        return self.alternative


class Tier(models.Model):
    """What somebody gets from a score on: a discount, a lounge with a guest. The highest that is reached counts."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tiers")
    minimum_score = models.FloatField(_("from a score of"), validators=[MinValueValidator(1), MaxValueValidator(100)])
    name = models.CharField(_("name"), max_length=60)
    benefit = models.CharField(_("what it gives"), max_length=200)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["minimum_score"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "minimum_score"], name="tier_score_once"),
            models.CheckConstraint(condition=models.Q(minimum_score__range=(1, 100)), name="tier_score_range"),
        ]

    def __str__(self) -> str:
        return self.name
