-- What a counter adds to what is known: one quantity has one source, events first, then totals of posts, then this.
SELECT
    c.account,
    c.verb,
    GREATEST(c.value - COALESCE(v.known, 0) - COALESCE(t.surplus, 0), 0) * $one AS surplus
FROM stg_counters AS c
LEFT JOIN int_verbs AS v ON v.account = c.account AND v.verb = c.verb
LEFT JOIN int_totals AS t ON t.account = c.account AND t.verb = c.verb
WHERE c.verb <> 0
