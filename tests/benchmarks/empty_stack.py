"""All addresses and one more, whose view does nothing: what the same middleware costs by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from klout.urls import urlpatterns as ours


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("benchmark/empty", empty), *ours]
