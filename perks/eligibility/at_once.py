"""Whether somebody meets all that a campaign wants, in one statement, for the moment when thousands ask at once.

It says only yes or no: words, and what is missing, are `check`'s. Both go by the same criteria and by the same `Facts`
(tests/perks/test_eligibility_property.py holds the two together); here only those facts are read that the campaign asks
for, and the statement is planned once for each connection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.models import Membership, Person, User
from perks import prepared
from perks.eligibility.base import Criterion
from perks.eligibility.checking import criteria_of, tier_of
from perks.eligibility.facts import Facts, facts_from
from perks.eligibility.standing import WithinLimit
from perks.eligibility.wanted import Wanted
from perks.models import Campaign, Terms, Tier, Variant
from perks.states import PUBLIC
from scoring.formula.base import PARTS
from scoring.models import Score, Topic


def _fields(model: type[Model], *names: str) -> tuple[str, ...]:
    """In the order in which from_db takes their values."""
    known = tuple(field.attname for field in model._meta.concrete_fields if field.attname in names)
    assert len(known) == len(names)
    return known


OF_CAMPAIGN = _fields(
    *(Campaign, "id", "brand_id", "value", "currency", "minimum_score", "minimum_percentile", "any_topic", "countries"),
    *("regions", "languages", "networks", "new_to_brand", "minimum_age", "confirmed_only", "per_person", "hold_out"),
)
OF_PERSON = _fields(Person, "id", "kind", "handle", "country", "region", "birth_year")
OF_SCORE = _fields(
    Score, "person_id", "score", "unrested", "reach", "amplification", "network_part", "formula", "as_of"
)
OF_TERMS = _fields(Terms, "id", "campaign_id", "version")


def _columns(table: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


# A CASE reads nothing where its condition does not hold: a criterion that a campaign has not costs nothing.
STATEMENT = f"""
SELECT {_columns("c", OF_CAMPAIGN)}, {_columns("p", OF_PERSON)}, {_columns("s", OF_SCORE)}, {_columns("t", OF_TERMS)},
  CASE WHEN s.unrested < s.score
       THEN least(s.percentile, coalesce((SELECT o.percentile FROM scoring_score o WHERE o.score <= s.unrested
                                          ORDER BY o.score DESC, o.percentile LIMIT 1), 0.0))
       ELSE s.percentile END,
  (SELECT k.reference FROM perks_claim k WHERE k.person_id = p.id AND k.key = %(key)s AND k.campaign_id = c.id),
  EXISTS (SELECT FROM perks_variant v WHERE v.id = %(variant)s::bigint AND v.campaign_id = c.id),
  jsonb_build_object(
    'parts', (SELECT jsonb_agg(jsonb_build_array(r.of, r.points)) FROM perks_partrequirement r
              WHERE r.campaign_id = c.id),
    'topics', (SELECT jsonb_agg(jsonb_build_array(r.topic_id, r.expertise)) FROM perks_topicrequirement r
               WHERE r.campaign_id = c.id),
    'awards', (SELECT jsonb_agg(jsonb_build_array(r.family, r.level)) FROM perks_awardrequirement r
               WHERE r.campaign_id = c.id),
    'tiers', (SELECT jsonb_agg(jsonb_build_array(r.id, r.minimum_score) ORDER BY r.minimum_score) FROM perks_tier r
              WHERE r.campaign_id = c.id),
    'my_claims', (
      SELECT jsonb_agg(jsonb_build_object('campaign', k.campaign_id, 'brand', c.brand_id, 'number', k.number))
      FROM (SELECT campaign_id, count(*) AS number FROM perks_claim
            WHERE person_id = p.id
              AND (state IN ('claimed', 'redeemed') OR state = 'held' AND expires_at > %(at)s::timestamptz)
              AND campaign_id IN (SELECT id FROM perks_campaign b WHERE b.brand_id = c.brand_id)
            GROUP BY campaign_id) k),
    'by_network', CASE WHEN EXISTS (SELECT FROM perks_partrequirement r
                                    WHERE r.campaign_id = c.id AND r.of <> ALL (%(parts)s)) THEN (
      SELECT jsonb_agg(jsonb_build_object('network', k.network, 'points', k.points))
      FROM (SELECT network, sum(points::numeric(12, 6))::float8 AS points FROM scoring_component
            WHERE person_id = p.id AND account <> 0 GROUP BY network) k) END,
    'in_all', CASE WHEN c.confirmed_only IS NOT FALSE THEN (
      SELECT jsonb_agg(jsonb_build_object('points', k.points, 'confirmed', k.confirmed))
      FROM (SELECT sum(n.points::numeric(12, 6))::float8 AS points,
                   coalesce(sum(n.points::numeric(12, 6)) FILTER (WHERE n.account IN (
                     SELECT l.account_id FROM accounts_linkedaccount l
                     WHERE l.person_id = p.id AND l.proof = 'network')), 0)::float8 AS confirmed
            FROM scoring_component n WHERE n.person_id = p.id AND n.account <> 0 HAVING count(*) > 0) k) END,
    'my_topics', CASE WHEN EXISTS (SELECT FROM perks_topicrequirement r WHERE r.campaign_id = c.id) THEN (
      SELECT jsonb_agg(jsonb_build_object('topic', k.topic_id, 'expertise', k.expertise))
      FROM scoring_persontopic k WHERE k.person_id = p.id AND NOT k.hidden) END,
    'my_awards', CASE WHEN EXISTS (SELECT FROM perks_awardrequirement r WHERE r.campaign_id = c.id) THEN (
      SELECT jsonb_agg(jsonb_build_object('family', k.family, 'level', k.level))
      FROM (SELECT family, max(level) AS level FROM scoring_award
            WHERE person_id = p.id AND revoked_at IS NULL GROUP BY family) k) END,
    'my_networks', CASE WHEN cardinality(c.networks) > 0 THEN (
      SELECT jsonb_agg(a.network) FROM accounts_linkedaccount l JOIN accounts_account a ON a.id = l.account_id
      WHERE l.person_id = p.id AND a.network <> 'klout') END,
    'my_languages', CASE WHEN cardinality(c.languages) > 0 THEN (
      SELECT jsonb_agg(u.language) FROM accounts_membership l JOIN accounts_user u ON u.id = l.user_id
      WHERE l.person_id = p.id) END)::text
FROM accounts_membership m
JOIN accounts_person p ON p.id = m.person_id
LEFT JOIN scoring_score s ON s.person_id = p.id
CROSS JOIN perks_campaign c
JOIN perks_brand b ON b.id = c.brand_id
CROSS JOIN LATERAL (SELECT {_columns("x", OF_TERMS)} FROM perks_terms x WHERE x.campaign_id = c.id
                    ORDER BY x.version DESC LIMIT 1) t
WHERE m.user_id = %(user)s::bigint AND m.role = ANY (%(roles)s) AND p.kind = 'person'
  AND (%(handle)s::text IS NULL OR lower(p.handle) = %(handle)s::text)
  AND NOT EXISTS (SELECT FROM accounts_erasure e WHERE e.person_id = p.id)
  AND c.id = %(campaign)s::bigint AND c.state = ANY (%(states)s) AND NOT c.is_template AND NOT b.suspended
ORDER BY m.created_at, m.id LIMIT 1
"""  # noqa: S608 (put together from constants alone)
ROLES = [str(Membership.Role.OWNER), str(Membership.Role.EDITOR)]
STATES = sorted(str(state) for state in PUBLIC)
ROWS = ("by_network", "in_all", "my_topics", "my_awards", "my_networks", "my_languages", "my_claims")


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a campaign: what a claim keeps of it beside (perks.claims.Qualified), no words.

    campaign, person, terms: with those fields alone that criteria and claims read. known: of the claim that was made
    with the same key before. full: nothing is missing but that they have as many as they may have.
    """

    campaign: Campaign
    person: Person
    terms: Terms
    variant: Variant | None
    known: UUID | None
    ok: bool
    full: bool
    score: float | None
    percentile: float | None
    formula: str
    scored_on: date | None
    tier: Tier | None


def standing(
    *, user: User, campaign: int, at: datetime, handle: str | None = None, variant: int = 0, key: str = ""
) -> Standing | None:
    """Of the person with `handle` for whom `user` may claim, else of the first one; one statement.

    None: there is no such person, or no such campaign that is public and has terms.
    """
    values = {
        "user": user.pk,
        "campaign": campaign,
        "variant": variant,
        "key": key,
        "handle": None if handle is None else handle.lower(),
        "at": at,
        "roles": ROLES,
        "states": STATES,
        "parts": list(PARTS),
    }
    with prepared.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        row = cursor.fetchone()
    return None if row is None else _standing(list(row), variant, at)


def _standing(row: list[Any], variant: int, at: datetime) -> Standing:
    def take(model: Any, names: tuple[str, ...]) -> Any:
        values, row[: len(names)] = row[: len(names)], []
        return model.from_db("default", names, values)

    campaign, person = take(Campaign, OF_CAMPAIGN), take(Person, OF_PERSON)
    score, terms = take(Score, OF_SCORE), take(Terms, OF_TERMS)
    percentile, known, has_variant, text = row
    found = json.loads(text)
    facts = _facts(person, score if score.pk is not None else None, percentile, found, at)
    rows = _wanted(found)
    unmet: list[Criterion] = [one for one in criteria_of(campaign, rows) if not one.met(facts)]
    return Standing(
        campaign=campaign,
        person=person,
        terms=terms,
        variant=Variant.from_db("default", ("id", "campaign_id"), (variant, campaign.pk)) if has_variant else None,
        known=known,
        ok=not unmet,
        full=[type(one) for one in unmet] == [WithinLimit],
        score=facts.score,
        percentile=facts.percentile,
        formula=facts.formula,
        scored_on=facts.scored_on,
        tier=tier_of(facts.score, rows.tiers),
    )


def _facts(person: Any, score: Score | None, percentile: float | None, found: dict[str, Any], at: datetime) -> Facts:
    """As perks.eligibility.facts.with_all reads them, of those that were wanted."""
    Person._meta.get_field("score").set_cached_value(person, score)
    person.is_joined, person.is_erasing, person.perk_percentile, person.my_progress = True, False, percentile, []
    for name in ROWS:
        setattr(person, name, found[name] or [])
    return facts_from(person, at)


def _wanted(found: dict[str, Any]) -> Wanted:
    return Wanted(
        parts=[(of, points) for of, points in found["parts"] or ()],
        topics=[(Topic(pk=pk), expertise) for pk, expertise in found["topics"] or ()],
        awards=[(family, level) for family, level in found["awards"] or ()],
        tiers=[Tier(pk=pk, minimum_score=least) for pk, least in found["tiers"] or ()],
    )
