"""Claims: the only writer of Claim, and of the counts of a Variant beside perks.waiting.

Guarantees, whatever happens at once, in whichever process, and whether or not a worker is late or killed:

- Never more claims than stock. Each item is taken by an update of its variant that looks at the counts again when it
  has the row; a check constraint stands behind it. Counts and rows change in one statement or transaction.
- Never more for one person than the campaign's limit: active claims of a person are numbered, each number once.
- Never a claim outside its window, of a campaign that is paused, or of a brand that is suspended. The time is the
  database's, when the request reaches it (statement_timestamp(); tests give `at`): exactly at `opens_at` is open,
  exactly at `closes_at` is closed. Who entered a lottery is offered later what they were drawn for
  (perks.lottery). A pause, or any other change of what claims go by, waits for claims that have the variant's row, and
  claims that waited for it look again (Variant.rules): none comes after the pause has committed. A hold from before it
  can still be confirmed.
- A hold always ends: what is not confirmed by `expires_at` no longer can be, by the database's clock. A late worker
  keeps nobody out: whoever needs the item, or the person's place, sweeps what is over.
- A code is given to one person, and never again.
- The same request twice (person and key), also at once, is one claim.
- A recompute never voids a claim: score, percentile, formula and tier by which the person qualified are kept on it.
- Nothing happens outside before the commit: `after` registers what follows it.

Order of locks: claims (by number), codes (nobody waits for one that another is given), then the one row of the variant,
last and as briefly as can be; nobody who has it waits for anything but the rows that foreign keys name. Who locks a
campaign's row therefore takes it FOR NO KEY UPDATE (select_for_update(no_key=True)), which foreign keys do not mind.
"""

from perks.claims.ending import cancel, expire_due, release
from perks.claims.holding import HOLD, accept, extend, hold, offer
from perks.claims.hooks import after
from perks.claims.stock import Difference, TooLittle, differences, little, set_stock
from perks.claims.using import confirm, redeem

__all__ = [
    "HOLD",
    "Difference",
    "TooLittle",
    "accept",
    "after",
    "cancel",
    "confirm",
    "differences",
    "expire_due",
    "extend",
    "hold",
    "little",
    "offer",
    "redeem",
    "release",
    "set_stock",
]
