"""Posts of members and how they were received, as collecting and a daily run leave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Account, LinkedAccount, Person
from perks.models import Campaign, Claim
from scoring.models import CounterReading, Moment, Post, PostTotal


def make_account(person: Person, network: str = "mastodon", *, followers: int | None = None) -> Account:
    """An account that `person` linked, with its followers as read last."""
    account = Account.objects.create(network=network, external_id=f"{person.handle}@{network}".lower())
    LinkedAccount.objects.create(account=account, person=person)
    if followers is not None:
        now = timezone.now()
        CounterReading.objects.create(
            account=account.pk,
            name="followers",
            day=now.date(),
            value=followers,
            observed_at=now,
            network=3,
            origin=1,
        )
    return account


def make_post(
    account: Account,
    posted_at: datetime,
    *,
    tags: Sequence[str] = (),
    links: Sequence[str] = (),
    url: str = "",
    people: int = 0,
    reactions: int = 0,
    likes: int = 0,
) -> Post:
    """A post of an account, with a moment where somebody reacted by name, and a total of likes without names."""
    number = 1000 + Post.objects.count()
    post = Post.objects.create(
        account=account.pk,
        post=number,
        external_id=str(number),
        url=url,
        posted_at=posted_at,
        tags=list(tags),
        links=list(links),
    )
    if people or reactions:
        Moment.objects.create(
            person=LinkedAccount.objects.get(account=account).person,
            account=account.pk,
            post=number,
            points=1.0,
            people=people,
            reactions=reactions,
            posted_at=posted_at,
        )
    if likes:
        PostTotal.objects.create(
            account=account.pk, post=number, verb=1, total=likes, occurred_at=posted_at, network=3, origin=1
        )
    return post


def make_claim(
    campaign: Campaign, person: Person | None, at: datetime, state: str = "claimed", **fields: object
) -> Claim:
    """A claim as it stands after the flow, with its count in the stock."""
    variant = fields.pop("variant", None) or campaign.variants.get()
    confirmed = state in ("claimed", "redeemed", "cancelled")
    number = Claim.objects.filter(campaign=campaign, person=person, state__in=Claim.ACTIVE).count()
    claim = Claim.objects.create(
        campaign=campaign,
        variant=variant,
        window=campaign.windows.first(),
        person=person,
        ordinal=number + 1,
        allowed=max(campaign.per_person, number + 1),
        state=state,
        key=f"key-{Claim.objects.count()}",
        held_at=at,
        expires_at=at + timedelta(minutes=10),
        claimed_at=at if confirmed else None,
        redeemed_at=at if state == "redeemed" else None,
        ended_at=at if state in ("cancelled", "expired", "released") else None,
        terms=campaign.terms if confirmed else None,
        accepted_at=at if confirmed else None,
        **fields,
    )
    return claim
