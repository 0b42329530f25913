"""The pages that say how the score is made and what becomes of data: true of the formula, the runs and the tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountClaim, OptOut
from accounts.networks import NETWORKS
from accounts.offers import offered, terms_of
from scoring import formula, releases
from scoring.formula import v1
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula, Tombstone
from scoring.views import data_use
from tests.scoring.reading import text_of

pytestmark = pytest.mark.django_db
PAGES = ("transparency", "formulas", "features", "data_use")


def seen(client: Client, name: str) -> str:
    response = client.get(reverse(name))
    assert response.status_code == 200
    return text_of(response)


def ran(version: str, *days: date) -> None:
    for day in days:
        ScoreRun.objects.create(as_of=day, formula=version, state="done")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_leads_to_the_others_and_is_read_with_few_queries(
    client: Client, name: str, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(12):
        page = client.get(reverse(name)).content.decode()
    for other in PAGES:
        assert f'href="{reverse(other)}"' in page
    assert f'href="{reverse(name)}" aria-current="page"' in page


# ---------------------------------------------------------------- how it is made


def test_the_numbers_are_the_formulas_own(client: Client) -> None:
    text = seen(client, "transparency")
    for latent, score in v1.ANCHORS[:-1]:
        assert f"{latent:.3f} {score:.0f} " in text
    assert "every 5 days where these days are counted, every 30 days where the month is, every 365 days" in text
    assert "comes close to 20 points by itself" in text
    assert f"named {v1.SOLID_CONFIRMED:.0f} different people" in text
    assert f"fair from {v1.FAIR_PEOPLE:.0f} known people on" in text
    assert "all that are not named here with 0.85" in text
    assert "Facebook: 1.15" in text
    assert "Google (YouTube): read and shown, but no part of the sum" in text
    assert "by 20% where none of them is reacted to" in text


def test_a_formula_of_another_kind_takes_no_page_away(client: Client) -> None:
    FormulaSwitch.objects.create(formula="plain", previous="v1", switched_at=timezone.now(), told_at=timezone.now())
    assert "By formula plain" in seen(client, "transparency")
    assert "counts now" in seen(client, "formulas")


# ---------------------------------------------------------------- formulas


def test_every_numbered_formula_says_what_it_changed_and_is_held_by_a_file() -> None:
    known = {release.version: release for release in releases.releases()}
    assert set(known) == set(formula.VERSIONS)
    for version, release in known.items():
        assert (settings.BASE_DIR / release.source).exists()
        if formula.is_switched(version):
            assert release.golden == ""
            continue
        assert release.changes, f"{version} does not say what it changed"
        assert (settings.BASE_DIR / release.golden).exists()


def test_the_words_for_what_is_added_up_are_all_there() -> None:
    assert {group.name for group in v1.GROUPS} <= set(releases.GROUPS)


def test_it_says_since_when_each_counted_here(client: Client) -> None:
    assert f"{formula.RELEASED} counts now" in seen(client, "formulas")
    ran("v1", date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 2))
    text = seen(client, "formulas")
    assert "Scores of 2 days here are by it, from 1 October 2026 to 2 October 2026." in text
    assert "plain has not counted here" in text
    assert "Never yet: all scores here have been by the same formula." in text


def test_a_switch_a_shadow_and_a_formula_of_the_past_are_told(client: Client) -> None:
    ran("plain", date(2026, 10, 1))
    ran("v1", date(2026, 10, 2))
    at = timezone.now() - timedelta(days=20)
    FormulaSwitch.objects.create(
        formula="v1", previous="plain", note="It weighs who reacts.", switched_at=at, told_at=at
    )
    text = seen(client, "formulas")
    assert "v1 instead of plain It weighs who reacts." in text
    assert "plain counted before" in text
    ShadowFormula.objects.create(formula="v1+youtube", started_at=at)
    assert "v1+youtube runs in the shadow" in seen(client, "formulas")


def test_a_switch_that_no_run_has_seen_yet_is_said_to_wait(client: Client) -> None:
    ran("v1", date(2026, 10, 2))
    FormulaSwitch.objects.create(formula="v1+youtube", previous="v1", switched_at=timezone.now())
    text = seen(client, "formulas")
    assert "v1 counts now" in text
    assert "v1+youtube counts from the next daily run on" in text


# ---------------------------------------------------------------- how data is used


def test_every_network_says_what_is_read_what_never_is_and_how_long(client: Client) -> None:
    page = client.get(reverse("data_use"))
    text = text_of(page)
    for network in offered():
        assert f'id="{network.spec.slug}"' in page.content.decode()
        for words in (*terms_of(network).reads, *terms_of(network).never):
            assert " ".join(words.split()) in text
    assert f"Read anew or deleted within {NETWORKS['google'].spec.retain_days} days" in text


def test_small_numbers_are_not_told(client: Client, join, empty_cache) -> None:
    alice, bob = join("Alice", twitter="1"), join("Bob")
    account = Account.objects.get()
    for number in range(4):
        OptOut.objects.create(network="twitter", digest=bytes([number]) * 32)
    AccountClaim.objects.create(account=account, person=bob, holder=alice, state="granted", due_at=timezone.now())
    counts = dict(data_use.told_counts())
    assert counts["left_out"] == "fewer than 5"
    assert counts["claims_granted"] == "fewer than 5"
    OptOut.objects.create(network="twitter", digest=bytes([9]) * 32)
    empty_cache()
    assert dict(data_use.told_counts())["left_out"] == "5"
    assert "5" in seen(client, "data_use")


def test_the_counts_are_of_everything_that_was_done(join) -> None:
    alice, bob = join("Alice", twitter="1"), join("Bob")
    for number in range(7):
        Tombstone.objects.create(account=number + 10**6, erased_at=timezone.now())
    for number, state in enumerate(("granted", "granted", "refused", "open", "disputed")):
        account = Account.objects.create(network="twitter", external_id=f"9{number}")
        AccountClaim.objects.create(account=account, person=bob, holder=alice, state=state, due_at=timezone.now())
    found = data_use.counted()
    assert found["erased"] == 7
    assert (found["claims_granted"], found["claims_refused"], found["claims_open"]) == (2, 1, 2)


def test_they_are_counted_once_for_all_readers(client: Client, monkeypatch) -> None:
    first = client.get(reverse("data_use")).content
    monkeypatch.setattr(data_use, "counted", lambda: pytest.fail("counted again"))
    assert client.get(reverse("data_use")).content == first
