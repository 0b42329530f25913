-- What one account had of all verbs together.
SELECT
    p.target AS account,
    CAST(SUM(strength(p.recent)) AS BIGINT) AS actors_recent,
    CAST(SUM(strength(p.long)) AS BIGINT) AS actors_long,
    CAST(SUM(unit(strength(p.recent) * COALESCE(s.value, $unknown))) AS BIGINT) AS standing_recent,
    CAST(SUM(unit(strength(p.long) * COALESCE(s.value, $unknown))) AS BIGINT) AS standing_long,
    COUNT(*) * $one AS people_ever,
    CAST(SUM(p.confirmed) AS BIGINT) * $one AS confirmed_ever
FROM int_pairs AS p
LEFT JOIN standing AS s ON s.account = p.actor
GROUP BY p.target
