"""The addresses of perks: the marketplace, claims, counters, and the brands' own site."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from perks.brands.site import site
from perks.views import calendar, claiming, joining, market, offers, posted, problems, receipt, redeem
from perks.views import lottery as lottery_pages
from perks.views import passes as pass_pages
from perks.views import reviews as review_pages
from perks.views import waiting as waiting_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("perks", market.perks, name="perks"),
    path("perks/<int:campaign_id>", offers.perk, name="perk"),
    path("perks/<int:campaign_id>/picture/<int:picture_id>", offers.perk_picture, name="perk_picture"),
    path("brand/<slug:slug>", offers.brand_page, name="brand_page"),
    path("brand/<slug:slug>/logo", offers.brand_logo, name="brand_logo"),
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
    path("perks/<int:campaign_id>/wait", waiting_pages.perk_wait, name="perk_wait"),
    path("perks/<int:campaign_id>/enter", lottery_pages.perk_enter, name="perk_enter"),
    path("perks/<int:campaign_id>/draw/<int:window_id>", lottery_pages.perk_draw, name="perk_draw"),
    path("perks/<int:campaign_id>/draw/<int:window_id>.json", lottery_pages.perk_draw_json, name="perk_draw_json"),
    path("perks/<int:campaign_id>/calendar.ics", calendar.perk_calendar, name="perk_calendar"),
    path("redeem", redeem.redeem, name="redeem"),
    path("redeem/<str:token>", redeem.redeem_pass, name="redeem_pass"),
    path("brands/join/<str:token>", joining.brand_join, name="brand_join"),
    path("brands/", site.urls),
    # Without the slash it would be taken for a handle.
    path("brands", RedirectView.as_view(pattern_name="brands:index")),
]
