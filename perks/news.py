"""What members are told about perks: the matter by which they choose how, and its kinds of messages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import notify

MATTER = "perks"


def register() -> None:
    """Make the matter and the kinds known (AppConfig.ready); other parts of perks add their kinds here."""
    notify.register_matter(
        MATTER,
        notify.Matter(
            _("Perks"),
            _("A perk that you qualify for will open, one is kept for you, or a draw that you entered is over."),
            push=True,
            glimpse=_("There is news about a perk."),
        ),
    )
    notify.register(
        "perk_opens",
        notify.Kind(
            _("%(title)s from %(brand)s opens on %(opens)s"),
            frozenset({"title", "brand", "opens", "closes", "lottery", "staggered", "calendar", "url"}),
            MATTER,
        ),
    )
    notify.register(
        "perk_offered",
        notify.Kind(
            _("%(title)s from %(brand)s is kept for you until %(until)s"),
            frozenset({"title", "brand", "variant", "until", "drawn", "url"}),
            MATTER,
        ),
    )
    notify.register(
        "perk_offer_over",
        notify.Kind(
            _("%(title)s from %(brand)s is no longer kept for you"),
            frozenset({"title", "brand", "until", "drawn", "url"}),
            MATTER,
        ),
    )
    notify.register(
        "perk_queue_over",
        notify.Kind(
            _("The waiting list for %(title)s from %(brand)s is closed"), frozenset({"title", "brand", "url"}), MATTER
        ),
    )
    notify.register(
        "perk_queue_left",
        notify.Kind(_("You no longer wait for %(title)s from %(brand)s"), frozenset({"title", "brand", "url"}), MATTER),
    )
    notify.register(
        "perk_not_drawn",
        notify.Kind(
            _("The draw for %(title)s from %(brand)s does not take place"),
            frozenset({"title", "brand", "url"}),
            MATTER,
        ),
    )
    notify.register(
        "perk_drawn",
        notify.Kind(
            _("The draw for %(title)s from %(brand)s has taken place"),
            frozenset({"title", "brand", "rank", "tickets", "url"}),
            MATTER,
        ),
    )
    for kind, subject in (
        ("review_answered", _("%(brand)s has answered your review of %(title)s")),
        ("problem_answered", _("%(brand)s has answered your problem with %(title)s")),
    ):
        notify.register(kind, notify.Kind(subject, frozenset({"brand", "title", "answer", "url"}), MATTER))
    for kind, subject in (
        ("perk_claimed", _("You have claimed %(title)s from %(brand)s")),
        ("perk_redeemed", _("%(title)s from %(brand)s was used")),
        ("perk_cancelled", _("%(brand)s has cancelled %(title)s")),
    ):
        notify.register(kind, notify.Kind(subject, frozenset({"brand", "title", "url"}), MATTER))
    for kind, subject in (
        ("perk_shipped", _("%(title)s from %(brand)s is on its way")),
        ("perk_delivered", _("%(title)s from %(brand)s was delivered")),
        ("perk_returned", _("%(title)s from %(brand)s came back to the sender")),
    ):
        notify.register(kind, notify.Kind(subject, frozenset({"brand", "title", "carrier", "url"}), MATTER))
