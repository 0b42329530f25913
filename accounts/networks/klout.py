"""Klout itself, as a network among others: +K, with which people name each other's topics.

Declared here so that +K is counted and explained like any other reaction. Nothing is read from anywhere: who gives +K
does so on these pages, and the giving writes the interaction (verb plus-k), from one person's account here to the
other's. Such an account is known by its person's klout_id.
"""

from accounts.networks.base import Network, Spec


class Klout(Network):
    spec = Spec(
        slug="klout",
        code=18,
        label="Klout",
        verbs=("plus-k",),
    )
