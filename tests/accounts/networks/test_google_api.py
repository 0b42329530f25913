"""The YouTube Data API against a server on 127.0.0.1 that speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    Counter,
    Interaction,
    Owner,
    Page,
    Post,
    PostTotal,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http
from tests.fakes.door import NOW, doors
from tests.fakes.google import CHANNEL, TOKEN, FakeGoogle, channel_id, video_id
from tests.fakes.loopback import Reply

GOOGLE = NETWORKS["google"]
ALICE = Subject(CHANNEL, "alicekites", now=NOW)
START = NOW - timedelta(days=60)
Call = Callable[..., Http]


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        yield fake


@pytest.fixture
def call(google: FakeGoogle) -> Iterator[Call]:
    with doors(GOOGLE, google, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    pages = list(GOOGLE.pull(http, subject, stream, cursor or {}))
    json.dumps([page.cursor for page in pages])
    return pages


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key or interaction.actor for interaction in some(pages, Interaction)]


def test_the_profile_names_the_owner_and_the_counters(call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    born = datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert page.records == [
        Owner(CHANNEL, "alicekites", "Alice builds kites", born, "Every week a kite"),
        Counter("subscribers", 789),
        Counter("views", 123456),
        Counter("videos", 12),
    ]


def test_a_hidden_number_of_subscribers_is_not_taken_for_none(google: FakeGoogle, call: Call) -> None:
    google.channels[0]["statistics"] |= {"hiddenSubscriberCount": True, "subscriberCount": "0"}
    assert [counter.name for counter in some(pull(call(), "profile"), Counter)] == ["views", "videos"]


def test_billions_of_views_are_counted(google: FakeGoogle, call: Call) -> None:
    google.channels[0]["statistics"]["viewCount"] = "9000000000"
    assert Counter("views", 9_000_000_000) in some(pull(call(), "profile"), Counter)


def test_a_channel_without_a_handle_is_read(google: FakeGoogle, call: Call) -> None:
    google.channels[0]["snippet"] = None
    assert some(pull(call(), "profile"), Owner) == [Owner(CHANNEL)]


@pytest.mark.parametrize("value", [None, "-1", "many", 1.5, True, "9" * 20])
def test_an_odd_counter_is_rejected_and_costs_no_other(google: FakeGoogle, call: Call, value: object) -> None:
    google.channels[0]["statistics"]["subscriberCount"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["views", "videos"]
    assert some(pages, Rejected)[0].reason.startswith("subscriberCount is")


def test_an_account_without_a_channel_is_told_so(google: FakeGoogle, call: Call) -> None:
    google.channels = []
    with pytest.raises(Unreachable, match="no YouTube channel: it can be used to sign in"):
        pull(call(), "profile", subject=Subject(""))
    google.faults.append(google.refuse(401, "youtubeSignupRequired", "Unauthorized"))
    with pytest.raises(Unreachable, match="no YouTube channel: it can be used to sign in"):
        pull(call(), "profile")


def test_the_token_of_somebody_else_is_not_used(google: FakeGoogle, call: Call) -> None:
    google.channels[0]["id"] = channel_id(2)
    for stream in ("profile", "videos"):
        with pytest.raises(Revoked, match=f"the token is of {channel_id(2)}, not of {CHANNEL}"):
            pull(call(), stream)


@pytest.mark.parametrize("channel", [None, 7, {}, {"id": None}, {"id": "UCshort"}])
def test_an_answer_that_names_nobody_is_unreachable(google: FakeGoogle, call: Call, channel: Any) -> None:
    google.channels = [channel]
    with pytest.raises(Unreachable, match="does not name a channel"):
        pull(call(), "profile")


def test_videos_have_totals(google: FakeGoogle, call: Call) -> None:
    google.video(1, NOW - timedelta(days=120))
    google.video(2, START, likeCount=None, viewCount="5000000000")
    google.videos[video_id(2)]["statistics"].pop("likeCount")
    google.videos[video_id(2)]["statistics"].pop("commentCount")
    google.video(3, START)
    (page,) = pull(call(), "videos")
    assert page.records == [
        Post(video_id(3), START, f"https://www.youtube.com/watch?v={video_id(3)}"),
        PostTotal(video_id(3), "like", 50, START),
        PostTotal(video_id(3), "reply", 5, START),
        PostTotal(video_id(3), "visit", 1000, START),
        Post(video_id(2), START, f"https://www.youtube.com/watch?v={video_id(2)}"),
        PostTotal(video_id(2), "visit", 2**31 - 1, START),
    ]
    assert page.done


def test_videos_are_read_in_pages_until_they_are_old(google: FakeGoogle, call: Call) -> None:
    for index in range(130):
        google.video(index, NOW - timedelta(days=400) + timedelta(days=index))
    for index in range(120):
        google.video(1000 + index, START + timedelta(hours=index))
    pages = pull(call(), "videos")
    assert [len(some([page], Post)) for page in pages] == [50, 50, 20, 0]
    assert pages[-1].cursor == {}
    assert len(some(pull(call(), "videos", pages[0].cursor), Post)) == 70
    assert all("/search" not in asked.path for asked in google.asked)


def test_a_channel_without_videos_is_read(google: FakeGoogle, call: Call) -> None:
    assert pull(call(), "videos") == [Page([], {}, done=True)]
    google.channels[0]["contentDetails"] = None
    assert pull(call(), "videos") == [Page([], {}, done=True)]


def test_comments_name_who_and_on_which_video(google: FakeGoogle, call: Call) -> None:
    google.thread(1, 7, START)
    answer = google.comment(2, 8, START + timedelta(hours=1))
    own = google.comment(3, 9, START, authorChannelId={"value": CHANNEL})
    google.threads[0]["replies"] = {"comments": [answer, own, "odd"]}
    google.thread(4, 9, START, authorChannelId=None)
    google.thread(5, 9, START)["snippet"].pop("videoId")
    pages = pull(call(), "comments")
    assert some(pages, Interaction) == [
        Interaction("reply", channel_id(9), START, "", "Ugx00000005AaABAg", "person9"),
        Interaction("reply", channel_id(7), START, video_id(1), "Ugx00000001AaABAg", "person7"),
        Interaction("reply", channel_id(8), START + timedelta(hours=1), video_id(1), "Ugx00000002AaABAg", "person8"),
    ]
    assert [rejected.where for rejected in some(pages, Rejected)] == ["comments, ?"]


def test_a_second_reading_finds_nothing_new_and_then_what_is_new(google: FakeGoogle, call: Call) -> None:
    for index in range(350):
        google.thread(index, index % 40, START + timedelta(hours=index))
    first = pull(call(), "comments")
    assert len(set(keys(first))) == 350
    cursor = first[-1].cursor
    asked = len(google.asked)
    assert set(keys(pull(call(), "comments", cursor))) <= set(keys(first))
    assert len(google.asked) - asked == 2
    google.thread(5000, 77, NOW)
    assert set(keys(pull(call(), "comments", cursor))) - set(keys(first)) == {"Ugx00005000AaABAg"}


def test_reading_goes_on_where_the_day_was_spent(google: FakeGoogle, call: Call) -> None:
    for index in range(250):
        google.thread(index, 7, START + timedelta(hours=index))
    pages = GOOGLE.pull(call(), ALICE, "comments", {})
    first = next(pages)
    google.quota = 0
    with pytest.raises(RateLimited) as limited:
        next(pages)
    # Midnight in California, in winter.
    assert limited.value.until == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert limited.value.everybody
    google.quota = 10_000
    assert len(set(keys([first, *pull(call(), "comments", first.cursor)]))) == 250


@pytest.mark.parametrize("stream", ["comments", "subscribers", "videos"])
def test_a_page_that_has_lapsed_begins_anew(google: FakeGoogle, call: Call, stream: str) -> None:
    google.video(1, START)
    (page,) = pull(call(), stream, {"token": "lapsed", "to": "2026-01-01T00:00:00+00:00"})
    assert page.records == []
    assert "token" not in page.cursor


def test_comments_that_are_switched_off_are_none(google: FakeGoogle, call: Call) -> None:
    google.comments_off = True
    assert pull(call(), "comments") == [Page([], {}, done=True)]


def test_public_subscribers_follow(google: FakeGoogle, call: Call) -> None:
    for index in range(120):
        google.subscriber(100 + index, START)
    pages = pull(call(), "subscribers")
    assert [len(page.records) for page in pages] == [50, 50, 20]
    first = some(pages, Interaction)[0]
    assert first == Interaction("follow", channel_id(100), None, actor_handle="Person 100")
    assert len(some(pull(call(), "subscribers", pages[0].cursor), Interaction)) == 70
    assert pages[-1].cursor == {}


ODD: list[dict[str, Any]] = [
    {"publishedAt": None},
    {"publishedAt": "yesterday"},
    {"publishedAt": 5},
    {"authorChannelId": {"value": 7}},
    {"authorChannelId": "UC"},
    {"authorChannelId": {"value": "UC\u0000"}},
]


@pytest.mark.parametrize("changes", ODD)
def test_an_odd_comment_is_rejected_and_costs_no_other(google: FakeGoogle, call: Call, changes: dict[str, Any]) -> None:
    google.thread(1, 7, START)
    google.thread(2, 7, START, **changes)
    google.thread(3, 7, START)
    pages = pull(call(), "comments")
    assert [rejected.where for rejected in some(pages, Rejected)] == ["comments, 'Ugx00000002AaABAg'"]
    assert keys(pages) == ["Ugx00000003AaABAg", "Ugx00000001AaABAg"]


@pytest.mark.parametrize("item", [None, 7, "text", [], {}, {"id": 5, "snippet": None}])
def test_what_is_no_item_is_rejected(google: FakeGoogle, call: Call, item: Any) -> None:
    google.threads, google.subscribers, google.uploads = [item], [item], [item]
    for stream in ("comments", "subscribers", "videos"):
        assert len(some(pull(call(), stream), Rejected)) == 1


@pytest.mark.parametrize("value", ["many", None, -1, [], 1.5])
def test_an_odd_total_is_rejected_with_its_video(google: FakeGoogle, call: Call, value: Any) -> None:
    google.video(1, START, viewCount=value)
    google.video(2, START)
    pages = pull(call(), "videos")
    assert [rejected.where for rejected in some(pages, Rejected)] == [f"video '{video_id(1)}'"]
    assert [post.post for post in some(pages, Post)] == [video_id(2)]


@pytest.mark.parametrize("data", [None, [], 7, {"items": {}}])
def test_an_answer_without_items_is_unreachable(google: FakeGoogle, call: Call, data: Any) -> None:
    google.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match="without items"):
        pull(call(), "subscribers")


def test_a_list_that_never_goes_on_is_left(google: FakeGoogle, call: Call) -> None:
    google.subscriber(1, START)
    google.faults.extend([Reply(data={"items": google.subscribers, "nextPageToken": "CAA1"})] * 9)
    with pytest.raises(Unreachable, match="does not go on"):
        pull(call(), "subscribers")


@pytest.mark.parametrize(
    ("code", "reason", "error", "message"),
    [
        (401, "authError", Revoked, "answered 401"),
        (403, "insufficientPermissions", Revoked, "leave that box ticked"),
        (403, "dailyLimitExceeded", RateLimited, "answered 403"),
        (403, "accessNotConfigured", Unreachable, "has not been used in project"),
        (403, "forbidden", Unreachable, "answered 403"),
    ],
)
def test_errors_say_what_to_do(
    google: FakeGoogle, call: Call, code: int, reason: str, error: type[Exception], message: str
) -> None:
    said = "YouTube Data API v3 has not been used in project 1 before or it is disabled."
    google.faults.append(google.refuse(code, reason, said))
    with pytest.raises(error, match=message) as raised:
        pull(call(), "profile")
    assert isinstance(raised.value, Revoked) == (error is Revoked)
    assert TOKEN not in f"{raised.value!r}"


@pytest.mark.parametrize(("code", "reason"), [(403, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (429, "x")])
def test_a_rate_of_a_minute_is_waited_for_in_minutes(google: FakeGoogle, call: Call, code: int, reason: str) -> None:
    google.faults.append(google.refuse(code, reason))
    with pytest.raises(RateLimited) as limited:
        pull(call(), "profile")
    assert limited.value.until == NOW + timedelta(minutes=5)
    assert limited.value.everybody == (reason == "rateLimitExceeded")


def test_a_permission_that_was_left_out_is_told(google: FakeGoogle, call: Call) -> None:
    google.tokens[TOKEN] = set()
    with pytest.raises(Revoked, match="leave that box ticked"):
        pull(call(), "profile")


def test_a_fault_in_the_middle_is_passed_over(google: FakeGoogle, call: Call) -> None:
    google.faults.extend([Reply(503, {}), Reply(hang_up=True), google.refuse(500, "backendError")])
    assert some(pull(call(), "profile"), Owner)


def test_what_is_collected_is_read_anew_within_a_month() -> None:
    assert GOOGLE.spec.retain_days == 30
    assert GOOGLE.spec.every <= 24


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "home")


def test_real_answers_are_read(google: FakeGoogle, call: Call, data: Path) -> None:
    folder = data / "api" / "youtube_v3_sns_sdks" / "apidata"
    google.faults.append(Reply(body=(folder / "comment_threads" / "comment_threads_all_to_me.json").read_bytes()))
    comments = pull(call(), "comments", subject=Subject("UCa-vrCLQHviTOVnEKDOdetQ", now=NOW))
    assert len(keys(comments)) == 4
    google.faults.append(Reply(body=(folder / "channel_info_single.json").read_bytes()))
    profile = pull(call(), "profile", subject=Subject(""))
    assert {counter.name for counter in some(profile, Counter)} == {"subscribers", "views", "videos"}
    assert some(profile, Rejected) + some(comments, Rejected) == []
