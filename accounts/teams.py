"""Teams: an organisation's page that several people look after, with roles. Members are asked by mail, join by the link
in it, and never leave the team without an owner who can log in.

Every flow takes the organisation's row first, so that two owners who each remove the other come one after the other,
and looks at the roles after that. Who did what stands in accounts.team_log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.inviting import GOOD_FOR, MOST_OPEN, digest, mail, new_token
from accounts.models import Membership, Person, TeamChange, TeamInvitation, User
from accounts.models.people import PersonQuerySet
from accounts.notify import notify
from accounts.refusals import Refused
from accounts.team_log import note
from accounts.team_members import names_of

__all__ = ["GOOD_FOR", "MOST_OPEN"]

Role = Membership.Role
# Organisations that one log-in may own.
MOST_OWNED = 10
MOST_MEMBERS = 100
# Invitations that one log-in sends in a day, whatever became of them; and mails of one team to one address.
MOST_A_DAY = 40
MAILS_TO_ONE = 3
DAY = timedelta(days=1)
# Invitations that were used or ran out are forgotten after so long.
FORGOTTEN_AFTER = timedelta(days=30)

ROLES: Mapping[str, Promise | str] = {
    Role.OWNER: gettext_lazy("Owners do everything: members and roles too, a copy of everything, and its end."),
    Role.EDITOR: gettext_lazy("Editors change the page, link and remove accounts, give +K and ask questions."),
    Role.VIEWER: gettext_lazy("Viewers look: at the score with its reasons, the activity and the log of changes."),
}
# What each role may do, as pages tell it: (what, the roles).
MAY: tuple[tuple[Promise | str, frozenset[str]], ...] = (
    (gettext_lazy("See the score, where it comes from, and each day's activity"), frozenset(Role.values)),
    (gettext_lazy("See who is in the team, and who changed what"), frozenset(Role.values)),
    (gettext_lazy("Change the profile, its picture, topics and who sees what"), frozenset({Role.OWNER, Role.EDITOR})),
    (
        gettext_lazy("Link accounts, remove them, upload exports, let the score rest"),
        frozenset({Role.OWNER, Role.EDITOR}),
    ),
    (gettext_lazy("Speak for the team: give +K, ask and answer"), frozenset({Role.OWNER, Role.EDITOR})),
    (gettext_lazy("Invite members, change their roles, remove them"), frozenset({Role.OWNER})),
    (gettext_lazy("Take a copy of everything, or have all of it erased"), frozenset({Role.OWNER})),
)


class TeamError(Refused):
    """Why something was not done to a team."""

    code = "team"


class NoInvitation(TeamError):
    code = "no_invitation"
    text = gettext_lazy("This invitation is no longer good. Ask whoever invited you for another one.")


class AlreadyIn(TeamError):
    code = "already_in"
    text = gettext_lazy("You are in this team already; an owner can change your role.")


class OnlyOwner(TeamError):
    code = "only_owner"
    text = gettext_lazy("A team keeps an owner who can log in: make somebody else one first.")


class NotOwner(TeamError):
    code = "not_owner"
    text = gettext_lazy("Only owners of the team may do that.")


class Gone(TeamError):
    code = "gone"
    text = gettext_lazy("That has changed meanwhile. Please look again.")


class TooMany(TeamError):
    code = "too_many"


class NotYet(TeamError):
    code = "not_yet"
    text = gettext_lazy("Please confirm your e-mail address first: a team is found by its owners' addresses.")


class TooYoung(TeamError):
    code = "too_young"
    text = gettext_lazy("People under 16 have no public page, and speak for none.")


def create(*, user: User, handle: str, name: str, about: str = "", at: datetime) -> Person:
    """A new organisation of which `user` is the owner, with a score of its own.

    handle: one that forms.clean_new_handle lets through. Raises NotYet, TooYoung, TooMany; IntegrityError where
    somebody else was given the handle first (joining.is_handle_conflict).
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not EmailAddress.objects.filter(user=user, verified=True).exists():
            raise NotYet
        _refuse_the_young(user, at)
        if organisations(user).filter(membership__role=Role.OWNER).count() >= MOST_OWNED:
            raise TooMany(_("You own %(number)s teams, which is as many as there can be.") % {"number": MOST_OWNED})
        person = Person(kind=Person.Kind.ORGANISATION, handle=handle, name=name, bio=about)
        person.clean()
        person.save()
        Membership.objects.create(user=user, person=person, role=Role.OWNER)
        note(person=person, user=user, action="created", at=at)
    return person


def organisations(user: User) -> PersonQuerySet:
    """The organisations that `user` is a member of."""
    return Person.objects.filter(kind=Person.Kind.ORGANISATION, membership__user=user)


def invite(*, person: Person, email: str, role: str, user: User, at: datetime) -> TeamInvitation:
    """Ask whoever reads mails to `email` to join in `role`; an earlier invitation to that address ends.

    The mail goes after the commit, and is the same whether or not the address is known here. Raises NotOwner, TooMany.
    """
    token = new_token()
    with transaction.atomic():
        organisation = _locked(person.pk)
        _owned_by(organisation, user)
        opened = TeamInvitation.objects.filter(person=organisation, accepted_at__isnull=True)
        if opened.exclude(email__iexact=email).filter(expires_at__gt=at).count() >= MOST_OPEN:
            raise TooMany(_("There are %(number)s open invitations already.") % {"number": MOST_OPEN})
        sent = TeamChange.objects.filter(user=user, action="invite", at__gt=at - DAY).count()
        if sent >= MOST_A_DAY or not _may_mail(organisation, email):
            raise TooMany(_("Those were many invitations for one day. Please go on tomorrow."))
        opened.filter(email__iexact=email).delete()
        invitation = TeamInvitation.objects.create(
            person=organisation,
            email=email,
            role=role,
            digest=digest(token),
            invited_by=user,
            created_at=at,
            expires_at=at + GOOD_FOR,
        )
        # Whom is in the invitation, which goes; a line of the log stays.
        note(person=organisation, user=user, action="invite", about=f"as {role}", at=at)
        transaction.on_commit(lambda: _mail(invitation, token), robust=True)
    return invitation


def withdraw(*, person: Person, invitation: int, user: User, at: datetime) -> None:
    """Take an open invitation back: its link is good no more. Raises NotOwner, Gone."""
    with transaction.atomic():
        organisation = _locked(person.pk)
        _owned_by(organisation, user)
        opened = TeamInvitation.objects.filter(person=organisation, accepted_at__isnull=True, pk=invitation)
        role = opened.values_list("role", flat=True).first()
        if role is None:
            raise Gone
        opened.delete()
        note(person=organisation, user=user, action="withdraw", about=f"as {role}", at=at)


def open_invitation(token: str, at: datetime) -> TeamInvitation:
    """The invitation whose link has `token`. Raises NoInvitation where it was used, taken back or is over."""
    invitation = (
        TeamInvitation.objects.select_related("person", "invited_by")
        .filter(digest=digest(token), accepted_at__isnull=True, expires_at__gt=at)
        .first()
    )
    if invitation is None:
        raise NoInvitation
    return invitation


def joined_before(token: str, user: User) -> Person | None:
    """The team of a link that was used already, where `user` is in it: who presses twice has done nothing wrong."""
    return organisations(user).filter(team_invitations__digest=digest(token)).first()


def join(*, token: str, user: User, at: datetime) -> Membership:
    """`user` joins, once, whichever address was invited: the token is the proof. Raises NoInvitation, AlreadyIn,
    TooMany, TooYoung."""
    with transaction.atomic():
        organisation = _locked(open_invitation(token, at).person_id)
        _refuse_the_young(user, at)
        if Membership.objects.filter(person=organisation, user=user).exists():
            raise AlreadyIn
        if Membership.objects.filter(person=organisation).count() >= MOST_MEMBERS:
            raise TooMany(_("This team has %(number)s members, as many as there can be.") % {"number": MOST_MEMBERS})
        # Of two who click at once the second one finds it used.
        invitation = open_invitation(token, at)
        TeamInvitation.objects.filter(pk=invitation.pk).update(accepted_at=at)
        membership = Membership.objects.create(user=user, person=organisation, role=invitation.role)
        note(person=organisation, user=user, action="join", about=f"as {membership.role}", at=at)
        context = {
            "member": name_of(user, at),
            "role": membership.role,
            "team": organisation.display_name,
            "url": reverse("team_members", args=[organisation.handle.lower()]),
        }
        notify(person=organisation, kind="team_joined", context=context, among=_owners(organisation) - {user.pk})
    return membership


def change_role(*, person: Person, member: int, role: str, user: User, at: datetime) -> None:
    """Give the member of this Membership id another role. Raises NotOwner, OnlyOwner, Gone."""
    with transaction.atomic():
        organisation = _locked(person.pk)
        _owned_by(organisation, user)
        membership = _member(organisation, member)
        if membership.role == role:
            return
        _keep_an_owner(membership, role)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        if before == Role.OWNER:
            _end_invitations_by(membership, user, at)
        about = f"member {membership.user_id}"
        note(person=organisation, user=user, action="role", about=about, changes={"role": (before, role)}, at=at)
        if membership.user_id != user.pk:
            context = {
                "team": organisation.display_name,
                "role": role,
                "url": reverse("team", args=[organisation.handle.lower()]),
            }
            notify(person=organisation, kind="team_role", context=context, among={membership.user_id})


def remove(*, person: Person, member: int, user: User, at: datetime) -> None:
    """Raises NotOwner, OnlyOwner, Gone."""
    with transaction.atomic():
        organisation = _locked(person.pk)
        _owned_by(organisation, user)
        membership = _member(organisation, member)
        _keep_an_owner(membership, None)
        _end_invitations_by(membership, user, at)
        note(person=organisation, user=user, action="remove", about=f"member {membership.user_id}", at=at)
        told, gone = membership.user, {membership.user_id}
        # Of the organisation they hear nothing more: it is told about themselves, where they have a page.
        own = Person.objects.of(told).exclude(pk=organisation.pk).first() or organisation
        context = {"team": organisation.display_name, "url": reverse("teams")}
        notify(person=own, kind="team_removed", context=context, among=gone)
        membership.delete()


def leave(*, person: Person, user: User, at: datetime) -> None:
    """Raises OnlyOwner, Gone."""
    with transaction.atomic():
        organisation = _locked(person.pk)
        membership = Membership.objects.filter(person=organisation, user=user).first()
        if membership is None:
            raise Gone
        _keep_an_owner(membership, None)
        _end_invitations_by(membership, user, at)
        note(person=organisation, user=user, action="leave", at=at)
        membership.delete()


def show_name(*, person: Person, user: User, shown: bool, at: datetime) -> None:
    """Whether the public page names this member, which is their own choice alone. Raises Gone."""
    with transaction.atomic():
        _locked(person.pk)
        membership = Membership.objects.filter(person=person, user=user).first()
        if membership is None:
            raise Gone
        if membership.is_shown != shown:
            Membership.objects.filter(pk=membership.pk).update(is_shown=shown)
            changes = {"is_shown": (_yes(not shown), _yes(shown))}
            note(person=person, user=user, action="named", changes=changes, at=at)


def alone_owns(user: User) -> list[Person]:
    """The organisations whose only owner who can log in is `user`."""
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(user=user)
    mine = organisations(user).filter(membership__role=Role.OWNER).order_by("handle")
    return list(mine.exclude(pk__in=others.values("person")))


def forget_old(*, at: datetime) -> int:
    """Delete invitations, and the addresses in them, that were used or ran out some time ago; how many."""
    return TeamInvitation.objects.filter(expires_at__lt=at - FORGOTTEN_AFTER).delete()[0]


def name_of(user: User, at: datetime) -> str:
    """What a team calls a member: the name of their page where members may see it, else the address they log in by."""
    own = names_of([user.pk], at.date()).get(user.pk)
    return own.display_name if own else user.email


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _locked(person: int) -> Person:
    """The organisation's row, until the transaction ends. Raises Gone for one that is no organisation."""
    organisations = Person.objects.select_for_update(no_key=True).filter(kind=Person.Kind.ORGANISATION)
    found = organisations.filter(pk=person).first()
    if found is None:
        raise Gone
    return found


def _owned_by(organisation: Person, user: User) -> None:
    """Whoever was an owner when the page was drawn may be none by now."""
    if user.pk not in _owners(organisation):
        raise NotOwner


def _owners(organisation: Person) -> set[int]:
    owners = Membership.objects.filter(person=organisation, role=Role.OWNER, user__is_active=True)
    return set(owners.values_list("user", flat=True))


def _member(organisation: Person, member: int) -> Membership:
    membership = Membership.objects.select_related("user").filter(person=organisation, pk=member).first()
    if membership is None:
        raise Gone
    return membership


def _keep_an_owner(membership: Membership, role: str | None) -> None:
    if membership.role == Role.OWNER and role != Role.OWNER and not _owners(membership.person) - {membership.user_id}:
        raise OnlyOwner


def _end_invitations_by(membership: Membership, user: User, at: datetime) -> None:
    """Who no longer may invite has no invitation open either: by one of them they would come back."""
    opened = TeamInvitation.objects.filter(person=membership.person_id, accepted_at__isnull=True)
    for invitation in opened.filter(invited_by=membership.user_id):
        note(person=membership.person, user=user, action="withdraw", about=f"as {invitation.role}", at=at)
        invitation.delete()


def _refuse_the_young(user: User, at: datetime) -> None:
    own = Person.objects.of(user).filter(kind=Person.Kind.PERSON)
    if own.exists() and not own.old_enough(at.date()).exists():
        raise TooYoung


def _may_mail(organisation: Person, email: str) -> bool:
    """Whether one more mail goes to this address today; each call counts. Of the address a hash is kept, for a day."""
    key = f"team-mails:{organisation.pk}:{digest(email.lower())}"
    cache.add(key, 0, int(DAY.total_seconds()))
    try:
        return bool(cache.incr(key) <= MAILS_TO_ONE)
    except ValueError:
        # It lapsed between the two.
        return True


def _mail(invitation: TeamInvitation, token: str) -> None:
    team = invitation.person.display_name
    mail(
        to=invitation.email,
        template="team_invitation",
        subject=_("%(team)s invites you to its team") % {"team": team},
        path=reverse("team_join", args=[token]),
        known={
            "team": team,
            "inviter": name_of(invitation.invited_by, invitation.created_at) if invitation.invited_by else team,
            "role": invitation.get_role_display(),
            "may": ROLES[invitation.role],
        },
    )
