-- Every account seen, as target, as actor, or as the owner of a counter or of a total; what was supplied is a row of its
-- own (supplied = 1) beside the account's (0).
SELECT account, supplied, MIN(network) AS network
FROM (
    SELECT target AS account, 0 AS supplied, MIN(network) AS network FROM int_edges GROUP BY target
    UNION ALL
    SELECT actor AS account, 0, MIN(network) AS network FROM int_edges GROUP BY actor
    UNION ALL
    SELECT account, 0, network FROM stg_counters
    UNION ALL
    SELECT account, 0, MIN(network) AS network FROM stg_totals GROUP BY account
    UNION ALL
    SELECT target, 1, MIN(network) AS network FROM int_edges WHERE supplied = 1 GROUP BY target
    UNION ALL
    SELECT account, 1, network FROM stg_counters WHERE supplied = 1
    UNION ALL
    SELECT account, 1, MIN(network) AS network FROM stg_totals WHERE supplied = 1 GROUP BY account
) AS seen
GROUP BY account, supplied
