"""The brands' admin site: for who works for a brand, with a second factor, and for the staff."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from accounts.models import User, WebhookEndpoint
from accounts.second_factors import has_second_factor
from perks.models import BrandMembership

# The first would name people who hide; the others go past our own pages of the log-in.
NOT_HERE = frozenset({"view_on_site", "password_change", "password_change_done"})


class BrandSite(admin.AdminSite):
    """Who may enter is asked of the database at every request: a role that was taken away is gone at once."""

    site_header = _("Brands")
    site_title = _("Brands")
    index_title = _("Your campaigns")
    enable_nav_sidebar = False

    def __init__(self) -> None:
        super().__init__(name="brands")

    def get_urls(self) -> list[Any]:
        """Django's, without those that lead from any number to the page of what has it, or change a password."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") not in NOT_HERE]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's, where what another app has for brands is named for what it is here: webhooks."""
        found = super().get_app_list(request, app_label)
        for app in found:
            if app["app_label"] == "accounts":
                app["name"] = capfirst(WebhookEndpoint._meta.verbose_name_plural)
        return found

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        title = next((app["name"] for app in self.get_app_list(request, app_label)), "")
        return super().app_index(request, app_label, {"title": title} | (extra_context or {}))

    def belongs(self, request: HttpRequest) -> bool:
        """Whether who is logged in works for a brand, or is of the staff."""
        user = request.user
        if not (isinstance(user, User) and user.is_active):
            return False
        return user.is_staff or BrandMembership.objects.filter(user=user).exists()

    def has_permission(self, request: HttpRequest) -> bool:
        return self.belongs(request) and has_second_factor(request.user)  # type: ignore[arg-type]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Through our own log-in, and on to a second factor where there is none yet."""
        if not request.user.is_authenticated:
            return redirect_to_login(
                request.get_full_path() if request.path != reverse("brands:login") else reverse("brands:index")
            )
        if not self.belongs(request):
            return render(request, "perks/brands_not_yours.html", status=403)
        return render(request, "perks/brands_second_factor.html", status=403)


site = BrandSite()
