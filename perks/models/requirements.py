"""What an audience needs beyond a campaign's own fields: parts of the score, topics, achievements."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from perks.models.campaigns import Campaign
from scoring.models import Topic


class PartRequirement(models.Model):
    """Points that must come from one part of the score (reach, amplification, network) or from one network."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="part_requirements")
    # A part's name, or a network's slug.
    of = models.CharField(_("of"), max_length=20)
    points = models.FloatField(_("points"), validators=[MinValueValidator(0), MaxValueValidator(100)])

    class Meta:
        verbose_name = _("points of a part or network")
        verbose_name_plural = _("points of parts and networks")
        constraints = [models.UniqueConstraint(fields=["campaign", "of"], name="part_requirement_once")]

    def __str__(self) -> str:
        return f"{self.points:g} of {self.of}"


class TopicRequirement(models.Model):
    """A topic, with the expertise it takes; 0: that it is among one's topics is enough."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="topic_requirements")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+", verbose_name=_("topic"))
    expertise = models.FloatField(
        _("minimum expertise"), default=0.0, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        constraints = [models.UniqueConstraint(fields=["campaign", "topic"], name="topic_requirement_once")]

    def __str__(self) -> str:
        return str(self.topic)


class AwardRequirement(models.Model):
    """A level of an achievement (scoring.achievements.catalogue)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="award_requirements")
    family = models.CharField(_("achievement"), max_length=40)
    level = models.PositiveSmallIntegerField(_("level"), default=1, validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("achievement")
        verbose_name_plural = _("achievements")
        constraints = [models.UniqueConstraint(fields=["campaign", "family"], name="award_requirement_once")]

    def __str__(self) -> str:
        return f"{self.family} {self.level}"
