"""Keeping access to a network: refreshing a token and giving it back, by what the network declares (base.OAuth)."""
