"""When the made-up town is filled, and when it is not: a system that holds people stays as it is."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.context import is_demo
from accounts.models import Membership, Person, User
from klout import demo
from klout.demo import happenings
from klout.demo.people import INHABITANTS
from klout.up import CannotStart
from scoring.models import Interaction, Score

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEW = {"wren", "larkhaven-ferry", "dov", "ilse", "maude"}


@pytest.fixture
def hamlet(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty system of the test's own, and a town of five for five days; gives its KLOUT_VAR."""
    settings.VAR, settings.LAKE = tmp_path, str(tmp_path / "lake")
    few = tuple(
        person for person in INHABITANTS if person.handle in {"wren", "larkhaven-ferry", "dov", "ilse", "maude"}
    )
    monkeypatch.setattr(demo, "INHABITANTS", few)
    monkeypatch.setattr(happenings, "INHABITANTS", few)
    monkeypatch.setattr(happenings, "DAYS", 5)
    monkeypatch.setattr(demo, "PAST", (1,))
    is_demo.forget()
    return tmp_path


def test_a_town_cut_short_is_filled_to_the_end(hamlet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo.daily, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            demo.fill(at=AT)
    assert json.loads((hamlet / "demo").read_text())["done"] is False
    assert is_demo(), "made-up people are never shown without saying so"
    interactions = Interaction.objects.count()
    assert interactions > 100
    # A day later: it is the town of the day on which it was begun.
    demo.fill(at=AT + timedelta(days=1))
    assert json.loads((hamlet / "demo").read_text())["done"] is True
    assert Score.objects.count() == 5
    assert Membership.objects.count() == 6
    assert set(Score.objects.values_list("as_of", flat=True)) == {AT.date()}


def test_it_fills_no_system_that_holds_people(hamlet: Path) -> None:
    User.objects.create_user("alice@example.org", "a long pass phrase")
    with pytest.raises(demo.CannotFill, match="fills an empty system only"):
        demo.fill(at=AT)
    assert not (hamlet / "demo").exists()
    assert Person.objects.count() == 0


def test_it_fills_no_system_in_production_mode(hamlet: Path, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CannotStart, match="no place beside real people"):
        demo.fill(at=AT)
    assert not (hamlet / "demo").exists()
    assert Person.objects.count() == 0


def test_a_mark_that_says_nothing_is_not_trusted(hamlet: Path) -> None:
    (hamlet / "demo").write_text("hello")
    with pytest.raises(demo.CannotFill, match="not what the demo wrote there"):
        demo.fill(at=AT)
    assert Person.objects.count() == 0
