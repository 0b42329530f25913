"""Formula v2: v1, with what members say of each other by +K held within a bound.

Whoever gets no +K has the score that v1 gives, bit for bit, and the same confidence: nothing else is changed.

Why
    +K is given here, by a click, by people whom the receiver may have asked for it. For v1 network klout is one like
    any other: with nothing else to show, fifty people who gave +K yesterday made a score of 23.6, and a solid one.
    v2 takes +K for what it is: a word for somebody that is worth hearing, and no proof that anybody was moved.

How
    What +K amounts to on network klout is worked out as for any network (the groups of v1.py, pooled over the accounts
    there, times the weight of networks that are not named), and is its latent value K. It saturates towards
    NETWORK_BOUNDS, where a score of 10 stands:
        k = K / (1 + K / bound).
    Then it is not joined with the networks on the scale of people, where it would vanish beside any of them, but as the
    sides of a right angle are: with J what all other networks join to, as in v1,
        P = sqrt(J ** 2 + k ** 2) + offline.
    Every step rises with every +K and with every reaction elsewhere, so that no account lowers a score; and with k = 0
    it is v1's own number. Points are divided by the rule of v1.py: P is a concave function of the sum J ** 2 + k ** 2,
    so that what is joined is divided between +K and all other networks as the squares are.
    What is known of network klout says nothing of confidence: fifty +K make no score solid, nor even fair.

What it amounts to
    Points that so many people bring who each gave one +K yesterday, to somebody whose score is 1, 20, 40, 60 or 80 by
    what others do elsewhere; in brackets, what v1 gave. "all" is where it ends, whoever gives.

        givers         1              20              40              60              80
        1         4.0  (7.0)     0.30 (0.93)     0.11 (0.05)     0.05 (0.00)     0.02 (0.00)
        5         5.8 (14.6)     0.63 (3.00)     0.23 (0.20)     0.11 (0.01)     0.05 (0.00)
        20        6.5 (19.5)     0.77 (5.17)     0.29 (0.39)     0.13 (0.01)     0.06 (0.00)
        100       6.8 (22.9)     0.85 (7.14)     0.32 (0.62)     0.15 (0.02)     0.07 (0.00)
        1,000     7.1 (26.5)     0.92 (9.61)     0.35 (1.00)     0.16 (0.03)     0.07 (0.00)
        all       9.0            1.53            0.58            0.27            0.12

    They fade as all reactions do: after a month the 5 bring 3.2, 0.19, 0.07, 0.03 and 0.01. Above 40 v2 gives few +K a
    little more than v1 did, which gave next to nothing there: a tenth of a point is to be seen, and is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scoring.formula import v1

# Network klout by its number, and where +K ends: the latent value of 10 points (v1.ANCHORS).
KLOUT = 18
NETWORK_BOUNDS: Mapping[int, float] = {KLOUT: v1.ANCHORS[1][0]}

FORMULA = replace(v1.FORMULA, version="v2", network_bounds=NETWORK_BOUNDS)
USES = FORMULA.uses
