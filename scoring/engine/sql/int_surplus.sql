-- What a counter adds to what is known: one quantity has one source, events first, then totals of posts, then this. What
-- somebody supplied adds only what lies beyond all that others say, and takes nothing from it.
SELECT
    c.account,
    c.supplied,
    c.verb,
    GREATEST(c.value - GREATEST(COALESCE(k.known, 0) + COALESCE(t.surplus, 0), COALESCE(o.value, 0)), 0) * $one AS surplus
FROM stg_counters AS c
LEFT JOIN (
    SELECT c.account, c.supplied, c.verb, SUM(v.known) AS known
    FROM stg_counters AS c
    JOIN int_verbs AS v ON v.account = c.account AND v.verb = c.verb AND v.supplied <= c.supplied
    GROUP BY c.account, c.supplied, c.verb
) AS k ON k.account = c.account AND k.supplied = c.supplied AND k.verb = c.verb
LEFT JOIN (
    SELECT c.account, c.supplied, c.verb, SUM(t.surplus) AS surplus
    FROM stg_counters AS c
    JOIN int_totals AS t ON t.account = c.account AND t.verb = c.verb AND t.supplied <= c.supplied
    GROUP BY c.account, c.supplied, c.verb
) AS t ON t.account = c.account AND t.supplied = c.supplied AND t.verb = c.verb
LEFT JOIN stg_counters AS o ON o.account = c.account AND o.verb = c.verb AND o.supplied < c.supplied
WHERE c.verb <> 0
