"""Log-in at Threads, which works as at Instagram."""

from __future__ import annotations

from accounts.providers.instagram.provider import MetaAdapter, MetaProvider


class ThreadsAdapter(MetaAdapter):
    provider_id = "threads"
    authorize_url = "https://threads.net/oauth/authorize"
    access_token_url = "https://graph.threads.net/oauth/access_token"  # noqa: S105 (an address)
    profile_url = "https://graph.threads.net/v1.0/me"
    fields = "id,username,name"


class ThreadsProvider(MetaProvider):
    id = "threads"
    name = "Threads"
    oauth2_adapter_class = ThreadsAdapter


provider_classes = [ThreadsProvider]
