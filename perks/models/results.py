"""What a campaign brought, to be counted: whom it was shown to, and each day's numbers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from perks.models.campaigns import Campaign


class Seen(models.Model):
    """A campaign was on a page that a member looked at: once for each, forgotten 90 days after the campaign's end."""

    pk = models.CompositePrimaryKey("campaign_id", "person_id")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="seen_by", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    shown_at = models.DateTimeField()
    # When its own page was opened first.
    viewed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.campaign_id} by {self.person_id}"


class CampaignDay(models.Model):
    """Numbers of a UTC day. Impressions and views count pages, whoever looked; the others are written each day."""

    pk = models.CompositePrimaryKey("campaign_id", "day")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    impressions = models.PositiveIntegerField(default=0)
    views = models.PositiveIntegerField(default=0)
    # How many qualified that day; None: not counted yet.
    eligible = models.PositiveIntegerField(null=True)
    held = models.PositiveIntegerField(default=0)
    claimed = models.PositiveIntegerField(default=0)
    redeemed = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    reactions = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.campaign_id} on {self.day}"


class CampaignCount(models.Model):
    """What is counted of people, written anew each day: who saw it, also once that is forgotten; and of those who
    qualify, who was left out to compare with, and who of both posted about it. Numbers alone."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, primary_key=True, related_name="counts")
    counted_at = models.DateTimeField()
    shown = models.PositiveIntegerField(default=0)
    viewed = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    left_out_posted = models.PositiveIntegerField(default=0)
    left_out_reactions = models.PositiveBigIntegerField(default=0)
    others = models.PositiveIntegerField(default=0)
    others_posted = models.PositiveIntegerField(default=0)
    others_reactions = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"counts of {self.campaign_id}"


class CampaignResults(Campaign):
    """A campaign as its results are looked at: the brands' pages have an entry of their own for them."""

    class Meta:
        proxy = True
        verbose_name = _("results of a campaign")
        verbose_name_plural = _("results")
