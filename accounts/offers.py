"""What the pages of connecting say of each network: how an account of it is linked, and what is agreed to by that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.calling import collect_scopes, is_on
from accounts.models import LinkedAccount
from accounts.networks import NETWORKS
from accounts.networks.base import Network, Spec
from accounts.networks.klout import OWN

# First come the networks that most people look for; nobody found LinkedIn on Klout.
FIRST = ("twitter", "facebook", "linkedin", "google")
# Where something about a person may be asked for that nobody can prove, since everybody may write it: an article.
BY_REQUEST = frozenset({"wikipedia"})


def label_of(slug: str) -> str:
    network = NETWORKS.get(slug)
    return network.spec.label if network else slug


def has_keys(spec: Spec) -> bool:
    """Whether the operator has registered an app with the network, or none is needed."""
    return not spec.needs_keys or is_on(spec)


def gives_back(spec: Spec) -> bool:
    """Whether the network lets us give our access back; else only the person can take it away there."""
    return spec.oauth is not None and bool(spec.oauth.revoke_url)


def reads_exports(network: Network) -> bool:
    return type(network).read_archive is not Network.read_archive


def can_be_found(network: Network) -> bool:
    """Whether a public account is looked up by its address, so that a code on it can prove whose it is."""
    return type(network).find is not Network.find


def login_networks() -> list[Spec]:
    """The networks that sign people in here."""
    specs = [network.spec for network in offered()]
    return [spec for spec in specs if spec.oauth is not None and spec.oauth.login and is_on(spec)]


def offered() -> list[Network]:
    """The networks in the order in which people are shown them."""
    # What is given here is not connected.
    networks = [network for slug, network in NETWORKS.items() if slug != OWN]
    return sorted(networks, key=_place)


def _place(network: Network) -> tuple[int, bool]:
    """First those that most people look for, last those that only an export brings in."""
    slug = network.spec.slug
    return (FIRST.index(slug) if slug in FIRST else len(FIRST)), not network.spec.proof


@dataclass(frozen=True, slots=True)
class Offer:
    """One network on the page of all networks. way: oauth, challenge, key, or "" where only an export brings it in."""

    spec: Spec
    way: str
    off: bool
    exports: bool
    links: Sequence[LinkedAccount] = field(default_factory=list)

    @property
    def by_request(self) -> bool:
        return self.spec.slug in BY_REQUEST

    @property
    def broken(self) -> bool:
        return any(link.state == LinkedAccount.State.BROKEN for link in self.links)


def offers(links: Sequence[LinkedAccount]) -> list[Offer]:
    """All networks that give anything, with those of `links` (of one person) that are of each."""
    found = []
    for network in offered():
        spec = network.spec
        mine = [link for link in links if link.account.network == spec.slug]
        if spec.proof or reads_exports(network) or mine:
            found.append(offer_of(network, mine))
    return found


def offer_of(network: Network, links: Sequence[LinkedAccount] = ()) -> Offer:
    return Offer(network.spec, network.spec.proof, not has_keys(network.spec), reads_exports(network), links)


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody agrees to by connecting, in the words they see."""

    reads: Sequence[str]
    never: Sequence[str]
    promises: Sequence[str]
    scopes: Sequence[str]
    page_scopes: Sequence[str]

    def wording(self, *, pages: bool) -> str:
        """The text as it is kept with the consent."""
        parts = [
            (_("What is read"), self.reads),
            (_("What is never read"), self.never),
            (_("What we promise"), self.promises),
            (_("Permissions asked for"), [*self.scopes, *(self.page_scopes if pages else ())]),
        ]
        lines = [(title, "; ".join(text.removesuffix(".") for text in texts)) for title, texts in parts if texts]
        return "\n".join(f"{title}: {text}." for title, text in lines)


def terms_of(network: Network) -> Terms:
    spec, oauth = network.spec, network.spec.oauth
    if reads_exports(network):
        refuse = _("Refusing costs nothing: you can upload a data export instead, or leave it out.")
    else:
        refuse = _("Refusing costs nothing: what you do not connect is simply not counted.")
    if spec.retain_days:
        keep = ngettext(
            "What is read is read anew or deleted within %(days)s day, as %(network)s asks of us.",
            "What is read is read anew or deleted within %(days)s days, as %(network)s asks of us.",
            spec.retain_days,
        ) % {"network": spec.label, "days": spec.retain_days}
    else:
        keep = _("What is read is kept until you remove the account; then it is erased.")
    if spec.proof == "challenge":
        undo = _("You can take it back at any time: remove the account in your settings.")
    elif gives_back(spec):
        undo = _("You can take it back at any time: remove the account in your settings, and we give our access back.")
    else:
        undo = _(
            "You can take it back at any time: remove the account in your settings, and we delete our key to it; "
            "you can remove us in the settings of %(network)s, too."
        ) % {"network": spec.label}
    return Terms(
        # Data without a language of its own: klout makes these texts known to makemessages.
        reads=[_(text) for text in spec.reads],
        never=[_(text) for text in spec.never],
        promises=[
            _("We only read: nothing is ever posted, liked or followed in your name."),
            refuse,
            keep,
            undo,
        ],
        scopes=[*oauth.identity, *collect_scopes(spec)] if oauth else [],
        page_scopes=oauth.page_scopes if oauth else (),
    )
