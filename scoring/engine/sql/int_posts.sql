-- A row for each post that was reacted to, by verb: how many events name it, and the largest weight among them.
SELECT
    target,
    verb,
    post,
    COUNT(*) AS events,
    MAX(CASE WHEN own = 0 THEN recent ELSE 0 END) AS recent
FROM stg_interactions
WHERE post <> 0 AND verb NOT IN ($standing_verbs)
GROUP BY target, verb, post
