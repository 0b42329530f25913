"""Words that others put on an account, as the APIs of X and LinkedIn tell them.

The answers were written by hand after the documentation (X: users/:id/list_memberships; LinkedIn: member snapshot data,
domains ENDORSEMENTS and RECOMMENDATIONS); nothing here was recorded from a live server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import Attached, Rejected, Subject
from accounts.networks.http import Http
from tests.accounts.networks.reading_x import BOB, CHARLIE, X, playing, pull, some
from tests.fakes import linkedin as linkedin_fake
from tests.fakes import twitter as twitter_fake
from tests.fakes.door import NOW, doors
from tests.fakes.linkedin import FakeLinkedIn
from tests.fakes.twitter import ALICE, FakeTwitter

LINKEDIN = NETWORKS["linkedin"]
DAY = datetime(2024, 11, 28, tzinfo=UTC)


# ---------------------------------------------------------------- X
@pytest.fixture
def x() -> Iterator[FakeTwitter]:
    with playing() as fake:
        yield fake


@pytest.fixture
def at_x(x: FakeTwitter) -> Iterator[Http]:
    with doors(X, x, twitter_fake.TOKEN) as make:
        yield make()


def test_x_names_the_lists_that_one_is_on_with_who_keeps_them(x: FakeTwitter, at_x: Http) -> None:
    x.listed(BOB)["name"] = "Sourdough & rye"
    x.listed(CHARLIE)["name"] = "Jazz"
    assert some(pull(at_x, "lists"), Attached) == [
        Attached("list", "Jazz", CHARLIE),
        Attached("list", "Sourdough & rye", BOB),
    ]


def test_x_lists_of_ones_own_and_those_without_a_name_say_nothing(x: FakeTwitter, at_x: Http) -> None:
    x.listed(ALICE)["name"] = "Best bakers of all"
    x.listed(BOB)["name"] = " \n "
    del x.listed(BOB)["name"]
    x.listed(BOB)["name"] = ["Jazz"]
    x.listed(CHARLIE)["name"] = "Bread"
    pages = pull(at_x, "lists")
    assert some(pages, Attached) == [Attached("list", "Bread", CHARLIE)]
    assert some(pages, Rejected) == []


# ---------------------------------------------------------------- LinkedIn
@pytest.fixture
def linkedin() -> Iterator[FakeLinkedIn]:
    with FakeLinkedIn() as fake:
        yield fake


@pytest.fixture
def at_linkedin(linkedin: FakeLinkedIn) -> Iterator[Http]:
    with doors(LINKEDIN, linkedin, linkedin_fake.TOKEN) as make:
        yield make()


def told_by(http: Http, stream: str) -> list[Attached]:
    return some(list(LINKEDIN.pull(http, Subject("mail:1", now=NOW), stream, {})), Attached)


def endorsed(skill: str, by: str, who: str = "Endorser", status: str = "ACCEPTED") -> dict[str, str]:
    return {
        "Endorsement Date": "2024/11/28 00:00:00 UTC",
        "Skill Name": skill,
        f"{who} First Name": by.capitalize(),
        f"{who} Last Name": "Birch",
        f"{who} Public Url": f"www.linkedin.com/in/{by}",
        "Endorsement Status": status,
    }


def test_linkedin_names_each_skill_with_who_endorsed_it(linkedin: FakeLinkedIn, at_linkedin: Http) -> None:
    linkedin.domains["ENDORSEMENTS"] = [
        endorsed("Photography", "bob"),
        endorsed("Journalism", "bob"),
        endorsed("Photography", "charlie"),
    ]
    assert told_by(at_linkedin, "endorsements") == [
        Attached("skill", "Photography", "in/bob", observed_at=DAY),
        Attached("skill", "Journalism", "in/bob", observed_at=DAY),
        Attached("skill", "Photography", "in/charlie", observed_at=DAY),
    ]


def test_linkedin_skills_that_were_not_accepted_or_are_of_others_say_nothing(
    linkedin: FakeLinkedIn, at_linkedin: Http
) -> None:
    linkedin.domains["ENDORSEMENTS"] = [
        endorsed("Gossip", "bob", status="REJECTED"),
        endorsed("Jazz", "bob", who="Endorsee"),
        endorsed("", "bob"),
    ]
    assert told_by(at_linkedin, "endorsements") == []


def recommended(**changes: str) -> dict[str, str]:
    return {
        "First Name": "Bob",
        "Last Name": "Birch",
        "Recommender Public Url": "www.linkedin.com/in/bob",
        "Text": "Her photography is the best.",
        "Creation Date": "11/28/24, 10:15 AM",
        "Status": "VISIBLE",
    } | changes


def test_linkedin_gives_what_a_recommendation_says_and_by_whom(linkedin: FakeLinkedIn, at_linkedin: Http) -> None:
    linkedin.domains["RECOMMENDATIONS"] = [recommended()]
    at = datetime(2024, 11, 28, 10, 15, tzinfo=UTC)
    assert told_by(at_linkedin, "recommendations") == [
        Attached("recommendation", "Her photography is the best.", "in/bob", observed_at=at)
    ]


def test_linkedin_recommendations_that_are_hidden_or_may_have_been_given_say_nothing(
    linkedin: FakeLinkedIn, at_linkedin: Http
) -> None:
    given = recommended()
    del given["Recommender Public Url"]
    linkedin.domains["RECOMMENDATIONS"] = [recommended(Status="HIDDEN"), recommended(Text=""), given]
    assert told_by(at_linkedin, "recommendations") == []
