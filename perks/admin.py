"""Only a module of this name is looked for; it loads the pages of the staff and of brands."""

from perks import flags_admin, staff
from perks.brands import campaigns as brand_campaigns
from perks.brands import claims as brand_claims
from perks.brands import counters as brand_counters
from perks.brands import fulfilment as brand_fulfilment
from perks.brands import problems as brand_problems
from perks.brands import results as brand_results
from perks.brands import reviews as brand_reviews
from perks.brands import team as brand_team
from perks.brands import webhooks as brand_webhooks

__all__ = [
    "brand_campaigns",
    "brand_claims",
    "brand_counters",
    "brand_fulfilment",
    "brand_problems",
    "brand_results",
    "brand_reviews",
    "brand_team",
    "brand_webhooks",
    "flags_admin",
    "staff",
]
