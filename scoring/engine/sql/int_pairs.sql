-- A pair for each (target, actor), own reactions left out: the events of all its verbs together by age. `hands` is the
-- standing that the actor hands to the target in the graph: long-window strength, summed over verbs.
SELECT
    target,
    actor,
    MIN(network) AS network,
    MAX(confirmed) AS confirmed,
    MIN(supplied) AS supplied,
    MIN(first_day) AS first_day,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE now END) AS BIGINT) AS now,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE recent END) AS BIGINT) AS recent,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE long END) AS BIGINT) AS long,
    BIT_OR(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE weeks END) AS weeks,
    MAX(CASE WHEN verb IN ($standing_verbs) THEN 1 ELSE 0 END) AS lasting,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN $one ELSE strength(long) END) AS BIGINT) AS hands
FROM int_edges
WHERE own = 0
GROUP BY target, actor
