"""`manage.py down`: ends what other commands started."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from klout import embedded, up


class Command(BaseCommand):
    help = "End a running `up` and the built-in database and broker of this KLOUT_VAR."
    # Ending must work, whatever is wrong with the rest.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ended = ["up"] if up.end(settings.VAR) else []
            ended += embedded.stop(settings.VAR)
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Ended: {', '.join(ended)}." if ended else "Nothing was running.")
