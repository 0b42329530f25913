"""What we owe people: what they agreed to, who wants to be left out, what is being handed out or erased."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person, User


class Consent(models.Model):
    """What somebody agreed to or refused, when, and in which words. Rows are only added (a trigger holds it).

    Taking consent back is another row. Rows go with the person, by accounts.privacy alone.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="consents")
    # Such as "connect:twitter".
    subject = models.CharField(max_length=60)
    given = models.BooleanField()
    # The wording as it was shown, and its fingerprint.
    wording = models.TextField()
    wording_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "subject", "at"], name="consent_by_user")]

    def __str__(self) -> str:
        return f"{self.user} {'agreed to' if self.given else 'refused'} {self.subject}"


class OptOut(models.Model):
    """An account that must never be known here again. Only an HMAC of its id is kept (accounts.opt_out)."""

    network = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "digest"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"an account of {self.network}"


class Erasure(models.Model):
    """A person who asked to be erased, while they may still change their mind; the row goes with the person."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="erasure")
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # Who saw the profile before; it is hidden meanwhile.
    visibility = models.CharField(max_length=8, choices=Person.Visibility)

    def __str__(self) -> str:
        return f"erasure of {self.person}"


def random_code() -> str:
    return secrets.token_urlsafe(16)


class DeletionReceipt(models.Model):
    """Our answer to a network that told us to delete somebody's data: a code, what became of it, and no id at all."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being deleted")
        DONE = "done", _("deleted")
        NOTHING = "nothing", _("nothing was kept")

    code = models.CharField(max_length=40, unique=True, default=random_code)
    network = models.CharField(max_length=20)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "nothing"]), name="deletion_receipt_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.network}: {self.code}"


class ExportJob(models.Model):
    """Everything about a person as a zip, made in the background and deleted after some days."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="export_jobs")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="export_jobs")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    path = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "ready", "failed"]), name="export_job_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"export of {self.person} ({self.state})"
