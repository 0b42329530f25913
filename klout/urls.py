"""All addresses. Handles live at the root, so every first segment here is reserved (tests hold this)."""

from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from klout.health import healthz

# allauth's pages for keys and tokens: here they have no rows, and whoever typed keys there would wait in vain.
for model in (SocialApp, SocialToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    # Without the slash it would be taken for a handle.
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("accounts.urls")),
    path("", include("accounts.letting_go_urls")),
    path("", include("accounts.reaching_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include("accounts.providers.urls")),
    path("", include("scoring.urls")),
]
