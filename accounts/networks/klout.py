"""Klout itself, as a network among others: +K, with which people name each other's topics, and reviews of perks.

Declared here so that +K is counted and explained like any other reaction. Nothing is read from anywhere: who gives +K
does so on these pages, and the giving writes the interaction (verb plus-k), from one person's account here to the
other's. Such an account is known by its person's klout_id, made by us (scoring.deeds), and nothing that anybody
connects or removes. A review is done to a brand's account ("brand:<id>"), which is nobody's: it moves no score.
"""

from accounts.networks.base import Network, Spec

# The network whose accounts are ours.
OWN = "klout"


class Klout(Network):
    spec = Spec(
        slug=OWN,
        code=18,
        label="Klout",
        verbs=("plus-k", "review"),
    )
