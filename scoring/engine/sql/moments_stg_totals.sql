-- The totals of the posts of a case, as they are and without what it leaves out.
SELECT
    -1 - 2 * c.number - s.without AS account,
    t.post,
    t.network,
    t.verb,
    t.supplied,
    CASE WHEN s.without = 0 THEN t.total ELSE t.earlier END AS total,
    t.recent
FROM moments_cases AS c
JOIN moments_totals AS t ON t.account = c.account AND t.post = c.post
CROSS JOIN sides AS s
WHERE s.without = 0 OR (c.fresh = 1 AND t.earlier > 0)
