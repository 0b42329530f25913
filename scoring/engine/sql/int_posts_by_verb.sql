-- How many posts of an account were reacted to, each by the largest weight among its reactions; and how often the one
-- most reacted to was.
SELECT
    target AS account,
    supplied,
    verb,
    CAST(SUM(recent) AS BIGINT) AS posts_recent,
    CAST(MAX(others) AS BIGINT) * $one AS most_ever
FROM int_posts
GROUP BY target, supplied, verb
