"""Resting in a real browser: with scripts and without, accessible in either colour scheme, and shaded on the chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Pause, Person
from tests.scoring.published import AS_OF


@pytest.mark.parametrize("scripts", [True, False])
def test_a_rest_is_begun_and_ended_by_its_buttons(visit: Callable, alice: Person, scripts: bool) -> None:
    page = visit(user=alice.users.get(), scripts=scripts)
    page.open("/settings")
    page.page.get_by_role("link", name="Rest", exact=True).click()
    page.page.get_by_role("button", name="Begin to rest now").click()
    page.page.get_by_role("heading", name="You are resting").wait_for()
    assert Pause.objects.get().ended_at is None
    page.page.get_by_role("button", name="End the rest now").click()
    page.page.get_by_text("Your rest has ended").wait_for()
    assert Pause.objects.get().ended_at is not None
    assert page.trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_resting_is_accessible_and_fits_a_telephone(visit: Callable, alice: Person, scheme: str) -> None:
    midnight = dt.datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=dt.UTC)
    for start, end in ((60, 40), (30, 27)):
        Pause.objects.create(
            person=alice,
            reason=Pause.Reason.REST,
            started_at=midnight - dt.timedelta(days=start),
            ended_at=midnight - dt.timedelta(days=end),
        )
    page = visit(user=alice.users.get(), color_scheme=scheme, viewport={"width": 390, "height": 800})
    Pause.objects.create(person=alice, reason=Pause.Reason.REST, started_at=timezone.now())
    for path in ("/settings/pause", "/settings", "/alice"):
        assert page.open(path).status == 200
        found = Axe().run(page.page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [rest.bounding_box() for rest in page.page.locator(".chart .resting").all()]
    chart = page.page.locator("svg.chart").bounding_box()
    assert [round(90 * box["width"] / chart["width"]) for box in boxes] == [20, 3]
    assert all(abs(box["height"] - chart["height"]) < 2 for box in boxes)
    assert page.trouble == []
