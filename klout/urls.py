"""All addresses. Handles live at the root, so every first segment used here is a reserved handle (tests/klout/test_urls.py)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("scoring.urls")),
]
