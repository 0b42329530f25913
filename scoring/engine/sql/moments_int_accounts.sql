-- The two accounts of each case, and once more each that has anything supplied.
SELECT DISTINCT -1 - 2 * c.number - s.without AS account, 0 AS supplied, 0 AS network
FROM moments_cases AS c
CROSS JOIN sides AS s
UNION ALL
SELECT account, 1, 0
FROM (
    SELECT target AS account FROM int_edges WHERE supplied = 1
    UNION
    SELECT target FROM int_pairs WHERE supplied = 1
    UNION
    SELECT target FROM stg_interactions WHERE supplied = 1
    UNION
    SELECT account FROM stg_totals WHERE supplied = 1
) AS uploaded
