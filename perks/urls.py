"""The addresses of perks: the marketplace, claims, counters, and the brands' own site."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from perks.brands.site import site
from perks.views import claiming, joining, posted, problems, receipt, redeem
from perks.views import passes as pass_pages
from perks.views import reviews as review_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("perks/<int:campaign_id>/claim", claiming.perk_claim, name="perk_claim"),
    path("claims/<uuid:reference>", receipt.perk_receipt, name="perk_receipt"),
    path("claims/<uuid:reference>/pass", pass_pages.perk_pass, name="perk_pass"),
    path("claims/<uuid:reference>/pass.pdf", pass_pages.perk_pass_pdf, name="perk_pass_pdf"),
    path("claims/<uuid:reference>/review", review_pages.perk_review, name="perk_review"),
    path("claims/<uuid:reference>/posted", posted.perk_posted, name="perk_posted"),
    path("claims/<uuid:reference>/problem", problems.perk_problem, name="perk_problem"),
    path(
        "perks/<int:campaign_id>/reviews/<int:review_id>/report",
        review_pages.perk_review_report,
        name="perk_review_report",
    ),
    path("redeem", redeem.redeem, name="redeem"),
    path("redeem/<str:token>", redeem.redeem_pass, name="redeem_pass"),
    path("brands/join/<str:token>", joining.brand_join, name="brand_join"),
    path("brands/", site.urls),
    # Without the slash it would be taken for a handle.
    path("brands", RedirectView.as_view(pattern_name="brands:index")),
]
