"""`manage.py collect`, the admin and the doctor: what operators see of reading, and how they mend it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Cursor, Spending, User
from klout import doctor
from scoring.collect import schedule
from scoring.models import Interaction
from tests.scoring.collect.conftest import AT

pytestmark = pytest.mark.django_db


def collect(*arguments: str) -> str:
    out = StringIO()
    call_command("collect", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def due_now(server, link):
    now = timezone.now()
    link.cursors.update(due_at=now - timedelta(hours=1))
    server.notify_many(5, now - timedelta(days=3))
    return link


def test_it_reads_what_is_due_with_progress_and_scores_who_is_new(due_now, settings):
    text = collect()
    assert "1 linked accounts read" in text
    assert "mastodon:alice" in text
    assert "scored" in text
    assert Interaction.objects.count() == 5
    assert "0 linked accounts read" in collect()


def test_it_reads_one_network_or_one_person_alone(due_now, linked):
    linked("Bob", "twitter", "1")
    assert "0 linked accounts read" in collect("--network", "twitter")
    assert "0 linked accounts read" in collect("--handle", "bob")
    assert "1 linked accounts read" in collect("--handle", "ALICE", "--network", "mastodon")


def test_it_names_what_it_does_not_know(db):
    with pytest.raises(CommandError, match="no network 'friendster'"):
        collect("--network", "friendster")
    with pytest.raises(CommandError, match="nobody called 'nobody'"):
        collect("--handle", "nobody")


def test_it_takes_up_what_was_parked(due_now):
    due_now.cursors.update(parked_at=AT, failures=9, failing_since=AT - timedelta(days=4))
    assert "0 linked accounts read" in collect()
    text = collect("--unpark", "--handle", "alice")
    assert f"{due_now.cursors.count()} parked streams are read again" in text
    assert "1 linked accounts read" in text


def test_the_staff_sees_what_is_parked_and_spent_and_takes_it_up(link):
    staff = User.objects.create_superuser("staff@example.com", "a long pass phrase")
    client = Client()
    client.force_login(staff)
    link.cursors.update(parked_at=AT, failures=9, error="it did not answer")
    Spending.objects.create(person=link.person, network="twitter", day=AT.date(), cost="0.07")
    page = client.get("/admin/accounts/cursor/", {"parked_at__isempty": "0"}).content.decode()
    assert "it did not answer" in page
    assert "0.07" in client.get("/admin/accounts/spending/").content.decode()
    refused, *others = link.cursors.order_by("pk").values_list("pk", flat=True)
    Cursor.objects.filter(pk=refused).update(failures=0, error="You did not allow this to be read.")
    client.post("/admin/accounts/cursor/", {"action": "read_again", "_selected_action": [refused, *others]})
    assert list(Cursor.objects.filter(parked_at__isnull=False).values_list("pk", flat=True)) == [refused]
    assert {pk for pk, _ in schedule.claim(at=timezone.now() + timedelta(seconds=1))} == set(others)


def test_the_doctor_says_what_is_due_and_what_was_given_up(link):
    found = doctor.collecting("collecting", AT)
    assert found.state == "ok"
    assert f"{link.cursors.count()} streams of linked accounts are due" in found.text
    late = doctor.collecting("collecting", AT + timedelta(hours=7))
    assert late.state == "note"
    assert "-Q pull." in late.advice
    link.cursors.update(parked_at=AT, failures=9)
    schedule.hold(schedule.NETWORKS["mastodon"].spec, until=AT + timedelta(hours=1), at=AT)
    found = doctor.collecting("collecting", AT)
    assert found.state == "note"
    assert "nothing is due" in found.text
    assert "mastodon until 13:00 UTC" in found.text
    assert f"{link.cursors.count()} parked" in found.text
    assert "--unpark" in found.advice
