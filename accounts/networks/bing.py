"""Bing."""

from accounts.networks.base import CounterSpec, Network, Spec


class Bing(Network):
    spec = Spec(
        slug="bing",
        code=17,
        label="Bing",
        verbs=("link",),
        counters=(CounterSpec("inbound_links", "pages that link to the site", "link"),),
    )
