"""The settings of a person, the accounts linked to it, and its picture."""

from pathlib import PurePath

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_http_methods, require_safe

from accounts import claims, linked, pauses, privacy
from accounts.forms import JoinForm, PersonForm
from accounts.joining import is_handle_conflict, join
from accounts.models import HANDLE_TAKEN, Credential, LinkedAccount, Membership, Person, User
from accounts.networks import NETWORKS
from accounts.offers import gives_back, label_of

EDITORS = (Membership.Role.OWNER, Membership.Role.EDITOR)


def chosen_person(request: HttpRequest) -> tuple[Person | None, list[Person]]:
    """The person to edit (?person=handle, else the first), and all that the user may edit. 404 for anybody else's."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    handle = request.GET.get("person")
    if handle is None:
        return (people[0] if people else None), people
    for person in people:
        if person.handle.lower() == handle.lower():
            return person, people
    raise Http404


def settings_address(person: Person, people: list[Person]) -> str:
    """The settings of `person`, which need naming where there are several."""
    return reverse("settings") + (f"?person={person.handle}" if len(people) > 1 else "")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return join_page(request)
    form = PersonForm(request.POST or None, request.FILES or None, instance=person)
    shown_handle, address = person.handle, settings_address(person, people)
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except IntegrityError as error:
            if not is_handle_conflict(error):
                raise
            form.add_error("handle", HANDLE_TAKEN)
        else:
            messages.success(request, _("Saved."))
            return redirect(settings_address(person, people))
    return render(
        request,
        "accounts/settings.html",
        {
            "form": form,
            "person": person,
            "shown_handle": shown_handle,
            "has_avatar": bool(form.stored_avatar),
            "people": people,
            "address": address,
            # A copy and the end of everything are for owners alone.
            "owned": Person.objects.of(request.user, Membership.Role.OWNER).filter(pk=person.pk).exists(),
            "owned_named": f"?person={shown_handle}" if len(people) > 1 else "",
            "under_age": not form.before.old_enough(timezone.now().date()),
            "groups": linked.by_network(linked.links_of(person)),
            "claims": claims.waiting_for(person),
            "rest": pauses.rest_of(person, timezone.now()),
            "rests_at": reverse("pause") + (f"?person={shown_handle}" if len(people) > 1 else ""),
        },
    )


def join_page(request: HttpRequest) -> HttpResponse:
    """For a log-in without a person (made by createsuperuser, say): choose a handle."""
    assert isinstance(request.user, User)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            join(user=request.user, handle=data["handle"], birth_year=data["birth_year"], confirmed=True)
        except IntegrityError as error:
            if not is_handle_conflict(error):
                raise
            form.add_error("handle", HANDLE_TAKEN)
        else:
            return redirect("settings")
    return render(request, "accounts/join.html", {"form": form})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: HttpRequest, link_id: int) -> HttpResponse:
    """Says what goes with a linked account, and removes it on POST; to whom has claimed it, if anybody has."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    links = LinkedAccount.objects.select_related("account", "person")
    link = get_object_or_404(links, pk=link_id, person__in=people)
    address = settings_address(link.person, people)
    if request.method == "POST":
        claim = claims.open_claim_on(link)
        try:
            if claim is not None:
                claims.let_go(claim=claim, at=timezone.now())
            else:
                privacy.unlink(link=link, at=timezone.now())
        except (privacy.Busy, claims.TooLate) as error:
            doing = error.doing if isinstance(error, privacy.Busy) else ""
            text = _("Something is being read for you just now. Please try again when it is done.")
            messages.error(request, f"{text} ({doing})" if doing else text)
        else:
            messages.success(request, _("The account was removed, and what was collected from it was erased."))
        return redirect(address)
    context = {
        "link": link,
        "label": label_of(link.account.network),
        "address": address,
        "pages": privacy.goes_with(link),
        "has_key": Credential.objects.filter(link=link).exists(),
        "gives_back": link.account.network in NETWORKS and gives_back(NETWORKS[link.account.network].spec),
    }
    return render(request, "accounts/unlink.html", context)


def _avatar_etag(request: HttpRequest, handle: str) -> str | None:
    person, _public = _with_avatar(request, handle)
    return f'"{PurePath(str(person.avatar.name)).stem}"' if person else None


def _with_avatar(request: HttpRequest, handle: str) -> tuple[Person | None, bool]:
    """The person of `handle` if it has a picture that this visitor may see, and whether everybody may."""
    if not hasattr(request, "_with_avatar"):
        today = timezone.now().date()
        pictured = Person.objects.exclude(avatar="")
        person = pictured.public(today).by_handle(handle).first()
        public = person is not None
        if person is None:
            person = pictured.visible_to(request.user, today).by_handle(handle).first()
        request._with_avatar = person, public  # type: ignore[attr-defined]
    found: tuple[Person | None, bool] = request._with_avatar  # type: ignore[attr-defined]
    return found


@require_safe
@condition(etag_func=_avatar_etag)
def avatar(request: HttpRequest, handle: str) -> HttpResponse:
    """A person's picture. Shared caches keep it for minutes if everybody may see it, and not at all otherwise."""
    person, public = _with_avatar(request, handle)
    if person is None:
        raise Http404
    try:
        with person.avatar.open("rb") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=300" if public else "private, no-cache"
    if not public:
        patch_vary_headers(response, ["Cookie"])
    return response
