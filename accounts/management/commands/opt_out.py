"""Leaves an account out for good at the operator's word: for networks where its owner cannot prove it by themselves."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import opt_out, privacy
from accounts.networks import NETWORKS
from accounts.networks.base import Owner

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Leave an account out for good: it is erased, and suppressed wherever rows come in. --undo takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("network", choices=sorted(NETWORKS))
        parser.add_argument("id", help='the account\'s id there, or "@handle" where only that is known')
        parser.add_argument("--handle", default="", help="its handle, where the id is something else")
        parser.add_argument("--reason", default="", help="kept in the log alone, without the id")
        parser.add_argument("--undo", action="store_true", help="let it be known again")

    def handle(self, *args: Any, **options: Any) -> None:
        network, external_id = options["network"], options["id"].strip()
        if not external_id or external_id == "@":
            raise CommandError("which account? give its id on the network")
        owner = Owner(external_id, handle=options["handle"] or external_id.removeprefix("@"))
        what = NETWORKS[network].spec.label
        if options["undo"]:
            if not opt_out.undo(network=network, owner=owner):
                raise CommandError("this account has not opted out")
            self.stdout.write(f"The {what} account may be known again.")
        else:
            try:
                removed = opt_out.add(network=network, owner=owner, at=timezone.now())
            except privacy.Busy as error:
                raise CommandError(f"it is left out from now on; what is known goes later today ({error})") from None
            for kind, number in sorted(removed.items()):
                self.stdout.write(f"{number:>10,}  {kind}")
            self.stdout.write(f"The {what} account is left out for good.")
            if external_id.startswith("@"):
                self.stdout.write("Only its handle is known: rows that name its id alone are not left out.")
        reason = options["reason"] or "no reason given"
        log.info("%s: an account was %s: %s", network, "let in again" if options["undo"] else "left out", reason)
