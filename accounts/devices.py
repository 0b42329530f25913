"""The browsers in which somebody is logged in: what they call themselves, roughly where they are, when last seen."""

from __future__ import annotations

import ipaddress
import logging
import re
from datetime import datetime, timedelta
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.models import User

log = logging.getLogger(__name__)

# A browser that goes on looking about is noted no oftener.
NOTED_EVERY = timedelta(minutes=15)
# What is kept of an address: the network it lies in, which tells a town or a provider and no household.
KEPT_BITS = {4: 24, 6: 48}
UNKNOWN = "0.0.0.0"  # noqa: S104  (nothing listens there)
# Each names itself after those before it, too: the first that fits is meant.
BROWSERS = (
    (re.compile(r"\bEdgA?/|\bEdgiOS/"), "Edge"),
    (re.compile(r"\bOPR/|\bOpera\b"), "Opera"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\bVivaldi/"), "Vivaldi"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"\bChromium/|\bHeadlessChrome/"), "Chromium"),
    (re.compile(r"\bChrome/|\bCriOS/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
)
SYSTEMS = (
    (re.compile(r"\biPhone\b|\biPod\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b"), "Mac"),
    (re.compile(r"\bLinux\b|\bX11\b"), "Linux"),
)


def named(user_agent: str) -> str:
    """What people call a browser that calls itself `user_agent`: "Firefox on Windows"."""
    browser = next((name for form, name in BROWSERS if form.search(user_agent)), "")
    system = next((name for form, name in SYSTEMS if form.search(user_agent)), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown browser")


def rough(address: str) -> str:
    """The first address of the network that `address` lies in; UNKNOWN for what is none."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    mapped = getattr(known, "ipv4_mapped", None) or known
    network = ipaddress.ip_network((mapped, KEPT_BITS[mapped.version]), strict=False)
    return str(network.network_address)


def place(address: str) -> str:
    """An address that was kept, as it is shown: what of it is known, and a star for the rest."""
    if address == UNKNOWN:
        return "…"
    if address.count(".") == 3:
        return address.rpartition(".")[0] + ".*"
    return address.removesuffix("::") + ":*"


@receiver(pre_save, sender=UserSession)
def keep_roughly(sender: type[UserSession], instance: UserSession, **_kwargs: Any) -> None:
    instance.ip = rough(instance.ip)


@receiver(password_changed)
@receiver(password_set)
@receiver(password_reset)
def end_the_others(sender: type[User], request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """A new password is often a lock that was changed: whoever else was in is put out."""
    here = request.session.session_key if request.user == user else None
    end([session for session in UserSession.objects.filter(user=user) if session.session_key != here])


@receiver(user_logged_in)
def log_in_is_seen(sender: type[User], request: HttpRequest, **_kwargs: Any) -> None:
    """A log-in notes itself; what follows at once need not."""
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        _not_noted_lately(session.session_key)


def _not_noted_lately(session_key: str) -> bool:
    """Whether it is time to note this session; whoever is told so is the only one for a while."""
    try:
        return cache.add(f"seen:{session_key}", 1, NOTED_EVERY.total_seconds())
    except (OSError, RedisError):
        # Without the cache pages go on, and nobody is noted.
        log.warning("the cache cannot be asked which browsers were seen")
        return False


def see(session_key: str, at: datetime) -> None:
    """Note that a browser was here at `at`, if it was not noted within NOTED_EVERY."""
    if _not_noted_lately(session_key):
        UserSession.objects.filter(session_key=session_key, last_seen_at__lt=at).update(last_seen_at=at)


def of(user: User) -> list[UserSession]:
    """The browsers in which `user` is logged in, the one seen last first; what has ended is left out."""
    lasting = Session.objects.filter(session_key=OuterRef("session_key"))
    return list(UserSession.objects.filter(Exists(lasting), user=user).order_by("-last_seen_at", "-pk"))


def sweep() -> int:
    """Forget browsers whose session is over; how many."""
    lasting = Session.objects.filter(session_key=OuterRef("session_key"))
    over: QuerySet[UserSession] = UserSession.objects.filter(~Exists(lasting))
    return over.delete()[0]


def end(sessions: list[UserSession]) -> int:
    """Log out these browsers; how many. Whatever they send next is from a stranger."""
    keys = [session.session_key for session in sessions]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
