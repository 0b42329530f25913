"""Posts about a perk: named by their authors, or found by the campaign's hashtag or link among what is read of posts.

Looked for are posts of people who claimed, on the accounts they linked, from their claim to 60 days after the
campaign's end. A brand is told numbers, never whose they are.
"""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from accounts.networks import NETWORKS
from accounts.networks.base import VERBS
from accounts.networks.words import in_text, tags_of
from perks.links import Form, form_of
from perks.models import Campaign, Claim, Mention

FOLLOW_UP = timedelta(days=60)
# As is usual in several languages and laws; beside them those that the campaign's own wording asks for.
DISCLOSING = (
    *(
        "ad",
        "ads",
        "advert",
        "advertisement",
        "advertising",
        "gifted",
        "gift",
        "sponsored",
        "sponsor",
        "paidpartnership",
    ),
    *(
        "freebie",
        "prsample",
        "werbung",
        "anzeige",
        "gesponsert",
        "reklame",
        "pr",
        "publicite",
        "publicité",
        "publicidad",
    ),
    *("pubblicità", "pubblicita", "annonce", "advertentie", "geschenkt", "offert", "regalo", "kloutperk"),
)
# Of an account: how many it reaches, by the counters of the networks that say so.
AUDIENCE = sorted(
    {
        counter.name
        for network in NETWORKS.values()
        for counter in network.spec.counters
        if counter.verb in ("follow", "connect")
    }
)
CLAIMERS = """
    SELECT person_id, min(id) AS claim, min(claimed_at) AS since FROM perks_claim
    WHERE campaign_id = %(campaign)s AND state IN ('claimed', 'redeemed') AND person_id IS NOT NULL
    GROUP BY person_id
"""
# Posts of those people that carry one of the tags, or a link to one of the hosts (which is looked at again).
FOUND = """
    SELECT people.person_id, people.claim, post.account, post.post, account.network, post.posted_at,
           post.tags::text[] && %(tags)s::text[] AS tagged, post.links
    FROM ({people}) AS people
    JOIN accounts_linkedaccount AS link ON link.person_id = people.person_id
    JOIN accounts_account AS account ON account.id = link.account_id
    JOIN scoring_post AS post ON post.account = link.account_id
     AND post.posted_at >= people.since AND post.posted_at < %(until)s
    WHERE (post.tags <> '{{}}' OR post.links <> '{{}}')
      AND (post.tags::text[] && %(tags)s::text[]
           OR EXISTS (SELECT FROM unnest(post.links) AS one (address) WHERE address ILIKE ANY(%(hosts)s)))
"""
STORE = """
    INSERT INTO perks_mention AS known
        (campaign_id, claim_id, person_id, source, url, network, account, post, posted_at, found_at,
         people, reactions, audience)
    SELECT %(campaign)s, claim, person, source, '', network, account, post, posted_at, %(at)s, 0, 0, 0
    FROM unnest(%(claims)s::bigint[], %(persons)s::bigint[], %(sources)s::text[], %(networks)s::text[],
                %(accounts)s::bigint[], %(posts)s::bigint[], %(times)s::timestamptz[])
      AS new (claim, person, source, network, account, post, posted_at)
    ORDER BY account, post
    ON CONFLICT (campaign_id, account, post) WHERE NOT (post = 0) DO NOTHING
"""
# What no longer matches: the hashtag was changed, the account was removed, the claim was cancelled.
FORGET = """
    DELETE FROM perks_mention
    WHERE campaign_id = %(campaign)s AND source <> 'own' AND (account, post) NOT IN (
        SELECT * FROM unnest(%(accounts)s::bigint[], %(posts)s::bigint[])
    )
"""
# How posts were received, as it is published: different people as far as known (members by name, others together),
# reactions by whichever source tells of most, without views.
RECEIVED = f"""
    SELECT wanted.number, wanted.account, wanted.post,
           greatest(coalesce(moment.people, 0), coalesce(counted.people, 0)) AS people,
           greatest(coalesce(moment.reactions, 0), coalesce(counted.reactions, 0), coalesce(total.reactions, 0))
             AS reactions,
           coalesce(reach.value, 0) AS audience
    FROM wanted
    LEFT JOIN scoring_moment AS moment
      ON (moment.person_id, moment.account, moment.post) = (wanted.person, wanted.account, wanted.post)
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT actor_id) + coalesce(max(people) FILTER (WHERE actor_id IS NULL), 0) AS people,
               sum(reactions) AS reactions
        FROM scoring_activity AS seen
        WHERE (seen.person_id, seen.account, seen.post) = (wanted.person, wanted.account, wanted.post)
          AND seen.verb <> {VERBS["visit"]}
    ) AS counted ON true
    LEFT JOIN LATERAL (
        SELECT sum(total) AS reactions FROM scoring_posttotal AS told
        WHERE (told.account, told.post) = (wanted.account, wanted.post) AND told.verb <> {VERBS["visit"]}
    ) AS total ON true
    LEFT JOIN LATERAL (
        SELECT max(value) AS value FROM (
            SELECT DISTINCT ON (name) value FROM scoring_counterreading AS reading
            WHERE reading.account = wanted.account AND name = ANY(%(counters)s) ORDER BY name, day DESC
        ) AS newest
    ) AS reach ON true
"""
REFRESH = f"""
    WITH wanted AS (
        SELECT id AS number, person_id AS person, account, post FROM perks_mention
        WHERE campaign_id = %(campaign)s AND post <> 0
    ), received AS ({RECEIVED})
    UPDATE perks_mention AS known
    SET people = least(received.people, 2147483647), reactions = least(received.reactions, 2147483647),
        audience = received.audience
    FROM received
    WHERE known.id = received.number
      AND (known.people, known.reactions, known.audience)
          IS DISTINCT FROM (received.people, received.reactions, received.audience)
"""
# Own posts of who noted an address, to be compared with it.
OWN = """
    SELECT link.person_id, post.account, post.post, account.network, post.posted_at, post.url
    FROM accounts_linkedaccount AS link
    JOIN accounts_account AS account ON account.id = link.account_id
    JOIN scoring_post AS post ON post.account = link.account_id
    WHERE link.person_id = ANY(%(persons)s) AND post.url <> '' AND post.posted_at >= %(since)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A post that carries what was looked for."""

    person: int
    claim: int
    account: int
    post: int
    network: str
    posted_at: datetime
    by_tag: bool


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


def match(campaign: Campaign, at: datetime) -> int:
    """Find the posts about `campaign` and how they were received; returns how many there are. Safe to run again."""
    found = list(search(campaign, CLAIMERS, {"campaign": campaign.pk}, until(campaign, at), *wanted(campaign)))
    with transaction.atomic(), connection.cursor() as cursor:
        columns: dict[str, Any] = {
            "claims": [one.claim for one in found],
            "persons": [one.person for one in found],
            "sources": [(Mention.Source.HASHTAG if one.by_tag else Mention.Source.LINK).value for one in found],
            "networks": [one.network for one in found],
            "accounts": [one.account for one in found],
            "posts": [one.post for one in found],
            "times": [one.posted_at for one in found],
        }
        cursor.execute(FORGET, {"campaign": campaign.pk, **columns})
        cursor.execute(STORE, {"campaign": campaign.pk, "at": at, **columns})
        _recognise_own(campaign)
        cursor.execute(REFRESH, {"campaign": campaign.pk, "counters": AUDIENCE})
    return Mention.objects.filter(campaign=campaign).count()


def until(campaign: Campaign, at: datetime) -> datetime:
    """Until when posts are looked for: FOLLOW_UP after the last window."""
    end = campaign.windows.aggregate(end=Max("closes_at"))["end"]
    return (end or at) + FOLLOW_UP


def begun(campaign: Campaign, at: datetime) -> datetime:
    """When the first window opens."""
    return campaign.windows.aggregate(begin=Min("opens_at"))["begin"] or at


def wanted(campaign: Campaign) -> tuple[list[str], list[Form]]:
    """The hashtag and the link of `campaign`, as lists of none or one."""
    link = form_of(campaign.link) if campaign.link else None
    return list(tags_of([campaign.hashtag])), [link] if link else []


def disclosing(campaign: Campaign) -> list[str]:
    """Hashtags by which a post says that something was given: the usual ones, and those of the campaign's wording."""
    terms = campaign.terms
    own, _ = in_text(terms.disclosure) if terms else ((), ())
    return sorted({*DISCLOSING, *own} - set(tags_of([campaign.hashtag])))


def search(
    campaign: Campaign,
    people: str,
    params: dict[str, Any],
    until: datetime,
    tags: Sequence[str],
    links: Sequence[Form],
) -> Iterator[Found]:
    """Posts of `people` (a query with person_id, claim, since) before `until`, with one of `tags` or to one of `links`.

    A link without a path stands for the whole site.
    """
    if not tags and not links:
        return
    hosts = [f"%{_plain(form.host.partition(':')[0])}%" for form in links]
    hosts += [f"%{_plain(old)}%" for form in links for old, new in _ALIASES if new == form.host]
    with connection.cursor() as cursor:
        cursor.execute(
            FOUND.format(people=people), {**params, "until": until, "tags": list(tags), "hosts": hosts or [""]}
        )
        for person, claim, account, post, network, posted_at, tagged, addresses in cursor:
            if tagged or any(_leads(form_of(address), links) for address in addresses):
                yield Found(person, claim, account, post, network, posted_at, bool(tagged))


_ALIASES = (("twitter.com", "x.com"), ("youtu.be", "youtube.com"), ("threads.com", "threads.net"))


def _leads(form: Form | None, links: Sequence[Form]) -> bool:
    return form is not None and any(
        form.leads_to(link) or (not link.path and not link.params and form.host == link.host) for link in links
    )


def _plain(text: str) -> str:
    """A text as it stands in a pattern of LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _recognise_own(campaign: Campaign) -> None:
    """Give mentions by people's own notes the post that they name, where it is one of theirs that we read."""
    notes = list(
        Mention.objects.filter(campaign=campaign, source=Mention.Source.OWN, post=0).order_by("pk").exclude(url="")
    )
    if not notes:
        return
    posts: dict[tuple[int, Form], tuple[int, int, str, datetime]] = {}
    since = begun(campaign, notes[0].found_at)
    with connection.cursor() as cursor:
        cursor.execute(OWN, {"persons": sorted({note.person_id for note in notes}), "since": since})
        for person, account, post, network, posted_at, url in cursor:
            if form := form_of(url):
                posts[person, _bare(form)] = (account, post, network, posted_at)
    taken = set(
        Mention.objects.filter(campaign=campaign, source=Mention.Source.OWN)
        .exclude(post=0)
        .values_list("account", "post")
    )
    for note in notes:
        form = form_of(note.url)
        one = posts.get((note.person_id, _bare(form))) if form else None
        # Somebody may note one post by two addresses: it is one post.
        if one is None or one[:2] in taken:
            continue
        taken.add(one[:2])
        Mention.objects.filter(campaign=campaign, account=one[0], post=one[1]).exclude(pk=note.pk).delete()
        note.account, note.post, note.network, note.posted_at = one
        note.save(update_fields=["account", "post", "network", "posted_at"])


def _bare(form: Form) -> Form:
    """The form of a post's address: what names a post at X is its number alone."""
    path = form.path
    if form.host == "x.com" and "/status/" in path:
        path = "/i/status/" + path.rpartition("/status/")[2].partition("/")[0]
    # Of YouTube the parameter names the video; elsewhere parameters name no other post.
    params = frozenset(one for one in form.params if one[0] == "v") if form.host == "youtube.com" else frozenset()
    return Form(form.host, path, params)


def received(posts: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """{(account, post): reactions} of (person, account, post), as REFRESH has them."""
    if not posts:
        return {}
    statement = f"""
        WITH wanted AS (
            SELECT 0 AS number, person, account, post
            FROM unnest(%(persons)s::bigint[], %(accounts)s::bigint[], %(posts)s::bigint[])
              AS one (person, account, post)
        ), received AS ({RECEIVED})
        SELECT account, post, reactions FROM received
    """
    persons, accounts, numbers = (list(column) for column in zip(*posts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"persons": persons, "accounts": accounts, "posts": numbers, "counters": AUDIENCE})
        return {(account, post): int(reactions) for account, post, reactions in cursor.fetchall()}
