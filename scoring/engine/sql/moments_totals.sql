-- Totals of posts, with what was known of each before the day of comparison.
SELECT t.*, LEAST(t.total, COALESCE(e.total, 0)) AS earlier
FROM stg_totals AS t
LEFT JOIN earlier AS e ON e.account = t.account AND e.post = t.post AND e.verb = t.verb
