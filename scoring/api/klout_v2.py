"""Klout's API v2 as its clients knew it, on what was published: identity, user, score and topics.

Every call carries `?key=`, one of a member's own (accounts.api_keys) or of the setting API_KEYS. Errors are Klout's:
{"error": status, "description": text}.
Only people whose profile is public are found; for everybody else the answer is that of somebody who does not exist.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import compare_digest
from typing import Any, NoReturn

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import patch_cache_control
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import api_keys
from accounts.models import Account, Person, PersonQuerySet
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from accounts.visibility import Viewer, may_see, showing
from scoring.models import Score, ScoreHistory, Topic
from scoring.models.scores import CHANGE_DAYS

# Klout's two letters for a network; our own names are taken too.
SHORT_NAMES = {"tw": "twitter", "fb": "facebook"}
# The names of changes over 1, 7 and 30 days.
DELTAS = dict(zip(CHANGE_DAYS, ("dayChange", "weekChange", "monthChange"), strict=True))
NO_KEY = "Invalid or unprovided API key. All calls must have a key."
NOT_FOUND = "Not found."
# Scores change once a day; a client that asks again sooner may use what it has.
FRESH_SECONDS = 300
# As many topics of one person are told.
TOPICS = 50
OWN_TOPICS = 90_000_000_000_000_000_000


class HasKey(BasePermission):
    """The call's `key` is one of API_KEYS, or a living one of a member's."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.query_params.get("key", "")
        given = key.encode()
        # Every key is compared in full, so that the time taken tells nothing about them.
        matches = [compare_digest(given, ours.encode()) for ours in settings.API_KEYS]
        return bool(given) and (any(matches) or api_keys.allowed(key, timezone.now().date()) is not None)


class AlwaysJson(BaseContentNegotiation):
    """JSON whatever a client says it accepts, as Klout did."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class KloutView(APIView):
    http_method_names = ["get", "head"]
    authentication_classes = []
    permission_classes = [HasKey]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        raise PermissionDenied(NO_KEY)

    def handle_exception(self, exc: Exception) -> Response:
        if not isinstance(exc, APIException):
            raise exc
        return Response({"error": exc.status_code, "description": str(exc.detail)}, status=exc.status_code)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        # The key is part of the address, so no shared cache may keep the answer.
        if response.status_code == 200:
            patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
        else:
            patch_cache_control(response, no_store=True)
        return response


def network_slug(name: str) -> str:
    """The network that a client means; accounts of Klout itself are no way to anybody. Raises NotFound."""
    slug = SHORT_NAMES.get(name, name)
    if slug not in NETWORKS or slug == OWN:
        raise NotFound(NOT_FOUND)
    return slug


def public_people() -> PersonQuerySet:
    people: PersonQuerySet = Person.objects.public(timezone.now().date())
    return people


def found_by_account() -> PersonQuerySet:
    """Those of them who let everybody see their accounts, and be found by them."""
    return public_people().filter(showing("networks", Viewer.ANYBODY), showing("search", Viewer.ANYBODY))


def found(person: Person | None) -> Person:
    if person is None:
        raise NotFound(NOT_FOUND)
    return person


def by_klout_id(klout_id: str) -> Person:
    """The public person with this id. Raises NotFound, also for a number that no id can be."""
    number = int(klout_id) if len(klout_id) <= 19 else 0
    if not 0 < number < 2**63:
        raise NotFound(NOT_FOUND)
    return found(public_people().select_related("score").filter(klout_id=number).first())


def by_screen_name(network: str, name: str) -> Person:
    """The public person whose linked account on `network` bears the handle `name`. Raises NotFound.

    Where nobody on that network is known by it, the handle here counts: a client that knows nothing but Twitter
    then finds people who linked other networks. A known account of somebody else is never taken for a namesake's.
    """
    name = name.strip().removeprefix("@")
    if not name or "\x00" in name:
        raise NotFound(NOT_FOUND)
    accounts = Account.objects.filter(network=network).annotate(lower=Lower("handle")).filter(lower=name.lower())
    # A network gives a freed handle to somebody else: the account linked last bears it now.
    if person := found_by_account().filter(links__account__in=accounts).order_by("-links__linked_at").first():
        return person
    if accounts.exists():
        raise NotFound(NOT_FOUND)
    return found(public_people().by_handle(name).first())


def score_of(person: Person) -> Score:
    """The person's current score. Raises NotFound where there is none yet."""
    score: Score | None = getattr(person, "score", None)
    if score is None:
        raise NotFound("No score yet.")
    return score


def bucket(score: float) -> str:
    """The ten points that `score` lies in; the highest are eleven, since 100 can be reached."""
    low = min(int(score) // 10 * 10, 90)
    return "90-100" if low == 90 else f"{low}-{low + 9}"


def deltas(score: Score) -> dict[str, float]:
    """Changes over a day, a week and a month; 0 where no score of that day is known, or is to be
    told, since clients expect a number."""
    if not may_see(score.person, "chart", Viewer.ANYBODY):
        return dict.fromkeys(DELTAS.values(), 0.0)
    days = [score.as_of - timedelta(days=days) for days in CHANGE_DAYS]
    history = ScoreHistory.objects.filter(person_id=score.person_id, as_of__in=days)
    return {DELTAS[days]: change or 0.0 for days, change in score.changes(history).items()}


class HandleIdentity(KloutView):
    """/identity.json/twitter?screenName=X"""

    def get(self, request: Request, network: str) -> Response:
        name = request.query_params.get("screenName", "")
        return Response({"id": str(by_screen_name(network_slug(network), name).klout_id), "network": "ks"})


class AccountIdentity(KloutView):
    """/identity.json/tw/{id}, the id being the network's own."""

    def get(self, request: Request, network: str, external_id: str) -> Response:
        if "\x00" in external_id:
            raise NotFound(NOT_FOUND)
        linked = found_by_account().filter(
            links__account__network=network_slug(network), links__account__external_id=external_id
        )
        return Response({"id": str(found(linked.first()).klout_id), "network": "ks"})


class NetworkIdentity(KloutView):
    """/identity.json/klout/{kloutId}/tw: a person's own id on a network; the account linked first, if several."""

    def get(self, request: Request, network: str, klout_id: str) -> Response:
        person = by_klout_id(klout_id)
        if not may_see(person, "networks", Viewer.ANYBODY):
            raise NotFound(NOT_FOUND)
        links = person.links.filter(account__network=network_slug(network))
        account = links.order_by("linked_at", "pk").values_list("account__external_id", flat=True).first()
        if account is None:
            raise NotFound(NOT_FOUND)
        return Response({"id": account, "network": network})


class User(KloutView):
    """/user.json/{kloutId}"""

    def get(self, request: Request, klout_id: str) -> Response:
        person = by_klout_id(klout_id)
        score = score_of(person)
        return Response(
            {
                "kloutId": str(person.klout_id),
                "nick": person.handle,
                "score": {"score": score.score, "bucket": bucket(score.score)},
                "scoreDeltas": deltas(score),
            }
        )


class UserScore(KloutView):
    """/user.json/{kloutId}/score"""

    def get(self, request: Request, klout_id: str) -> Response:
        score = score_of(by_klout_id(klout_id))
        return Response({"score": score.score, "scoreDelta": deltas(score), "bucket": bucket(score.score)})


class UserTopics(KloutView):
    """/user.json/{kloutId}/topics: what anybody may see of them, what most speaks for first."""

    def get(self, request: Request, klout_id: str) -> Response:
        person = by_klout_id(klout_id)
        if not may_see(person, "topics", Viewer.ANYBODY):
            return Response([])
        below = Topic.parents.through.objects.filter(to_topic=OuterRef("pk"))
        mine = Topic.objects.filter(person_topics__person=person, person_topics__hidden=False)
        topics = mine.annotate(wide=Exists(below)).order_by("-person_topics__expertise", "name", "pk")[:TOPICS]
        picture = f"{settings.SITE_URL}{static('img/apple-touch-icon.png')}"
        return Response([topic_of(topic, picture) for topic in topics])


def topic_of(topic: Any, picture: str) -> dict[str, str]:
    """A topic in Klout's form. Ids are text: some are larger than 64 bits. `wide`: others lie below it."""
    return {
        # Topics of our own have none of Klout's ids; these begin where its own end.
        "id": topic.external_id or str(OWN_TOPICS + topic.pk),
        "displayName": topic.name,
        "name": topic.name,
        "slug": topic.slug,
        "imageUrl": picture,
        "displayType": "visible",
        "topicType": "sub" if topic.wide else "entity",
    }


class Unknown(KloutView):
    """Any other address under the API's: an answer that a client can read."""

    def get(self, request: Request, rest: str = "") -> Response:
        raise NotFound(NOT_FOUND)
