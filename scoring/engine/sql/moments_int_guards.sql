-- Who counts less for an account counts as much less for the two accounts of a case.
SELECT -1 - 2 * i.number - s.without AS target, g.actor, g.weight
FROM (
    SELECT DISTINCT c.number, c.account, e.actor
    FROM moments_cases AS c
    JOIN moments_events AS e ON e.target = c.account AND e.post = c.post
) AS i
JOIN moments_guards AS g ON g.target = i.account AND g.actor = i.actor
CROSS JOIN sides AS s
