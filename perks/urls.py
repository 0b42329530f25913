"""The addresses of perks: the marketplace, claims, counters, and the brands' own site."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from perks.brands.site import site
from perks.views import joining

urlpatterns: list[URLPattern | URLResolver] = [
    path("brands/join/<str:token>", joining.brand_join, name="brand_join"),
    path("brands/", site.urls),
    # Without the slash it would be taken for a handle.
    path("brands", RedirectView.as_view(pattern_name="brands:index")),
]
