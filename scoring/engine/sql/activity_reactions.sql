-- What was counted lately of what is dated: a row for each reaction's person, day, account, verb, post and member (actor
-- 0: all others together). What a pair's reactions count together (its strength, which saturates, by its guard and the
-- actor's standing) is shared among them by their age; a reaction that lasts does not fade, and an edge's share alike.
SELECT
    t.person,
    CAST(r.day AS BIGINT) AS day,
    r.target AS account,
    CAST(MIN(r.network) AS BIGINT) AS network,
    CAST(r.verb AS BIGINT) AS verb,
    r.post,
    COALESCE(a.person, 0) AS actor,
    CASE WHEN a.person IS NULL THEN COUNT(*) ELSE 1 END AS people,
    CAST(SUM(r.reactions) AS BIGINT) AS reactions,
    CAST(
        SUM(
            CASE
                WHEN r.verb IN ($standing_verbs)
                    THEN quotient(unit(COALESCE(g.weight, $one) * COALESCE(s.value, $unknown)) * r.reactions, k.events)
                ELSE quotient(
                    unit(unit(strength(p.recent) * COALESCE(g.weight, $one)) * COALESCE(s.value, $unknown)) * r.recent,
                    GREATEST(p.recent, 1)
                )
            END
        ) AS BIGINT
    ) AS weight
FROM (
    SELECT target, actor, verb, post, day, MIN(network) AS network, COUNT(*) AS reactions, CAST(SUM(recent) AS BIGINT) AS recent
    FROM stg_interactions
    WHERE own = 0 AND day >= $first_day
    GROUP BY target, actor, verb, post, day
) AS r
JOIN wanted AS w ON w.account = r.target
JOIN owners AS t ON t.account = r.target
JOIN int_edges AS k ON k.target = r.target AND k.actor = r.actor AND k.verb = r.verb
JOIN int_pairs AS p ON p.target = r.target AND p.actor = r.actor
LEFT JOIN int_guards AS g ON g.target = r.target AND g.actor = r.actor
LEFT JOIN standing AS s ON s.account = r.actor
LEFT JOIN owners AS a ON a.account = r.actor
GROUP BY t.person, r.day, r.target, r.verb, r.post, a.person
