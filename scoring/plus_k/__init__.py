"""+K: one person says of another that they know about a topic.

Giving is scoring.plus_k.giving's, how many somebody has to give purse's. Ten minutes after it was given a +K can no
longer be taken back: settling writes it to the log, from which the score counts it (network klout, capped), and news
tells who got it. Each daily run says what each +K weighs once rings and returned favours count less: damping.

Guarantees, whatever happens at once and in whichever process:

- Nobody gives more on a UTC day than their purse of that day allows: its row is taken by one statement that looks at
  the count again when it has the row, and a check constraint stands behind it.
- Never two in one topic from one person to another within seven days, save one that was taken back: an exclusion
  constraint.
- A +K is either taken back or settled, never both; what is settled is in the log once, by its key.
- Nobody gives to, or takes back from, somebody who is gone.

Order of locks: people (by number, FOR KEY SHARE), then the giver's purse, then the +K, then the answer it is for.
"""
