"""Instagram for professional accounts, by Instagram Login (allauth's own asks an API that is no more)."""
