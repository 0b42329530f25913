"""A campaign's windows as a calendar file (iCalendar, RFC 5545): one event for each that has not closed yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from icalendar import Alarm, Calendar, Event

from perks.models import Campaign, Window
from perks.openings import opens_for

MEDIA_TYPE = "text/calendar; charset=utf-8"
FILE_NAME = "perk-{number}.ics"
# How long before a window opens a calendar reminds.
REMINDER = timedelta(minutes=10)


def calendar_of(campaign: Campaign, *, score: float | None, at: datetime) -> bytes:
    """The windows of `campaign` (with its brand) that have not closed at `at`; staggered ones as `score` opens them.

    An event keeps its UID for as long as its window is there, so that a file taken in again moves it.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//perks//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for window in campaign.windows.all():
        opens = opens_for(window, score, at)
        if opens is not None:
            calendar.add_component(_event(campaign, window, opens, at))
    content: bytes = calendar.to_ical()
    return content


def _event(campaign: Campaign, window: Window, opens: datetime, at: datetime) -> Event:
    title, address = f"{campaign.title} ({campaign.brand.name})", settings.SITE_URL + path_of(campaign)
    event = Event()
    event.add("uid", f"perk-window-{window.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", campaign.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", opens.astimezone(UTC))
    event.add("dtend", window.closes_at.astimezone(UTC))
    event.add("summary", title)
    event.add("description", "\n".join(line for line in (campaign.headline, address) if line))
    event.add("url", address)
    # A window is no appointment: whoever looks is free.
    event.add("transp", "TRANSPARENT")
    if campaign.place:
        event.add("location", campaign.place)
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", title)
    reminder.add("trigger", -REMINDER)
    event.add_component(reminder)
    return event


def path_of(campaign: Campaign) -> str:
    """The page of a perk."""
    try:
        return reverse("perk", args=[campaign.pk])
    except NoReverseMatch:
        return f"/perks/{campaign.pk}"
