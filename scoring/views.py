"""Home and the profile of a person: read what was published, and render it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "scoring/home.html")


def profile(request: HttpRequest, handle: str) -> HttpResponse:
    raise Http404
