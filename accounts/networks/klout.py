"""Klout."""

from accounts.networks.base import Network, Spec


class Klout(Network):
    spec = Spec(
        slug="klout",
        code=18,
        label="Klout",
        verbs=("plus-k",),
    )
