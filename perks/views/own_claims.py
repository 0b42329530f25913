"""Whose claim a page is about: it is there for who speaks for its person, and for nobody else."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest

from accounts.models import Person, User
from accounts.views import EDITORS
from perks.models import Claim


def own_claim(request: HttpRequest, reference: uuid.UUID, *more: str) -> Claim:
    """The claim with what its pages show (and `more` beside), in one query, for who may act for its person.

    Raises Http404 otherwise: brands and the staff have pages of their own.
    """
    assert isinstance(request.user, User)
    people = Person.objects.of(request.user, *EDITORS).order_by().values("pk")
    parts = ("campaign__brand", "variant", "tier", "person", "terms", "code", "review", "redemption__counter")
    claim = Claim.objects.select_related(*parts, *more).filter(reference=reference, person__in=people).first()
    if claim is None:
        raise Http404
    return claim
