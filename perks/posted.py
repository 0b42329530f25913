"""Posts about a perk that their author names: several, removable, expected of nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from perks import mentions, timeline
from perks.errors import PerkError
from perks.models import Claim, Mention

MOST = 10


def add(*, claim: Claim, url: str, at: datetime) -> None:
    """Note `url`; the same one again changes nothing. Raises PerkError where there are MOST already."""
    with transaction.atomic():
        Claim.objects.select_for_update().get(pk=claim.pk)
        known = of_claim(claim)
        if any(mention.url == url for mention in known):
            return
        if len(known) >= MOST:
            raise PerkError(_("Ten posts are noted already. Take one off to note another."))
        mention = mentions.note_own(claim=claim, url=url, at=at)
        if mention is not None and mention.found_at == at:
            timeline.note(claim.pk, "posted", at)


def remove(*, claim: Claim, number: int) -> bool:
    """Take a post off that its author named; whether there was one."""
    found = Mention.objects.filter(campaign=claim.campaign_id, person=claim.person_id, source=Mention.Source.OWN)
    deleted, _of = found.filter(pk=number).delete()
    return deleted > 0


def of_claim(claim: Claim) -> list[Mention]:
    """The posts that its person named for the campaign, also by another claim of theirs, the newest first."""
    found = Mention.objects.filter(campaign=claim.campaign_id, person=claim.person_id, source=Mention.Source.OWN)
    return list(found.order_by("-found_at", "-pk"))
