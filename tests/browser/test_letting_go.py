"""Letting go in a real browser: the pages are accessible, keep to the content policy, and need no script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts import consent
from accounts.models import DeletionReceipt, Erasure, Person

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def places(settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")
    settings.VAR = tmp_path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(visit: Callable, alice: Person, scheme: str) -> None:
    user = alice.users.get()
    consent.record(user=user, person=alice, subject="connect:twitter", given=True, wording="We read.", at=AT)
    receipt = DeletionReceipt.objects.create(network="facebook", state="done", finished_at=AT)
    visitor = visit(user=user, color_scheme=scheme)
    paths = ["/settings/erase", "/settings/export", "/settings/consents", "/opt-out", "/opt-out?undo=yes"]
    for path in [*paths, "/opt-out/done", f"/deletion/{receipt.code}"]:
        assert visitor.open(path).status == 200
        found = Axe().run(visitor.page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    assert visitor.trouble == []


def test_erasing_and_changing_ones_mind_take_no_script(visit: Callable, alice: Person) -> None:
    page = visit(user=alice.users.get(), scripts=False)
    page.open("/settings/erase")
    page.page.get_by_label("Type Alice to go on").fill("alice")
    page.page.get_by_role("button", name="Erase everything").click()
    page.page.get_by_label("Password").fill("a long pass phrase")
    page.page.get_by_role("button", name="Go on").click()
    page.page.get_by_text("Until then the profile is hidden").wait_for()
    assert Erasure.objects.get().person == alice
    page.page.get_by_role("button", name="I have changed my mind").click()
    page.page.get_by_text("You stay").wait_for()
    assert not Erasure.objects.exists()
    assert page.trouble == []
