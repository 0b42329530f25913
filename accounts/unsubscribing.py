"""The page behind the link at the foot of a mail: what it turns off, a button that does, and one that undoes it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.matters import ALL, MATTERS
from accounts.unsubscribe import WrongToken, stop, stopped_by, undo


# The signed link is what authorises: mail programs post to it, with no cookie and no page before (RFC 8058).
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it does nothing: scanners of mails open every link. POST stops the mails; with `undo` they come again."""
    context: dict[str, object] = {"state": "asked"}
    try:
        found = stopped_by(token)
        if request.method == "POST" and "undo" in request.POST:
            undo(found, request.POST["undo"])
            context = {"state": "undone"}
        elif request.method == "POST":
            context = {"state": "stopped", "undo": stop(found)}
    except WrongToken:
        return render(request, "accounts/unsubscribe.html", {"state": "wrong"}, status=404)
    context["matter"] = "" if found.matter == ALL else MATTERS[found.matter].label
    return render(request, "accounts/unsubscribe.html", context)
