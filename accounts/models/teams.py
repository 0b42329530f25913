"""Pages of companies and brands that several people look after: who is asked to join, and who changed what."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Membership, Person, User


class Invitation(models.Model):
    """Somebody is asked to join a team, whoever's it is, by a mail whose link is good once (accounts.inviting)."""

    email = models.EmailField(_("e-mail address"))
    # SHA-256 of the link's token: the token itself is in the mail alone.
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class TeamInvitation(Invitation):
    """Somebody is asked to join the team of an organisation."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="team_invitations")
    role = models.CharField(_("role"), max_length=6, choices=Membership.Role)

    class Meta:
        verbose_name = _("invitation to a team")
        verbose_name_plural = _("invitations to teams")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer"]), name="team_invitation_role_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.person}"


class TeamChange(models.Model):
    """Who changed what of an organisation, and when. Rows are only added: a trigger refuses anything else, save that a
    name goes when somebody is erased, and all of them when the organisation is."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="team_changes", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    # Such as "invite", "join", "change role", "profile", "link", "unlink", "topics".
    action = models.CharField(max_length=40)
    about = models.CharField(max_length=200, blank=True)
    # {field: [before, after]}, as texts.
    changes = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("change by a team")
        verbose_name_plural = _("changes by teams")
        indexes = [models.Index(fields=["person", "-at"], name="team_change_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.about}"
