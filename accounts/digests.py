"""What waits to be mailed, in one mail: each morning or each Monday in the reader's time zone, and none without news.

Who is due is found anew each hour from what waits, so that an hour that was missed is made up for, and a run that was
killed is taken up by the next. What should have been mailed at once and was not (the process killed, the mail server
down) goes with it after a while. Two runs at a time: rows are locked while they are mailed, and the other skips them.
"""

from __future__ import annotations

import logging
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.mailing import digest_of, speaking_to, with_zone
from accounts.matters import KINDS, MATTERS, NOW
from accounts.models import Membership, Notification, User

log = logging.getLogger(__name__)

# When the digest comes, local time.
MORNING = time(8)
# What was to be mailed at once and still waits after this long is mailed with the next run.
LATE = timedelta(minutes=10)
# Failures in a row that mean that no mail server is there.
FAILURES = 3
# What a mail server says to one mail, and not to all.
REFUSED = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)

# Summed up by user first: most of what waits is not due, and there may be millions of it.
DUE = """
    WITH known AS (
        SELECT * FROM unnest(%(kinds)s::text[], %(matters)s::text[], %(mails)s::text[], %(mandatory)s::boolean[])
            AS known(kind, matter, mail, mandatory)
    ), waiting AS MATERIALIZED (
        SELECT row.user_id,
            min(row.created_at) FILTER (WHERE coalesce(choice.mail, known.mail) = 'now') AS at_once,
            min(row.created_at) FILTER (WHERE coalesce(choice.mail, known.mail, 'digest') <> 'now') AS gathered
        FROM accounts_notification AS row
        LEFT JOIN known ON known.kind = row.kind
        LEFT JOIN accounts_notificationchoice AS choice
            ON choice.user_id = row.user_id AND choice.matter = known.matter AND NOT known.mandatory
        WHERE row.in_digest
        GROUP BY row.user_id
    ), due AS (
        SELECT * FROM unnest(%(zones)s::text[], %(daily)s::timestamptz[], %(weekly)s::timestamptz[])
            AS due(zone, daily, weekly)
    )
    SELECT waiting.user_id
    FROM waiting
    JOIN accounts_user AS reader ON reader.id = waiting.user_id AND reader.is_active
    LEFT JOIN LATERAL (
        SELECT person.time_zone
        FROM accounts_membership AS membership JOIN accounts_person AS person ON person.id = membership.person_id
        WHERE membership.user_id = waiting.user_id
        ORDER BY person.kind DESC, membership.created_at, membership.id LIMIT 1
    ) AS home ON true
    JOIN due ON due.zone = coalesce(home.time_zone, 'UTC')
    WHERE (waiting.at_once < %(late)s OR waiting.gathered < CASE reader.digest
        WHEN 'daily' THEN %(last_daily)s::timestamptz ELSE %(last_weekly)s::timestamptz END)
    AND (waiting.at_once < %(late)s
        OR waiting.gathered < CASE reader.digest WHEN 'daily' THEN due.daily ELSE due.weekly END)
    ORDER BY waiting.user_id
"""


@dataclass(slots=True)
class Sent:
    """What a run did: digests sent, and those that could not be."""

    mails: int = 0
    failed: int = 0


def mornings(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last morning, and the last Monday's, that had begun in `zone` by `at`."""
    here = zoneinfo.ZoneInfo(zone)
    day = at.astimezone(here).date()
    if datetime.combine(day, MORNING, tzinfo=here) > at:
        day -= timedelta(days=1)
    monday = day - timedelta(days=day.weekday())
    return datetime.combine(day, MORNING, tzinfo=here), datetime.combine(monday, MORNING, tzinfo=here)


@cache
def all_zones() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def due(at: datetime) -> list[int]:
    """The keys of all users for whom something waits that is due at `at`, in order."""
    begun = [mornings(at, zone) for zone in all_zones()]
    known = [(name, kind.matter, MATTERS[kind.matter]) for name, kind in KINDS.items()]
    values: dict[str, Any] = {
        "kinds": [name for name, _slug, _matter in known],
        "matters": [slug for _name, slug, _matter in known],
        "mails": [str(NOW if matter.mandatory else matter.mail) for _name, _slug, matter in known],
        "mandatory": [matter.mandatory for _name, _slug, matter in known],
        "zones": all_zones(),
        "daily": [daily for daily, _weekly in begun],
        "weekly": [weekly for _daily, weekly in begun],
        # Where it is latest: most need not be asked where they live.
        "last_daily": max(daily for daily, _weekly in begun),
        "last_weekly": max(weekly for _daily, weekly in begun),
        "late": at - LATE,
    }
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        return [user for (user,) in cursor.fetchall()]


def send_due(*, at: datetime) -> Sent:
    """Mail everybody for whom it is time what waits for them; safe to kill at any point, and to run twice at once."""
    done, in_a_row = Sent(), 0
    mails = get_connection()
    for user in due(at):
        try:
            done.mails += send_to(user, mails)
        except Exception as error:
            # What waits for this one waits on; the address stays out of the log.
            log.warning("the digest of user %s could not be sent: %s", user, type(error).__name__)
            done.failed += 1
            in_a_row += isinstance(error, OSError) and not isinstance(error, REFUSED)
            if in_a_row == FAILURES:
                break
            mails = get_connection()
        else:
            in_a_row = 0
    return done


def send_to(user: int, mails: BaseEmailBackend) -> bool:
    """Mail one user all that waits for them; whether anything did that no other run is mailing just now."""
    with transaction.atomic():
        reader = with_zone(User.objects.filter(pk=user, is_active=True)).first()
        rows = list(waiting_for(user).select_related("person"))
        if reader is None or not rows:
            return False
        with speaking_to(reader, reader.zone):
            message = digest_of(reader, rows)
        message.connection = mails
        message.send()
        Notification.objects.filter(pk__in=[row.pk for row in rows]).update(in_digest=False)
    return True


def waiting_for(user: int) -> QuerySet[Notification]:
    """What waits to be mailed to a user, the oldest first, locked until the transaction ends.

    Nothing of people for whom they do not speak any more.
    """
    mine = Membership.objects.filter(user=user).values("person")
    rows = Notification.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.filter(user=user, person__in=mine, in_digest=True).order_by("created_at", "pk")
