"""The made-up town: complete, the same each time, by the import that real data takes, and never beside real people."""

import csv
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from accounts.context import is_demo
from accounts.models import LinkedAccount, Person, User
from klout import demo
from klout.demo import happenings
from klout.demo.happenings import DAYS, write_town
from klout.demo.offers import OFFERS
from klout.demo.people import INHABITANTS, TOPICS
from perks.claims.stock import differences
from perks.models import Campaign, Claim, Entry, Review
from scoring import topics
from scoring.models import Component, Interaction, Post, PostTotal, Relation, Score, ScoreHistory, ScoreRun

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAST = (1,)


class Filled:
    """A system with the town in it: what was said meanwhile, and how to log in."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.said: list[str] = []
        self.login = demo.fill(at=AT, say=self.said.append)


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The whole town, filled once for all tests that only look at it."""
    var = tmp_path_factory.mktemp("var")
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(VAR=var, LAKE=str(var / "lake"), MEDIA_ROOT=var / "media"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patch.setattr(demo, "PAST", PAST)
        is_demo.forget()
        yield Filled(var)
        is_demo.forget()
        transaction.set_rollback(True)


def test_everybody_is_there_for_all_to_see(town: Filled, db: None) -> None:
    people = Person.objects.public(AT.date())
    assert people.count() == 43
    assert people.filter(kind=Person.Kind.ORGANISATION).count() == 3
    assert all(person.name and person.bio for person in people)


def test_several_are_on_three_networks(town: Filled, db: None) -> None:
    networks: dict[int, set[str]] = {}
    for link in LinkedAccount.objects.select_related("account"):
        networks.setdefault(link.person_id, set()).add(link.account.network)
    assert sum(found >= {"twitter", "facebook", "mastodon"} for found in networks.values()) >= 4
    assert len(networks) == 43
    assert {"linkedin", "instagram", "github"} <= set.union(*networks.values())


def test_scores_lie_far_apart_and_add_up(town: Filled, db: None) -> None:
    scores = list(Score.objects.select_related("person").order_by("-score"))
    assert len(scores) == 43
    assert scores[0].score > 60
    assert 20 < scores[len(scores) // 2].score < 50
    assert scores[-1].score < 15
    assert scores[0].person.handle == "odalys"
    for score in scores[::10]:
        leaves = Component.objects.filter(person=score.person)
        assert sum(leaf.points for leaf in leaves) == pytest.approx(score.score, abs=1e-6)


def test_there_is_a_past_of_each_day_that_was_scored(town: Filled, db: None) -> None:
    days = set(ScoreHistory.objects.values_list("as_of", flat=True))
    assert days == {AT.date() - timedelta(days=past) for past in (*PAST, 0)}
    assert ScoreHistory.objects.count() == 43 * 2
    assert set(ScoreRun.objects.values_list("state", flat=True)) == {ScoreRun.State.DONE}
    assert set(Score.objects.values_list("as_of", flat=True)) == {AT.date()}


def test_it_came_by_tables_and_by_exports(town: Filled, db: None) -> None:
    assert any("Twitter/X:" in line and "interactions" in line for line in town.said)
    assert Relation.objects.count() > 1000
    assert Post.objects.count() > 500
    assert PostTotal.objects.count() > 500
    # Closed days lie in the lake, as those of real people do.
    assert list((town.var / "lake").rglob("*.parquet"))
    assert Interaction.objects.filter(occurred_at__gte=AT).count() == 0


def test_the_log_in_opens_a_person_and_an_organisation(town: Filled, db: None, client: Client) -> None:
    assert town.said[-1] == f"Log in as {town.login.email} with the password {town.login.password}"
    answer = client.post("/accounts/login/", {"login": town.login.email, "password": town.login.password})
    assert answer.status_code == 302
    page = client.get("/settings").content.decode()
    assert "Wren Tolliver" in page
    user = User.objects.get(email=town.login.email)
    assert sorted(user.people.values_list("handle", flat=True)) == ["larkhaven-ferry", "wren"]
    assert not user.is_staff


def test_nobody_else_can_log_in(town: Filled, db: None) -> None:
    others = User.objects.exclude(email=town.login.email)
    assert others.count() == 42
    assert not any(user.has_usable_password() for user in others)


@pytest.mark.parametrize("path", ["/", "/odalys", "/larkhaven-ferry", "/isolde", "/accounts/login/"])
def test_every_page_says_that_it_is_a_demo(town: Filled, db: None, client: Client, path: str) -> None:
    is_demo.forget()
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Everybody here is made up." in answer.content.decode()


def test_a_town_that_is_there_stays_as_it_is(town: Filled, db: None) -> None:
    runs, said = ScoreRun.objects.count(), []
    assert demo.fill(at=AT + timedelta(days=3), say=said.append) == town.login
    assert "Larkhaven is here already." in said
    assert ScoreRun.objects.count() == runs
    assert Person.objects.count() == 43


# ---------------------------------------------------------------- what is written
def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its name; those in a zip each by itself."""
    found = {}
    for path in folder.iterdir():
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
        else:
            found[path.name] = path.read_bytes()
    return found


def test_it_is_the_same_town_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(happenings, "DAYS", 20)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_town(tmp_path / name, AT)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_everything_happened_in_the_four_months_before(tmp_path: Path) -> None:
    town = write_town(tmp_path, AT)
    midnight = AT.replace(hour=0)
    for path in town.interactions.values():
        with path.open(newline="") as file:
            times = [datetime.fromisoformat(row["occurred_at"]) for row in csv.DictReader(file)]
        assert min(times) < midnight - timedelta(days=DAYS - 2)
        assert midnight - timedelta(days=1) < max(times) < midnight


def test_what_the_townspeople_are_about_is_in_the_tree_of_topics() -> None:
    known = {line.slug for line in topics.read_tree(topics.TREE.read_text())}
    assert {slug for slugs in TOPICS.values() for slug in slugs.split()} <= known
    assert set(TOPICS) < {inhabitant.handle for inhabitant in INHABITANTS}


def test_its_brands_offer_perks_and_some_are_claimed(town: Filled, db: None) -> None:
    states = dict(Campaign.objects.values_list("title", "state"))
    assert set(states.values()) == {"live", "ended", "draft"}
    assert set(Campaign.objects.values_list("kind", flat=True)) == set(Campaign.Kind.values)
    claimed = Claim.objects.filter(state=Claim.State.CLAIMED)
    assert claimed.filter(person__handle="wren").exists(), "whoever logs in has something to look at"
    assert claimed.count() >= 12
    assert list(differences()) == []
    assert Entry.objects.count() >= 3
    assert Review.objects.count() == 3
    page = Client().get("/perks").content.decode()
    assert "A pound of harbour roast" in page
    assert "A morning at the roaster" not in page, "a draft is nobody's business yet"
    assert f"{len(OFFERS)} perks of 3 brands" in town.said
