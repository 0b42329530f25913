-- Posts of the accounts in question, reacted to or not.
SELECT s.*, CASE WHEN p.day >= $since THEN 1 ELSE 0 END AS fresh
FROM stg_published AS s
JOIN published AS p ON p.account = s.account AND p.post = s.post
