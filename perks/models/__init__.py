from perks.models.after import Flag, Mention, Problem, Redemption, Review, Shipment
from perks.models.brands import AuditEntry, Brand, BrandInvitation, BrandMembership, Counter
from perks.models.campaigns import Campaign, Picture, Terms, Tier
from perks.models.claims import Address, Claim, ClaimEvent, Shared, WaitingPlace
from perks.models.passes import PrintedPass
from perks.models.reports import ReviewReport
from perks.models.requirements import AwardRequirement, PartRequirement, TopicRequirement
from perks.models.results import CampaignCount, CampaignDay, CampaignResults, Seen
from perks.models.stock import Code, CodeBatch, Variant
from perks.models.windows import Draw, Entry, ToldOpening, Window

__all__ = [
    "Address",
    "AuditEntry",
    "AwardRequirement",
    "Brand",
    "BrandInvitation",
    "BrandMembership",
    "Campaign",
    "CampaignCount",
    "CampaignDay",
    "CampaignResults",
    "Claim",
    "ClaimEvent",
    "Code",
    "CodeBatch",
    "Counter",
    "Draw",
    "Entry",
    "Flag",
    "Mention",
    "PartRequirement",
    "Picture",
    "PrintedPass",
    "Problem",
    "Redemption",
    "Review",
    "ReviewReport",
    "Seen",
    "Shared",
    "Shipment",
    "Terms",
    "Tier",
    "ToldOpening",
    "TopicRequirement",
    "Variant",
    "WaitingPlace",
    "Window",
]
