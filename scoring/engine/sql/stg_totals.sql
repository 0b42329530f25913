-- How many reacted to a post, without names; weighed by the age of the post.
SELECT
    t.account,
    t.post,
    t.network,
    t.verb,
    LEAST(t.total, $most_reactions) AS total,
    COALESCE(d.recent, 0) AS recent
FROM totals AS t
LEFT JOIN decay AS d ON d.day = t.day
LEFT JOIN erased AS x ON x.account = t.account
WHERE x.account IS NULL
