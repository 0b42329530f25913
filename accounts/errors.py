"""What is answered where a form came without its token."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache


@never_cache
def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's own answer knows neither who is logged in nor how they want their pages."""
    return render(request, "403_csrf.html", status=403)
