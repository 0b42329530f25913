"""What every template may show of the site itself."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest

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


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "demo": is_demo()}
