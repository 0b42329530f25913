"""The addresses that networks call, and the page on which somebody sees what became of their data."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from celery import current_app
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.hooks import meta, x
from accounts.hooks.signatures import BadSignature, check_x, signed_request, x_signature
from accounts.models import DeletionReceipt
from accounts.networks import NETWORKS

log = logging.getLogger(__name__)

# More than any of these messages has.
MAX_BYTES = 100_000
# X's challenges look like this, and no event does: what answers them signs events too, so that whoever asks must not
# get an event signed.
CHALLENGE = re.compile(r"[A-Za-z0-9_.~+/=-]{1,500}")


class TooLarge(Exception):
    """A message of more than MAX_BYTES."""


def _secret_of(network: str) -> str:
    """Our app's secret at `network`. 404 where it has none: then nobody can have signed anything."""
    secret = settings.NETWORK_KEYS.get(network, ("", ""))[1]
    if network not in meta.NETWORKS or not secret:
        raise Http404
    return str(secret)


def _body(request: HttpRequest) -> bytes:
    """What was sent. Raises TooLarge."""
    try:
        size = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        size = 0
    if size > MAX_BYTES:
        raise TooLarge
    try:
        body = request.body
    except RawPostDataException:
        raise TooLarge from None
    if len(body) > MAX_BYTES:
        raise TooLarge
    return body


def _told_by_meta(request: HttpRequest, network: str) -> dict[str, Any]:
    """The signed request of `network`. Raises BadSignature, TooLarge; 404 for a network without an app of ours."""
    secret = _secret_of(network)
    _body(request)
    return signed_request(request.POST.get("signed_request", ""), secret)


@csrf_exempt
@never_cache
@require_POST
def delete(request: HttpRequest, network: str) -> HttpResponse:
    """Meta's data deletion request callback: erases, and answers where to see what became of it."""
    at = timezone.now()
    try:
        receipt, waiting = meta.delete(network, _told_by_meta(request, network), at=at)
    except BadSignature:
        return HttpResponseForbidden()
    except TooLarge:
        return HttpResponse(status=413)
    if waiting:
        try:
            current_app.send_task("accounts.tasks.finish_deletion", [receipt.pk, waiting])
        except OperationalError:
            # Meta calls again after an error of ours; nothing of what was deleted by then is in the way.
            log.exception("deletion %s could not be queued", receipt.pk)
            receipt.delete()
            return HttpResponse(status=503)
    address = settings.SITE_URL + reverse("deletion_status", args=[receipt.code])
    return JsonResponse({"url": address, "confirmation_code": receipt.code})


@csrf_exempt
@never_cache
@require_POST
def deauthorize(request: HttpRequest, network: str) -> HttpResponse:
    """Meta's deauthorize callback."""
    try:
        meta.deauthorize(network, _told_by_meta(request, network), at=timezone.now())
    except BadSignature:
        return HttpResponseForbidden()
    except TooLarge:
        return HttpResponse(status=413)
    return HttpResponse(status=200)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def twitter(request: HttpRequest) -> HttpResponse:
    """X's webhook: GET is its challenge, POST an event."""
    secret = settings.TWITTER_CONSUMER_SECRET
    if not secret:
        raise Http404
    if request.method == "GET":
        token = request.GET.get("crc_token", "")
        if not CHALLENGE.fullmatch(token):
            return HttpResponse(status=400)
        return JsonResponse({"response_token": x_signature(token.encode(), secret)})
    try:
        body = _body(request)
        check_x(body, request.headers.get("x-twitter-webhooks-signature", ""), secret)
        event = json.loads(body)
    except BadSignature:
        return HttpResponseForbidden()
    except TooLarge:
        return HttpResponse(status=413)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    x.take(event, at=timezone.now())
    return HttpResponse(status=200)


@never_cache
@require_safe
def deletion_status(request: HttpRequest, code: str) -> HttpResponse:
    """What became of a deletion that a network asked for; who has the code may know, and it names nobody."""
    # The database takes no NUL, and no code has a space.
    receipt = get_object_or_404(DeletionReceipt, code=code.replace("\x00", " "))
    network = NETWORKS.get(receipt.network)
    label = network.spec.label if network else receipt.network
    return render(request, "accounts/deletion_status.html", {"receipt": receipt, "label": label})
