-- Every account seen, as target, as actor, or as the owner of a counter or of a total.
SELECT account, MIN(network) AS network
FROM (
    SELECT target AS account, MIN(network) AS network FROM int_edges GROUP BY target
    UNION ALL
    SELECT actor AS account, MIN(network) AS network FROM int_edges GROUP BY actor
    UNION ALL
    SELECT account, network FROM stg_counters
    UNION ALL
    SELECT account, MIN(network) AS network FROM stg_totals GROUP BY account
) AS seen
GROUP BY account
