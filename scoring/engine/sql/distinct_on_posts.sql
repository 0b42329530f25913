-- A row for each owner of accounts: of the one post to which most different people did it, how many. What a post's total
-- says beyond those known by name are people too, where nobody can do it twice.
WITH named AS (
    SELECT
        person,
        account,
        post,
        $sums
    FROM (
        SELECT
            t.person,
            s.target AS account,
            s.post,
            COALESCE(-a.person, s.actor) AS who,
            BIT_OR(CASE WHEN s.supplied = 0 THEN q.bits ELSE 0 END) AS vouched,
            BIT_OR(q.bits) AS known
        FROM stg_interactions AS s
        JOIN owners AS t ON t.account = s.target
        JOIN distinct_on_posts_asked AS q ON q.network = s.network AND q.verb = s.verb
        LEFT JOIN owners AS a ON a.account = s.actor
        LEFT JOIN doubted AS d ON d.target = s.target AND d.actor = s.actor
        WHERE s.own = 0 AND s.post <> 0 AND d.actor IS NULL
        GROUP BY t.person, s.target, s.post, COALESCE(-a.person, s.actor)
    ) AS people
    GROUP BY person, account, post
),
by_name AS (
    SELECT target AS account, post, verb, COUNT(*) AS events
    FROM stg_interactions
    WHERE post <> 0
    GROUP BY target, post, verb
),
nameless AS (
    SELECT
        o.person,
        t.account,
        t.post,
        q.bits,
        MAX(CASE WHEN t.supplied = 0 THEN GREATEST(t.total - COALESCE(n.events, 0), 0) ELSE 0 END) AS vouched,
        MAX(GREATEST(t.total - COALESCE(n.events, 0), 0)) AS known
    FROM stg_totals AS t
    JOIN owners AS o ON o.account = t.account
    JOIN distinct_on_posts_asked AS q ON q.network = t.network AND q.verb = t.verb AND q.once = 1
    LEFT JOIN by_name AS n ON n.account = t.account AND n.post = t.post AND n.verb = t.verb
    GROUP BY o.person, t.account, t.post, t.verb, q.bits
),
beyond AS (
    SELECT
        person,
        account,
        post,
        $beyond
    FROM nameless
    GROUP BY person, account, post
),
posts AS (
    SELECT
        person,
        $added
    FROM (
        SELECT * FROM named
        UNION ALL
        SELECT * FROM beyond
    ) AS both_parts
    GROUP BY person, account, post
)
SELECT
    person,
    $most
FROM posts
GROUP BY person
