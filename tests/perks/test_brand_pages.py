"""A brand's own pages: each opens, for each who works there, and is headed by what it is about."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

import perks.admin  # noqa: F401  (registers the pages)
from perks.brands.site import site
from perks.models import BrandMembership, Review, Window
from scoring.topics import load
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.everything import make_everything

HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(second_factor(make_team(make_brand("Alpha"), olga=role)["olga"]))
    return client


@pytest.mark.parametrize("role", BrandMembership.Role.values)
def test_every_page_of_ones_own_brand_opens(db: None, role: str) -> None:
    load()
    client = client_of(role)
    rows, opened = make_everything("Alpha"), 0
    for model, page in site._registry.items():
        name = f"brands:{model._meta.app_label}_{model._meta.model_name}"
        paths = [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[rows[model].pk])]
        for path in paths:
            response = client.get(path, follow=True)
            assert response.status_code in {200, 403}, path
            opened += response.status_code == 200
            heading = "".join(HEADING.findall(response.content.decode()))
            assert "Select" not in heading, path
            assert "People and networks" not in response.content.decode(), path
        assert page.view_on_site is False, f"{model.__name__} would lead to an address that this site does not have"
    assert opened >= 6


def test_the_front_page_speaks_of_webhooks_and_not_of_our_apps(db: None) -> None:
    client = client_of("owner")
    page = client.get(reverse("brands:index")).content.decode()
    assert "People and networks" not in page
    assert page.count("Webhooks") >= 2
    assert "Webhooks" in client.get(reverse("brands:app_list", args=["accounts"])).content.decode()


def test_filters_and_labels_read_like_english(db: None) -> None:
    client, rows = client_of("owner"), make_everything("Alpha")
    log = client.get(reverse("brands:perks_auditentry_changelist")).content.decode()
    assert "By by" not in log
    assert "By our staff" in " ".join(log.split())
    review = client.get(reverse("brands:perks_review_change", args=[rows[Review].pk])).content.decode()
    assert "review of" not in review
    assert "Answer:" in review
    team = client.get(reverse("brands:perks_brandmembership_changelist")).content.decode()
    assert "1 team" not in " ".join(team.split())
    brand = client.get(reverse("brands:perks_brand_change", args=[make_brand("Alpha").pk])).content.decode()
    assert "Website:" in brand


def test_a_window_is_written_as_people_write_times(db: None) -> None:
    window = make_campaign(state="draft").windows.get()
    Window.objects.filter(pk=window.pk).update(opens_at="2026-11-27T15:36Z", closes_at="2026-12-04T15:36Z")
    window.refresh_from_db()
    window.time_zone = "Europe/Berlin"
    assert str(window) == "27 Nov 2026, 16:36 \N{EN DASH} 4 Dec 2026, 16:36, Europe/Berlin"
