"""Formula v1: features of accounts to a score of 1..100 in three parts, and the leaves that explain it.

Ours, not Klout's: Klout never published its formula. What it shares with Klout's is what Klout said of its score: the
three parts, logarithms, that linking a network can only help, that it is harder to rise the higher one stands.

How a score comes about (the arithmetic is in pooled.py)
    People, posts and standing are added up by group (GROUPS) over the accounts that an entity has on one network:
        x = sum of weight * feature,    latent of the group = weight * ln(1 + x / scale).
    Memberships of lists, and followers, count only as far as those who react bear them out (BORNE): what is bought and
    never reacts brings next to nothing. Where posts of late go without any reaction, what the others moved counts less
    (UNANSWERED). The latents of a network's groups add up to N, times the network's own weight. Networks join on the
    scale of people, not of logarithms, and what is known offline (the rank of one's article in the whole Wikipedia) is
    added at the end:
        P = BREADTH * ln(1 + sum over networks of (exp(N / BREADTH) - 1)) + offline.
    The score is read off a smooth, ever rising curve through ANCHORS at P. What a person uploaded, and nobody else
    vouches for, is worked out by itself and saturates towards SUPPLIED_BOUND, 20 points: by itself it lifts nobody
    beyond, who stands there by others' word gains 1.3 points at most, who stands above next to nothing, and it never
    makes a score solid.
    Accounts of one network are pooled before the logarithm, so that splitting an audience over accounts gains nothing.
    Every step rises with every feature and with every further account: no linked account lowers a score, and an account
    that nobody reacts to brings exactly nothing.

How points are divided
    One rule, whatever the order of accounts: where a node is a concave function of a sum, its points are divided among
    the terms of that sum in proportion to them: a score's among networks (and what is offline), a network's among its
    groups by their latents, a group's among features and accounts by their share of x. What uploads add has leaves of
    its own. The point everybody starts with is a third of each part.

Where the numbers come from (2026-11-22)
    Fitted: the weights of audience, listed, engaged and moved, by `manage.py fit_formula` on PeerIndex's 1,662 public
    pairs of people judged by humans (Kaggle's "Influencers in Social Networks", 2013; Twitter's counters): logistic
    loss of the difference of the final scores, their sum kept, none below half of where it stood. The optimum is
    flat. AUC of the difference of final scores, on 60 splits that share no people: 0.843 (0.80 to 0.89); log-linear
    fitted on the same splits 0.840. On all pairs 0.837 and 0.836; followers alone 0.826, lists alone 0.830. That
    followers are borne out by reactions costs 0.002, and holds bought ones down. The data's counters of mentions and
    retweets received are rates that fade by an unknown half-life; one unit is taken as five people of the last month
    (scoring.formula.counters.UNITS).
    Set by looking at what comes next (`manage.py backtest`): "still moved", people who reacted in the last days, and
    a little of the year. It ends at its weight, so that a month of silence costs those little whom many react to;
    more weight would tell a little better who moves people next in young networks, worse in settled ones, and punish
    holidays.
    Calibrated: ANCHORS, on the reference population of population.py, whose median is 40 and whose top 5% begin at
    63; 10 is where its lowest twentieth ends, and 90 an account with 10 million followers that 200,000 people react
    to in a month. Quantiles beside the 1,048 real scores of Klout (in brackets): P10 12.7 (13.6), P25 23.0 (23.2),
    P50 40.0 (41.1), P75 51.7 (50.3), P90 59.4 (57.8), P99 69.1 (67.3). Points for each doubling of all that people
    do: 9.1 at 20, 7.3 at 40, 4.0 at 60, 2.7 at 80; a month of silence costs 1.2, 5.5, 2.4 and 0.5 there, less than a
    doubling is worth; at 67 it costs 1.1, two 1.7, three 2.3. The table does not move with membership.
    By analogy, and stated as such:
    - depth: who passes something on is moved more than who answers, mentions, likes;
    - somebody unknown (a counter, a total) counts half of somebody identified, and with half of the standing (0.6) of
      an account that nobody reacts to;
    - Facebook before Twitter before others, as Klout weighed them; Mastodon close to Twitter, whose verbs it shares;
      to be recommended on LinkedIn is three times to be endorsed.
    What people do themselves (posts, following, mentions and retweets sent) has no weight. Neither has the number of
    events (one person's repetitions saturate in *_actors_*), nor *_standing_recent by verb, which any_standing_recent
    holds with repetitions saturating over all verbs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scoring.formula.pooled import Borne, Group, Pooled

# How far a reaction carries: the share of one who passes something on.
DEPTH: Mapping[str, float] = {
    "share": 1.0,
    "quote": 1.0,
    "link": 1.0,
    "reply": 0.7,
    "mention": 0.5,
    "tip": 0.5,
    "save": 0.5,
    "checkin": 0.5,
    "like": 0.25,
    "plus_k": 0.25,
    "visit": 0.1,
}
# Somebody whom a counter or a total counts without a name, beside somebody identified; and their standing.
UNKNOWN = 0.5
UNKNOWN_STANDING = 0.3
# What people reacted over the year adds to the last weeks' in `moved`, so that a silent month is no cliff.
LASTING = 0.02
# As how many of these days each of the year's counts in "still moved", and each of late of whom no day is known.
OF_THE_YEAR = 0.02
OF_LATE = 0.2


def unknown(weight: float, verbs: Mapping[str, float] | None = None) -> dict[str, float]:
    """People without names who reacted: totals of posts, and what counters say beyond them."""
    return {
        f"{verb}_{kind}": weight * times
        for verb, times in (verbs or dict.fromkeys(DEPTH, 1.0)).items()
        for kind in ("anonymous_recent", "surplus")
    }


def people(verbs: Mapping[str, float]) -> dict[str, float]:
    """Who follows, lists, is connected: named ones, and the surplus of the counter."""
    named = {f"{verb}_actors_ever": weight for verb, weight in verbs.items()}
    return named | {f"{verb}_surplus": weight * UNKNOWN for verb, weight in verbs.items()}


# name: (weight, scale). Where marked, fitted on 2026-11-22 by `manage.py fit_formula`; the others set as said above.
WEIGHTS: Mapping[str, tuple[float, float]] = {
    "audience": (0.19, 4.0),  # fitted 2026-11-22, AUC 0.8430 on people not seen
    "listed": (0.47, 0.3),  # fitted 2026-11-22, AUC 0.8430 on people not seen
    "recommended": (0.20, 1.0),
    "engaged": (0.06, 0.5),  # fitted 2026-11-22, AUC 0.8430 on people not seen
    "moved": (0.06, 0.2),  # fitted 2026-11-22, AUC 0.8430 on people not seen
    "still moved": (1.50, 2.0),
    "posts": (0.02, 2.0),
    "listened to now": (0.03, 0.5),
    "listened to": (0.02, 4.0),
    "standing of the audience": (0.02, 10.0),
    "known offline": (0.35, 100.0),
}

GROUPS: tuple[Group, ...] = (
    Group("audience", "reach", *WEIGHTS["audience"], people({"follow": 1.0, "connect": 1.0})),
    # To be put on a list, recommended or endorsed is to be picked out of many.
    Group("listed", "reach", *WEIGHTS["listed"], people({"list": 1.0})),
    Group("recommended", "reach", *WEIGHTS["recommended"], people({"recommend": 3.0, "endorse": 1.0})),
    # Whom the audience consists of in truth: those who reacted, lately and in the year.
    Group(
        "engaged",
        "reach",
        *WEIGHTS["engaged"],
        {"any_actors_recent": 1.0, "any_actors_long": 0.5} | unknown(UNKNOWN),
    ),
    Group(
        "moved",
        "amplification",
        *WEIGHTS["moved"],
        {f"{verb}_actors_recent": depth for verb, depth in DEPTH.items()}
        | {f"{verb}_actors_long": depth * LASTING for verb, depth in DEPTH.items()}
        | unknown(UNKNOWN, DEPTH),
        answered=True,
    ),
    # These days: says who will move people next better than any sum (manage.py backtest). It ends at its weight, and
    # holds a little of the year, so that a holiday costs those little whom many react to.
    Group(
        "still moved",
        "amplification",
        *WEIGHTS["still moved"],
        {"any_actors_now": 1.0, "any_actors_long": OF_THE_YEAR}
        | {f"{verb}_anonymous_recent": UNKNOWN * OF_LATE for verb in DEPTH},
        bounded=True,
    ),
    Group(
        "posts",
        "amplification",
        *WEIGHTS["posts"],
        {f"{verb}_posts_recent": depth for verb, depth in DEPTH.items()},
        answered=True,
    ),
    Group(
        "listened to now",
        "network",
        *WEIGHTS["listened to now"],
        {"any_standing_recent": 1.0} | unknown(UNKNOWN_STANDING),
    ),
    Group("listened to", "network", *WEIGHTS["listened to"], {"any_standing_long": 1.0}),
    Group(
        "standing of the audience",
        "network",
        *WEIGHTS["standing of the audience"],
        {f"{verb}_standing_ever": 1.0 for verb in ("follow", "connect", "list", "recommend", "endorse")},
    ),
    # The rank of a person's article in the whole Wikipedia, in billionths; an average English article has 150.
    Group("known offline", "network", *WEIGHTS["known offline"], {"pagerank_counter": 1.0}, offline=True),
)

# By the network's number: 1 twitter, 2 facebook, 3 mastodon. 5, YouTube, is collected and shown but brings no points:
# its terms bar one measure that mixes it with other platforms.
NETWORK_WEIGHTS: Mapping[int, float] = {1: 1.0, 2: 1.15, 3: 0.95, 5: 0.0}
OTHER_NETWORK_WEIGHT = 0.85
# In units of latents. Of two equal networks the second brings BREADTH * ln 2 at most.
BREADTH = 0.75
# Followers count only as far as people who react bear them out.
BORNE: tuple[Borne, ...] = (
    Borne("listed", by=("engaged",), each=40.0, allowance=1.0, sharpness=1.0),
    Borne("audience", by=("engaged", "listed"), each=8.0, allowance=8.0),
    Borne("standing of the audience", by=("engaged", "listed"), each=8.0, allowance=8.0),
)
# Of what a post moved, the share that is left where no post of late is reacted to.
UNANSWERED = 0.8

# Latent value -> score, set on 2026-11-22 on the reference population (`manage.py calibrate --reference`).
ANCHORS: tuple[tuple[float, float], ...] = (
    (0.0, 1.0),
    (0.692, 10.0),
    (3.642, 40.0),
    (6.526, 63.0),
    (12.279, 90.0),
    (math.inf, 100.0),
)
# Uploads alone come close to 20 points and never reach them.
SUPPLIED_BOUND = 1.54

# Confidence. People the network itself named (API), people named by anything, reactions counted without names.
SOLID_CONFIRMED = 50
FAIR_PEOPLE = 10
FAIR_COUNTED = 100

FORMULA = Pooled(
    version="v1",
    groups=GROUPS,
    network_weights=NETWORK_WEIGHTS,
    other_network_weight=OTHER_NETWORK_WEIGHT,
    breadth=BREADTH,
    anchors=ANCHORS,
    borne=BORNE,
    supplied_bound=SUPPLIED_BOUND,
    unanswered=UNANSWERED,
    solid_confirmed=SOLID_CONFIRMED,
    fair_people=FAIR_PEOPLE,
    fair_counted=FAIR_COUNTED,
    counted=(*unknown(1.0), *(f"{verb}_surplus" for verb in ("follow", "connect", "list", "recommend", "endorse"))),
)
USES = FORMULA.uses
