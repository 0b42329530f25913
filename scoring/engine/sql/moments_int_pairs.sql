-- The pairs that a case changes, as they are and without what it leaves out.
SELECT
    -1 - 2 * l.number - s.without AS target,
    l.actor,
    k.network,
    CASE WHEN k.confirmed > s.without * l.confirmed THEN 1 ELSE 0 END AS confirmed,
    CASE WHEN k.vouched > s.without * l.vouched THEN 0 ELSE 1 END AS supplied,
    k.now - s.without * l.now AS now,
    k.recent - s.without * l.recent AS recent,
    k.long - s.without * l.long AS long,
    -- What is measured by weeks counts for nothing in a formula, and is left alone.
    0 AS weeks,
    0 AS lasting
FROM (
    SELECT
        number,
        account,
        actor,
        CAST(SUM(events) AS BIGINT) AS events,
        CAST(SUM(confirmed) AS BIGINT) AS confirmed,
        CAST(SUM(vouched) AS BIGINT) AS vouched,
        CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE now END) AS BIGINT) AS now,
        CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE recent END) AS BIGINT) AS recent,
        CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE long END) AS BIGINT) AS long
    FROM moments_left
    GROUP BY number, account, actor
) AS l
JOIN moments_pairs AS k ON k.target = l.account AND k.actor = l.actor
CROSS JOIN sides AS s
WHERE k.known > s.without * l.events
