"""Both sides of every criterion say the same: a checklist is met for exactly the people that SQL finds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Erasure, LinkedAccount, Membership, Person, User
from perks.eligibility import audience, check, check_many, eligible_people, standing
from perks.eligibility.checking import criteria
from perks.eligibility.facts import facts_of
from perks.eligibility.people import AtLeast, Earned, Linked, LivesIn, Reads, TopicsOf
from perks.eligibility.scores import Confirmed, PercentileOf, PointsOf, ScoreOf
from perks.eligibility.standing import Member, NewToBrand, NotHeldOut, WithinLimit
from perks.models import AwardRequirement, Brand, Campaign, Claim, PartRequirement, Tier, TopicRequirement, Variant
from perks.models.campaigns import Terms
from scoring.models import Award, Component, PersonTopic, Score, ScoreRun, Topic

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOPICS = ["coffee", "tea", "wine"]
NETWORKS = ["twitter", "mastodon"]
REGIONS = ["", "DE-BY", "DE-BE", "AT-9"]
# Around the edges at which a score counts as the next tenth.
SCORES = st.one_of(st.floats(1, 100), st.sampled_from([44.949, 44.95, 45.0, 45.05, 62.95, 63.0]))
LEAST = st.one_of(st.none(), st.sampled_from([1.0, 45.0, 63.0]), st.floats(1, 100))


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    region = draw(st.sampled_from(REGIONS))
    return {
        "kind": draw(st.sampled_from(["person", "person", "organisation"])),
        "birth_year": draw(st.one_of(st.none(), st.sampled_from([1980, 2004, 2005, 2008, 2009, 2010]))),
        "region": region,
        "country": region[:2] or draw(st.sampled_from(["", "DE", "FR"])),
        "languages": draw(st.lists(st.sampled_from(["", "en", "de"]), max_size=2)),
        "erasing": draw(st.integers(0, 5)) == 0,
        "score": draw(st.one_of(st.none(), SCORES, SCORES)),
        "unrested": draw(st.one_of(st.none(), SCORES)),
        "percentile": draw(st.one_of(st.floats(0, 100), st.sampled_from([94.94, 94.95, 95.0]))),
        "part": draw(st.floats(0, 1)),
        # network -> (proof, points of its leaves)
        "links": draw(
            st.dictionaries(
                st.sampled_from(NETWORKS),
                st.tuples(
                    st.sampled_from(["network", "network", "upload", "operator"]),
                    st.lists(st.sampled_from([0.1, 0.2, 0.333333, 5.0, 17.95, 18.0]), max_size=3),
                ),
            )
        ),
        # slug -> (expertise, hidden)
        "topics": draw(
            st.dictionaries(
                st.sampled_from(TOPICS), st.tuples(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.booleans()), max_size=3
            )
        ),
        "awards": draw(st.dictionaries(st.sampled_from(["score", "people"]), st.integers(1, 4))),
        # Of which campaign (0: the one that is checked, 1: another of its brand, 2: another brand's), and how.
        "claims": draw(
            st.lists(
                st.tuples(st.integers(0, 2), st.sampled_from(["claimed", "redeemed", "held", "over", "cancelled"])),
                max_size=2,
            )
        ),
    }


@st.composite
def campaigns(draw: st.DrawFn) -> dict[str, Any]:
    """One or two criteria at a time: of people drawn at random, hardly anybody would meet more."""
    wanted: dict[str, Any] = {"minimum_score": draw(LEAST)} if draw(st.booleans()) else {}
    choices: dict[str, Any] = {
        "minimum_percentile": st.sampled_from([0.0, 50.0, 95.0]),
        "parts": st.dictionaries(
            st.sampled_from(["reach", "network", *NETWORKS]), st.sampled_from([0.1, 5.0, 18.0]), min_size=1, max_size=2
        ),
        "topics": st.dictionaries(st.sampled_from(TOPICS), st.sampled_from([0.0, 0.3, 0.6]), min_size=1, max_size=2),
        "countries": st.lists(st.sampled_from(["DE", "AT"]), min_size=1, unique=True),
        "regions": st.lists(st.sampled_from(REGIONS[1:]), min_size=1, unique=True),
        "languages": st.lists(st.sampled_from(["en", "de"]), min_size=1, unique=True),
        "awards": st.dictionaries(st.sampled_from(["score", "people"]), st.integers(1, 3), min_size=1),
        "networks": st.lists(st.sampled_from(NETWORKS), min_size=1, unique=True),
        "new_to_brand": st.just(True),
        "minimum_age": st.sampled_from([16, 18, 21]),
        "confirmed_only": st.booleans(),
        "hold_out": st.sampled_from([10, 50]),
        "per_person": st.just(2),
        "tiers": st.lists(st.sampled_from([20.0, 45.0, 63.0]), min_size=1, unique=True),
    }
    for name in draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=2)):
        wanted[name] = draw(choices[name])
    wanted["any_topic"] = draw(st.booleans())
    wanted.setdefault("confirmed_only", False)
    return wanted


def make_town(found: Iterable[dict[str, Any]], wanted: dict[str, Any]) -> Campaign:
    """The campaign, and the people with what belongs to them, as rows."""
    topics = {slug: Topic.objects.get_or_create(slug=slug, defaults={"name": slug})[0] for slug in TOPICS}
    brands = [Brand.objects.create(slug=f"brand-{number}", name="Acme") for number in range(2)]
    rows = {name: wanted.pop(name, {}) for name in ("parts", "topics", "awards", "tiers")}
    campaign = Campaign.objects.create(brand=brands[0], title="A", state="live", value=10, **wanted)
    several = [
        campaign,
        Campaign.objects.create(brand=brands[0], title="B", state="live"),
        Campaign.objects.create(brand=brands[1], title="C", state="live"),
    ]
    variants = [Variant.objects.create(campaign=one, quantity=1000, claimed=0) for one in several]
    terms = [Terms.objects.create(campaign=one, version=1, text="-", disclosure="-") for one in several]
    for of, points in rows["parts"].items():
        PartRequirement.objects.create(campaign=campaign, of=of, points=points)
    for slug, expertise in rows["topics"].items():
        TopicRequirement.objects.create(campaign=campaign, topic=topics[slug], expertise=expertise)
    for family, level in rows["awards"].items():
        AwardRequirement.objects.create(campaign=campaign, family=family, level=level)
    for least in rows["tiers"] or ():
        Tier.objects.create(campaign=campaign, minimum_score=least, name=f"{least}", benefit="-")
    run = ScoreRun.objects.create(as_of=AT.date(), formula="v1", state="done")
    for number, one in enumerate(found):
        person = Person.objects.create(
            handle=f"person{number}",
            kind=one["kind"],
            birth_year=one["birth_year"],
            country=one["country"],
            region=one["region"],
        )
        for index, language in enumerate(one["languages"]):
            user = User.objects.create(email=f"u{number}-{index}@example.org", language=language)
            Membership.objects.create(user=user, person=person)
        if one["erasing"]:
            Erasure.objects.create(person=person, requested_at=AT, due_at=AT, visibility="public")
        if one["score"] is not None:
            Score.objects.create(
                person=person,
                run=run,
                score=one["score"],
                unrested=one["unrested"],
                percentile=one["percentile"],
                reach=one["score"] * one["part"],
                amplification=0.0,
                network_part=one["score"] * (1 - one["part"]),
                confidence="fair",
                formula="v1",
                as_of=AT.date(),
            )
            Component.objects.create(person=person, part="reach", feature="start", value=1, points=1)
        for network, (proof, leaves) in one["links"].items():
            account = Account.objects.create(network=network, external_id=f"{number}")
            LinkedAccount.objects.create(account=account, person=person, proof=proof)
            for index, points in enumerate(leaves):
                Component.objects.create(
                    person=person,
                    network=network,
                    account=account.pk,
                    part="reach",
                    feature=f"f{index}",
                    value=1,
                    points=points,
                )
        for slug, (expertise, hidden) in one["topics"].items():
            PersonTopic.objects.create(
                person=person, topic=topics[slug], expertise=expertise, hidden=hidden, added_at=AT
            )
        for family, level in one["awards"].items():
            for each in range(1, level + 1):
                Award.objects.create(person=person, family=family, level=each, earned_on=date(2026, 1, 1))
        for ordinal, (which, state) in enumerate(one["claims"], start=1):
            held = state in {"held", "over"}
            Claim.objects.create(
                campaign=several[which],
                variant=variants[which],
                person=person,
                ordinal=ordinal,
                allowed=2,
                state="held" if held else state,
                key=f"{ordinal}",
                held_at=AT - timedelta(hours=1),
                expires_at=AT + timedelta(minutes=-1 if state == "over" else 10),
                claimed_at=None if held else AT,
                terms=None if held else terms[which],
                accepted_at=None if held else AT,
            )
    return campaign


def differing(campaign: Campaign) -> set[str]:
    """The people of whom the two sides say different things."""
    everybody = list(Person.objects.all())
    by_facts = {person.handle for person in everybody if check(person=person, campaign=campaign, at=AT).ok}
    return by_facts ^ {person.handle for person in eligible_people(campaign, AT)}


def said_otherwise_at_once(campaign: Campaign) -> list[str]:
    """The people of whom the statement of claims says another thing than their checklist does."""
    found = []
    for membership in Membership.objects.select_related("user", "person__erasure"):
        person = membership.person
        known = standing(user=membership.user, campaign=campaign.pk, at=AT, key="1")
        if person.kind == Person.Kind.ORGANISATION or hasattr(person, "erasure"):
            found += [person.handle] if known is not None else []
            continue
        assert known is not None
        said, full = check(person=person, campaign=campaign, at=AT), [WithinLimit.code]
        kept = (said.ok, said.score, said.percentile, said.formula, said.scored_on, said.tier)
        same = kept == (known.ok, known.score, known.percentile, known.formula, known.scored_on, known.tier)
        made = Claim.objects.filter(person=person, campaign=campaign, key="1").values_list("reference", flat=True)
        if not same or known.full != ([one.code for one in said.unmet] == full) or known.known != made.first():
            found.append(person.handle)
    return found


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(people(), min_size=1, max_size=6), wanted=campaigns())
def test_a_checklist_is_met_for_exactly_those_whom_sql_finds(
    found: list[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    with transaction.atomic():
        campaign = make_town(found, dict(wanted))
        assert differing(campaign) == set()
        # Each criterion by itself too: in a whole list one would hide what another gets wrong.
        everybody = [facts_of(person, AT) for person in Person.objects.all()]
        for criterion in criteria(campaign):
            by_sql = {person.handle for person in Person.objects.filter(criterion.where(AT))}
            by_facts = {facts.person.handle for facts in everybody if criterion.met(facts)}
            assert by_facts == by_sql, criterion
        assert set(eligible_people(campaign, AT)) <= set(audience(campaign, AT))
        assert said_otherwise_at_once(campaign) == []
        transaction.set_rollback(True)


PLAIN: dict[str, Any] = {
    "kind": "person",
    "birth_year": 1980,
    "region": "DE-BY",
    "country": "DE",
    "languages": ["de"],
    "erasing": False,
    "score": 70.0,
    "unrested": None,
    "percentile": 97.0,
    "part": 0.5,
    "links": {"twitter": ("network", [18.0])},
    "topics": {"coffee": (0.5, False)},
    "awards": {"score": 3},
    "claims": [],
}
# What makes somebody fail one criterion alone, and the campaign that wants it.
FAILING: dict[type, tuple[dict[str, Any], dict[str, Any]]] = {
    Member: ({"erasing": True}, {}),
    ScoreOf: ({"unrested": 44.0}, {"minimum_score": 45.0}),
    PercentileOf: ({"percentile": 94.0}, {"minimum_percentile": 95.0}),
    PointsOf: ({"part": 0.1}, {"parts": {"reach": 18.0}}),
    TopicsOf: ({"topics": {"coffee": (0.5, True)}}, {"topics": {"coffee": 0.0}}),
    LivesIn: ({"region": "DE-BE"}, {"countries": ["DE"], "regions": ["DE-BY"]}),
    Reads: ({"languages": [""]}, {"languages": ["de"]}),
    Earned: ({"awards": {"score": 1}}, {"awards": {"score": 2}}),
    Linked: ({"links": {"mastodon": ("network", [18.0])}}, {"networks": ["twitter"]}),
    NewToBrand: ({"claims": [(1, "claimed")]}, {"new_to_brand": True}),
    AtLeast: ({"birth_year": 2005}, {"minimum_age": 21}),
    Confirmed: ({"links": {"twitter": ("upload", [18.0])}}, {"confirmed_only": True}),
    WithinLimit: ({"claims": [(0, "claimed")]}, {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("criterion", FAILING, ids=lambda criterion: criterion.__name__)
def test_a_side_that_lets_everybody_through_is_found_out(criterion: type, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, wanted = FAILING[criterion]
    campaign = make_town([PLAIN, PLAIN | changed], {"confirmed_only": False} | wanted)
    assert [person.handle for person in eligible_people(campaign, AT)] == ["person0"]
    assert differing(campaign) == set()

    monkeypatch.setattr(criterion, "where", lambda self, at: Q())
    assert differing(campaign) == {"person1"}


@pytest.mark.django_db
@pytest.mark.parametrize("criterion", FAILING, ids=lambda criterion: criterion.__name__)
def test_the_statement_of_claims_knows_who_fails_one_criterion(criterion: type) -> None:
    changed, wanted = FAILING[criterion]
    campaign = make_town([PLAIN, PLAIN | changed], {"confirmed_only": False} | wanted)
    users = User.objects.order_by("pk")
    known = {user.person.handle: standing(user=user, campaign=campaign.pk, at=AT) for user in users if user.person}
    assert [handle for handle, one in known.items() if one is not None and one.ok] == ["person0"]
    assert said_otherwise_at_once(campaign) == []


@pytest.mark.django_db
def test_who_is_held_out_is_the_same_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make_town([PLAIN] * 30, {"confirmed_only": False, "hold_out": 50})
    assert 3 < eligible_people(campaign, AT).count() < 27
    assert audience(campaign, AT).count() == 30
    assert differing(campaign) == set()

    monkeypatch.setattr(NotHeldOut, "where", lambda self, at: Q())
    assert differing(campaign) != set()


@pytest.mark.django_db
def test_many_campaigns_cost_two_queries_as_one_does(django_assert_num_queries: Any) -> None:
    rows = {"topics": {"coffee": 0.0}, "awards": {"score": 2}, "parts": {"reach": 18.0}, "tiers": [20.0]}
    campaign = make_town([PLAIN], {"confirmed_only": False, "networks": ["twitter"]} | rows)
    person = Person.objects.get()
    several = list(Campaign.objects.select_related("brand"))
    assert len(several) == 3
    for asked in ([campaign], several):
        with django_assert_num_queries(2):
            assert set(check_many(person=person, campaigns=asked, at=AT)) == {one.pk for one in asked}
