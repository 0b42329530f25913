"""The staff's own achievements: previewed before they go live, awarded as they were previewed, retired; and the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Person, User
from scoring import daily
from scoring.achievements import awarding, definitions, preview
from scoring.models import Award, Definition, ModerationEntry, PreviewedAward
from tests.scoring.achievements.logs import highest, reactions
from tests.scoring.conftest import AT, TODAY, names

Join = Callable[..., Person]


@pytest.fixture
def staff(db, client: Client) -> User:
    user = User.objects.create_superuser("staff@example.com", "a long pass phrase")
    client.force_login(user)
    return user


@pytest.fixture
def town(join: Join) -> dict[str, Person]:
    people = {name: join(name, twitter=name.lower()) for name in ("Alice", "Bob", "Charlie")}
    reactions("twitter", "alice", "reply", names("fan", 9))
    reactions("twitter", "bob", "reply", names("fan", 4))
    reactions("twitter", "charlie", "reply", names("fan", 1))
    daily.run(as_of=TODAY, at=AT)
    return people


def filled(**given: Any) -> dict[str, Any]:
    """The form of a draft."""
    return {
        "slug": "talkers",
        "network": "twitter",
        "measure": "people:reply",
        "levels": "3,8",
        "name": "Talkers",
        "unit": "people who talk",
        "text": "Earned by being talked to.",
        "translations": "{}",
        "symbol": "speech",
        "revocable": "on",
    } | given


def add(client: Client, **given: Any) -> Any:
    return client.post(reverse("admin:scoring_definition_add"), filled(**given), follow=True)


def step(client: Client, definition: Definition, button: str, **given: Any) -> str:
    """Press a button of the definition's page, and read what it shows then."""
    path = reverse("admin:scoring_definition_change", args=[definition.pk])
    data = filled(**given) | {button: "1"}
    return client.post(path, data, follow=True).content.decode()


def test_a_draft_is_previewed_published_awarded_as_previewed_and_retired(
    client: Client, staff: User, town: dict[str, Person], django_capture_on_commit_callbacks
) -> None:
    add(client)
    draft = Definition.objects.get()
    assert (draft.state, draft.created_by, draft.levels) == ("draft", staff, [3, 8])
    # Nothing goes live that nobody has looked at.
    assert "Please look at a preview" in step(client, draft, "_publish")
    with django_capture_on_commit_callbacks(execute=False) as queued:
        text = step(client, draft, "_preview")
    assert "It is being counted" in text
    assert len(queued) == 1
    assert preview.preview(draft.pk) is True
    draft.refresh_from_db()
    assert draft.preview["people"] == [2, 1]
    found = dict(PreviewedAward.objects.values_list("person__handle", "level"))
    assert found == {"Alice": 2, "Bob": 1}
    page = client.get(reverse("admin:scoring_definition_change", args=[draft.pk])).content.decode()
    assert "Among 3 people with a score" in page
    assert "@Alice" in page
    assert "@Charlie" not in page
    assert "66.67" in page
    assert "<script" not in page.split('id="content"')[1].split("submit-row")[0].replace("<script src", "")
    # What it counts has changed: the preview says nothing of it.
    assert "Please look at a preview" in step(client, draft, "_publish", levels="2,8")
    draft.refresh_from_db()
    preview.preview(draft.pk)
    assert "It is live" in step(client, draft, "_publish", levels="2,8")
    expected = {"Alice": 2, "Bob": 1}
    assert not Award.objects.filter(family="talkers").exists()
    awarding.backfill()
    assert {
        name: highest(person)["talkers"] for name, person in town.items() if "talkers" in highest(person)
    } == expected
    # Live: its words may change, what it counts may not.
    step(client, draft, "_save", name="Chatterers", levels="1,2", measure="people:any")
    draft.refresh_from_db()
    assert (draft.name, draft.levels, draft.measure) == ("Chatterers", [2, 8], "people:reply")
    assert client.post(reverse("admin:scoring_definition_delete", args=[draft.pk]), {"post": "yes"}).status_code == 403
    assert "Nobody earns it any more" in step(client, draft, "_retire")
    Award.objects.filter(family="talkers", person=town["Bob"]).delete()
    awarding.backfill()
    assert "talkers" not in highest(town["Bob"])
    assert highest(town["Alice"])["talkers"] == 2
    log = ModerationEntry.objects.filter(about="talkers").order_by("pk").values_list("action", "user")
    assert list(log) == [
        ("preview achievement", staff.pk),
        ("publish achievement", staff.pk),
        ("retire achievement", staff.pk),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"slug": "lists"}, "ships has this address"),
        ({"levels": "8,3"}, "each is above the one before"),
        ({"levels": "0,3"}, "Levels are above zero"),
        ({"levels": "many"}, "not valid"),
        ({"measure": "people:dance"}, "nobody can"),
        ({"measure": "share_actors_recent"}, "nothing that can be counted"),
        ({"symbol": "unicorn"}, "not one of the available choices"),
        ({"network": "friendster"}, "not one of the available choices"),
        ({"translations": '{"xx": {"name": "a"}}'}, "no language of this site"),
        ({"translations": '{"de": {"levels": "a"}}'}, "and nothing else"),
    ],
)
def test_a_draft_that_could_not_be_awarded_is_refused(client: Client, staff: User, given: Any, message: str) -> None:
    assert message in add(client, **given).content.decode()
    assert not Definition.objects.exists()


def test_a_preview_without_any_run_says_so(client: Client, staff: User) -> None:
    add(client)
    draft = Definition.objects.get()
    definitions.ask_preview(definition=draft, user=staff, at=AT)
    assert preview.preview(draft.pk) is False
    page = client.get(reverse("admin:scoring_definition_change", args=[draft.pk])).content.decode()
    assert "no run was ever published" in page
    with pytest.raises(definitions.NotPreviewed):
        definitions.publish(definition=draft, user=staff, at=AT)


@pytest.mark.django_db
def test_only_the_staff_that_may_sees_it(client: Client, join: Join) -> None:
    join("Alice")
    client.force_login(User.objects.get(email="alice@example.com"))
    path = reverse("admin:scoring_definition_add")
    assert client.get(path).status_code == 302
    assert client.post(path, filled()).status_code == 302
    assert not Definition.objects.exists()
