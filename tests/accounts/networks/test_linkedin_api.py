"""LinkedIn's API against a server on 127.0.0.1 that speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks import linkedin as linkedin_network
from accounts.networks.archive import open_archive
from accounts.networks.base import (
    Counter,
    Interaction,
    Owner,
    Page,
    Post,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http
from tests.fakes.door import NOW, doors
from tests.fakes.linkedin import OWNER, TOKEN, FakeLinkedIn
from tests.fakes.loopback import Reply

LINKEDIN = NETWORKS["linkedin"]
START = NOW - timedelta(days=20)
DAY = datetime(2024, 11, 28, tzinfo=UTC)
SNAPSHOTS = ("connections", "recommendations", "endorsements", "posts")
Call = Callable[..., Http]


def mail(address: str) -> str:
    return f"mail:{sha256(address.encode()).hexdigest()[:32]}"


ALICE = Subject(mail("alice@example.org"), now=NOW)


@pytest.fixture
def linkedin() -> Iterator[FakeLinkedIn]:
    with FakeLinkedIn() as fake:
        yield fake


@pytest.fixture
def call(linkedin: FakeLinkedIn) -> Iterator[Call]:
    with doors(LINKEDIN, linkedin, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    pages = list(LINKEDIN.pull(http, subject, stream, cursor or {}))
    json.dumps([page.cursor for page in pages])
    return pages


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key for interaction in some(pages, Interaction)]


def address(mail: str, primary: str = "Yes", confirmed: str = "Yes") -> dict[str, str]:
    return {"Email Address": mail, "Confirmed": confirmed, "Primary": primary, "Updated On": "2020-01-01 10:00:00 UTC"}


# ---------------------------------------------------------------- profile
def test_the_profile_names_the_owner_by_the_confirmed_address(call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    assert page == Page([Owner(mail("alice@example.org"), "Alice Archer", "Alice Archer")], {}, done=True)
    assert "example.org" not in repr(page)


def test_an_address_that_is_not_confirmed_proves_nothing(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.tokens[TOKEN] = {"openid", "email"}
    for verified in (False, None, "false"):
        linkedin.userinfo["email_verified"] = verified
        with pytest.raises(Unreachable, match="does not say which confirmed e-mail address"):
            pull(call(), "profile", subject=Subject(""))


def test_a_token_for_the_data_alone_names_the_owner_too(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.tokens[TOKEN] = {"r_dma_portability_3rd_party"}
    linkedin.domains["EMAIL_ADDRESSES"] = [
        address("old@example.org", primary="No"),
        address("somebody@example.org", confirmed="No"),
        address("ALICE@example.org"),
    ]
    assert some(pull(call(), "profile", subject=Subject("")), Owner)[0].external_id == mail("alice@example.org")
    linkedin.domains["PROFILE"] = [{"First Name": "Alice", "Last Name": "Archer", "Birth Date": "1980"}]
    assert some(pull(call(), "profile", subject=Subject("")), Owner)[0].name == "Alice Archer"
    linkedin.domains = {}
    with pytest.raises(Unreachable, match="try again later"):
        pull(call(), "profile")


def test_who_changed_their_address_is_the_same(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.userinfo["email"] = "new@example.org"
    linkedin.domains["EMAIL_ADDRESSES"] = [address("new@example.org"), address("alice@example.org", primary="No")]
    assert some(pull(call(), "profile"), Owner)[0].external_id == ALICE.external_id


@pytest.mark.parametrize("portability", [True, False])
def test_the_token_of_somebody_else_is_not_used(linkedin: FakeLinkedIn, call: Call, portability: bool) -> None:
    linkedin.userinfo["email"] = "bob@example.org"
    linkedin.domains["EMAIL_ADDRESSES"] = [address("bob@example.org"), address("alice@example.org", "No", "No")]
    if not portability:
        linkedin.tokens[TOKEN] = {"openid", "email"}
    with pytest.raises(Revoked, match="the token is of another member") as raised:
        pull(call(), "profile")
    assert "bob" not in str(raised.value)


@pytest.mark.parametrize("said", [None, [], 7, {}, {"email": 7}, {"email": "nobody", "email_verified": True}])
def test_an_answer_that_names_nobody_is_unreachable(linkedin: FakeLinkedIn, call: Call, said: Any) -> None:
    linkedin.userinfo = said
    linkedin.tokens[TOKEN] = {"openid"}
    with pytest.raises(Unreachable, match="does not say which"):
        pull(call(), "profile", subject=Subject(""))


# ---------------------------------------------------------------- snapshots
def test_connections_are_read_in_pages(linkedin: FakeLinkedIn, call: Call) -> None:
    for index in range(120):
        linkedin.connect(index)
    pages = pull(call(), "connections")
    assert [len(some([page], Interaction)) for page in pages] == [50, 50, 20, 0]
    first = some(pages, Interaction)[0]
    assert first == Interaction("connect", "in/person-0", None, actor_handle="person-0", observed_at=DAY)
    assert some(pages, Counter) == [Counter("connections", 120)]
    rest = pull(call(), "connections", pages[0].cursor)
    assert len(some(rest, Interaction)) == 70
    assert some(rest, Counter) == [Counter("connections", 120)]
    assert pages[-1].cursor == {}


def test_a_connection_without_an_address_is_known_by_name(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.connect(1, URL="", **{"Last Name": "Müller-Ørsted"})
    linkedin.connect(2, URL="https://evil.example/in/bob", **{"Connected On": "soon"})
    assert some(pull(call(), "connections"), Interaction) == [
        Interaction(
            "connect", "name:person1 müller-ørsted", None, actor_handle="person1 müller-ørsted", observed_at=DAY
        ),
        Interaction("connect", "name:person2 pine", None, actor_handle="person2 pine"),
    ]


def test_endorsements_that_were_given_or_not_accepted_are_left_out(linkedin: FakeLinkedIn, call: Call) -> None:
    def endorsed(who: str, status: str, url: str) -> dict[str, str]:
        row = {"Endorsement Date": "2024/11/28 00:00:00 UTC", "Skill Name": "Kites", "Endorsement Status": status}
        return {**row, f"{who} First Name": "Bob", f"{who} Last Name": "Birch", f"{who} Public Url": url}

    linkedin.domains["ENDORSEMENTS"] = [
        endorsed("Endorser", "ACCEPTED", "www.linkedin.com/in/bob"),
        endorsed("Endorser", "REJECTED", "www.linkedin.com/in/charlie"),
        endorsed("Endorsee", "ACCEPTED", "www.linkedin.com/in/zoe"),
    ]
    pages = pull(call(), "endorsements")
    assert some(pages, Interaction) == [
        Interaction("endorse", "in/bob", None, actor_handle="bob", observed_at=DAY),
    ]
    assert some(pages, Counter) == [Counter("endorsements", 1)]
    assert some(pages, Rejected) == []


def test_who_endorses_several_skills_is_one_endorser(
    linkedin: FakeLinkedIn, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkedin_network, "TABLES", 1)
    names = ("Bob", "Bob", "Charlie")
    linkedin.domains["ENDORSEMENTS"] = [
        {"Endorser First Name": name, "Endorser Last Name": "Birch", "Skill Name": f"skill {number}"}
        for number, name in enumerate(names)
    ]
    pages = pull(call(), "endorsements")
    assert some(pages, Counter) == [Counter("endorsements", 2)]
    # Also where the reading goes on another day.
    assert some(pull(call(), "endorsements", pages[0].cursor), Counter) == [Counter("endorsements", 2)]


def test_endorsements_that_were_given_are_not_taken_for_none_received(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.domains["ENDORSEMENTS"] = [{"Endorsee First Name": "Bob", "Endorsee Last Name": "Birch"}]
    assert [page.records for page in pull(call(), "endorsements")] == [[], []]


def test_recommendations_that_may_have_been_given_are_not_counted(linkedin: FakeLinkedIn, call: Call) -> None:
    row = {"First Name": "Bob", "Last Name": "Birch", "Text": "Good", "Creation Date": "11/28/24, 10:15 AM"}
    linkedin.domains["RECOMMENDATIONS"] = [{**row, "Status": "VISIBLE"}, {**row, "Status": "PENDING"}]
    pages = pull(call(), "recommendations")
    (rejected,) = [record for page in pages for record in page.records]
    assert isinstance(rejected, Rejected)
    assert "which of 2 recommendations were received and which were given" in rejected.reason


def test_a_recommendation_that_names_its_writer_as_such_counts(linkedin: FakeLinkedIn, call: Call) -> None:
    row = {"First Name": "Bob", "Last Name": "Birch", "Recommender Public Url": "www.linkedin.com/in/bob"}
    linkedin.domains["RECOMMENDATIONS"] = [{**row, "Status": "VISIBLE", "Creation Date": "11/28/24, 10:15 AM"}]
    at = DAY + timedelta(hours=10, minutes=15)
    assert some(pull(call(), "recommendations"), Interaction) == [
        Interaction("recommend", "in/bob", None, actor_handle="bob", observed_at=at)
    ]


def test_posts_are_kept_without_their_text(linkedin: FakeLinkedIn, call: Call) -> None:
    link = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7000000000000000001"
    row = {
        "Date": "2024-11-28 00:00:00",
        "ShareLink": link,
        "ShareCommentary": "My kite",
        "Visibility": "MEMBER_NETWORK",
    }
    linkedin.domains["MEMBER_SHARE_INFO"] = [row, {**row, "ShareLink": ""}]
    pages = pull(call(), "posts")
    assert some(pages, Post) == [Post("urn:li:share:7000000000000000001", DAY, link)]
    assert some(pages, Counter) == [Counter("posts", 1)]
    assert some(pages, Rejected)[0].where == "MEMBER_SHARE_INFO, page 0, row 2"
    assert "kite" not in repr(pages)


@pytest.mark.parametrize("stream", SNAPSHOTS)
def test_what_there_is_nothing_of_is_no_error(call: Call, stream: str) -> None:
    assert pull(call(), stream) == [Page([], {}, done=True)]


@pytest.mark.parametrize("stream", SNAPSHOTS)
@pytest.mark.parametrize("row", [None, 7, "text", [], {}, {"First Name": None, "ShareLink": 5}])
def test_an_odd_row_is_rejected_with_its_place(linkedin: FakeLinkedIn, call: Call, stream: str, row: Any) -> None:
    domain = {"posts": "MEMBER_SHARE_INFO"}.get(stream, stream.upper())
    linkedin.domains[domain] = [row]
    pages = pull(call(), stream)
    assert some(pages, Rejected)[0].where in (f"{domain}, page 0, row 1", "RECOMMENDATIONS")
    assert some(pages, Interaction) == some(pages, Post) == []


@pytest.mark.parametrize("data", [None, [], 7, {}, {"elements": {}}])
def test_an_answer_without_elements_is_unreachable(linkedin: FakeLinkedIn, call: Call, data: Any) -> None:
    for stream in ("connections", "changes"):
        linkedin.faults.append(Reply(data=data))
        with pytest.raises(Unreachable, match="without elements"):
            pull(call(), stream)


def test_a_snapshot_that_never_ends_is_left(
    linkedin: FakeLinkedIn, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.networks.linkedin.MOST_PAGES", 3)
    linkedin.connect(1)
    linkedin.faults.extend([Reply(data={"elements": [{"snapshotData": linkedin.domains["CONNECTIONS"]}]})] * 9)
    with pytest.raises(Unreachable, match="has no end"):
        pull(call(), "connections")
    assert len(linkedin.asked) == 3


# ---------------------------------------------------------------- changes
def test_likes_answers_and_reposts_name_who(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.change("socialActions/likes", 1, START)
    linkedin.change("socialActions/comments", 2, START)
    linkedin.change("instantReposts", 3, START, activity={"object": None})
    post = "urn:li:activity:6318969988023746123"
    assert some(pull(call(), "changes"), Interaction) == [
        Interaction("like", "urn:li:person:p1", START, post, "change:5000"),
        Interaction("reply", "urn:li:person:p2", START, post, "change:5001"),
        Interaction("share", "urn:li:person:p3", START, "", "change:5002"),
    ]


def test_who_endorses_and_recommends_is_named(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.change("endorsement", 1, START)
    linkedin.change("recommendations", 2, START)
    assert some(pull(call(), "changes"), Interaction) == [
        Interaction("endorse", "urn:li:person:p1", None, observed_at=START),
        Interaction("recommend", "urn:li:person:p2", None, observed_at=START),
    ]


def test_own_deeds_messages_and_what_was_taken_back_are_left_out(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.change("socialActions/likes", 1, START, actor=OWNER)
    linkedin.change("messages", 1, START)
    linkedin.change("socialActions/likes", 1, START, method="DELETE")
    linkedin.change("endorsement", 1, START, actor=OWNER)
    assert [page.records for page in pull(call(), "changes")] == [[]]


def test_a_second_reading_finds_nothing_new_and_then_what_is_new(linkedin: FakeLinkedIn, call: Call) -> None:
    for index in range(130):
        linkedin.change("socialActions/likes", index, START + timedelta(minutes=index))
    first = pull(call(), "changes")
    assert len(set(keys(first))) == 130
    assert [page.done for page in first] == [False, False, True]
    cursor = first[-1].cursor
    assert set(keys(pull(call(), "changes", cursor))) <= set(keys(first))
    linkedin.change("socialActions/likes", 500, NOW)
    assert keys(pull(call(), "changes", cursor)) == ["change:5129", "change:5130"]


def test_reading_goes_on_after_the_day_was_spent(linkedin: FakeLinkedIn, call: Call) -> None:
    for index in range(130):
        linkedin.change("socialActions/likes", index, START + timedelta(minutes=index))
    pages = LINKEDIN.pull(call(), ALICE, "changes", {})
    first = next(pages)
    linkedin.remaining = 0
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == datetime(2026, 11, 23, tzinfo=UTC)
    assert not limited.value.everybody
    said = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
    linkedin.faults.append(Reply(429, {"status": 429, "message": said}))
    with pytest.raises(RateLimited) as spent:
        pull(call(), "changes")
    assert spent.value.everybody
    linkedin.remaining = 500
    assert len(keys([first, *pull(call(), "changes", first.cursor)])) == 130


ODD: list[dict[str, Any]] = [
    {"capturedAt": None},
    {"capturedAt": 10**18},
    {"processedAt": "now"},
    {"actor": None},
    {"actor": "bob"},
    {"actor": "urn:li:person:b\u0000"},
    {"id": "x"},
]


@pytest.mark.parametrize("changes", ODD)
def test_an_odd_change_is_rejected_and_costs_no_other(
    linkedin: FakeLinkedIn, call: Call, changes: dict[str, Any]
) -> None:
    linkedin.change("socialActions/likes", 1, START)
    linkedin.change("socialActions/likes", 2, START, **changes)
    linkedin.change("socialActions/likes", 3, START)
    linkedin.changes.append("odd")
    pages = pull(call(), "changes")
    assert [rejected.where[:6] for rejected in some(pages, Rejected)] == ["change", "change"]
    assert keys(pages) == ["change:5000", "change:5002"]


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize("stream", [*SNAPSHOTS, "changes"])
def test_outside_the_eea_it_says_to_upload_the_export(linkedin: FakeLinkedIn, call: Call, stream: str) -> None:
    linkedin.tokens[TOKEN] = {"openid", "profile", "email"}
    assert some(pull(call(), "profile"), Owner)
    (page,) = pull(call(), stream, {"to": 5} if stream == "changes" else {})
    (rejected,) = page.records
    assert isinstance(rejected, Rejected)
    assert "EEA and Switzerland" in rejected.reason
    assert "upload it here" in rejected.reason
    assert page.done
    assert page.cursor == ({"to": 5} if stream == "changes" else {})


@pytest.mark.parametrize("stream", LINKEDIN.spec.streams)
def test_a_token_that_was_taken_back_is_revoked(linkedin: FakeLinkedIn, call: Call, stream: str) -> None:
    linkedin.tokens = {}
    with pytest.raises(Revoked, match="revoked by the user") as raised:
        pull(call(), stream)
    assert TOKEN not in f"{raised.value!r}"


def test_a_version_that_is_gone_is_named(call: Call) -> None:
    with pytest.raises(Unreachable, match="version is not active"):
        pull(call(headers={"LinkedIn-Version": "202001"}), "connections")


def test_a_fault_in_the_middle_is_passed_over(linkedin: FakeLinkedIn, call: Call) -> None:
    linkedin.connect(1)
    linkedin.faults.extend([Reply(503, {}), Reply(hang_up=True), Reply(500, {})])
    assert len(some(pull(call(), "connections"), Interaction)) == 1


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "messages")


def test_the_export_and_the_api_know_people_by_the_same_names(
    linkedin: FakeLinkedIn, call: Call, tmp_path: Path
) -> None:
    row = linkedin.connect(1)
    linkedin.connect(2, URL="")
    rows = [",".join(row), *(",".join(item.values()) for item in linkedin.domains["CONNECTIONS"])]
    (tmp_path / "Connections.csv").write_text("\n".join(rows), encoding="utf-8")
    emails = "Email Address,Confirmed,Primary,Updated On\nalice@example.org,Yes,Yes,\n"
    (tmp_path / "Email Addresses.csv").write_text(emails, encoding="utf-8")
    with open_archive(tmp_path) as archive:
        exported = list(LINKEDIN.read_archive(archive))
    assert exported[0].external_id == some(pull(call(), "profile"), Owner)[0].external_id  # type: ignore[union-attr]
    assert [r for r in exported if isinstance(r, Interaction)] == some(pull(call(), "connections"), Interaction)
