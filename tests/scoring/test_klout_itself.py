"""An account of Klout itself is no network that anybody connected: nowhere, and for nothing."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from rest_framework.exceptions import NotFound

from accounts import freshness, holdings, linked, offers, privacy
from accounts.models import Account, LinkedAccount, Person
from scoring import computing, daily, deeds, suggestions
from scoring.api import klout_v2
from scoring.collect.keys import post_number
from scoring.deeds import Deed
from scoring.models import AccountScore, Component, Score, Topic
from scoring.suggestions.words import suggested
from scoring.topics import given
from tests.scoring.conftest import AT, TODAY, names, replies

YESTERDAY = AT - timedelta(days=1)


def give(receiver: Person, givers: list[Person], topic: str = "bees") -> None:
    given = [Deed("plus-k", one.pk, receiver.pk, topic, f"plus-k:{topic}:{one.pk}", YESTERDAY) for one in givers]
    deeds.record(given, AT)


@pytest.fixture
def members(join):
    """Alice, whom some react to elsewhere; Bob, who linked nothing; and ten who give +K to both."""
    alice, bob = join("Alice", twitter="a"), join("Bob")
    givers = [join(f"Giver{n}", mastodon=f"g{n}") for n in range(10)]
    for receiver in (alice, bob):
        give(receiver, givers)
    return alice, bob, givers


def score_of(person: Person) -> float | None:
    return Score.objects.filter(person=person).values_list("score", flat=True).first()


def test_who_has_nothing_but_plus_k_has_no_score_as_who_linked_nothing(members, happen):
    alice, bob, _ = members
    happen(replies("a", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    assert score_of(bob) is None
    assert score_of(alice) > 1
    assert Component.objects.filter(person=alice, network="klout").exists()
    daily.provisional(persons=[bob.pk], at=AT)
    assert score_of(bob) is None


def test_who_removes_the_last_network_has_no_score_left_of_plus_k(members, happen, django_capture_on_commit_callbacks):
    alice, _, _ = members
    happen(replies("a", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    assert score_of(alice) is not None
    with django_capture_on_commit_callbacks(execute=True):
        privacy.unlink(link=alice.links.connected().get(), at=AT)
    assert score_of(alice) is None
    # What members gave is still there, and counts when something is linked again.
    assert alice.links.count() == 1


def test_plus_k_adds_to_a_score_within_its_bound_and_to_its_confidence_nothing(members, happen, join):
    alice, _, _ = members
    dave = join("Dave", twitter="d")
    happen([*replies("a", names("fan", 9)), *replies("d", names("fan", 9))])
    daily.run(as_of=TODAY, at=AT)
    assert 0.3 < score_of(alice) - score_of(dave) < 3
    assert alice.score.confidence == dave.score.confidence == "provisional"
    assert alice.score.formula == "v2"
    total = sum(Component.objects.filter(person=alice).values_list("points", flat=True))
    assert total == pytest.approx(alice.score.score, abs=1e-6)


def test_accounts_here_are_none_among_whom_a_percentile_is_taken(members, happen):
    happen(replies("a", names("fan", 9)))
    run = daily.run(as_of=TODAY, at=AT)
    # Alice and the ten givers; Bob's +K are of nobody who has a score, a brand's reviews are of nobody at all.
    assert run.counts["population"] == 11


def test_no_page_of_networks_knows_it_as_one_that_was_connected(members, client):
    alice, bob, _ = members
    assert linked.links_of(bob) == []
    assert freshness.freshness_of(bob, AT) == []
    assert [one.link.account.network for one in freshness.freshness_of(alice, AT)] == ["twitter"]
    assert "klout" not in {network.spec.slug for network in offers.offered()}
    assert computing.owned_accounts()["person"].tolist().count(bob.pk) == 0
    client.force_login(alice.users.get())
    page = client.get(reverse("networks")).content.decode()
    assert "Klout itself" in page
    link = alice.links.get(account__network="klout")
    for name in ("unlink", "link_progress"):
        assert reverse(name, args=[link.pk]) not in page
        assert client.get(reverse(name, args=[link.pk])).status_code == 404
    assert client.get(reverse("connect_network", args=["klout"])).status_code == 404
    assert "Klout" not in client.get(reverse("home")).context["networks"]


def test_a_profile_names_no_account_of_klout_among_those_that_are_linked(members, client, happen):
    alice, _, _ = members
    happen(replies("a", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    page = client.get(f"/{alice.handle.lower()}").content.decode()
    assert [one.label for one in client.get(f"/{alice.handle.lower()}").context["networks"]] == ["Twitter/X"]
    assert "+K from members" not in page


def test_no_client_finds_a_person_or_a_brand_by_an_account_here(members, client):
    _, _, givers = members
    deeds.record([Deed("review", givers[0].pk, None, "campaign:1", "review:1", YESTERDAY, brand=7)], AT)
    with pytest.raises(NotFound):
        klout_v2.network_slug("klout")
    daily.run(as_of=TODAY, at=AT)
    brand = Account.objects.get(external_id="brand:7")
    assert AccountScore.objects.filter(account=brand.pk, score__gt=1).count() == 0


def test_reviews_move_no_score_and_take_nothing_from_what_somebody_hands_on(members, happen):
    alice, _, givers = members
    happen(replies("a", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    before = dict(AccountScore.objects.values_list("account", "standing")), score_of(alice)
    many = [
        Deed("review", one.pk, None, f"campaign:{n}", f"review:{one.pk}:{n}", YESTERDAY, brand=n)
        for one in givers
        for n in range(5)
    ]
    assert deeds.record(many, AT) == 50
    daily.run(as_of=TODAY, at=AT)
    after = dict(AccountScore.objects.values_list("account", "standing"))
    brands = set(Account.objects.filter(external_id__startswith="brand:").values_list("pk", flat=True))
    assert {account: value for account, value in after.items() if account not in brands} == before[0]
    assert score_of(alice) == before[1]


def test_nobody_is_ever_told_to_get_more_plus_k():
    assert suggested("klout") == ()
    assert suggestions.nothing().columns()["network"].tolist() == []


def test_what_erasing_would_remove_counts_the_networks_that_somebody_linked(members):
    alice, bob, _ = members
    assert holdings.counted(alice, [])["linked accounts"] == 1
    assert not holdings.counted(bob, []).get("linked accounts")
    assert privacy.erase_person(person=alice, at=AT)["linked accounts"] == 1
    assert not Account.objects.filter(external_id=str(alice.klout_id)).exists()
    assert not LinkedAccount.objects.filter(person=alice.pk).exists()


def test_a_copy_of_ones_data_holds_the_account_here_too(members):
    alice, _, _ = members
    accounts = privacy.export_person(alice)["person"]["accounts"]
    assert {row["network"] for row in accounts} == {"twitter", "klout"}


def test_what_plus_k_brought_is_told_by_its_topic_and_not_as_a_post(members, happen, client, join):
    givers, alice = members[2], join("Dave", twitter="d")
    bees = Topic.objects.create(slug="telling-bees", name="Telling bees")
    give(alice, givers, bees.slug)
    happen(replies("d", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    client.force_login(alice.users.get())
    for page in ("activity", "moments", "why"):
        text = unescape(strip_tags(client.get(reverse(page, args=["dave"])).content.decode()))
        assert "in Telling bees" in " ".join(text.split()), page
    activity = client.get(reverse("activity", args=["dave"])).content.decode()
    # The givers are members whom anybody may see; the account is called by what it holds.
    assert "Giver3" in activity
    assert "+K from members" in activity
    assert str(alice.klout_id) not in activity

    # To others it is told as far as the +K that somebody was given are.
    def seen(page: str) -> str:
        return " ".join(unescape(strip_tags(Client().get(page).content.decode())).split())

    pages = ("/dave", "/dave/moments", "/dave/why", "/dave/why?by=network", "/dave/chart", "/dave/moments.atom")
    given_in, read = "in Telling bees", "People who gave +K recently"
    assert [page for page in pages if given_in in seen(page)] == list(pages[:4])
    assert read in seen("/dave/why")
    Person.objects.filter(pk=alice.pk).update(shown={"plus_k": "members"})
    assert [page for page in pages if given_in in seen(page) or read in seen(page)] == []
    # How many points that is stays in the sum.
    lines = Client().get("/dave/why?by=network").context["lines"]
    assert [line.children for line in lines if line.node.label == "Klout" and line.node.points] == [()]


def test_the_topic_of_a_post_is_the_one_whose_slug_the_log_keeps(db):
    topics = [Topic.objects.create(slug=slug, name=slug.title()) for slug in ("telling-bees", "telling-ships")]
    numbers = {post_number("klout", topic.slug): topic for topic in topics}
    assert given.by_post([*numbers, 0, 42]) == numbers
    assert given.by_post([0]) == {}


def test_the_page_of_formulas_says_what_v2_changed_and_where_plus_k_ends(client, db):
    text = " ".join(unescape(strip_tags(client.get(reverse("formulas")).content.decode())).split())
    assert "+K alone ends at 10 points, whoever gives it and however many do." in text
    assert "Klout stands apart from the other networks: by itself it ends at 10 points" in text


def test_the_page_of_measurements_lists_what_is_measured_of_plus_k(client, db):
    page = client.get(reverse("features")).content.decode()
    assert "People who gave +K recently" in page
    assert "reviewed something" not in page
