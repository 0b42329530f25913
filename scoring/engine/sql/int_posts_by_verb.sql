-- How many posts of an account were reacted to, each by the largest weight among its reactions.
SELECT target AS account, supplied, verb, CAST(SUM(recent) AS BIGINT) AS posts_recent
FROM int_posts
GROUP BY target, supplied, verb
