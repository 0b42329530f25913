"""Handles: their form, the reserved ones, and those that look like another.

Handles are ASCII, so that no other alphabet's letters can pass for ours. Within ASCII `I`, `l` and `1`, `O` and `0`,
`rn` and `m`, `vv` and `w` are mistaken for each other, and underscores run together: two handles may not differ in
these alone (the skeleton of Unicode's TR 39, for our small alphabet). Capitals do not tell handles apart, so `i`
counts as the `I` it may be written as: without that `MlKE` could pass for `Mike`.
"""

import re

from django.core.exceptions import ValidationError
from django.db.models import Func
from django.utils.translation import gettext as _

SHORTEST, LONGEST = 2, 30
FORM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9_]")

# Every first segment of our addresses (held equal to the URLconf by a test), and what browsers ask for at the root.
ADDRESSES = frozenset(
    {
        *(".well-known", "accounts", "admin", "api", "avatars", "deletion", "healthz", "hooks", "opt-out", "settings"),
        *("notifications", "unsubscribe"),
        *("brand", "brands", "claims", "perks", "redeem"),
        *("leaderboards", "lists", "search"),
        *("achievements", "answers", "plus-k", "questions", "teams", "topics"),
        *("compare", "dashboard", "preferences", "static", "transparency", "v2", "webmention", "welcome"),
        *("badge", "badges", "embed", "manifest.webmanifest", "oembed", "offline", "share", "sw.js"),
    }
)
ROOT_FILES = frozenset(
    {
        "apple-touch-icon.png",
        "ads.txt",
        "browserconfig.xml",
        "crossdomain.xml",
        "favicon.ico",
        "humans.txt",
        "identity.json",
        "index.html",
        "index.php",
        "manifest.json",
        "robots.txt",
        "security.txt",
        "service-worker.js",
        "sitemap.xml",
    }
)
# Names that a page of ours may need one day, or that would speak with our voice.
OTHERS = frozenset(
    """
    1 about achievements administration administrator anonymous app badge badges billing blog brands campaigns
    cdn claim claims compare connect connections contact dashboard doctor embed everybody explain explore export
    facebook feed feeds google groups guest help home hostmaster image images import imprint info instagram
    invite jobs join klout
    language leaderboard leaderboards legal linkedin lists login logout mail mailer-daemon mastodon me media mod
    moderator moments networks new news no-reply nobody none noreply notifications null oauth oembed official
    onboarding optout owner password payments perks postmaster press privacy public questions redeem register root
    rss rules safety sales score scores search security self service share shop signin signout signup sitemap
    somebody staff status store support sysadmin system team teams terms test tips tools topics
    trust twitter undefined unsubscribe upload uploads user users v1 v3 verified verify webmaster webmention
    welcome widget widgets www x you
    """.split()  # noqa: SIM905  (a word a line would be longer than the rest of this file)
)


def skeleton(handle: str) -> str:
    """What `handle` looks like: handles of one skeleton cannot be told apart at a glance."""
    folded = handle.translate(str.maketrans("Ii10", "lllo")).lower().replace("rn", "m").replace("vv", "w")
    return re.sub("_+", "_", folded)


class Skeleton(Func):
    """`skeleton` as PostgreSQL computes it, for the constraint that holds when two sign up at once."""

    arity = 1
    template = (
        "regexp_replace(replace(replace(lower(translate(%(expressions)s, 'Ii10', 'lllo')), 'rn', 'm'), 'vv', 'w'),"
        " '_+', '_', 'g')"
    )


RESERVED = frozenset(skeleton(word) for word in ADDRESSES | ROOT_FILES | OTHERS)


def validate_handle(handle: str) -> None:
    """Raise ValidationError where `handle` has a wrong form or is (or looks like) a reserved one."""
    if not SHORTEST <= len(handle) <= LONGEST:
        raise ValidationError(_("A handle has 2 to 30 characters."), code="handle_length")
    if not FORM.fullmatch(handle):
        raise ValidationError(
            _("Use the letters a to z, digits, and . _ - (the dot and the hyphen not at the beginning or end)."),
            code="handle_form",
        )
    if skeleton(handle) in RESERVED:
        raise ValidationError(_("This handle is reserved. Please choose another one."), code="handle_reserved")
