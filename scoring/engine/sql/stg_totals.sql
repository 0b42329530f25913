-- How many reacted to a post, without names; weighed by the age of the post.
SELECT
    t.account,
    t.post,
    t.network,
    t.verb,
    CASE WHEN t.origin = $origin_archive THEN 1 ELSE 0 END AS supplied,
    LEAST(t.total, $most_reactions) AS total,
    COALESCE(d.recent, 0) AS recent
FROM totals AS t
LEFT JOIN pauses AS p ON p.account = t.account AND t.day >= p.from_day AND t.day < p.until_day
LEFT JOIN decay AS d ON d.day = COALESCE(p.base + p.keep * t.day, t.day)
LEFT JOIN erased AS x ON x.account = t.account
WHERE x.account IS NULL AND COALESCE(p.keep, 0) >= 0
