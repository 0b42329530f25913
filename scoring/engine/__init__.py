"""From the log of a day to one row of features for each account, and to how much each account's reactions weigh.

The stages, one SQL file each (sql/, run in the order of steps.py): `stg_` brings rows into shape and leaves out what
does not count, `int_` adds up, `fct_` is the answer. What they compute:

- Each event counts once, by its key, from the lake and from the newest rows alike, if it is of a day (UTC) before the
  score's. It weighs 2 ** (-age / half-life) by its age in whole days: `now` by 5 days, `recent` by 30, `long` by 365.
- A day on which an account pauses is no day of age of what was done to it before. What is done to it in a pause is as
  old as the pause's last day; in a rest of its owner's choice that goes on, it is not there yet (pauses.py).
- An edge is (target, actor, verb). Its strength is 3 d / (d + 2) of the sum d of its events' weights: one fresh event
  is worth one, a thousand of the same person never three; of `now` a person counts once at most. Verbs that last
  (follow, list ...) do not age: one for each actor, whether known by a date, by a list of followers, or by both.
- A pair is (target, actor) over all verbs that are events. The graph of all pairs, weighed by `long` strength and one
  for each lasting verb, gives every account its standing (graph.py); a reaction counts by the standing of who reacts.
- Before the graph, guards find the pairs that count less: of new accounts that came all at once (guards.py), of closed
  circles (circles.py). Their part of each sum of strengths, and what they hand on in the graph, is less by as much.
- Own reactions bring nothing: of an account to itself, or between accounts of one person. They are known all the
  same, so that no counter brings them back without a name. The erased are left out as if they had never been.
- Each event is of a week, counted back from the day of the score: who reacted in these four weeks, in the four before,
  in how many of twelve, and who never did before, is read off the weeks of each pair.
- Counters of something else than reactions (posts, mayorships, an article's rank) are levels, taken as they stand; and
  ratios of all these are worked out last (scoring.features.derived).
- One quantity has one source: events first; then what totals of posts say beyond them, saturated per post, 50 s / (s
  + 49); then what a counter says beyond both.
- What an upload alone says is a row of its own beside the account's (`supplied`); totals of posts saturate at three
  people per post there.
- Posts that a linked account published fade as events do, and are told apart by whether anybody else reacted to them.

All are whole numbers in 65,536ths, quantised once, so that neither the order of rows, the number of threads nor the
engine changes a sum. The statements ran unchanged on Spark 4.3 (ANSI mode) with the same rows, November 2026.

Edges and pairs, where most of the time went, are made by a kernel in NumPy instead (kernel.py) if the lake is local
and the rows fit: interactions are packed into words of 64 bits that sort as edges do. A test holds it to the SQL's
rows, one by one; the SQL does what it cannot, and what is computed of some accounts alone.

Nothing is carried over from yesterday: ten million made-up interactions are nine million edges, so that edges kept
would save next to no sorting; all weights fade every day, and the rank of each account follows from all edges. Reading
the lake and making edges and pairs is an eighth of a run's work, the most that rolling them forward could save.
"""
