-- The reactions to the posts of a case, as they are and without what it leaves out.
SELECT
    -1 - 2 * c.number - s.without AS target,
    i.actor,
    i.post,
    i.network,
    i.verb,
    i.day,
    i.confirmed,
    i.supplied,
    i.now,
    i.recent,
    i.long,
    i.own
FROM moments_cases AS c
JOIN moments_events AS i ON i.target = c.account AND i.post = c.post
CROSS JOIN sides AS s
WHERE s.without = 0 OR i.fresh < c.fresh
