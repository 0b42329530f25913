-- The reactions to the accounts in question that count less.
SELECT g.target, g.actor, g.weight
FROM int_guards AS g
JOIN wanted AS w ON w.account = g.target
