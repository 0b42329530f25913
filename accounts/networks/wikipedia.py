"""Wikipedia."""

from accounts.networks.base import CounterSpec, Network, Spec


class Wikipedia(Network):
    spec = Spec(
        slug="wikipedia",
        code=9,
        label="Wikipedia",
        verbs=("link", "visit", "like", "mention"),
        counters=(
            CounterSpec("inlinks", "pages that link to the article", "link"),
            CounterSpec("pageviews", "views in the last 30 days", "visit"),
            CounterSpec("outlinks", "pages that the article links to"),
            CounterSpec("pagerank", "billionths of the whole encyclopedia's rank"),
        ),
    )
