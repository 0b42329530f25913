"""What a campaign brought: `results`; and who saw it, noted here page by page.

`Seen` is the base of all shares: one row for each member and campaign. Beside it, pages are counted whoever looks
(perks.impressions). Neither counts the brand's own team, the staff, robots, or people who are left out to compare with.
"""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from accounts.models import Person, User
from perks import impressions, states
from perks.hold_out import held_out
from perks.mentions import disclosing
from perks.models import Campaign
from perks.results import Results, read

# Of the campaigns, those that are not of a brand that the person or the user works for; none of anybody of the staff.
OF_OTHERS = """
    SELECT campaign.id FROM perks_campaign AS campaign
    WHERE campaign.id = ANY(%(campaigns)s)
      AND NOT EXISTS (
          SELECT FROM accounts_user AS worker
          LEFT JOIN perks_brandmembership AS team ON team.user_id = worker.id AND team.brand_id = campaign.brand_id
          WHERE (worker.is_staff OR team.id IS NOT NULL)
            AND (worker.id = %(user)s
                 OR worker.id IN (SELECT user_id FROM accounts_membership WHERE person_id = %(person)s))
      )
"""
NOTE_SHOWN = f"""
    WITH others AS ({OF_OTHERS}), noted AS (
        INSERT INTO perks_seen (campaign_id, person_id, shown_at)
        SELECT others.id, %(person)s, %(at)s FROM others WHERE %(person)s IS NOT NULL ORDER BY others.id
        ON CONFLICT (campaign_id, person_id) DO NOTHING
    )
    SELECT id FROM others
"""
NOTE_VIEWED = f"""
    WITH others AS ({OF_OTHERS}), noted AS (
        INSERT INTO perks_seen AS known (campaign_id, person_id, shown_at, viewed_at)
        SELECT others.id, %(person)s, %(at)s, %(at)s FROM others WHERE %(person)s IS NOT NULL
        ON CONFLICT (campaign_id, person_id) DO UPDATE SET viewed_at = excluded.viewed_at WHERE known.viewed_at IS NULL
    )
    SELECT id FROM others
"""


def note_shown(
    *,
    person: Person | None,
    campaigns: Iterable[Campaign],
    at: datetime,
    user: User | None = None,
    agent: str | None = None,
) -> None:
    """`campaigns` were on a page that `person` (None: a visitor) looked at.

    user: who is logged in, where nobody is spoken for; agent: the User-Agent header, by which robots are known.
    """
    _note(NOTE_SHOWN, impressions.SHOWN, person, campaigns, at, user, agent)


def note_viewed(
    *, person: Person | None, campaign: Campaign, at: datetime, user: User | None = None, agent: str | None = None
) -> None:
    """The campaign's own page was opened; otherwise as `note_shown`."""
    _note(NOTE_VIEWED, impressions.VIEWED, person, [campaign], at, user, agent)


def _note(
    statement: str,
    kind: str,
    person: Person | None,
    campaigns: Iterable[Campaign],
    at: datetime,
    user: User | None,
    agent: str | None,
) -> None:
    counted = [
        campaign.pk
        for campaign in campaigns
        if campaign.state in states.PUBLIC
        and not campaign.is_template
        and not (person is not None and held_out(campaign, person))
    ]
    if not counted or impressions.is_robot(agent):
        return
    if person is not None or user is not None:
        who = {"person": person.pk if person else None, "user": user.pk if user else None}
        with connection.cursor() as cursor:
            cursor.execute(statement, {"campaigns": counted, "at": at, **who})
            counted = [number for (number,) in cursor.fetchall()]
    if counted:
        impressions.add(counted, kind, at)


def results(campaign: Campaign, at: datetime) -> Results:
    """What `campaign` brought, as far as it is known at `at`; nothing is counted anew. Five queries."""
    return read(campaign, at, disclosing(campaign))
