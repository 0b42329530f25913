-- One row for each account and source, one column for each feature of the catalogue, 0 where nothing is known. The columns
-- and the joins, one for each verb and step that measures it, follow from the catalogue (scoring.engine.steps).
SELECT
    a.account,
    CAST(a.network AS BIGINT) AS network,
    CAST(a.supplied AS BIGINT) AS supplied,
    $features
FROM int_accounts AS a
$joins
ORDER BY a.account, a.supplied
