-- A row for each owner of accounts: how many different people did what each question asks (a bit each), by what others
-- vouch for and by all that is known. Somebody is a member, with whichever account, or else an account.
SELECT
    person,
    $sums
FROM (
    SELECT
        t.person,
        COALESCE(-a.person, s.actor) AS who,
        BIT_OR(CASE WHEN s.supplied = 0 THEN q.bits ELSE 0 END) AS vouched,
        BIT_OR(q.bits) AS known
    FROM (
        SELECT target, actor, network, verb, supplied FROM stg_interactions WHERE own = 0
        UNION ALL
        SELECT target, actor, network, verb, supplied FROM stg_relations WHERE own = 0
    ) AS s
    JOIN owners AS t ON t.account = s.target
    JOIN distinct_people_asked AS q ON q.network = s.network AND q.verb = s.verb
    LEFT JOIN owners AS a ON a.account = s.actor
    LEFT JOIN doubted AS d ON d.target = s.target AND d.actor = s.actor
    WHERE d.actor IS NULL
    GROUP BY t.person, COALESCE(-a.person, s.actor)
) AS people
GROUP BY person
