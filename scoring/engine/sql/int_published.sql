-- How much an account posted of late, and how much of it was reacted to by anybody but its owner.
SELECT
    s.account,
    0 AS supplied,
    CAST(SUM(s.recent) AS BIGINT) AS published_recent,
    CAST(SUM(CASE WHEN r.post IS NULL THEN 0 ELSE s.recent END) AS BIGINT) AS reacted_recent
FROM stg_published AS s
LEFT JOIN (
    SELECT target AS account, post FROM int_posts WHERE others > 0
    UNION
    SELECT account, post FROM stg_totals WHERE total > 0
) AS r ON r.account = s.account AND r.post = s.post
GROUP BY s.account
