-- Totals of posts, with what was known of each before the day of comparison.
SELECT t.*, CASE WHEN d.day >= $since THEN 0 ELSE LEAST(t.total, COALESCE(e.total, t.total)) END AS earlier
FROM stg_totals AS t
JOIN totals AS d ON d.account = t.account AND d.post = t.post AND d.verb = t.verb
LEFT JOIN earlier AS e ON e.account = t.account AND e.post = t.post AND e.verb = t.verb
