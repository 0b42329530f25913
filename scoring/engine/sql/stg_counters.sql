-- The latest reading by account, source and verb. Several counters of one verb count the same people: the largest stands.
-- A counter of what people do themselves counts no verb (0); its owner is still an account seen.
SELECT
    c.account,
    MIN(c.network) AS network,
    CASE WHEN c.origin = $origin_archive THEN 1 ELSE 0 END AS supplied,
    COALESCE(v.verb, 0) AS verb,
    MAX(LEAST(c.value, $most_people)) AS value
FROM counters AS c
LEFT JOIN counter_verbs AS v ON v.network = c.network AND v.name = c.name
LEFT JOIN erased AS x ON x.account = c.account
WHERE x.account IS NULL
GROUP BY c.account, CASE WHEN c.origin = $origin_archive THEN 1 ELSE 0 END, COALESCE(v.verb, 0)
