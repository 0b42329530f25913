"""`manage.py makemessages`, as Django's, with the texts that are data here: measurements, and what networks declare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages

from accounts.networks import NETWORKS


class Command(makemessages.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        words = Path(settings.BASE_DIR) / "scoring" / "words_of_features.py"
        declared = Path(settings.BASE_DIR) / "accounts" / "words_of_networks.py"
        with words.open("w") as file:
            call_command("features", "--words", stdout=file)
        texts = sorted({text for network in NETWORKS.values() for text in texts_of(network.spec)})
        declared.write_text("".join(f"_({text!r})\n" for text in texts))
        try:
            super().handle(*args, **options)
        finally:
            words.unlink()
            declared.unlink()


def texts_of(spec: Any) -> list[str]:
    """What a network's own file says to people: those files know no Django, and no language but English."""
    counters = [counter.name.replace("_", " ") for counter in spec.counters]
    return [*spec.reads, *spec.never, *filter(None, [spec.archive_note]), *counters]
