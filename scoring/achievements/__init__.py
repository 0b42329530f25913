"""Achievements with levels: what can be earned is data (catalogue), and the daily run awards it set-wise (award)."""
