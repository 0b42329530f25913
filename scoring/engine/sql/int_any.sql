-- What one account had of all verbs together. Of these days (`now`) somebody counts once at most, however often they
-- reacted. Weeks are bits (scoring.engine.steps): the last four are $month, the four before them $before, the last
-- twelve $quarter.
SELECT
    p.target AS account,
    p.supplied,
    CAST(SUM(unit(LEAST(p.now, $one) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_now,
    CAST(SUM(unit(strength(p.recent) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_recent,
    CAST(SUM(unit(strength(p.long) * COALESCE(g.weight, $one))) AS BIGINT) AS actors_long,
    CAST(
        SUM(unit(unit(LEAST(p.now, $one) * COALESCE(g.weight, $one)) * unit(LEAST(p.now, $one) * COALESCE(g.weight, $one))))
        AS BIGINT
    ) AS squares_now,
    CAST(
        SUM(unit(unit(strength(p.recent) * COALESCE(g.weight, $one)) * unit(strength(p.recent) * COALESCE(g.weight, $one))))
        AS BIGINT
    ) AS squares_recent,
    CAST(
        SUM(unit(unit(strength(p.long) * COALESCE(g.weight, $one)) * unit(strength(p.long) * COALESCE(g.weight, $one))))
        AS BIGINT
    ) AS squares_long,
    CAST(
        SUM(unit(unit(strength(p.recent) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown))) AS BIGINT
    ) AS standing_recent,
    CAST(
        SUM(unit(unit(strength(p.long) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown))) AS BIGINT
    ) AS standing_long,
    CAST(SUM(CASE WHEN (p.weeks & $month) <> 0 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT) AS actors_month,
    CAST(SUM(CASE WHEN (p.weeks & $before) <> 0 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT) AS actors_before,
    CAST(
        SUM(
            CASE WHEN (p.weeks & $month) <> 0 AND (p.weeks & $before) <> 0 THEN COALESCE(g.weight, $one) ELSE 0 END
        ) AS BIGINT
    ) AS returning_month,
    CAST(
        SUM(CASE WHEN (p.weeks & $month) = p.weeks AND p.weeks <> 0 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT
    ) AS newcomers_month,
    CAST(
        SUM(CASE WHEN BIT_COUNT(p.weeks & $quarter) >= 3 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT
    ) AS regulars_quarter,
    CAST(
        SUM(CASE WHEN p.lasting = 1 AND (p.weeks & $month) <> 0 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT
    ) AS followers_month,
    MAX(CASE WHEN (p.weeks & $quarter) <> 0 THEN COALESCE(s.value, $unknown) ELSE 0 END) AS notable_quarter,
    CAST(BIT_COUNT(BIT_OR(p.weeks) & $quarter) AS BIGINT) * $one AS weeks_quarter,
    COUNT(*) * $one AS people_ever,
    CAST(SUM(p.confirmed) AS BIGINT) * $one AS confirmed_ever
FROM int_pairs AS p
LEFT JOIN int_guards AS g ON g.target = p.target AND g.actor = p.actor
LEFT JOIN standing AS s ON s.account = p.actor
GROUP BY p.target, p.supplied
