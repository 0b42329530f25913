"""An account that the operator links by a token of its owner: the network says whose it is."""

from __future__ import annotations

from datetime import datetime

from accounts import linking
from accounts.calling import http_for
from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Subject
from accounts.networks.oauth import Tokens
from scoring.collect.bulk import known_network
from scoring.collect.links import AlreadyLinked, check_free
from scoring.collect.schedule import pulls
from scoring.collect.summary import Refused


def connect(*, person: Person, network: str, server: str, token: str, at: datetime) -> LinkedAccount:
    """Link the account that `token` opens at `server` to `person`, after asking the network whose it is.

    Raises Refused (AlreadyLinked), and the network's errors: nothing is stored then.
    """
    reader = NETWORKS[known_network(network).slug]
    if not pulls(reader):
        raise Refused(f"{reader.spec.label} is not read through an API here; import its data export or a table")
    base_url = server or reader.spec.base_url
    if not base_url:
        raise Refused(f"{reader.spec.label} has many servers: say which one, as an address such as https://example.org")
    with http_for(reader, at=at, server=server, token=token) as http:
        page = next(iter(reader.pull(http, Subject("", server=server, now=at), reader.spec.streams[0], {})))
    owner = next((record for record in page.records if isinstance(record, Owner)), None)
    if owner is None:
        raise Refused(f"{base_url} does not say whose token this is")
    check_free(person=person, spec=reader.spec, owner=owner)
    try:
        return linking.link_account(
            person=person,
            spec=reader.spec,
            owner=owner,
            proof=LinkedAccount.Proof.OPERATOR,
            at=at,
            server=server,
            tokens=Tokens(token),
        )
    except linking.AlreadyLinked as error:
        raise AlreadyLinked(str(error)) from None
