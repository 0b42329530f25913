-- What totals of posts add to the events we know one by one: the growth beyond them, per post, saturated per post.
SELECT
    account,
    supplied,
    verb,
    CAST(SUM(surplus) AS BIGINT) AS surplus,
    CAST(SUM(unit(saturated(surplus) * recent)) AS BIGINT) AS anonymous_recent,
    CAST(MAX(total) AS BIGINT) * $one AS largest_ever
FROM (
    SELECT t.account, t.supplied, t.verb, t.total, t.recent, GREATEST(t.total - COALESCE(p.events, 0), 0) AS surplus
    FROM stg_totals AS t
    LEFT JOIN int_posts AS p ON p.target = t.account AND p.verb = t.verb AND p.post = t.post
) AS beyond
GROUP BY account, supplied, verb
