"""Removes what networks let us keep for some days only; the beat does so daily."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.retention import purge_due


class Command(BaseCommand):
    help = "Remove what networks' terms let us keep for some days only and that was not refreshed since."

    def handle(self, *args: Any, **options: Any) -> None:
        for network, numbers in purge_due(at=timezone.now()).items():
            removed = ", ".join(f"{number:,} {kind}" for kind, number in numbers.items()) or "nothing was kept too long"
            self.stdout.write(f"{network}: {removed}")
