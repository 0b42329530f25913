"""Who sees which parts of a profile: in words, for one person, and for a whole list of people."""

from __future__ import annotations

import pytest

from accounts.models import Membership, Person, User
from accounts.visibility import PARTS, Viewer, may_see, showing

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db: None) -> Person:
    return member("Alice")


def member(handle: str) -> Person:
    person = Person.objects.create(handle=handle)
    user = User.objects.create_user(f"{handle.lower()}@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    return person


@pytest.mark.parametrize(
    ("shown", "seen_by"),
    [
        ({}, {Viewer.ANYBODY, Viewer.MEMBER, Viewer.OWN}),
        ({"chart": "public"}, {Viewer.ANYBODY, Viewer.MEMBER, Viewer.OWN}),
        ({"chart": "members"}, {Viewer.MEMBER, Viewer.OWN}),
        ({"chart": "hidden"}, {Viewer.OWN}),
        ({"chart": "what no release knows"}, {Viewer.OWN}),
        ({"topics": "hidden"}, {Viewer.ANYBODY, Viewer.MEMBER, Viewer.OWN}),
    ],
)
def test_a_part_is_seen_by_those_it_is_for(alice: Person, shown: dict[str, str], seen_by: set[Viewer]) -> None:
    alice.shown = shown
    assert {viewer for viewer in Viewer if may_see(alice, "chart", viewer)} == seen_by


def test_a_part_that_there_is_not_is_a_mistake(alice: Person) -> None:
    with pytest.raises(KeyError):
        may_see(alice, "shoe size", Viewer.OWN)
    with pytest.raises(KeyError):
        showing("shoe size", Viewer.OWN)


@pytest.mark.parametrize("viewer", Viewer)
@pytest.mark.parametrize("part", PARTS)
def test_lists_and_pages_agree(alice: Person, part: str, viewer: Viewer) -> None:
    others = [{}, {part: "public"}, {part: "members"}, {part: "hidden"}, {"another": "hidden"}, {part: "unheard of"}]
    people = [Person.objects.create(handle=f"Bob{number}", shown=shown) for number, shown in enumerate(others)]
    listed = set(Person.objects.filter(showing(part, viewer)))
    for person in people:
        assert (person in listed) == may_see(person, part, viewer), person.shown
    ties = set(Membership.objects.filter(showing(part, viewer, prefix="person__")).values_list("person", flat=True))
    assert ties == {alice.pk}
