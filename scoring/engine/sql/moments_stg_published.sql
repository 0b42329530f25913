-- The posts of a case, as long as they are not left out themselves.
SELECT -1 - 2 * c.number - s.without AS account, p.post, p.recent
FROM moments_cases AS c
JOIN moments_published AS p ON p.account = c.account AND p.post = c.post
CROSS JOIN sides AS s
WHERE s.without = 0 OR p.fresh < c.fresh
