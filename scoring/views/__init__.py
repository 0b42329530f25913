"""The pages of scores: each reads what was published, and renders it. One file for each screen."""
