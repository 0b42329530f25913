"""What every template may show of the site itself."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Notification, User

# The demo file is looked for again after so many seconds.
SECONDS = 5.0


class _Demo:
    """Whether this system is filled with made-up people (`up --demo` leaves a file); remembered for a few seconds."""

    looked_at = float("-inf")
    found = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self.looked_at >= SECONDS:
            self.found = (settings.VAR / "demo").exists()
            self.looked_at = now
        return self.found

    def forget(self) -> None:
        self.looked_at = float("-inf")


is_demo = _Demo()


# The cookie of who chose light or dark; without one the system's choice holds.
THEME_COOKIE = "klout_theme"
THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get(THEME_COOKIE)
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "demo": is_demo(),
        "theme": theme if theme in THEMES else "",
        # Counted where the menu shows it, and not on pages without one.
        "unread": SimpleLazyObject(lambda: unread(request)),
    }


def unread(request: HttpRequest) -> int:
    """How many notifications of who is logged in have not been read."""
    if not isinstance(request.user, User):
        return 0
    return Notification.objects.filter(user=request.user, read_at__isnull=True, on_site=True).count()
