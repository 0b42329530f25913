-- What totals of posts add to the events we know one by one: the growth beyond them, per post, saturated per post, to 50
-- people at most; to three where only an upload says so.
SELECT
    account,
    supplied,
    verb,
    CAST(SUM(surplus) AS BIGINT) AS surplus,
    CAST(SUM(unit(CASE WHEN supplied = 1 THEN strength(surplus * $one) ELSE saturated(surplus) END * recent)) AS BIGINT) AS anonymous_recent,
    CAST(MAX(total) AS BIGINT) * $one AS largest_ever
FROM (
    SELECT t.account, t.supplied, t.verb, t.total, t.recent, GREATEST(t.total - COALESCE(p.events, 0), 0) AS surplus
    FROM stg_totals AS t
    LEFT JOIN int_posts AS p ON p.target = t.account AND p.verb = t.verb AND p.post = t.post
) AS beyond
GROUP BY account, supplied, verb
