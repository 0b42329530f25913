-- One row for each account, one column for each feature of the catalogue. Of each measure an account and verb have one
-- row, all others hold 0, so that the largest is the value.
SELECT
    account,
    CAST(MAX(network) AS BIGINT) AS network,
    $features
FROM (
    SELECT account, network, 0 AS verb, $none FROM int_accounts
    UNION ALL
    SELECT account, 0 AS network, 0 AS verb, $of_any FROM int_any
    UNION ALL
    SELECT account, 0 AS network, verb, $of_verbs FROM int_verbs
    UNION ALL
    SELECT target AS account, 0 AS network, verb, $of_posts
    FROM (SELECT target, verb, CAST(SUM(recent) AS BIGINT) AS posts_recent FROM int_posts GROUP BY target, verb) AS posts
    UNION ALL
    SELECT account, 0 AS network, verb, $of_totals FROM int_totals
    UNION ALL
    SELECT account, 0 AS network, verb, $of_surplus FROM int_surplus
) AS measured
GROUP BY account
ORDER BY account
