-- A row for each post that was reacted to, by verb: how many events name it, how many of them are of others than its
-- owner, and the largest weight among those.
SELECT
    i.target,
    i.verb,
    i.post,
    MIN(i.supplied) AS supplied,
    COUNT(*) AS events,
    SUM(1 - i.own) AS others,
    MAX(CASE WHEN i.own = 0 THEN unit(i.recent * COALESCE(g.weight, $one)) ELSE 0 END) AS recent
FROM stg_interactions AS i
LEFT JOIN int_guards AS g ON g.target = i.target AND g.actor = i.actor
WHERE i.post <> 0 AND i.verb NOT IN ($standing_verbs)
GROUP BY i.target, i.verb, i.post
