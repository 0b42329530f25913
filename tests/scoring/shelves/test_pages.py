"""Pages of achievements: one's own shelf, anybody's, what there is to earn, a family; who sees what on them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Notification, Person, User
from scoring import tellings
from scoring.achievements.catalogue import FAMILIES
from scoring.models import Award, AwardProgress, SeenAwards
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of
from tests.scoring.shelves.earning import EARNED, define, earn, rare

# ---------------------------------------------------------------- one's own shelf


def test_the_shelf_says_what_was_earned_when_how_rare_it_is_and_what_comes_next(own: Client) -> None:
    rare("lists", 3, 161)
    page = own.get("/achievements")
    text = text_of(page)
    assert "4 levels earned so far. They stay, whatever comes." in text
    assert "Listed new Level 3 of 7 · 50 or more lists Earned on 3 October 2026. 1.3% of 12,400 people have it." in text
    assert "Level 4 72 of 100 lists About +0.4 points for the score, all else as it is." in text
    assert '<progress max="100" value="72" aria-label="Listed, level 4">' in page.content.decode()


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (0.0, "Brings no points: it shows, and that is all."),
        (1.26, "About +1.3 points for the score, all else as it is."),
        (None, ""),
    ],
)
def test_what_the_next_level_means_for_the_score_is_told_where_it_is_known(
    own: Client, alice: Person, points: float | None, words: str
) -> None:
    AwardProgress.objects.update(points=points)
    text = text_of(own.get("/achievements"))
    assert words in text
    assert words or ("points for the score" not in text and "Brings no points" not in text)


@pytest.mark.parametrize(
    ("people", "among", "words"),
    [
        (161, 12_400, "1.3% of 12,400 people have it."),
        (19, 12_400, "Few people have it."),
        (20, 40_000, "Less than 0.1% of 40,000 people have it."),
        (6_200, 12_400, "50% of 12,400 people have it."),
        (12_399, 12_400, "99% of 12,400 people have it."),
        (12_400, 12_400, "100% of 12,400 people have it."),
        (1, 3, "Few people have it."),
    ],
)
def test_rarity_is_told_without_odd_precision(own: Client, people: int, among: int, words: str) -> None:
    rare("lists", 3, people, among)
    assert f"3 October 2026. {words}" in text_of(own.get("/achievements"))


def test_before_anybody_counted_nothing_is_said_of_rarity(own: Client) -> None:
    assert "have it." not in text_of(own.get("/achievements"))


def test_who_has_nothing_yet_is_told_how_to_begin_and_not_shamed(client: Client, join) -> None:
    client.force_login(user_of(join("Bob")))
    text = text_of(client.get("/achievements"))
    assert "The shelf is empty so far" in text
    assert "Connect a network" in text
    assert "Nearest" not in text


def test_a_shelf_wants_a_log_in(client: Client) -> None:
    answer = client.get("/achievements")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/achievements")


def test_who_speaks_for_several_chooses_among_them_and_among_nobody_elses(own: Client, alice: Person, join) -> None:
    ferry, bob = join("Ferry"), join("Bob")
    Person.objects.filter(pk=ferry.pk).update(kind=Person.Kind.ORGANISATION, name="The Ferry")
    Membership.objects.create(user=user_of(alice), person=ferry, role=Membership.Role.VIEWER)
    earn(ferry, "inlinks", 1)
    text = text_of(own.get("/achievements?person=ferry"))
    assert "Achievements of The Ferry" in text
    assert "Linked to" in text
    assert "Listed new" not in text
    assert "Choose what stands first" not in text, "a viewer chooses nothing"
    assert "Achievements of Alice" in text_of(own.get("/achievements"))
    assert own.get(f"/achievements?person={bob.handle}").status_code == 404


def test_the_settings_of_who_sees_them_are_linked_and_say_how_it_is(own: Client, alice: Person) -> None:
    page = own.get("/achievements")
    assert 'href="/settings/visibility">Everybody sees them: change that' in page.content.decode()
    Person.objects.filter(pk=alice.pk).update(shown={"achievements": "hidden"})
    assert "Only you see them" in text_of(own.get("/achievements"))


# ---------------------------------------------------------------- what is new


def new_on(client: Client, path: str = "/achievements") -> int:
    page = client.get(path).content.decode()
    # The headings of cards, and the banner above.
    assert ('class="card fresh"' in page) is bool(page.count('class="tag fresh"'))
    return page.count('class="tag fresh"')


def upto(client: Client) -> str:
    [found] = re.findall(r'name="upto" value="([0-9]+)"', client.get("/achievements").content.decode())
    return found


def test_what_was_earned_is_new_until_it_was_looked_through(own: Client, alice: Person) -> None:
    assert (new_on(own), new_on(own)) == (2, 2), "to look is no promise to have seen"
    newest = upto(own)
    assert own.post("/achievements", {"upto": newest}).status_code == 302
    assert new_on(own) == 0
    earn(alice, "likes", 1)
    assert new_on(own) == 1
    # An older page that is sent late takes nothing back, and marks nothing that it did not show.
    own.post("/achievements", {"upto": newest})
    assert new_on(own) == 1


@pytest.mark.parametrize("sent", ["", "x", "-1", "0", "1e9", "٣", "9" * 30])
def test_nonsense_is_not_looked_through(own: Client, sent: str) -> None:
    assert own.post("/achievements", {"upto": sent}).status_code == 302
    assert new_on(own) == 2


def test_a_number_from_the_future_is_brought_down_to_what_there_is(own: Client, alice: Person) -> None:
    own.post("/achievements", {"upto": str(10**15)})
    assert new_on(own) == 0
    earn(alice, "likes", 1)
    assert new_on(own) == 1


def test_a_viewer_looks_and_changes_nothing(own: Client, alice: Person) -> None:
    newest = upto(own)
    Membership.objects.filter(person=alice).update(role=Membership.Role.VIEWER)
    assert 'name="upto"' not in own.get("/achievements").content.decode()
    own.post("/achievements", {"upto": newest})
    assert not SeenAwards.objects.exists()


def test_nobody_looks_through_the_shelf_of_somebody_else(own: Client, alice: Person, join) -> None:
    earn(join("Bob"), "likes", 1)
    assert own.post("/achievements?person=bob", {"upto": "999999999"}).status_code == 404
    assert not SeenAwards.objects.exists()


# ---------------------------------------------------------------- anybody's shelf


def test_a_public_shelf_shows_what_was_earned_and_not_how_far_somebody_is(client: Client, alice: Person) -> None:
    text = text_of(client.get("/alice/achievements"))
    assert "Alice has earned 4 levels." in text
    assert "Level 3 of 7 · 50 or more lists" in text
    assert "72" not in text
    assert "points for the score" not in text
    assert " new " not in text


@pytest.mark.parametrize(
    ("kept", "visitor", "member"), [("public", 200, 200), ("members", 404, 200), ("hidden", 404, 404)]
)
def test_a_shelf_is_shown_to_those_it_is_for(
    client: Client, alice: Person, join, kept: str, visitor: int, member: int
) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"achievements": kept})
    assert client.get("/alice/achievements").status_code == visitor
    bob = Client()
    bob.force_login(user_of(join("Bob")))
    assert bob.get("/alice/achievements").status_code == member
    client.force_login(user_of(alice))
    assert client.get("/alice/achievements").status_code == 200
    assert client.get("/alice/achievements?as=public").status_code == visitor


@pytest.mark.parametrize(
    ("part", "family"),
    [
        ("networks", "retweeters"),
        ("networks", "networks"),
        ("topics", "topics"),
        ("chart", "comeback"),
        ("chart", "steady"),
    ],
)
def test_no_achievement_tells_what_is_kept_back_elsewhere(
    client: Client, alice: Person, part: str, family: str
) -> None:
    """Somebody who does not say which networks are linked is not known to be retweeted on one."""
    earn(alice, family, 1)
    name = str(next(one.name for one in FAMILIES if one.slug == family))
    pages = ("/alice/achievements", "/alice", f"/achievements/{family}")
    told = [named(client, path, name if path.startswith("/alice") else "Alice") for path in pages]
    assert told == [True, True, True]
    Person.objects.filter(pk=alice.pk).update(shown={part: "hidden"})
    assert [named(client, path, name if path.startswith("/alice") else "Alice") for path in pages] == [False] * 3
    assert client.get(f"/share/alice?achievement={family}-1").status_code == 404
    client.force_login(user_of(alice))
    assert named(client, "/alice/achievements", name)


def named(client: Client, path: str, words: str) -> bool:
    page = client.get(path).content.decode()
    # Headings alone: "Networks" is the name of more than an achievement.
    return re.search(rf"<(?:h3|strong|a)[^>]*>\s*(?:<a [^>]*>)?{re.escape(words)}<", page) is not None


def test_a_link_to_a_shelf_is_shown_with_the_card_where_everybody_sees_it(client: Client, alice: Person) -> None:
    """As the page says that passes an achievement on."""
    card = '<meta property="og:image" content="http://127.0.0.1:8000/alice/card.png">'
    assert card in client.get("/alice/achievements").content.decode()
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    client.force_login(user_of(alice))
    page = client.get("/alice/achievements").content.decode()
    assert card not in page
    assert '<meta name="robots" content="noindex">' in page


def test_news_of_what_was_earned_lead_to_the_shelf_and_leave_out_what_was_taken_away(alice: Person, join) -> None:
    bob = join("Bob")
    run = publish_score(bob).run
    # What was earned before anybody was told is no news.
    tellings.tell_earned(run)
    define()
    earn(alice, "harbour", 1, earned_on=run.as_of)
    earn(bob, "likes", 1, earned_on=run.as_of, revoked_at=timezone.now())
    later = publish_score(join("Carol")).run
    assert tellings.tell_earned(later) == 1
    told = Notification.objects.get(kind="achievement_earned")
    assert (told.subject, told.url) == ("You have earned: Harbour lights (level 1)", "/achievements?person=alice")


def test_capitals_and_former_handles_lead_to_the_one_address(client: Client, alice: Person) -> None:
    answer = client.get("/Alice/achievements?as=public")
    assert (answer.status_code, answer["Location"]) == (301, "/alice/achievements?as=public")


def test_what_was_taken_away_is_nowhere(own: Client, alice: Person) -> None:
    Award.objects.filter(family="lists", level=3).update(revoked_at=timezone.now(), revoked_for="Bought.")
    for path in ("/achievements", "/alice/achievements", "/alice", "/achievements/lists", "/settings/pinned"):
        text = text_of(own.get(path))
        assert "Level 2" in text or "level 2" in text, path
        assert "Level 3 of 7" not in text, path
        assert "level 3 of 7" not in text, path
        assert "Bought" not in text, path
    assert "72 of 100" not in text_of(own.get("/achievements")), "nothing above it can be earned either"
    assert own.get("/share/alice?achievement=lists-3").status_code == 404
    assert own.get("/share/alice?achievement=lists-2").status_code == 200


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "path",
    [
        *("/achievements/nothing", "/achievements/LISTS", "/achievements/li%20sts", "/achievements/lists/"),
        *("/achievements/lists/0.svg", "/achievements/lists/8.svg", "/achievements/lists/99.svg"),
        *("/achievements/lists/99999999999999999999.svg", "/achievements/lists/-1.svg", "/achievements/lists/1.png"),
        *("/achievements/nothing/1.svg", "/achievements/all/1.svg", "/nobody/achievements", "/alice/achievements/1"),
    ],
)
def test_an_address_of_nothing_is_not_found(client: Client, alice: Person, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/achievements/all", "/achievements/lists", "/alice/achievements"])
def test_pages_are_only_read(own: Client, path: str) -> None:
    assert own.post(path).status_code == 405


def test_a_picture_is_kept_by_caches_and_knows_nobody(own: Client) -> None:
    answer = own.get("/achievements/lists/3.svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert "max-age=" in answer["Cache-Control"]
    assert "public" in answer["Cache-Control"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    again = own.get("/achievements/lists/3.svg", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = own.get("/achievements/lists/4.svg")
    assert other["ETag"] != answer["ETag"]
    dark = own.get("/achievements/lists/3.svg?theme=dark")
    assert dark["ETag"] != answer["ETag"]
    assert "<title>Listed, level 3</title>" in answer.content.decode()


# ---------------------------------------------------------------- what it costs


def asked(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_pages_cost_the_same_few_queries_however_much_there_is(own: Client, alice: Person, join) -> None:
    publish_score(alice)
    paths = ("/achievements", "/alice/achievements", "/achievements/all", "/achievements/lists", "/alice", "/dashboard")
    few = {path: asked(own, path) for path in paths}
    for number in range(12):
        define(f"own-{number}")
        other = join(f"other{number}")
        for level in (1, 2):
            earn(alice, f"own-{number}", level)
            earn(other, "lists", level)
    for family in FAMILIES:
        Award.objects.get_or_create(person=alice, family=family.slug, level=2, defaults={"earned_on": EARNED})
        AwardProgress.objects.get_or_create(person=alice, family=family.slug, defaults={"value": 3})
        for level, _least in enumerate(family.levels, start=1):
            rare(family.slug, level, 100)
    assert {path: asked(own, path) for path in paths} == few
    assert max(few.values()) <= 12


def test_the_menu_leads_to_the_shelf(own: Client, alice: Person) -> None:
    assert '<a href="/achievements">Achievements</a>' in own.get("/achievements/all").content.decode()
    User.objects.create_user("nobody@example.com", "a long pass phrase")
    nobodys = Client()
    nobodys.force_login(User.objects.get(email="nobody@example.com"))
    assert nobodys.get("/achievements")["Location"] == "/welcome"
    assert '<a href="/achievements">' not in nobodys.get("/achievements/all").content.decode()
