"""`manage.py link_account`: lets us read an account through its network's API, by a token of its owner."""

from __future__ import annotations

import os
from getpass import getpass
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.networks import NETWORKS
from accounts.networks.base import NetworkError
from accounts.tokens import LostKey
from scoring.collect.connecting import connect
from scoring.collect.pulling import Overtaken, pull_link
from scoring.collect.summary import Refused
from scoring.management.people import person_of


class Command(BaseCommand):
    help = (
        "Links an account to a person by an access token, which is read from the environment (KLOUT_TOKEN) or asked "
        "for, never from the command line. The network says whose token it is; then everything new is read at once, "
        "and from then on by the daily run. On Mastodon: Preferences, Development, New application, with the scopes "
        "profile, read:accounts and read:notifications."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", required=True, metavar="SLUG", help=", ".join(sorted(NETWORKS)))
        parser.add_argument("--handle", required=True, help="the person's handle here; made (hidden) where it is new")
        parser.add_argument("--server", default="", metavar="URL", help="where a network has many servers")

    def handle(self, *, network: str, handle: str, server: str, **options: Any) -> None:
        at = timezone.now()
        token = os.environ.get("KLOUT_TOKEN") or getpass("Access token (not shown): ")
        if not token.strip():
            raise CommandError("without a token nothing can be read; give it as KLOUT_TOKEN")
        person, made = person_of(handle)
        try:
            link = connect(
                person=person, network=network, server=server.strip().rstrip("/"), token=token.strip(), at=at
            )
        except (NetworkError, Refused, LostKey) as error:
            if made:
                person.delete()
            raise CommandError(str(error)) from None
        if made:
            self.stdout.write(f"{person.handle} is new here: hidden, and nobody's until somebody claims it")
        self.stdout.write(f"{NETWORKS[network].spec.label} account {link.account.handle} is linked to {person.handle}")
        try:
            summary = pull_link(link=link, at=at)
        except (NetworkError, Overtaken) as error:
            raise CommandError(f"it is linked, but could not be read to the end: {error}") from None
        for line in summary.lines():
            self.stdout.write(line)
