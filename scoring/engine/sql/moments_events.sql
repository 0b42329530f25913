-- The dated reactions to posts of the accounts in question; what has happened since the day of comparison is fresh.
SELECT i.*, CASE WHEN i.day >= $since THEN 1 ELSE 0 END AS fresh
FROM stg_interactions AS i
JOIN wanted AS w ON w.account = i.target
WHERE i.post <> 0
