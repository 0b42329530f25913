-- What one account had of all verbs together.
SELECT
    p.target AS account,
    p.supplied,
    CAST(SUM(unit(strength(p.now) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_now,
    CAST(SUM(unit(strength(p.recent) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_recent,
    CAST(SUM(unit(strength(p.long) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_long,
    CAST(
        SUM(unit(unit(strength(p.recent) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown))) AS BIGINT
    ) AS standing_recent,
    CAST(
        SUM(unit(unit(strength(p.long) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown))) AS BIGINT
    ) AS standing_long,
    COUNT(*) * $one AS people_ever,
    CAST(SUM(p.confirmed) AS BIGINT) * $one AS confirmed_ever
FROM int_pairs AS p
LEFT JOIN int_guards AS g ON g.target = p.target AND g.actor = p.actor
LEFT JOIN standing AS s ON s.account = p.actor
GROUP BY p.target, p.supplied
