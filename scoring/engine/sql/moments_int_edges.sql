-- For each case two accounts that do not exist, with those edges alone that the case changes: as they are, and without
-- what it leaves out. The steps of all accounts are then run on them.
SELECT
    -1 - 2 * l.number - s.without AS target,
    l.actor,
    l.verb,
    k.network,
    k.own,
    CASE WHEN k.confirmed > s.without * l.confirmed THEN 1 ELSE 0 END AS confirmed,
    CASE WHEN k.vouched > s.without * l.vouched THEN 0 ELSE 1 END AS supplied,
    GREATEST(k.events - s.without * l.events, 1) AS events,
    k.now - s.without * l.now AS now,
    k.recent - s.without * l.recent AS recent,
    k.long - s.without * l.long AS long,
    0 AS weeks
FROM moments_left AS l
JOIN moments_edges AS k ON k.target = l.account AND k.actor = l.actor AND k.verb = l.verb
CROSS JOIN sides AS s
WHERE k.known > s.without * l.events
