"""Programs of others that we call when something happens: where, with which secret, and what became of each call."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WebhookEndpoint(models.Model):
    """An address that wants to be told. `owner`: whose it is, as the app that registered it names it ("brand:12")."""

    owner = models.CharField(max_length=60, db_index=True)
    url = models.URLField(_("address"), max_length=500)
    # Encrypted (accounts.tokens); shown once, when it is made.
    secret = models.BinaryField(editable=False)
    # The one before it signs too until then, so that a receiver has time to take over the new one.
    previous_secret = models.BinaryField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Of accounts.webhooks.EVENTS.
    events = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("events"))
    active = models.BooleanField(_("in use"), default=True)
    # Since when every call has failed; after some days it is switched off.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [models.UniqueConstraint(fields=["owner", "url"], name="webhook_endpoint_once")]

    def __str__(self) -> str:
        # Who knows the whole of some addresses may write to them.
        return urlsplit(self.url).netloc.rpartition("@")[2]


class WebhookDelivery(models.Model):
    """Something that happened, to be told to one endpoint: what is sent, and how each try ended."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    # The same for every try: by it a receiver knows what it has had already.
    message = models.UUIDField(default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=40)
    # What happened to what: an event of one thing is told once to an endpoint.
    about = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    # The last answer's status, 0 where there was none, and why it failed.
    status = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event", "about"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "failed"]), name="webhook_delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="webhook_due"),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.about}"


class WebhookTry(models.Model):
    """How one try of a delivery ended."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(_("when"))
    # 0: there was no answer.
    status = models.PositiveSmallIntegerField(_("answer"), default=0)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(_("took, in milliseconds"), default=0)

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.error or str(self.status)
