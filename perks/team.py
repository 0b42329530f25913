"""Who works for a brand: asked by mail, joined by the link in it, and never without an owner."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.inviting import GOOD_FOR, MOST_OPEN, digest, mail, new_token
from accounts.models import User
from perks import audit
from perks.errors import PerkError
from perks.models import Brand, BrandInvitation, BrandMembership


class NoInvitation(PerkError):
    code = "no_invitation"
    text = gettext_lazy("This invitation is no longer good. Ask whoever invited you for another one.")


class OnlyOwner(PerkError):
    code = "only_owner"
    text = gettext_lazy("A brand keeps an owner: make somebody else one first.")


def invite(*, brand: Brand, email: str, role: str, user: User, at: datetime) -> BrandInvitation:
    """Ask whoever reads mails to `email` to join `brand` in `role`; an earlier invitation to them ends.

    The mail goes after the commit. It is the same whether or not the address is known here. Raises PerkError where too
    many are open.
    """
    token = new_token()
    with transaction.atomic():
        opened = BrandInvitation.objects.filter(brand=brand, accepted_at__isnull=True)
        opened.filter(email__iexact=email).delete()
        if opened.filter(expires_at__gt=at).count() >= MOST_OPEN:
            raise PerkError(_("There are %(number)s open invitations already.") % {"number": MOST_OPEN})
        invitation = BrandInvitation.objects.create(
            brand=brand,
            email=email,
            role=role,
            digest=digest(token),
            invited_by=user,
            created_at=at,
            expires_at=at + GOOD_FOR,
        )
        # Whom is in the invitation, which can go; a line of the log stays for good.
        audit.record(brand=brand, user=user, action="invite", about=_as(role), at=at)
        transaction.on_commit(lambda: _mail(invitation, token), robust=True)
    return invitation


def open_invitation(token: str, at: datetime) -> BrandInvitation:
    """The invitation whose link has `token`. Raises NoInvitation where it was used, withdrawn or is over."""
    invitation = (
        BrandInvitation.objects.select_related("brand")
        .filter(digest=digest(token), accepted_at__isnull=True, expires_at__gt=at)
        .first()
    )
    if invitation is None:
        raise NoInvitation
    return invitation


def join(*, token: str, user: User, at: datetime) -> BrandMembership:
    """`user` joins, once. Who works for the brand already gets the invited role. Raises NoInvitation, OnlyOwner."""
    with transaction.atomic():
        invitation = open_invitation(token, at)
        # Of two who click at once one finds nothing left to accept.
        if not BrandInvitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(accepted_at=at):
            raise NoInvitation
        brand = _locked(invitation.brand_id)
        membership = BrandMembership.objects.filter(brand=brand, user=user).first()
        if membership is None:
            membership = BrandMembership.objects.create(brand=brand, user=user, role=invitation.role)
        else:
            _keep_an_owner(membership, invitation.role)
            membership.role = invitation.role
            membership.save(update_fields=["role"])
        audit.record(brand=brand, user=user, action="join", about=_as(membership.role), at=at)
    return membership


def change_role(*, membership: BrandMembership, role: str, user: User, at: datetime) -> None:
    """Raises OnlyOwner where nobody would own the brand any more."""
    with transaction.atomic():
        brand = _locked(membership.brand_id)
        current = BrandMembership.objects.get(pk=membership.pk)
        _keep_an_owner(current, role)
        before, current.role = current.role, role
        current.save(update_fields=["role"])
        about = f"member {current.user_id}"
        audit.record(brand=brand, user=user, action="change role", about=about, changes={"role": (before, role)}, at=at)


def remove(*, membership: BrandMembership, user: User, at: datetime) -> None:
    """Raises OnlyOwner."""
    with transaction.atomic():
        brand = _locked(membership.brand_id)
        current = BrandMembership.objects.get(pk=membership.pk)
        _keep_an_owner(current, None)
        audit.record(brand=brand, user=user, action="remove", about=f"member {current.user_id}", at=at)
        current.delete()


def _locked(brand: int) -> Brand:
    """Two owners who each remove the other come one after the other."""
    return Brand.objects.select_for_update().get(pk=brand)


def _keep_an_owner(membership: BrandMembership, role: str | None) -> None:
    owner = BrandMembership.Role.OWNER
    if membership.role != owner or role == owner:
        return
    others = BrandMembership.objects.filter(brand=membership.brand_id, role=owner, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        raise OnlyOwner


def _as(role: str) -> str:
    return f"as {role}"


def _mail(invitation: BrandInvitation, token: str) -> None:
    brand = invitation.brand
    mail(
        to=invitation.email,
        template="brand_invitation",
        subject=_("%(brand)s invites you to work on its perks") % {"brand": brand.name},
        path=reverse("brand_join", args=[token]),
        known={"brand": brand, "role": invitation.get_role_display()},
    )
