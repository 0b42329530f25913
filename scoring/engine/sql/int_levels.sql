-- The latest reading of each counter that counts no reactions, by its number among them (scoring.features.networks).
SELECT
    c.account,
    CASE WHEN c.origin = $origin_archive THEN 1 ELSE 0 END AS supplied,
    v.level,
    MAX(LEAST(c.value, $most_people)) * $one AS counter
FROM counters AS c
JOIN counter_verbs AS v ON v.network = c.network AND v.name = c.name
LEFT JOIN erased AS x ON x.account = c.account
WHERE v.level > 0 AND x.account IS NULL
GROUP BY c.account, CASE WHEN c.origin = $origin_archive THEN 1 ELSE 0 END, v.level
