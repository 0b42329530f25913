"""Threads, which allauth does not know."""
