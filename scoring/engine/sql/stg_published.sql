-- Posts by people who joined, whether anybody reacted or not; weighed by their age.
SELECT
    o.account,
    o.post,
    COALESCE(d.recent, 0) AS recent
FROM published AS o
LEFT JOIN pauses AS p ON p.account = o.account AND o.day >= p.from_day AND o.day < p.until_day
LEFT JOIN decay AS d ON d.day = COALESCE(p.base + p.keep * o.day, o.day)
LEFT JOIN erased AS x ON x.account = o.account
WHERE x.account IS NULL AND COALESCE(p.keep, 0) >= 0
