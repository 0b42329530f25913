"""`manage.py doctor`: what is configured, what can be reached, what is missing, and what to do."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from klout.doctor import examine


class Command(BaseCommand):
    help = "Say in plain words what works and what is missing; exit code 1 when something needed is missing."
    # A broken configuration is what it is there to explain.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = 0
        for finding in examine(timezone.now()):
            missing += finding.state == "missing"
            style = {"ok": self.style.SUCCESS, "note": self.style.NOTICE, "missing": self.style.ERROR}[finding.state]
            self.stdout.write(f"{style(f'{finding.state:<8}')} {finding.part:<14} {finding.text}")
            if finding.state != "ok" and finding.advice:
                for line in finding.advice.splitlines():
                    self.stdout.write(f"{'':<24}{line}")
            self.stdout.flush()
        self.stdout.write("")
        if missing:
            self.stdout.write(f"{missing} of these {'is' if missing == 1 else 'are'} needed and missing.")
            sys.exit(1)
        self.stdout.write("Nothing that is needed is missing.")
