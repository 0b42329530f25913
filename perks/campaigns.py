"""A campaign's way from a draft to the archive: who moves it on, when, and why; and the versions of its terms.

A brand sends a campaign to review; the staff approves it, which schedules it, or sends it back with a reason. From
then on the clock opens and ends it, and the brand may pause it, take it back before anybody has claimed, or end it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import User
from perks import audit, states
from perks.completeness import lacks
from perks.errors import NotNow, PerkError
from perks.models import Campaign, Claim, Entry, Terms
from perks.states import State
from perks.team_mail import tell_team

# What happens with a move, in its transaction: hook(campaign, at). Raising a PerkError refuses the move.
Hook = Callable[[Campaign, datetime], None]
_hooks: dict[State, list[Hook]] = {}

SENT, BACK, PUBLISHED = "send to review", "send back", "publish"
_ACTIONS: dict[tuple[State, State], str] = {
    (State.DRAFT, State.REVIEW): SENT,
    (State.REVIEW, State.DRAFT): BACK,
    (State.REVIEW, State.SCHEDULED): PUBLISHED,
    (State.SCHEDULED, State.DRAFT): "take back",
    (State.SCHEDULED, State.LIVE): "open",
    (State.PAUSED, State.SCHEDULED): "resume",
    (State.PAUSED, State.LIVE): "resume",
}
_TO: dict[State, str] = {State.PAUSED: "pause", State.ENDED: "end", State.ARCHIVED: "archive"}


class Incomplete(PerkError):
    """`details["lacks"]`: the Lacks, in the order of the steps."""

    code = "incomplete"
    text = gettext_lazy("Something is still missing before this can be shown to people.")


class ReasonWanted(PerkError):
    code = "reason_wanted"
    text = gettext_lazy("Please say why: the reason is kept with what you do.")


class StaffOnly(PerkError):
    code = "staff_only"
    text = gettext_lazy("This is for our staff to do.")


def when_moved(to: State, hook: Hook) -> None:
    """Have `hook` called in the transaction of each move to `to`; once for each hook, in AppConfig.ready."""
    if hook not in _hooks.setdefault(to, []):
        _hooks[to].append(hook)


def action_of(before: State, after: State) -> str:
    """The word by which the log of changes knows a move."""
    return _ACTIONS.get((before, after)) or _TO[after]


def wants_reason(before: State, after: State) -> bool:
    """Whether somebody (not the clock) has to say why."""
    return action_of(before, after) in {BACK, PUBLISHED, "take back", "pause", "end"}


def by_staff_only(before: State, after: State) -> bool:
    return before == State.REVIEW and after == State.SCHEDULED


@transaction.atomic
def move(*, campaign: Campaign, to: State, user: User | None, reason: str = "", at: datetime) -> Campaign:
    """Move `campaign` on; user None: the clock does it. Returns it as it is now; the one given is brought up to date.

    Raises NotNow where it does not follow, StaffOnly, ReasonWanted, Incomplete (details["lacks"]), and what a hook
    refuses with. Whether `user` may publish for the brand is for the pages to ask (perks.roles).
    """
    row = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("brand").get(pk=campaign.pk)
    before, to, reason = State(row.state), State(to), reason.strip()
    _refuse(row, before, to, user=user, reason=reason, at=at)
    Campaign.objects.filter(pk=row.pk).update(state=to, changed_at=at)
    row.state = campaign.state = to
    for hook in _hooks.get(to, []):
        hook(row, at)
    action = action_of(before, to)
    audit.record(
        brand=row.brand,
        campaign=row,
        user=user,
        action=action,
        about=row.title,
        reason=reason,
        changes={"state": (before, to)},
        at=at,
    )
    if user is not None and action in _MAILED:
        _tell(row, action, user, reason)
    return row


def _refuse(row: Campaign, before: State, to: State, *, user: User | None, reason: str, at: datetime) -> None:
    """Raise what stands in the way."""
    if row.is_template or not states.may_follow(before, to):
        raise NotNow(
            _("What is %(before)s cannot become %(after)s.")
            % {"before": states.LABELS[before], "after": states.LABELS[to]}
        )
    if by_staff_only(before, to) and (user is None or not user.is_staff):
        raise StaffOnly()
    if user is not None and not reason and wants_reason(before, to):
        raise ReasonWanted()
    if before == State.SCHEDULED and to == State.DRAFT and has_claims(row):
        raise NotNow(_("Somebody has claimed it already: it can be paused or ended, but not taken back."))
    if before == State.SCHEDULED and to == State.DRAFT and Entry.objects.filter(window__campaign=row).exists():
        raise NotNow(_("Somebody takes part in its draw already: it can be paused or ended, but not taken back."))
    if (before, to) in {(State.DRAFT, State.REVIEW), (State.REVIEW, State.SCHEDULED)}:
        if row.brand.suspended:
            raise NotNow(_("The brand is closed by our staff at the moment."))
        if wanting := lacks(row, at):
            raise Incomplete(lacks=wanting)


def resume(*, campaign: Campaign, user: User, reason: str = "", at: datetime) -> Campaign:
    """Let a paused one go on: live where a window is open, else scheduled. Raises as `move`; NotNow after its end."""
    windows = campaign.windows.filter(closes_at__gt=at)
    if not windows.exists():
        raise NotNow(_("Its last window has closed: add another one first, or end it."))
    to = State.LIVE if windows.filter(opens_at__lte=at).exists() else State.SCHEDULED
    return move(campaign=campaign, to=to, user=user, reason=reason, at=at)


def keep_complete(*, campaign: Campaign, at: datetime) -> None:
    """After a change of what people see, in its transaction: it still lacks nothing, and the hooks of being scheduled
    (a lottery's seed) have seen its new windows. Raises Incomplete, and what a hook refuses with.
    """
    # Its windows may all have passed by now.
    if wanting := [lack for lack in lacks(campaign, at) if lack.lasting]:
        raise Incomplete(_("That would leave something out that people need:"), lacks=wanting)
    for hook in _hooks.get(State.SCHEDULED, []):
        hook(campaign, at)


def has_claims(campaign: Campaign) -> bool:
    """Whether anybody has ever held or claimed one: what locks the offer and the audience."""
    return Claim.objects.filter(campaign=campaign).exists()


@transaction.atomic
def save_terms(*, campaign: Campaign, text: str, disclosure: str, user: User | None, at: datetime) -> Terms:
    """The terms from now on: another version where they differ from those in force. Raises NotNow.

    Until anybody has claimed there is one version alone, written anew: nobody has accepted it.
    """
    row = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("brand").get(pk=campaign.pk)
    text, disclosure = text.replace("\r\n", "\n").strip(), disclosure.strip()
    old = row.terms
    if old is not None and (old.text, old.disclosure) == (text, disclosure):
        return old
    if not states.may_change(states.TERMS, State(row.state), claimed=False):
        raise NotNow(_("The terms can no longer be changed."))
    if not has_claims(row):
        row.all_terms.all().delete()
    last = row.all_terms.aggregate(last=Max("version"))["last"] or 0
    terms = Terms.objects.create(campaign=row, version=last + 1, text=text, disclosure=disclosure)
    changes = {
        "terms": (old.text if old else "", text),
        "disclosure": (old.disclosure if old else "", disclosure),
        "version": (str(old.version) if old else "", str(terms.version)),
    }
    audit.record(
        brand=row.brand,
        campaign=row,
        user=user,
        action="terms",
        about=row.title,
        changes={name: pair for name, pair in changes.items() if pair[0] != pair[1]},
        at=at,
    )
    return terms


# What the team is told by mail, and in which words.
_MAILED = {
    PUBLISHED: gettext_noop("“%(title)s” is approved"),
    BACK: gettext_noop("“%(title)s” was sent back"),
    "pause": gettext_noop("“%(title)s” was paused by our staff"),
    "end": gettext_noop("“%(title)s” was ended by our staff"),
}


def _tell(campaign: Campaign, action: str, user: User, reason: str) -> None:
    """Mail the team what the staff has done with its campaign; its own deeds it knows."""
    if campaign.brand.memberships.filter(user=user).exists():
        return
    tell_team(
        brand=campaign.brand,
        template="campaign_moved",
        subject=_MAILED[action],
        path=reverse("brands:perks_campaign_change", args=[campaign.pk]),
        context={"title": campaign.title, "brand": campaign.brand.name, "action": action, "reason": reason},
    )
