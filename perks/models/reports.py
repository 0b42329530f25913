"""Reviews that somebody says should be looked at by the staff."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks.models.after import Review


class ReviewReport(models.Model):
    """A member asks the staff to look at a review: once each; who asked is told to nobody but the staff."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="reports")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(_("why"), max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("report of a review")
        verbose_name_plural = _("reports of reviews")
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="review_report_once")]

    def __str__(self) -> str:
        return f"report of review {self.review_id}"
