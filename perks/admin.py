"""Only a module of this name is looked for; it loads the pages of the staff and of brands."""

from perks.brands import campaigns as brand_campaigns
from perks.brands import counters as brand_counters
from perks.brands import problems as brand_problems
from perks.brands import reviews as brand_reviews
from perks.brands import team as brand_team

__all__ = ["brand_campaigns", "brand_counters", "brand_problems", "brand_reviews", "brand_team"]
