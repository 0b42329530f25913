"""The door for webmentions: what is said in them is looked at, and the rest queued. Nothing is fetched meanwhile."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from celery import current_app
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from accounts import blogs
from accounts.calling import private_hosts
from accounts.models import LinkedAccount
from accounts.networks.addresses import page
from accounts.networks.sockets import is_listed, is_public

log = logging.getLogger(__name__)

# By its name: the task needs libraries that a web process has no use for.
TASK = "scoring.tasks.verify_webmention"
QUEUE, PRIORITY = "pull.blog", 5
LONGEST = 2000
# How many are taken within an hour from one host, and for one blog.
FROM_ONE_HOST, FOR_ONE_BLOG = 60, 300
WITHIN = timedelta(hours=1)
# The same pair is looked at once within this time.
AGAIN = timedelta(minutes=5)


class Bad(Exception):
    """The request cannot be used; the message tells its sender why."""


class TooMany(Exception):
    """More were sent than are looked at."""


# Other people's sites send these: there is no session to be abused, and no token that they could know.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: HttpRequest) -> HttpResponse:
    """202 where it will be looked at, 400 with the reason where not, 429 from whom there are too many."""
    if request.method != "POST":
        return render(request, "scoring/webmention.html")
    at = timezone.now()
    source, target = (request.POST.get(name, "").strip() for name in ("source", "target"))
    pair = key_of("pair", source, target)
    try:
        link = checked(source, target, at=at)
        if not cache.add(pair, 1, timeout=AGAIN.total_seconds()):
            return said(request, _("Thank you. It is being looked at."), 202)
        for what, most in ((page(source).partition("/")[0], FROM_ONE_HOST), (str(link.pk), FOR_ONE_BLOG)):
            count(what, most, at=at)
        current_app.send_task(TASK, args=[source, target], queue=QUEUE, priority=PRIORITY)
    except Bad as error:
        return said(request, str(error), 400)
    except TooMany:
        answer = said(request, _("That was too often. Please send it again in an hour."), 429)
        answer["Retry-After"] = str(int(WITHIN.total_seconds()))
        return answer
    except OperationalError:
        log.exception("a webmention could not be queued")
        cache.delete(pair)
        return said(request, _("Nothing can be looked at here at the moment. Please send it again later."), 503)
    words = _("Thank you. It is looked at within some minutes: the page must link to the one it is about.")
    return said(request, words, 202)


def said(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """`words` as text, which is what other sites log; as the page again, with its form filled in, for a browser."""
    if "text/html" in request.headers.get("Accept", ""):
        kept = {} if status == 202 else {name: request.POST.get(name, "") for name in ("source", "target")}
        context = {"words": words, "wrong": status != 202} | kept
        return render(request, "scoring/webmention.html", context, status=status)
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")


def checked(source: str, target: str, *, at: datetime) -> LinkedAccount:
    """The blog that `target` is a page of. Raises Bad."""
    for name, url in (("source", source), ("target", target)):
        try:
            parts = urlsplit(url)
            page(url)
            fit = parts.scheme in ("http", "https") and parts.username is None and len(url) <= LONGEST
        except ValueError:
            fit = False
        if not fit:
            raise Bad(_("%(name)s is not the address of a page (http or https).") % {"name": name})
    if page(source, query=True) == page(target, query=True):
        raise Bad(_("source and target are the same page."))
    if blogs.is_own(source):
        raise Bad(_("source is a page of this site; what it says of people is not counted for them."))
    if private(source):
        raise Bad(_("source is at a private address."))
    link = blogs.blog_of_profile(target, at=at.date()) if blogs.is_own(target) else blogs.blog_at(target)
    if link is None:
        raise Bad(_("target is no page of a blog that is linked here, nor the profile of somebody with one."))
    return link


def private(url: str) -> bool:
    """Whether `url` names an IP address that is not public; what a name stands for is seen when it is called."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host) and not is_listed(host, parts.port or 443, frozenset(private_hosts()))


def key_of(*words: str) -> str:
    """Where the cache keeps something about `words`, however long."""
    return f"webmention:{hashlib.sha256(chr(0).join(words).encode()).hexdigest()}"


def count(what: str, most: int, *, at: datetime) -> None:
    """Count one more of `what` within this hour. Raises TooMany."""
    key = key_of(str(int(at.timestamp() // WITHIN.total_seconds())), what)
    cache.add(key, 0, timeout=2 * WITHIN.total_seconds())
    try:
        if cache.incr(key) > most:
            raise TooMany
    except ValueError:
        # It lapsed this very moment.
        return
