"""Mastodon, any server: allauth does not know it."""
