"""Brands, who works for them, where their vouchers are taken, and what was done in their name."""

from __future__ import annotations

from pathlib import PurePath
from secrets import token_hex

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User


def logo_path(brand: Brand, file_name: str) -> str:
    """A new name for each picture; the uploaded name is not kept."""
    return f"brands/{token_hex(16)}{PurePath(file_name).suffix}"


class BrandQuerySet(models.QuerySet["Brand"]):
    def of(self, user: User, roles: frozenset[str] | None = None) -> BrandQuerySet:
        """Brands that `user` works for (in one of `roles`, if given)."""
        memberships = BrandMembership.objects.filter(brand=models.OuterRef("pk"), user=user)
        if roles is not None:
            memberships = memberships.filter(role__in=roles)
        return self.filter(models.Exists(memberships))


class Brand(models.Model):
    """A company that gives perks. The staff makes it; its owners run it."""

    slug = models.SlugField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    about = models.CharField(_("about"), max_length=400, blank=True)
    website = models.URLField(_("website"), blank=True)
    contact = models.EmailField(_("e-mail address for questions"), blank=True, help_text=_("Shown to who has a perk."))
    logo = models.ImageField(_("logo"), upload_to=logo_path, blank=True)
    # The staff may close a brand: its campaigns can no longer be claimed, holds and claims stay good.
    suspended = models.BooleanField(_("suspended"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    users = models.ManyToManyField(User, through="BrandMembership", related_name="brands")

    objects = BrandQuerySet.as_manager()

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("brand_page", args=[self.slug])


class BrandMembership(models.Model):
    """Somebody works for a brand, in one role (perks.roles says what each may do)."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        FULFILMENT = "fulfilment", _("fulfilment")
        VIEWER = "viewer", _("viewer")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="brand_memberships")
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("member of the team")
        verbose_name_plural = _("team")
        constraints = [
            models.UniqueConstraint(fields=["user", "brand"], name="brand_membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "fulfilment", "viewer"]),
                name="brand_membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.brand}"


class BrandInvitation(Invitation):
    """Somebody is asked to join a brand's team."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=BrandMembership.Role)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.brand}"


class Counter(models.Model):
    """A till, a door, a lounge: where a brand's people take passes, by a PIN of its own (at /redeem)."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="counters")
    name = models.CharField(_("name"), max_length=60)
    # As Django keeps passwords; what is typed at the counter is never stored.
    pin_hash = models.CharField(max_length=128, editable=False)
    # What is typed beside the PIN to say which counter it is: short, unique, no secret.
    number = models.CharField(_("number"), max_length=8, unique=True, editable=False)
    active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="counter_name_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.brand})"


class AuditEntry(models.Model):
    """Who did what in a brand's name, when and why. Rows are only added: a trigger refuses anything else.

    Names of people who claim are never written here. A user who is erased leaves the entry without a name.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="audit")
    campaign = models.ForeignKey("perks.Campaign", null=True, on_delete=models.SET_NULL, related_name="audit")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Whether the staff did it, and not the brand's own team.
    by_staff = models.BooleanField(default=False)
    at = models.DateTimeField()
    # Such as "publish", "pause", "change", "export addresses".
    action = models.CharField(max_length=40)
    about = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    # {field: [before, after]}, as texts.
    changes = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("line of the log")
        verbose_name_plural = _("log of changes")
        indexes = [
            models.Index(fields=["brand", "-at"], name="audit_newest_first"),
            models.Index(fields=["campaign", "-at"], name="audit_of_campaign"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.about}"
