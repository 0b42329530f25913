"""What there is to give: variants with their counts, and codes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks.models.brands import Brand
from perks.models.campaigns import Campaign


class Variant(models.Model):
    """A size, a colour, or the only kind there is, with its stock.

    `claimed`, `held`, `reserve` and `waiting` are written by perks.claims and perks.waiting alone, in the statement
    that moves an item. An item that somebody else may take at once is one of quantity - claimed - held - reserve, while
    nobody waits.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="variants")
    name = models.CharField(_("name"), max_length=60, blank=True, help_text=_("Such as a size. Empty: the only kind."))
    place = models.PositiveSmallIntegerField(_("position"), default=1)
    # With codes it is how many there are: uploading them raises it.
    quantity = models.PositiveIntegerField(_("quantity"), default=0)
    # Claimed or redeemed, and held (an offer to somebody who waits or was drawn is a hold too).
    claimed = models.PositiveIntegerField(_("claimed"), default=0, editable=False)
    held = models.PositiveIntegerField(_("held"), default=0, editable=False)
    # Kept back for who waits; an offer moves one from here to `held`.
    reserve = models.PositiveIntegerField(_("reserve for the waiting list"), default=0)
    # How many places there are in the queue: while there is one, nobody passes it by.
    waiting = models.PositiveIntegerField(_("waiting"), default=0, editable=False)
    # Counts changes of what claims go by (state, limit, windows, terms, a suspended brand); triggers write it. A claim
    # that has read older ones takes nothing (perks.claims).
    rules = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("stock")
        ordering = ["place", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="variant_name_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("claimed") + F("held") + F("reserve")),
                name="variant_never_more_than_stock",
                violation_error_message=_("There are more claimed, held and reserved than this."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("one kind"))

    @property
    def left(self) -> int:
        """Items that nobody has or holds and that are not kept back."""
        return max(0, self.quantity - self.claimed - self.held - self.reserve)


class CodeBatch(models.Model):
    """A file of codes as it was taken in."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="batches")
    file_name = models.CharField(max_length=255)
    added = models.PositiveIntegerField()
    # Rows of which nothing was taken: [{"row": 3, "reason": "..."}], never with the code itself; the first of them.
    refused = models.JSONField(default=list)
    refused_number = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.file_name


class Code(models.Model):
    """A code, kept encrypted; the HMAC beside it keeps a brand from giving one out twice."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="codes")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="codes", db_index=False)
    batch = models.ForeignKey(CodeBatch, null=True, on_delete=models.SET_NULL, related_name="codes")
    digest = models.CharField(max_length=64)
    sealed = models.BinaryField()
    # Whose it is; a code that was once shown is never given to anybody else.
    claim = models.OneToOneField("perks.Claim", null=True, on_delete=models.SET_NULL, related_name="code")
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "digest"], name="code_once_per_brand"),
            models.CheckConstraint(
                condition=Q(claim__isnull=True) | Q(given_at__isnull=False), name="code_given_has_time"
            ),
        ]
        indexes = [models.Index(fields=["variant", "id"], condition=Q(given_at__isnull=True), name="code_to_give")]

    def __str__(self) -> str:
        return f"code {self.pk}"
