-- A row for each pair of members of whom one reacted to the other lately, or follows: scoring.engine.ties.
WITH recent AS (
    SELECT target, actor, COUNT(*) AS reactions
    FROM stg_interactions
    WHERE own = 0 AND day >= $first_day AND verb NOT IN ($standing_verbs)
    GROUP BY target, actor
),
following AS (
    SELECT DISTINCT target, actor FROM int_edges WHERE own = 0 AND verb IN ($following)
),
tied AS (
    SELECT
        t.person AS influencer,
        a.person AS influencee,
        CAST(SUM(unit(strength(p.recent) * COALESCE(g.weight, $one))) AS BIGINT) AS weight,
        CAST(SUM(COALESCE(r.reactions, 0)) AS BIGINT) AS reactions,
        MAX(CASE WHEN f.actor IS NULL THEN 0 ELSE 1 END) AS follows
    FROM int_pairs AS p
    JOIN owners AS t ON t.account = p.target
    JOIN owners AS a ON a.account = p.actor
    LEFT JOIN int_guards AS g ON g.target = p.target AND g.actor = p.actor
    LEFT JOIN recent AS r ON r.target = p.target AND r.actor = p.actor
    LEFT JOIN following AS f ON f.target = p.target AND f.actor = p.actor
    GROUP BY t.person, a.person
),
ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY influencer ORDER BY weight DESC, reactions DESC, influencee
        ) AS place_below,
        ROW_NUMBER() OVER (
            PARTITION BY influencee ORDER BY weight DESC, reactions DESC, influencer
        ) AS place_above
    FROM tied
    WHERE weight > 0 OR follows = 1
)
SELECT influencer, influencee, weight, reactions, follows
FROM ranked
WHERE place_below <= $most AND place_above <= $most
ORDER BY influencer, influencee
