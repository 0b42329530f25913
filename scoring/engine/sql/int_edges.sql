-- An edge for each (target, actor, verb): the number of events and their sums by age. A relation is an edge too, and
-- where there are dated events of the same edge it adds nothing.
SELECT
    target,
    actor,
    verb,
    MIN(network) AS network,
    MAX(own) AS own,
    MAX(confirmed) AS confirmed,
    GREATEST(CAST(SUM(event) AS BIGINT), 1) AS events,
    CAST(SUM(recent) AS BIGINT) AS recent,
    CAST(SUM(long) AS BIGINT) AS long
FROM (
    SELECT target, actor, verb, network, own, confirmed, 1 AS event, recent, long
    FROM stg_interactions
    UNION ALL
    SELECT target, actor, verb, network, own, confirmed, 0 AS event, 0 AS recent, 0 AS long
    FROM stg_relations
) AS seen
GROUP BY target, actor, verb
