"""The accounts linked to a person: how they are read, reconnecting, and removing one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import claims, linked, pauses, privacy
from accounts.models import Credential, LinkedAccount, Person, User
from accounts.networks import NETWORKS
from accounts.offers import gives_back, label_of
from accounts.views.choosing import EDITORS, around, chosen_person, settings_address


@login_required
@never_cache
@require_safe
def networks(request: HttpRequest) -> HttpResponse:
    """Every linked account with how fresh it is, under its network."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    context = around(request.user, person, people) | {
        "groups": linked.by_network(linked.links_of(person)),
        "here_too": linked.speaks_here(person),
        "claims": claims.waiting_for(person),
        "rest": pauses.rest_of(person, timezone.now()),
    }
    return render(request, "accounts/networks.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: HttpRequest, link_id: int) -> HttpResponse:
    """Says what goes with a linked account, and removes it on POST; to whom has claimed it, if anybody has."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    links = LinkedAccount.objects.connected().select_related("account", "person")
    link = get_object_or_404(links, pk=link_id, person__in=people)
    address = settings_address(link.person, people, "networks")
    if request.method == "POST":
        claim = claims.open_claim_on(link)
        try:
            if claim is not None:
                claims.let_go(claim=claim, at=timezone.now(), user=request.user)
            else:
                privacy.unlink(link=link, at=timezone.now(), user=request.user)
        except (privacy.Busy, claims.TooLate) as error:
            doing = error.doing if isinstance(error, privacy.Busy) else ""
            text = _("Something is being read for you just now. Please try again when it is done.")
            messages.error(request, f"{text} ({doing})" if doing else text)
        else:
            messages.success(request, _("The account was removed, and what was collected from it was erased."))
        return redirect(address)
    context = around(request.user, link.person, people) | {
        "link": link,
        "label": label_of(link.account.network),
        "address": address,
        "pages": privacy.goes_with(link),
        "has_key": Credential.objects.filter(link=link).exists(),
        "gives_back": link.account.network in NETWORKS and gives_back(NETWORKS[link.account.network].spec),
    }
    return render(request, "accounts/unlink.html", context)
