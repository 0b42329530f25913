"""`manage.py makemessages`, as Django's, with the texts that are data here: what every measurement is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        words = Path(settings.BASE_DIR) / "scoring" / "words_of_features.py"
        with words.open("w") as file:
            call_command("features", "--words", stdout=file)
        try:
            super().handle(*args, **options)
        finally:
            words.unlink()
