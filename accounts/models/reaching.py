"""How we reach people and how programs reach us: notifications, what each is wanted for, browsers, keys of the API."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person, User


class Notification(models.Model):
    """Something that a user was told about a person they speak for; the row is what the site itself shows."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notifications")
    # Of accounts.notify.KINDS.
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    # A path on this site; "" where there is nothing to open.
    url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # Whether the site's list shows it, and whether it waits for the next digest.
    on_site = models.BooleanField(default=True)
    in_digest = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notification_newest_first"),
            models.Index(
                fields=["user"], name="notification_unread", condition=models.Q(read_at__isnull=True, on_site=True)
            ),
            models.Index(fields=["user"], name="notification_for_digest", condition=models.Q(in_digest=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"


class NotificationChoice(models.Model):
    """How a user wants to be told about one matter; without a row the matter's defaults hold."""

    class Mail(models.TextChoices):
        NOW = "now", _("at once")
        DIGEST = "digest", _("in the digest")
        OFF = "off", _("not at all")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
    # Of accounts.notify.MATTERS.
    matter = models.CharField(max_length=40)
    mail = models.CharField(max_length=6, choices=Mail)
    on_site = models.BooleanField()
    push = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "matter"], name="notification_choice_once"),
            models.CheckConstraint(
                condition=models.Q(mail__in=["now", "digest", "off"]), name="notification_mail_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.matter} for {self.user}: {self.mail}"


class PushSubscription(models.Model):
    """A browser that a user lets us wake (RFC 8030); its keys are the browser's own (RFC 8291)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.TextField(unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    # What the browser calls itself, for the list in the settings.
    browser = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"a browser of {self.user}"


class ApiKey(models.Model):
    """A key by which a program of a user's may read scores; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=60)
    # Its first letters, to tell keys apart in the list.
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    # To the day: a key that is used often is not written often.
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
