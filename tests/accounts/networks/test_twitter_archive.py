"""An export of X: what it gives, what it must not give, and what becomes of odd values in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
)

MADE_AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def read(path: Path) -> list[Record]:
    with open_archive(path) as archive:
        return list(NETWORKS["twitter"].read_archive(archive))


def some(records: list[Record], kind: type) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def write(export: Path, name: str, records: list[Any], prefix: str = "window.YTD.x.part0 = ") -> None:
    (export / "data" / name).write_text(prefix + json.dumps(records))


def tweet(**changes: Any) -> dict[str, Any]:
    base = {
        "id_str": "5009",
        "created_at": "Fri Nov 13 08:00:00 +0000 2026",
        "full_text": "Hello",
        "favorite_count": "2",
    }
    return {"tweet": base | {"retweet_count": "1"} | changes}


def test_it_yields_the_owner_first(twitter_export: Path) -> None:
    created_at = datetime(2012, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
    about = "Baker. Bread at dawn."
    assert read(twitter_export)[0] == Owner("1001", "alice_example", "Alice Example", created_at, about)


def test_it_counts_what_the_files_hold(twitter_export: Path) -> None:
    records = read(twitter_export)
    tallies = {tally.kind: tally.number for tally in some(records, Tally)}
    assert tallies == {"tweets": 5, "of them reposts": 2, "followers": 3, "following": 2, "lists": 2}
    assert {(c.name, c.value, c.observed_at) for c in some(records, Counter)} == {
        ("posts", 5, MADE_AT),
        ("followers", 3, MADE_AT),
        ("following", 2, MADE_AT),
        ("listed", 2, MADE_AT),
    }
    assert some(records, Rejected) == []


def test_followers_are_standing_relations_of_the_day_of_the_export(twitter_export: Path) -> None:
    assert some(read(twitter_export), Interaction) == [
        Interaction("follow", actor, None, observed_at=MADE_AT) for actor in ("2003", "2001", "2002")
    ]


def test_posts_are_the_owners_own(twitter_export: Path) -> None:
    posts = some(read(twitter_export), Post)
    assert [post.post for post in posts] == ["5002", "5001", "5003"]
    assert posts[2].url == "https://x.com/alice_example/status/5003"
    assert posts[2].posted_at == datetime(2026, 11, 12, 6, tzinfo=UTC)


def test_own_reactions_and_counts_of_others_are_left_out(twitter_export: Path) -> None:
    totals = {(total.post, total.verb): total.total for total in some(read(twitter_export), PostTotal)}
    # Of 12 likes one is Alice's own (like.js), of 3 reposts one is her own; Bob's 9,000 reposts are Bob's.
    assert totals == {("5003", "like"): 11, ("5003", "share"): 2, ("5002", "like"): 1}


def test_a_zip_a_folder_and_files_at_the_top_are_read_alike(twitter_export: Path, zipped: Callable[..., Path]) -> None:
    records = read(twitter_export)
    assert read(zipped(twitter_export)) == records
    inner = read(zipped(twitter_export / "data", "top.zip"))
    assert inner == records


@pytest.mark.parametrize(
    "name", ["follower.js", "following.js", "tweets.js", "lists-member.js", "profile.js", "like.js"]
)
def test_every_file_but_the_owners_is_optional(twitter_export: Path, name: str) -> None:
    for file in (twitter_export / "data").glob(name.replace(".js", "*.js")):
        file.unlink()
    records = read(twitter_export)
    assert some(records, Owner)[0].external_id == "1001"
    assert len(some(records, Tally)) >= 3
    counters = {counter.name for counter in some(records, Counter)}
    gone = {"follower.js": "followers", "following.js": "following", "tweets.js": "posts", "lists-member.js": "listed"}
    assert gone.get(name) not in counters, "what was not read is not counted as none"


def test_the_manifest_names_the_owner_where_account_js_is_missing(twitter_export: Path) -> None:
    (twitter_export / "data" / "account.js").unlink()
    owner = read(twitter_export)[0]
    assert isinstance(owner, Owner)
    assert (owner.external_id, owner.handle, owner.name) == ("1001", "alice_example", "Alice Example")


def test_it_refuses_an_export_that_names_no_owner(twitter_export: Path) -> None:
    for name in ("account.js", "manifest.js"):
        (twitter_export / "data" / name).unlink()
    with pytest.raises(BadArchive, match=r"twitter-export: not an export of X: neither account.js nor manifest.js"):
        read(twitter_export)


@pytest.mark.parametrize("owner", [None, "", "@alice", "0", "-1", 1001, "1" * 30, "10\u0660"])
def test_it_refuses_an_owner_that_is_no_id(twitter_export: Path, owner: object) -> None:
    (twitter_export / "data" / "manifest.js").unlink()
    write(twitter_export, "account.js", [{"account": {"accountId": owner}}])
    with pytest.raises(BadArchive, match=r"account.js: .*accountId"):
        read(twitter_export)


def test_it_refuses_files_of_two_people(twitter_export: Path) -> None:
    write(twitter_export, "account.js", [{"account": {"accountId": "1002", "username": "bob_example"}}])
    with pytest.raises(BadArchive, match=r"account.js: is of account 1002, manifest.js of '1001': two exports mixed"):
        read(twitter_export)


def test_a_part_of_an_export_is_not_taken_for_all_of_it(twitter_export: Path) -> None:
    manifest = twitter_export / "data" / "manifest.js"
    manifest.write_text(manifest.read_text().replace('"isPartialArchive" : false', '"isPartialArchive" : true'))
    assert some(read(twitter_export), Counter) == []


def test_an_older_export_is_read_too(twitter_export: Path) -> None:
    data = twitter_export / "data"
    for name in ("tweets.js", "tweets-part1.js", "manifest.js"):
        (data / name).unlink()
    # Until 2019: no wrapper around a tweet, and no manifest that dates the export.
    write(twitter_export, "tweet.js", [tweet()["tweet"]], "window.YTD.tweet.part0 = ")
    records = read(twitter_export)
    assert [post.post for post in some(records, Post)] == ["5009"]
    # Counted no later than the newest post.
    assert {counter.observed_at for counter in some(records, Counter)} == {datetime(2026, 11, 13, 8, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id_str": None}, "id is None"),
        ({"id_str": "12; drop"}, "not an id of X"),
        ({"created_at": None}, "created_at is None"),
        ({"created_at": "Fri Nov 99 08:00:00 +0000 2026"}, "created_at"),
        ({"created_at": "Fri Nov 13 08:00:00 +0000 1970"}, "not between 2000 and 2100"),
        ({"created_at": "Fri Nov 13 08:00:00 +0000 9999"}, "not between 2000 and 2100"),
        ({"favorite_count": "-3"}, "favorite_count is '-3', not a whole number"),
        ({"favorite_count": "99999999999"}, "favorite_count is 99999999999"),
        ({"favorite_count": "many"}, "favorite_count is 'many'"),
        ({"favorite_count": None}, "favorite_count is None"),
        ({"favorite_count": 1.5}, "favorite_count is 1.5"),
        ({"favorite_count": True}, "favorite_count is True"),
        ({"favorite_count": "\u0663"}, "favorite_count"),
        ({"retweet_count": []}, "retweet_count is"),
    ],
)
def test_an_odd_tweet_is_rejected_with_its_place_and_costs_no_other(
    twitter_export: Path, changes: dict[str, Any], reason: str
) -> None:
    write(twitter_export, "tweets.js", [tweet(id_str="5006"), tweet(**changes), tweet(id_str="5007")])
    records = read(twitter_export)
    (rejected,) = some(records, Rejected)
    assert rejected.where == "data/tweets.js, record 2"
    assert reason in rejected.reason
    assert {"5006", "5007"} <= {post.post for post in some(records, Post)}


def test_a_good_count_stays_beside_an_odd_one(twitter_export: Path) -> None:
    write(twitter_export, "tweets.js", [tweet(favorite_count="-3", retweet_count="4")])
    totals = [total for total in some(read(twitter_export), PostTotal) if total.post == "5009"]
    assert totals == [PostTotal("5009", "share", 4, datetime(2026, 11, 13, 8, tzinfo=UTC))]


@pytest.mark.parametrize("record", [None, 7, "text", [], {}, {"follower": None}, {"follower": {"accountId": 2001}}])
def test_an_odd_follower_is_rejected(twitter_export: Path, record: object) -> None:
    write(twitter_export, "follower.js", [record, {"follower": {"accountId": "2004"}}])
    records = read(twitter_export)
    assert [rejected.where for rejected in some(records, Rejected)] == ["data/follower.js, record 1"]
    assert "2004" in {interaction.actor for interaction in some(records, Interaction)}


def test_nobody_follows_themselves(twitter_export: Path) -> None:
    write(twitter_export, "follower.js", [{"follower": {"accountId": "1001"}}])
    records = read(twitter_export)
    assert [rejected.reason for rejected in some(records, Rejected)] == ["accountId is the owner's own"]
    assert "1001" not in {interaction.actor for interaction in some(records, Interaction)}


@pytest.mark.parametrize(
    "name", ["account.js", "profile.js", "tweets.js", "follower.js", "following.js", "manifest.js"]
)
def test_a_file_cut_short_is_named(twitter_export: Path, name: str) -> None:
    file = twitter_export / "data" / name
    file.write_text(file.read_text().rstrip()[:-20])
    with pytest.raises(BadArchive, match=rf"twitter-export: data/{name}: .*(cut short|not valid JSON)"):
        read(twitter_export)


def test_networks_know_their_own_exports(twitter_export: Path, mastodon_export: Path) -> None:
    for path, slug in ((twitter_export, "twitter"), (mastodon_export, "mastodon")):
        with open_archive(path) as archive:
            assert [name for name, network in NETWORKS.items() if network.recognises(archive)] == [slug]


def test_a_real_export_is_read_to_the_last_record(data: Path) -> None:
    records = read(data / "exports" / "twitter_archive_milahu104")
    tallies = {tally.kind: tally.number for tally in some(records, Tally)}
    known = {"tweets": 2045, "of them reposts": 239, "followers": 61, "following": 167, "lists": 0}
    assert tallies == known | {"tweets in communities": 3}
    assert len(some(records, Post)) == 2045 - 239 + 3
    assert len(some(records, Interaction)) == 61
    assert some(records, Rejected) == []
    # 1,481 likes and 108 reposts are counted on the posts; 27 and 66 of them are the owner's own. Communities add 2.
    totals = some(records, PostTotal)
    assert sum(total.total for total in totals if total.verb == "like") == 1481 - 27 + 2
    assert sum(total.total for total in totals if total.verb == "share") == 108 - 66
