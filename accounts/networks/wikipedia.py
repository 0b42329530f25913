"""Wikipedia."""

from accounts.networks.base import CounterSpec, Network, OAuth, Spec


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
        proof="oauth",
        oauth=OAuth(
            provider="mediawiki",
            authorize_url="https://meta.wikimedia.org/w/rest.php/oauth2/authorize",
            token_url="https://meta.wikimedia.org/w/rest.php/oauth2/access_token",
            identity=(),
            collect=(),
            refresh="refresh_token",
        ),
        needs_keys=True,
        reads=(
            "your user name, to know that the account is yours",
            "who thanked you for an edit, and who mentions you, all of it public",
        ),
        never=("your watchlist", "your e-mail address", "your preferences"),
    )
