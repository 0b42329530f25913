"""What pages and mails call an account: as its network writes it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN

# What stands before a handle there. LinkedIn, Facebook, blogs and the like call people by their names or addresses.
SIGNS = {
    **dict.fromkeys(("twitter", "mastodon", "bluesky", "google", "instagram", "threads", "tiktok", "github"), "@"),
    "reddit": "u/",
}


def written(network: str, handle: str, external_id: str = "") -> str:
    """`handle` as people of `network` write it; without one the id there, unless that is a digest of ours."""
    if network == OWN:
        return _("+K from members")
    sign = SIGNS.get(network, "")
    if handle:
        return handle if handle.startswith(sign or "@") else f"{sign}{handle}"
    if external_id.startswith("mail:"):
        known = NETWORKS.get(network)
        return known.spec.label if known else network
    if external_id.isdigit():
        return _("account %(number)s") % {"number": external_id}
    return external_id.removeprefix("name:")


def name_of(account: Account) -> str:
    """What to call `account` where people see it."""
    return written(account.network, account.handle, account.external_id)
