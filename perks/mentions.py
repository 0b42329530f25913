"""Posts about a perk: named by their authors, or found by the campaign's hashtag or link."""

from __future__ import annotations

from datetime import datetime

from perks.models import Claim, Mention


def note_own(*, claim: Claim, url: str, at: datetime) -> Mention | None:
    """`claim`'s person says that `url` is a post of theirs about it; the same address again is the same mention.

    None where the claim is nobody's any more. Whether it is one of the posts that we read is found out by `match`.
    """
    if claim.person_id is None:
        return None
    return Mention.objects.get_or_create(
        campaign_id=claim.campaign_id,
        person_id=claim.person_id,
        url=url,
        defaults={"claim": claim, "source": Mention.Source.OWN, "found_at": at},
    )[0]
