-- What each case leaves out of each edge: a case leaves out posts, or of posts what is fresh.
SELECT
    c.number,
    c.account,
    i.actor,
    i.verb,
    COUNT(*) AS events,
    CAST(SUM(i.confirmed) AS BIGINT) AS confirmed,
    CAST(SUM(1 - i.supplied) AS BIGINT) AS vouched,
    CAST(SUM(i.now) AS BIGINT) AS now,
    CAST(SUM(i.recent) AS BIGINT) AS recent,
    CAST(SUM(i.long) AS BIGINT) AS long
FROM moments_cases AS c
JOIN moments_events AS i ON i.target = c.account AND i.post = c.post AND i.fresh >= c.fresh
GROUP BY c.number, c.account, i.actor, i.verb
