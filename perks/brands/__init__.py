"""What brands see and do at /brands/: Django's admin, in which each sees its own brand and nothing else.

`site` is the site, `scoping` what every page of it goes by; each other module registers the pages of one subject. What
is done here is written down (perks.audit).
"""
