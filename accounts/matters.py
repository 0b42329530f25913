"""What people are told, as data: kinds of messages, and the matters by which they choose how to be told.

Upper apps add theirs in AppConfig.ready, matters before kinds. Who is told how is accounts.notify's.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import NotificationChoice

# No matter: everything that comes in the digest.
ALL = "digest"
NOW, DIGEST, OFF = NotificationChoice.Mail.NOW, NotificationChoice.Mail.DIGEST, NotificationChoice.Mail.OFF

# On a locked screen, of a matter that has no words of its own for it.
SOME_NEWS = _("There is news for you.")


@dataclass(frozen=True, slots=True)
class Matter:
    """What messages are about: how it is called and told in the settings, and how one is told without a choice.

    mandatory: it protects the person, and is always mailed at once and shown. glimpse: what stands on a locked screen,
    where others read along: a sentence that names nobody and no number.
    """

    label: Promise | str
    help: Promise | str
    mail: NotificationChoice.Mail = NOW
    on_site: bool = True
    push: bool = False
    mandatory: bool = False
    glimpse: Promise | str = SOME_NEWS


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: `subject` (a format string), the names that its texts need from the caller, and its matter.

    The texts are templates/emails/<kind>.txt and .html; they also get person, site_name and site_url.
    """

    subject: Promise | str
    needs: frozenset[str]
    matter: str


# In the order of the settings.
MATTERS: dict[str, Matter] = {
    "formula": Matter(
        _("How scores are counted"),
        _("The formula changed, and your score with it."),
        push=False,
        glimpse=_("The way scores are counted has changed."),
    ),
    "access": Matter(
        _("Access to your networks"),
        _("A network no longer lets us read an account of yours, or will soon stop to."),
        push=True,
        glimpse=_("One of your accounts wants to be connected again."),
    ),
    "uploads": Matter(
        _("Your uploads"),
        _("A data export that you uploaded has been read, or could not be."),
        glimpse=_("There is news of your upload."),
    ),
    "claims": Matter(
        _("Accounts you claim"),
        _("What becomes of an account that you say is yours."),
        glimpse=_("There is news of an account that you claimed."),
    ),
    "teams": Matter(
        _("Your teams"),
        _("Somebody joined a team of yours, or your own role in one was changed."),
        glimpse=_("There is news of a team of yours."),
    ),
    "rests": Matter(
        _("Your rests"),
        _("A rest has ended because the days that a year has for it are used up."),
        glimpse=_("Your rest is over."),
    ),
    "protection": Matter(
        _("What protects you"),
        _(
            "Somebody claims an account of yours, an erasure was asked for, a copy of your data is ready, an account "
            "was taken off your profile."
        ),
        push=True,
        mandatory=True,
        glimpse=_("Something about your account wants to be looked at."),
    ),
}
KINDS: dict[str, Kind] = {
    "link_broken": Kind(
        _("%(network)s no longer lets us read %(handle)s"), frozenset({"network", "handle", "url"}), "access"
    ),
    "claim_made": Kind(
        _("Somebody else says that %(account)s at %(network)s is theirs"),
        frozenset({"network", "account", "due", "url"}),
        "protection",
    ),
    "claim_granted": Kind(
        _("%(account)s at %(network)s is linked to you now"), frozenset({"network", "account", "url"}), "claims"
    ),
    "claim_lost": Kind(
        _("%(account)s at %(network)s is no longer linked to you"),
        frozenset({"network", "account", "url"}),
        "protection",
    ),
    "claim_disputed": Kind(
        _("%(account)s at %(network)s: its holder has objected"), frozenset({"network", "account", "url"}), "claims"
    ),
    "claim_refused": Kind(
        _("%(account)s at %(network)s is not linked to you"), frozenset({"network", "account", "url"}), "claims"
    ),
    "claim_kept": Kind(
        _("%(account)s at %(network)s stays with you"), frozenset({"network", "account", "url"}), "claims"
    ),
    "link_parked": Kind(
        _("We cannot read %(handle)s on %(network)s"),
        frozenset({"network", "handle", "days", "error", "url"}),
        "access",
    ),
    "link_lapsing": Kind(
        _("Please connect %(handle)s on %(network)s again before %(day)s"),
        frozenset({"network", "handle", "day", "url"}),
        "access",
    ),
    "import_done": Kind(
        _("Your %(network)s export has been read"), frozenset({"network", "file_name", "summary", "url"}), "uploads"
    ),
    "access_not_given_back": Kind(
        _("%(network)s could not be told that we no longer read %(handle)s"),
        frozenset({"network", "handle", "url"}),
        "protection",
    ),
    "erasure_asked": Kind(_("%(name)s will be erased on %(day)s"), frozenset({"name", "day", "url"}), "protection"),
    "erasure_withdrawn": Kind(_("%(name)s stays"), frozenset({"name", "url"}), "protection"),
    "export_ready": Kind(
        _("Everything we keep about %(name)s, to download"), frozenset({"name", "day", "url"}), "protection"
    ),
    "export_failed": Kind(_("Your copy of everything could not be made"), frozenset({"url"}), "protection"),
    "account_opted_out": Kind(
        _("%(network)s: %(handle)s is no longer known here"), frozenset({"network", "handle", "url"}), "protection"
    ),
    "formula_changed": Kind(
        _("The way scores are counted has changed"),
        frozenset({"previous", "formula", "since", "old", "new", "points", "higher", "url"}),
        "formula",
    ),
    "team_joined": Kind(_("%(member)s has joined %(team)s"), frozenset({"member", "team", "role", "url"}), "teams"),
    "team_role": Kind(_("Your role at %(team)s was changed"), frozenset({"team", "role", "url"}), "teams"),
    "team_removed": Kind(_("You are no longer in the team of %(team)s"), frozenset({"team", "url"}), "teams"),
    "rest_over": Kind(_("Your rest is over"), frozenset({"day", "url"}), "rests"),
    "import_failed": Kind(_("Your upload could not be read"), frozenset({"file_name", "error", "url"}), "uploads"),
}


def register_matter(slug: str, matter: Matter) -> None:
    """Add a matter of an upper app's; the settings show it first. Raises ValueError for a slug that is taken."""
    if slug in MATTERS or slug == ALL:
        raise ValueError(f"the matter {slug!r} is registered twice")
    others = dict(MATTERS)
    MATTERS.clear()
    MATTERS.update({slug: matter, **others})


def register(name: str, kind: Kind) -> None:
    """Add a kind of message of an upper app's. Raises ValueError for a name that is taken, KeyError for no matter."""
    if name in KINDS:
        raise ValueError(f"the kind {name!r} is registered twice")
    MATTERS[kind.matter]
    KINDS[name] = kind


def kinds_of(matter: str) -> list[str]:
    """The kinds of messages that are about `matter`."""
    return [name for name, kind in KINDS.items() if kind.matter == matter]
