"""The statements by which items move: each is one round trip, in which counts and rows change together.

Times are `at`, or where it is NULL the database's own when the statement arrived.
"""

# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

NOW = "COALESCE(%(at)s::timestamptz, statement_timestamp())"

MOMENT = f"SELECT {NOW}"

# ---------------------------------------------------------------- taking an item
# Whose turn it is in a window: whoever reaches none of a staggered one's scores comes with the last stage.
IN_A_WINDOW = """
    SELECT w.id FROM perks_window w
    WHERE w.campaign_id = c.id AND w.kind <> 'lottery' AND w.opens_at <= m.at AND m.at < w.closes_at
      AND (w.kind <> 'staggered' OR jsonb_array_length(w.stages) = 0 OR m.at >= w.opens_at + (
            SELECT min((stage->>1)::float8) * interval '1 minute'
            FROM jsonb_array_elements(w.stages) WITH ORDINALITY AS stages (stage, place)
            WHERE (stage->>0)::float8 <= %(shown)s::float8 OR place = jsonb_array_length(w.stages)))
    ORDER BY w.closes_at DESC, w.id LIMIT 1"""
AFTER_THE_DRAW = """
    SELECT w.id FROM perks_window w
    WHERE w.id = %(window)s::bigint AND w.campaign_id = c.id AND w.kind = 'lottery' AND w.closes_at <= m.at"""

ANYBODY = "v.waiting = 0 AND v.claimed + v.held + v.reserve < v.quantity"
WHOSE_TURN_IT_IS = "(v.claimed + v.held + v.reserve < v.quantity OR (%(from_reserve)s::boolean AND v.reserve > 0))"
# The item of an offer comes from what is free, and only then from what is kept back.
OF_RESERVE = ", reserve = v.reserve - CASE WHEN v.claimed + v.held + v.reserve < v.quantity THEN 0 ELSE 1 END"

# What is read stands in `facts`; `inserted` is the claim; `taken` looks again at the variant's row, as it is when this
# statement has it, and where that is no longer what was read the whole statement is taken back (perks_read_again).
_TAKE = """
WITH moment AS (SELECT {now} AS at),
known AS (SELECT id, campaign_id FROM perks_claim WHERE person_id = %(person)s::bigint AND key = %(key)s::text),
facts AS (
  SELECT v.id AS variant, v.rules, m.at, c.per_person, w.id AS its_window, o.ordinal,
         c.state = ANY(%(states)s::text[]) AND NOT c.is_template AND NOT b.suspended AS claimable,
         {free} AS free,
         %(version)s::int IS NOT DISTINCT FROM
           CASE WHEN %(version)s::int IS NULL THEN NULL
                ELSE (SELECT max(t.version) FROM perks_terms t WHERE t.campaign_id = c.id) END AS terms_in_force
  FROM moment m
  CROSS JOIN perks_variant v
  JOIN perks_campaign c ON c.id = v.campaign_id
  JOIN perks_brand b ON b.id = c.brand_id
  LEFT JOIN LATERAL ({window}) w ON true
  CROSS JOIN LATERAL (
    SELECT min(n) AS ordinal FROM generate_series(1, c.per_person) AS numbers (n)
    WHERE NOT EXISTS (SELECT FROM perks_claim k
                      WHERE k.campaign_id = c.id AND k.person_id = %(person)s::bigint AND k.ordinal = n
                        AND k.state IN ('held', 'claimed', 'redeemed'))) o
  WHERE v.id = %(variant)s::bigint AND c.id = %(campaign)s::bigint),
inserted AS (
  INSERT INTO perks_claim (reference, campaign_id, variant_id, window_id, person_id, user_id, ordinal, allowed, state,
      source, key, held_at, expires_at, extended, score, percentile, formula, scored_on, tier_id, terms_id, accepted_at,
      network_hint, device_hint)
  SELECT %(reference)s::uuid, %(campaign)s::bigint, %(variant)s::bigint, its_window, %(person)s::bigint,
      %(user)s::bigint, ordinal, per_person, 'held',
      %(source)s::text, %(key)s::text, at, at + %(lasting)s::interval, false, %(score)s::float8, %(percentile)s::float8,
      %(formula)s::text, %(scored_on)s::date, %(tier)s::bigint, %(terms)s::bigint,
      CASE WHEN %(terms)s::bigint IS NULL THEN NULL ELSE at END,
      %(network_hint)s::text, %(device_hint)s::text
  FROM facts
  WHERE claimable AND free AND terms_in_force AND its_window IS NOT NULL AND ordinal IS NOT NULL
    AND NOT EXISTS (SELECT FROM known)
  RETURNING id, variant_id, held_at, expires_at),
taken AS (
  UPDATE perks_variant v SET held = v.held + 1{reserve}
  FROM inserted i, facts f
  WHERE v.id = i.variant_id AND v.rules = f.rules AND {free}
  RETURNING v.id),
noted AS (
  INSERT INTO perks_claimevent (claim_id, kind, details, at)
  SELECT id, %(event)s::text, jsonb_build_object('until', to_char(expires_at AT TIME ZONE 'UTC',
                                                            'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')), held_at
  FROM inserted)
SELECT i.id, i.held_at, i.expires_at, f.ordinal, f.per_person, f.its_window, f.claimable, f.free, f.terms_in_force,
       known.id, known.campaign_id,
       CASE WHEN i.id IS NULL THEN EXISTS (
         SELECT FROM perks_claim k
         WHERE k.state = 'held' AND k.expires_at <= f.at
           AND (k.variant_id = f.variant
             OR (k.campaign_id = %(campaign)s::bigint AND k.person_id = %(person)s::bigint)))
       WHEN NOT EXISTS (SELECT FROM taken) THEN perks_read_again() END AS late
FROM moment LEFT JOIN facts f ON true LEFT JOIN inserted i ON true LEFT JOIN known ON true
"""


def _take(free: str, window: str, reserve: str = "") -> str:
    return _TAKE.format(now=NOW, free=free, window=window, reserve=reserve)


HOLD = _take(ANYBODY, IN_A_WINDOW)
OFFER = {
    "waiting": _take(WHOSE_TURN_IT_IS, IN_A_WINDOW, OF_RESERVE),
    "lottery": _take(WHOSE_TURN_IT_IS, AFTER_THE_DRAW, OF_RESERVE),
}

# ---------------------------------------------------------------- giving it back
_GIVEN_BACK = """
freed AS (
  UPDATE perks_variant v SET held = v.held - n
  FROM (SELECT variant_id, count(*) AS n FROM ended GROUP BY variant_id) AS gone
  WHERE v.id = gone.variant_id),
noted AS (INSERT INTO perks_claimevent (claim_id, kind, details, at) SELECT id, %(state)s, '{}', ended_at FROM ended)
SELECT id, variant_id FROM ended
"""
RELEASE = (
    f"""
WITH ended AS (
  UPDATE perks_claim SET state = %(state)s, ended_at = {NOW}
  WHERE id = %(claim)s AND state = 'held'
  RETURNING id, variant_id, ended_at),"""
    + _GIVEN_BACK
)
VARIANTS_DUE = f"SELECT DISTINCT variant_id FROM perks_claim WHERE state = 'held' AND expires_at <= {NOW}"
# Holds of one variant that are over, in the order of their numbers, so that two sweeps wait and never block each other.
_SWEEP = (
    f"""
WITH due AS (
  SELECT id FROM perks_claim
  WHERE variant_id = %(variant)s AND state = 'held' AND expires_at <= {NOW}
  ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATESKIP),
ended AS (
  UPDATE perks_claim SET state = %(state)s, ended_at = {NOW}
  FROM due WHERE perks_claim.id = due.id
  RETURNING perks_claim.id, variant_id, ended_at),"""
    + _GIVEN_BACK
)
SWEEP = _SWEEP.replace("SKIP", "")
# In a transaction that may have a variant's row already: it waits for nobody who wants that row.
SWEEP_PAST_OTHERS = _SWEEP.replace("SKIP", " SKIP LOCKED")

# ---------------------------------------------------------------- a hold that goes on
ACCEPT = f"""
UPDATE perks_claim SET terms_id = %(terms)s, accepted_at = {NOW}
WHERE id = %(claim)s AND state = 'held' AND expires_at > {NOW}
RETURNING accepted_at
"""
EXTEND = f"""
UPDATE perks_claim SET expires_at = expires_at + %(lasting)s::interval, extended = true
WHERE id = %(claim)s AND state = 'held' AND NOT extended AND expires_at > {NOW}
RETURNING expires_at, {NOW}
"""
CLAIM = f"""
UPDATE perks_claim SET state = 'claimed', claimed_at = {NOW}
WHERE id = %(claim)s AND state = 'held' AND expires_at > {NOW} AND terms_id IS NOT NULL
RETURNING variant_id, claimed_at,
  EXISTS (SELECT FROM perks_campaign c WHERE c.id = campaign_id AND c.kind = 'code')
  OR EXISTS (SELECT FROM perks_code o WHERE o.variant_id = perks_claim.variant_id)
"""
COUNT_CLAIMED = "UPDATE perks_variant SET held = held - 1, claimed = claimed + 1 WHERE id = %(variant)s"
REDEEM = f"""
WITH used AS (
  UPDATE perks_claim SET state = 'redeemed', redeemed_at = {NOW}
  WHERE id = %(claim)s AND state = 'claimed'
  RETURNING id, redeemed_at),
noted AS (
  INSERT INTO perks_claimevent (claim_id, kind, details, at) SELECT id, 'redeemed', %(details)s::jsonb, redeemed_at
  FROM used)
INSERT INTO perks_redemption (claim_id, counter_id, at) SELECT id, %(counter)s, redeemed_at FROM used
RETURNING id, at
"""
