"""Handles: their form, the reserved ones, and those that look like another.

Handles are ASCII, so that no other alphabet's letters can pass for ours. Within ASCII `I`, `l` and `1`, `O` and `0`,
`rn` and `m`, `vv` and `w` are mistaken for each other: two handles may not differ in these alone (the skeleton of
Unicode's TR 39, for our small alphabet).
"""

import re

from django.core.exceptions import ValidationError
from django.db.models import Func
from django.utils.translation import gettext as _

FORM = re.compile(r"^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$")

# Every first segment of our addresses (held equal to the URLconf by a test), and names a stranger should not bear.
ADDRESSES = frozenset(
    [".well-known", "about", "accounts", "admin", "api", "avatars", "favicon.ico", "healthz", "identity.json", "robots.txt", "settings", "static", "1", "v1", "v2"]
)
OTHERS = frozenset(
    ["administrator", "achievements", "badge", "badges", "brands", "campaigns", "compare", "contact", "dashboard", "doctor", "embed", "explain", "export", "facebook", "feed", "feeds", "google", "help", "home", "import", "imprint", "instagram", "invite", "jobs", "klout", "leaderboard", "leaderboards", "legal", "lists", "linkedin", "login", "logout", "mail", "mastodon", "me", "media", "moments", "moderator", "mod", "networks", "news", "noreply", "notifications", "null", "oauth", "official", "onboarding", "owner", "perks", "postmaster", "press", "privacy", "questions", "redeem", "register", "root", "score", "scores", "search", "security", "service", "share", "signin", "signout", "signup", "sitemap.xml", "staff", "status", "support", "system", "team", "teams", "terms", "topics", "transparency", "twitter", "undefined", "unsubscribe", "upload", "user", "users", "webmaster", "webmention", "welcome", "widget", "www", "x", "you"]
)


def skeleton(handle: str) -> str:
    """What `handle` looks like: handles of one skeleton cannot be told apart at a glance."""
    return handle.translate(str.maketrans("I10", "llo")).lower().replace("rn", "m").replace("vv", "w")


class Skeleton(Func):
    """`skeleton` as PostgreSQL computes it, for the constraint that holds when two sign up at once."""

    arity = 1
    template = "replace(replace(lower(translate(%(expressions)s, 'I10', 'llo')), 'rn', 'm'), 'vv', 'w')"


RESERVED = frozenset(skeleton(word) for word in ADDRESSES | OTHERS)


def validate_handle(handle: str) -> None:
    """Raise ValidationError where `handle` has a wrong form or is (or looks like) a reserved one."""
    if not 2 <= len(handle) <= 30:
        raise ValidationError(_("A handle has 2 to 30 characters."), code="handle_length")
    if not FORM.match(handle):
        raise ValidationError(
            _("Use letters a to z, digits, and . _ - (not at the beginning or end, underscores aside)."),
            code="handle_form",
        )
    if skeleton(handle) in RESERVED:
        raise ValidationError(_("This handle is reserved."), code="handle_reserved")
