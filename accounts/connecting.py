"""The pages on which accounts are connected: all networks, what one of them reads, the proof, and the first reading.

No page calls a network when it is merely looked at.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import challenges, claims, consent, linked, offers, proving, social
from accounts.connecting_forms import AddressForm, AgreeForm, KeyForm, PagesForm, RequestForm
from accounts.models import LinkedAccount, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import Network, NetworkError
from accounts.networks.klout import OWN
from accounts.team_log import note
from accounts.tokens import LostKey
from accounts.views import EDITORS, chosen_person, named, settings_address


@login_required
@never_cache
@require_safe
def connect(request: HttpRequest) -> HttpResponse:
    """All networks side by side, each with its state."""
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    return render(
        request,
        "accounts/connect.html",
        {
            "person": person,
            "people": people,
            "named": named(person, people),
            "address": settings_address(person, people, "networks"),
            "offers": offers.offers(linked.links_of(person)),
        },
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connect_network(request: HttpRequest, slug: str) -> HttpResponse:
    """What connecting means, in plain words; who agrees goes on to the network, or to the proof."""
    network = NETWORKS.get(slug)
    if network is None or slug == OWN:
        raise Http404
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    links = [link for link in linked.links_of(person) if link.account.network == slug]
    offer = offers.offer_of(network, links)
    page = ConnectPage(request, network, offer, person, people)
    if request.method == "POST":
        answer = page.post()
        if answer is not None:
            return answer
    return page.render()


class ConnectPage:
    """One request to the page of one network."""

    def __init__(
        self, request: HttpRequest, network: Network, offer: offers.Offer, person: Person, people: list[Person]
    ) -> None:
        assert isinstance(request.user, User)
        self.request, self.user, self.network, self.offer = request, request.user, network, offer
        self.person, self.people = person, people
        self.terms = offers.terms_of(network)
        self.pending = proving.pending(request.session, person, network)
        self.by_code = offer.way == "challenge"
        self.by_request = offer.by_request and offers.can_be_found(network)
        data = request.POST if request.method == "POST" else None
        step = request.POST.get("step", "")
        self.agree = AgreeForm(data if step == "agree" else None, network=network)
        self.address = AddressForm(data if step == "find" else None, network=network, auto_id="address_%s")
        self.request_form = RequestForm(data if step == "ask" else None, network=network, auto_id="ask_%s")
        self.key = KeyForm(data if step == "key" else None, network=network)

    def post(self) -> HttpResponse | None:
        """What the button that was pressed leads to; None: the page again, with what is wrong."""
        step = self.request.POST.get("step", "")
        if step == "agree" and self.offer.way == "oauth" and not self.offer.off:
            return self._agree()
        if step == "key" and self.offer.way == "key":
            return self._key()
        if self.by_code and step in {"find", "check", "forget"}:
            return {"find": self._find, "check": self._check, "forget": self._forget}[step]()
        if step == "ask" and self.by_request:
            return self._ask()
        messages.error(self.request, _("This network cannot be connected here at the moment."))
        return None

    def render(self) -> HttpResponse:
        spec = self.network.spec
        context: dict[str, Any] = {
            "spec": spec,
            "offer": self.offer,
            "terms": self.terms,
            "person": self.person,
            "people": self.people,
            "named": named(self.person, self.people),
            "here": self._here(),
            "agree_form": self.agree,
            "address_form": self.address,
            "key_form": self.key,
            "request_form": self.request_form,
            "by_code": self.by_code,
            "by_request": self.by_request,
            "pending": self.pending,
        }
        if self.pending:
            context["code"] = challenges.code_for(
                proving.subject_of(self.person), spec.slug, self.pending["external_id"]
            )
            context["profile_url"] = proving.profile_url(self.person, self.network)
        return render(self.request, "accounts/connect_network.html", context)

    def _here(self) -> str:
        return reverse("connect_network", args=[self.network.spec.slug]) + named(self.person, self.people)

    def _consent(self, *, pages: bool = False) -> None:
        at = timezone.now()
        note(person=self.person, user=self.user, action="connect", about=self.network.spec.label, at=at)
        consent.record(
            user=self.user,
            person=self.person,
            subject=f"connect:{self.network.spec.slug}",
            given=True,
            wording=self.terms.wording(pages=pages),
            at=at,
        )

    def _agree(self) -> HttpResponse | None:
        if not self.agree.is_valid():
            return None
        data = self.agree.cleaned_data
        pages, server = bool(data.get("pages")), data.get("server", "")
        try:
            proving.look(self.person)
            answer = social.start(
                self.request,
                slug=self.network.spec.slug,
                purpose="collect",
                person=self.person,
                pages=pages,
                server=server,
            )
        except (NetworkError, LostKey, proving.Unproved) as error:
            self.agree.add_error("server" if server else None, proving.in_words(error, self.network, self.person))
            return None
        self._consent(pages=pages)
        return answer

    def _find(self) -> HttpResponse | None:
        if not self.address.is_valid():
            return None
        try:
            owner = proving.find(self.person, self.network, self.address.cleaned_data["address"], timezone.now())
        except proving.Unproved as error:
            self.address.add_error("address", str(error))
            return None
        self._consent()
        proving.remember(self.request.session, self.person, self.network, self.address.cleaned_data["address"], owner)
        return redirect(self._here() + "#proof")

    def _check(self) -> HttpResponse | None:
        if not self.pending:
            return redirect(self._here())
        at = timezone.now()
        try:
            owner = proving.check(self.person, self.network, self.pending["address"], at)
            made = proving.link(self.person, self.network, owner, at, user=self.user)
        except proving.Unproved as error:
            messages.error(self.request, str(error))
            return redirect(self._here() + "#proof")
        proving.forget(self.request.session, self.person, self.network)
        return redirect(claims.page_of(made))

    def _forget(self) -> HttpResponse:
        proving.forget(self.request.session, self.person, self.network)
        return redirect(self._here())

    def _ask(self) -> HttpResponse | None:
        if not self.request_form.is_valid():
            return None
        data = self.request_form.cleaned_data
        try:
            asked = proving.ask(self.person, self.network, data["address"], data["reason"], timezone.now())
        except proving.Unproved as error:
            self.request_form.add_error("address", str(error))
            return None
        self._consent()
        return redirect(claims.page_of(asked))

    def _key(self) -> HttpResponse | None:
        if not self.key.is_valid():
            return None
        data, at = self.key.cleaned_data, timezone.now()
        try:
            owner, tokens = proving.by_key(self.person, self.network, data["address"], data["key"], at)
            self._consent()
            made = proving.link(self.person, self.network, owner, at, tokens=tokens, user=self.user)
        except proving.Unproved as error:
            self.key.add_error(None, str(error))
            return None
        return redirect(claims.page_of(made))


def own_link(request: HttpRequest, link_id: int) -> tuple[LinkedAccount, list[Person]]:
    """A linked account of somebody the user edits, and all of those; 404 for anybody else's."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    links = LinkedAccount.objects.connected().select_related("account", "person")
    return get_object_or_404(links, pk=link_id, person__in=people), people


@login_required
@never_cache
@require_safe
def link_progress(request: HttpRequest, link_id: int) -> HttpResponse:
    """How far the first reading of an account is, and the score that came of it."""
    link, people = own_link(request, link_id)
    at = timezone.now()
    cursors = list(link.cursors.order_by("pk"))
    streams = [linked.Stream.of(cursor, at) for cursor in cursors]
    broken = link.state == LinkedAccount.State.BROKEN
    stuck = bool(streams) and all(stream.state in {"parked", "refused"} for stream in streams)
    spec = NETWORKS[link.account.network].spec
    return render(
        request,
        "accounts/link_progress.html",
        {
            "link": link,
            "spec": spec,
            "person": link.person,
            "people": people,
            "named": named(link.person, people),
            "address": settings_address(link.person, people, "networks"),
            "streams": streams,
            "states": {stream.state for stream in streams},
            "broken": broken,
            "done": link.first_read_at is not None,
            "unfinished": link.first_read_at is None and not broken and not stuck and bool(streams),
        },
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_pages(request: HttpRequest, link_id: int) -> HttpResponse:
    """Which of the pages that an account runs are read too; they are asked for by a press of a button."""
    assert isinstance(request.user, User)
    link, people = own_link(request, link_id)
    network = NETWORKS[link.account.network]
    if not network.spec.page_streams:
        raise Http404
    context: dict[str, Any] = {
        "link": link,
        "spec": network.spec,
        "person": link.person,
        "people": people,
        "address": settings_address(link.person, people, "networks"),
    }
    if request.method == "POST":
        at = timezone.now()
        try:
            found = proving.pages(link, network, at)
        except proving.Unproved as error:
            messages.error(request, str(error))
            return redirect("choose_pages", link_id=link.pk)
        owners = [owner for owner, _token in found]
        sent = request.POST if request.POST.get("step") == "choose" else None
        form = PagesForm(sent, found=owners, people=people, initial={"whose": link.person_id})
        if sent is not None and form.is_valid():
            person = next(person for person in people if person.pk == form.cleaned_data["whose"])
            wanted = set(form.cleaned_data["pages"])
            chosen = [page for page in found if page[0].external_id in wanted]
            try:
                made = [proving.link_page(link, person, owner, token, at, user=request.user) for owner, token in chosen]
            except proving.Unproved as error:
                messages.error(request, str(error))
                return redirect("choose_pages", link_id=link.pk)
            return redirect(claims.page_of(made[0]))
        context |= {"form": form, "found": owners}
    return render(request, "accounts/choose_pages.html", context)


@require_POST
@never_cache
def sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Log in, or sign up, with an account of a network; who is logged in adds it as a way to log in."""
    if slug not in {spec.slug for spec in offers.login_networks()}:
        raise Http404
    purpose = "add_login" if request.user.is_authenticated else "login"
    try:
        return social.start(request, slug=slug, purpose=purpose)
    except NetworkError:
        label = offers.label_of(slug)
        messages.error(request, _("%(network)s did not answer. Please try again later.") % {"network": label})
        return redirect(settings.LOGIN_URL if purpose == "login" else "log_in")
