-- Every interaction before the day, once; with its weights by age (days that its target paused are none), and whether it is its owner's own.
-- What is done to nobody who has a score (a review) counts as one's own: for nothing.
-- What happened in a pause that goes on and holds it back (keep < 0) is not there yet.
-- Rows of `newest` that compaction has already moved to the lake are known by their key.
SELECT
    i.target,
    i.actor,
    i.post,
    i.network,
    i.verb,
    i.day,
    CASE WHEN i.origin = $origin_api THEN 1 ELSE 0 END AS confirmed,
    CASE WHEN i.origin = $origin_archive THEN 1 ELSE 0 END AS supplied,
    COALESCE(d.now, 0) AS now,
    COALESCE(d.recent, 0) AS recent,
    COALESCE(d.long, 0) AS long,
    COALESCE(d.weeks, 0) AS weeks,
    CASE WHEN i.actor = i.target OR a.person = t.person OR i.verb IN ($aside_verbs) THEN 1 ELSE 0 END AS own
FROM (
    SELECT target, actor, post, network, verb, origin, day
    FROM lake
    UNION ALL
    SELECT n.target, n.actor, n.post, n.network, n.verb, n.origin, n.day
    FROM newest AS n
    LEFT JOIN lake_keys AS k ON k.key_high = n.key_high AND k.key_low = n.key_low
    WHERE k.key_high IS NULL
) AS i
LEFT JOIN pauses AS p ON p.account = i.target AND i.day >= p.from_day AND i.day < p.until_day
LEFT JOIN decay AS d ON d.day = COALESCE(p.base + p.keep * i.day, i.day)
LEFT JOIN owners AS t ON t.account = i.target
LEFT JOIN owners AS a ON a.account = i.actor
LEFT JOIN erased AS x ON x.account = i.target
LEFT JOIN erased AS y ON y.account = i.actor
WHERE x.account IS NULL AND y.account IS NULL AND COALESCE(p.keep, 0) >= 0
