"""All addresses. Handles live at the root, so every first segment here is reserved (tests hold this)."""

from allauth.account.decorators import secure_admin_login
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from klout import installable
from klout.health import healthz

# allauth's pages for keys and tokens: here they have no rows, and whoever typed keys there would wait in vain.
for model in (SocialApp, SocialToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

# The staff log in as everybody does, with the second factor that they have set up.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("manifest.webmanifest", installable.manifest, name="manifest"),
    path("sw.js", installable.service_worker, name="service_worker"),
    path("offline", installable.offline, name="offline"),
    path("admin/", admin.site.urls),
    # Without the slash it would be taken for a handle.
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("accounts.urls")),
    path("", include("accounts.letting_go_urls")),
    path("", include("accounts.reaching_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("accounts.providers.urls")),
    path("", include("perks.urls")),
    path("", include("scoring.urls")),
]
