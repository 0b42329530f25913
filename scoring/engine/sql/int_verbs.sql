-- What one account had of one verb. `known` counts what is identified, own reactions too: it bounds what a counter adds.
SELECT
    e.target AS account,
    e.supplied,
    e.verb,
    CAST(SUM(CASE WHEN e.own = 0 THEN unit(strength(e.recent) * COALESCE(g.weight, $one)) ELSE 0 END) AS BIGINT)
        AS actors_recent,
    CAST(SUM(CASE WHEN e.own = 0 THEN unit(strength(e.long) * COALESCE(g.weight, $one)) ELSE 0 END) AS BIGINT)
        AS actors_long,
    CAST(SUM(CASE WHEN e.own = 0 THEN e.recent ELSE 0 END) AS BIGINT) AS events_recent,
    CAST(
        SUM(
            CASE
                WHEN e.own = 0
                    THEN unit(unit(strength(e.recent) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown))
                ELSE 0
            END
        ) AS BIGINT
    ) AS standing_recent,
    CAST(SUM(CASE WHEN e.own = 0 THEN COALESCE(g.weight, $one) ELSE 0 END) AS BIGINT) AS actors_ever,
    CAST(SUM(CASE WHEN e.own = 0 THEN unit(COALESCE(g.weight, $one) * COALESCE(s.value, $unknown)) ELSE 0 END) AS BIGINT)
        AS standing_ever,
    CAST(SUM(CASE WHEN e.verb IN ($standing_verbs) THEN 1 ELSE e.events END) AS BIGINT) AS known
FROM int_edges AS e
LEFT JOIN int_guards AS g ON g.target = e.target AND g.actor = e.actor
LEFT JOIN standing AS s ON s.account = e.actor
GROUP BY e.target, e.supplied, e.verb
