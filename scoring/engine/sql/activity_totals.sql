-- What was counted lately without names: the total of a post beyond the reactions known one by one, as int_totals counts
-- it, with the standing of somebody unknown. It is dated on the post.
SELECT
    o.person,
    CAST(d.day AS BIGINT) AS day,
    t.account,
    CAST(t.network AS BIGINT) AS network,
    CAST(t.verb AS BIGINT) AS verb,
    t.post,
    0 AS actor,
    0 AS people,
    CAST(t.surplus AS BIGINT) AS reactions,
    CAST(
        unit(
            unit(CASE WHEN t.supplied = 1 THEN strength(t.surplus * $one) ELSE saturated(t.surplus) END * t.recent)
            * $unknown
        ) AS BIGINT
    ) AS weight
FROM (
    SELECT
        t.account,
        t.network,
        t.verb,
        t.post,
        t.supplied,
        t.recent,
        GREATEST(t.total - COALESCE(p.events, 0), 0) AS surplus
    FROM stg_totals AS t
    LEFT JOIN int_posts AS p ON p.target = t.account AND p.verb = t.verb AND p.post = t.post
) AS t
JOIN wanted AS w ON w.account = t.account
JOIN owners AS o ON o.account = t.account
JOIN totals AS d ON d.account = t.account AND d.post = t.post AND d.verb = t.verb
WHERE d.day >= $first_day AND t.surplus > 0
