-- The pairs of the accounts in question as int_pairs has them, with counts in place of yes and no.
SELECT
    target,
    actor,
    MIN(network) AS network,
    CAST(SUM(known) AS BIGINT) AS known,
    CAST(SUM(confirmed) AS BIGINT) AS confirmed,
    CAST(SUM(vouched) AS BIGINT) AS vouched,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE now END) AS BIGINT) AS now,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE recent END) AS BIGINT) AS recent,
    CAST(SUM(CASE WHEN verb IN ($standing_verbs) THEN 0 ELSE long END) AS BIGINT) AS long
FROM moments_edges
WHERE own = 0
GROUP BY target, actor
