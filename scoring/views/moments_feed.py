"""The Atom feed of a person's newest moments: the same for everybody, and there only for whom everybody may see."""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from django.utils.feedgenerator import Atom1Feed
from django.utils.formats import date_format
from django.utils.http import http_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Person
from scoring import days
from scoring.models import Score
from scoring.templatetags.moments import fine
from scoring.views.moments import as_seen, listed
from scoring.views.people import shown_person

ENTRIES = 30
# Points below which a post is no news.
LEAST = 0.005
SALT = "scoring.views.moments_feed"


class Feed(Atom1Feed):
    """An Atom feed that is as new as its scores, so that the same moments give the same bytes."""

    def latest_post_date(self) -> datetime:
        at: datetime = self.feed["at"]
        return at


@require_safe
def moments_feed(request: HttpRequest, handle: str) -> HttpResponse:
    """The newest posts that brought anything one could see."""
    # Nobody gets another feed for being logged in.
    request.user = AnonymousUser()
    shown = shown_person(request, handle, part="moments")
    person = shown.person
    feed, at = opened(person)
    rows = days.with_urls(person.pk).filter(listed(shown), posted_at__isnull=False, points__gte=LEAST)
    for row in rows.order_by("-posted_at", "pk")[:ENTRIES]:
        post = as_seen(days.told(row), shown)
        # Nobody can try out which account and which post it is of: that may be kept back.
        digest = salted_hmac(SALT, f"{row.account}:{row.post}", algorithm="sha256").hexdigest()[:24]
        feed.add_item(
            title=title_of(post),
            link=post.url or settings.SITE_URL + reverse("moments", args=[person.handle.lower()]),
            description=words_of(post),
            unique_id=f"{tag_of(person)}:{digest}",
            pubdate=row.posted_at,
            updateddate=row.posted_at,
        )
    content = feed.writeString("utf-8").encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type=feed.content_type)
    response["ETag"] = etag
    # Asked for each time: whoever hides themselves is gone from shared caches too.
    response["Cache-Control"] = "public, no-cache"
    modified = int(at.timestamp())
    response["Last-Modified"] = http_date(modified)
    return get_conditional_response(request, etag, modified, response) or response


def opened(person: Person) -> tuple[Feed, datetime]:
    """The feed without entries, and when its scores were computed."""
    score: Score | None = getattr(person, "score", None)
    at = (score.run.finished_at if score else None) or person.created_at
    handle = person.handle.lower()
    feed = Feed(
        title=_("Moments of %(name)s") % {"name": person.display_name},
        link=settings.SITE_URL + reverse("moments", args=[handle]),
        description="",
        subtitle=_("Posts that moved the score of %(name)s.") % {"name": person.display_name},
        language=get_language() or settings.LANGUAGE_CODE,
        author_name=person.display_name,
        author_link=settings.SITE_URL + person.get_absolute_url(),
        feed_url=settings.SITE_URL + reverse("moments_feed", args=[handle]),
        feed_guid=tag_of(person),
        at=at,
    )
    return feed, at


def tag_of(person: Person) -> str:
    """What the feed is known by, whatever the handle is (RFC 4151)."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{person.created_at:%Y-%m-%d}:moments:{person.klout_id}"


def title_of(post: days.Told) -> str:
    assert post.posted_at is not None
    words = {"day": date_format(post.posted_at, "DATE_FORMAT"), "network": post.network, "points": fine(post.points)}
    if post.network:
        return _("The post of %(day)s on %(network)s: %(points)s points") % words
    return _("The post of %(day)s: %(points)s points") % words


def words_of(post: days.Told) -> str:
    """Who reacted, in numbers."""
    people = ngettext("%(people)s person by name", "%(people)s people by name", post.people) % {"people": post.people}
    reactions = ngettext("%(number)s reaction", "%(number)s reactions", post.reactions) % {"number": post.reactions}
    return _("%(people)s, %(reactions)s.") % {"people": people, "reactions": reactions}
