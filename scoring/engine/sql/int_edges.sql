-- An edge for each (target, actor, verb): the number of events, the day of the first, their sums by age, and the weeks
-- they are of, a bit for each (scoring.engine.steps). A relation is an edge too, and where there are dated events of the
-- same edge it adds nothing. Supplied is what an upload alone names.
SELECT
    target,
    actor,
    verb,
    MIN(network) AS network,
    MAX(own) AS own,
    MAX(confirmed) AS confirmed,
    MIN(supplied) AS supplied,
    MIN(day) AS first_day,
    GREATEST(CAST(SUM(event) AS BIGINT), 1) AS events,
    CAST(SUM(now) AS BIGINT) AS now,
    CAST(SUM(recent) AS BIGINT) AS recent,
    CAST(SUM(long) AS BIGINT) AS long,
    BIT_OR(weeks) AS weeks
FROM (
    SELECT target, actor, verb, network, own, confirmed, supplied, day, 1 AS event, now, recent, long, weeks
    FROM stg_interactions
    UNION ALL
    SELECT target, actor, verb, network, own, confirmed, supplied, NULL, 0, 0, 0, 0, 0
    FROM stg_relations
) AS seen
GROUP BY target, actor, verb
