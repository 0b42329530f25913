"""The person a page is about: found by the handle, seen by those who may, redirected from every other spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import FormerHandle, Membership, Person
from accounts.visibility import NEEDED, Viewer, may_see
from scoring.models import Score

# What ?as= may be: as whom somebody looks at the page of a person they speak for.
PREVIEWS = {"public": Viewer.ANYBODY, "members": Viewer.MEMBER}


@dataclass(frozen=True, slots=True)
class Shown:
    """A person and who looks; `person.score` and its run are fetched already, where there is one."""

    person: Person
    # As whom the page is to be made; in a preview as somebody who speaks for nobody.
    viewer: Viewer
    # Whether the page is made for somebody who speaks for the person: False in a preview.
    own: bool
    # As what the reader speaks for the person, preview or not; None for anybody else.
    speaks: Membership.Role | None
    # "public" or "members" where somebody who speaks for the person wants to see what those see, else "".
    preview: str
    # Whether those as whom the page is made would find the person at all; can be False in a preview only.
    found: bool

    def sees(self, part: str) -> bool:
        """Whether this part of the profile (accounts.visibility.PARTS) is to be shown on the page."""
        return self.found and may_see(self.person, part, self.viewer)

    @property
    def indexed(self) -> bool:
        """Whether search engines may keep the page: everybody sees it, may find the person, and a score is settled."""
        score: Score | None = getattr(self.person, "score", None)
        settled = score is not None and score.confidence != Score.Confidence.PROVISIONAL
        public = self.person.visibility == Person.Visibility.PUBLIC and not self.preview
        return settled and public and may_see(self.person, "search", Viewer.ANYBODY)


class Moved(Exception):
    """The page has another address; MovedMiddleware leads there for good."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def shown_person(request: HttpRequest, handle: str, *, part: str | None = None) -> Shown:
    """The person of a page, as the reader may see them; with `part`, only where the reader may see that part.

    ?as=public or ?as=members gives somebody who speaks for the person the page as others get it. Who may not be seen
    is answered as who does not exist: Http404. Raises Moved for capitals and for the handle a person once had.
    """
    if handle != handle.lower():
        raise Moved(address_with(request, handle.lower()))
    today = timezone.now().date()
    people = Person.objects.visible_to(request.user, today)
    asked_for = people.select_related("score__run").by_handle(handle)
    if request.user.is_authenticated:
        # With the person, in one query.
        roles = Membership.objects.filter(user=request.user, person=OuterRef("pk")).values("role")
        asked_for = asked_for.annotate(role_of_reader=Subquery(roles))
    person = asked_for.first()
    if person is None:
        formers = FormerHandle.objects.alias(lower=Lower("handle")).filter(lower=handle, person__in=people)
        former = formers.select_related("person").first()
        if former is None:
            raise Http404
        raise Moved(address_with(request, former.person.handle.lower()))
    role = getattr(person, "role_of_reader", None)
    speaks = Membership.Role(role) if role else None
    asked = request.GET.get("as", "")
    preview = asked if speaks and asked in PREVIEWS else ""
    if preview:
        viewer = PREVIEWS[preview]
    elif speaks:
        viewer = Viewer.OWN
    else:
        viewer = Viewer.MEMBER if request.user.is_authenticated else Viewer.ANYBODY
    # Who is being erased is hidden, so that the visibility says it.
    found = not preview or (viewer >= NEEDED.get(person.visibility, Viewer.OWN) and person.old_enough(today))
    own = viewer is Viewer.OWN
    shown = Shown(person=person, viewer=viewer, own=own, speaks=speaks, preview=preview, found=found)
    if part is not None and not shown.sees(part):
        raise Http404
    return shown


def address_with(request: HttpRequest, handle: str) -> str:
    """The address of this request with another handle in it, the rest of the path and the query kept."""
    match = request.resolver_match
    if match is None:
        raise Http404
    address = reverse(match.view_name, args=match.args, kwargs=match.kwargs | {"handle": handle})
    query = request.META.get("QUERY_STRING", "")
    return f"{address}{'?' * bool(query)}{query}"


class MovedMiddleware:
    """Answers Moved with 301."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return HttpResponsePermanentRedirect(exception.address) if isinstance(exception, Moved) else None
