-- The posts that may be left out one by one: those of which anything is young enough, an account's newest first.
SELECT o.account, o.post, o.fresh, COALESCE(k.people, 0) AS people, o.reactions, o.events
FROM (
    SELECT
        account,
        post,
        MAX(fresh) AS fresh,
        MAX(recent) AS recent,
        CAST(SUM(events) AS BIGINT) AS events,
        CAST(SUM(reactions) AS BIGINT) AS reactions,
        ROW_NUMBER() OVER (PARTITION BY account ORDER BY MAX(fresh) DESC, MAX(recent) DESC, post) AS place
    FROM (
        SELECT target AS account, post, fresh, recent, 1 AS events, 1 - own AS reactions
        FROM moments_events
        UNION ALL
        SELECT
            t.account,
            t.post,
            CASE WHEN t.total > t.earlier THEN 1 ELSE 0 END,
            t.recent,
            1,
            GREATEST(t.total - COALESCE(p.events, 0), 0)
        FROM moments_totals AS t
        LEFT JOIN int_posts AS p ON p.target = t.account AND p.post = t.post AND p.verb = t.verb
        UNION ALL
        SELECT account, post, fresh, recent, 1, 0
        FROM moments_published
    ) AS seen
    GROUP BY account, post
) AS o
LEFT JOIN (
    SELECT target, post, COUNT(DISTINCT actor) AS people
    FROM moments_events
    WHERE own = 0
    GROUP BY target, post
) AS k ON k.target = o.account AND k.post = o.post
WHERE o.place <= $most_posts AND (o.recent >= $faint OR o.fresh = 1)
ORDER BY o.account, o.post
