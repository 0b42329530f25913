-- What lasts and has no date: followers named in an export. They carry no weight by age.
SELECT
    r.target,
    r.actor,
    r.network,
    r.verb,
    CASE WHEN r.origin = $origin_api THEN 1 ELSE 0 END AS confirmed,
    CASE WHEN r.origin = $origin_archive THEN 1 ELSE 0 END AS supplied,
    CASE WHEN r.actor = r.target OR a.person = t.person THEN 1 ELSE 0 END AS own
FROM relations AS r
LEFT JOIN owners AS t ON t.account = r.target
LEFT JOIN owners AS a ON a.account = r.actor
LEFT JOIN erased AS x ON x.account = r.target
LEFT JOIN erased AS y ON y.account = r.actor
WHERE x.account IS NULL AND y.account IS NULL
