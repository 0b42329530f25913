"""Every address of the brands' site, for each role, asked for another brand's rows: they do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse

import perks.admin  # noqa: F401  (registers the pages)
from accounts.models import Person, User
from perks.brands.scoping import Scoped
from perks.brands.site import site
from perks.models import BrandMembership
from scoring.topics import load
from tests.perks.campaigns import make_brand, make_team, second_factor
from tests.perks.everything import MARK, make_everything

ROLES = list(BrandMembership.Role.values)
FOREIGN = f"{MARK}-beta"
# What a list is asked for besides.
QUERIES = (f"?q={MARK}&_facets=True", "?brand__slug__exact=beta", "?all=")
# What stands where an address wants something: numbers are the row's, words are any.
CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")


class Table:
    """Two brands with everything, and a client of each role at the first."""

    def __init__(self) -> None:
        load()
        self.clients: dict[str, Client] = {}
        team = make_team(make_brand("Alpha"), **{f"a{role}": role for role in ROLES})
        make_team(make_brand("Beta"), bowner="owner")
        self.own, self.foreign = make_everything("Alpha"), make_everything("Beta")
        users = {role: team[f"a{role}"] for role in ROLES}
        users["staff"] = User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)
        for role, user in users.items():
            self.clients[role] = Client()
            self.clients[role].force_login(second_factor(user))


@pytest.fixture
def table(db: None) -> Table:
    return Table()


def pages() -> Iterator[tuple[type[models.Model], str, URLPattern]]:
    """Model, name and pattern of every address of every page that is registered."""
    for model, page in site._registry.items():
        for pattern in page.get_urls():
            if isinstance(pattern, URLPattern) and pattern.name:
                yield model, pattern.name, pattern


def address(model: type[models.Model], pattern: URLPattern, row: Any) -> str:
    """The address of a page for `row`."""
    base = reverse(f"brands:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return base + CONVERTER.sub(lambda match: str(row.pk) if row is not None else "0", str(pattern.pattern))


def takes_a_row(pattern: URLPattern) -> bool:
    return bool(CONVERTER.search(str(pattern.pattern)))


def shows(response: Any, text: str) -> bool:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return text in body.decode("utf-8", "replace")


def everything_of(row: Any) -> dict[str, Any] | None:
    return type(row)._default_manager.filter(pk=row.pk).values().first()


@pytest.mark.parametrize("role", ROLES)
def test_no_address_shows_anything_of_another_brand(table: Table, role: str) -> None:
    client, seen = table.clients[role], 0
    for model, name, pattern in pages():
        row = table.foreign.get(model)
        path = address(model, pattern, row)
        if not takes_a_row(pattern):
            for query in ("", *QUERIES) if name.endswith("_changelist") else ("",):
                response = client.get(path + query)
                # 400: what a page has no filter for is not to be asked.
                assert response.status_code in {200, 302, 403, 404} | ({400} if "__" in query else set()), (path, query)
                assert not shows(response, FOREIGN), f"{role} sees another brand at {path}{query}"
                seen += response.status_code == 200
            continue
        assert row is not None, f"{name}: tests.perks.everything makes no {model.__name__}"
        response = client.get(path)
        # Django leads from a row's bare number on to its page, whether or not there is one.
        led_on = response.status_code == 302 and response["Location"].endswith(f"{row.pk}/change/")
        assert response.status_code in {403, 404} or led_on, f"{role} gets {response.status_code} at {path}"
        assert not shows(response, FOREIGN)
    assert seen, f"{role} sees no page at all"


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_sent_changes_another_brand(table: Table, role: str) -> None:
    client = table.clients[role]
    before = {model: everything_of(row) for model, row in table.foreign.items()}
    for model, _name, pattern in pages():
        row = table.foreign.get(model)
        path = address(model, pattern, row)
        if takes_a_row(pattern):
            for sent in ({"post": "yes"}, {"reason": "Because.", "confirm": "yes", "role": "owner"}):
                assert client.post(path, sent).status_code in {302, 403, 404, 405}, path
            continue
        if path.endswith("add/"):
            continue
        page = site._registry[model]
        for action in {"delete_selected", *(name for name in page.actions or () if isinstance(name, str))}:
            chosen = {"action": action, "_selected_action": [row.pk] if row is not None else [], "post": "yes"}
            assert client.post(path, chosen).status_code in {200, 302, 403, 404, 405}, (path, action)
    after = {model: everything_of(row) for model, row in table.foreign.items()}
    assert after == before
    assert not LogEntry.objects.filter(object_repr__icontains=FOREIGN).exists()


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_brand_can_be_chosen(table: Table, role: str) -> None:
    client, forms = table.clients[role], 0
    for model, page in site._registry.items():
        chooser = [(model, page), *((inline.model, inline) for inline in page.inlines)]
        for owner, one in chooser:
            for field in one.autocomplete_fields or ():
                sought = {"app_label": owner._meta.app_label, "model_name": owner._meta.model_name, "field_name": field}
                response = client.get(reverse("brands:autocomplete"), sought | {"term": MARK})
                assert not shows(response, FOREIGN), f"{role} may choose another brand's {field} of {owner.__name__}"
        add = client.get(reverse(f"brands:{model._meta.app_label}_{model._meta.model_name}_add"))
        assert not shows(add, FOREIGN)
        assert not shows(add, ">Beta<")
        forms += add.status_code == 200
    assert bool(forms) == (role in {"owner", "editor"}), "these alone make anything"


@pytest.mark.parametrize("role", ROLES)
def test_a_row_cannot_be_made_for_another_brand(table: Table, role: str) -> None:
    client, beta = table.clients[role], make_brand("Beta")
    for model, page in site._registry.items():
        names = {field.name for field in model._meta.get_fields()}
        if "brand" not in names:
            continue
        before = model._default_manager.filter(brand=beta).count()
        sent = {
            "brand": beta.pk,
            "name": "Mine",
            "title": "Mine",
            "email": "m@example.org",
            "role": "owner",
            "kind": "code",
        }
        client.post(reverse(f"brands:{page.opts.app_label}_{page.opts.model_name}_add"), sent)
        assert model._default_manager.filter(brand=beta).count() == before, f"{role} makes a {model.__name__} for Beta"


@pytest.mark.parametrize("role", [*ROLES, "staff"])
def test_what_djangos_admin_brings_along_leads_nowhere(table: Table, role: str) -> None:
    """The way from any row's number to its page on the site would name people who hide."""
    from django.contrib.contenttypes.models import ContentType

    client = table.clients[role]
    person = Person.objects.get(handle="Beta-claimer")
    number = ContentType.objects.get_for_model(Person).pk
    assert client.get(f"/brands/r/{number}/{person.pk}/").status_code == 404
    assert client.get("/brands/password_change/").status_code == 404


def test_the_staff_sees_all(table: Table) -> None:
    client = table.clients["staff"]
    for model, name, pattern in pages():
        if name.endswith("_changelist") and model in table.foreign:
            assert client.get(address(model, pattern, None)).status_code in {200, 403}, name
    brands = client.get(reverse("brands:perks_brand_changelist"))
    assert shows(brands, "Alpha")
    assert shows(brands, "Beta")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_own_brand(table: Table, role: str) -> None:
    campaigns = table.clients[role].get(reverse("brands:perks_campaign_changelist"))
    assert campaigns.status_code == 200
    assert shows(campaigns, f"{MARK}-alpha")


def test_without_the_scope_others_are_seen(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests above would see if a page asked for rows as Django's admin does."""
    monkeypatch.setattr(Scoped, "get_queryset", lambda page, request: page.model._default_manager.all())
    client = table.clients["owner"]
    assert shows(client.get(reverse("brands:perks_campaign_changelist")), FOREIGN)
