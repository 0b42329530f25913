-- The edges of the accounts in question as int_edges has them, but with counts in place of yes and no, so that what one
-- post brought can be taken off again.
SELECT
    target,
    actor,
    verb,
    MIN(network) AS network,
    MAX(own) AS own,
    COUNT(*) AS known,
    CAST(SUM(event) AS BIGINT) AS events,
    CAST(SUM(confirmed) AS BIGINT) AS confirmed,
    CAST(SUM(1 - supplied) AS BIGINT) AS vouched,
    CAST(SUM(now) AS BIGINT) AS now,
    CAST(SUM(recent) AS BIGINT) AS recent,
    CAST(SUM(long) AS BIGINT) AS long
FROM (
    SELECT target, actor, verb, network, own, confirmed, supplied, 1 AS event, now, recent, long
    FROM stg_interactions
    UNION ALL
    SELECT target, actor, verb, network, own, confirmed, supplied, 0, 0, 0, 0
    FROM stg_relations
) AS seen
WHERE target IN (SELECT account FROM wanted)
GROUP BY target, actor, verb
