"""`manage.py check_stock`: are the counts of every variant what its claims, codes and waiting places say?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from perks import claims
from perks.models import Variant


class Command(BaseCommand):
    help = "Compare the counts of all stock with the rows behind them; only reads. Exit code 1 where they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(claims.differences())
        for difference in found:
            self.stdout.write(str(difference))
        if found:
            raise CommandError(
                f"{len(found)} counts differ: somebody wrote past perks.claims. Pause these campaigns, find out which "
                "is right, and put it right in the database."
            )
        self.stdout.write(f"{Variant.objects.count()} variants: all counts are what the rows say.")
