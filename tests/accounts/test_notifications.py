"""The page of news, and the settings of what one is told and how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import inbox, tasks
from accounts.choices import choices_of
from accounts.models import Membership, Notification, NotificationChoice, Person, User
from accounts.notify import MATTERS
from tests.accounts.conftest import logged_in

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def tell(
    person: Person, subject: str, *, kind: str = "link_broken", minutes: int = 0, **fields: object
) -> Notification:
    same = {"text": f"{subject}, in short.", "url": "/settings", "created_at": AT + timedelta(minutes=minutes)}
    user = person.users.order_by("pk").first()
    return Notification.objects.create(user=user, person=person, kind=kind, subject=subject, **same | fields)


def page(client: Client, **query: str) -> str:
    response = client.get(reverse("notifications"), query)
    assert response.status_code == 200
    return response.content.decode()


def test_news_is_there_newest_first_and_says_what_is_unread_in_words(alice: Person, as_alice: Client) -> None:
    tell(alice, "The older one", read_at=AT)
    tell(alice, "The newer one", minutes=5)
    text = page(as_alice)
    assert text.index("The newer one") < text.index("The older one")
    assert text.count('<span class="new">New</span>') == 1
    assert "Mark all as read" in text


def test_nobody_sees_another_s_news(alice: Person, bob: Person, as_alice: Client, client: Client) -> None:
    theirs = tell(bob, "Something of Bob's")
    assert "Something of" not in page(as_alice)
    assert as_alice.get(reverse("notification", args=[theirs.pk])).status_code == 404
    as_alice.post(reverse("read_notifications"))
    theirs.refresh_from_db()
    assert theirs.read_at is None
    assert client.get(reverse("notifications")).status_code == 302


def test_opening_one_marks_it_read_and_leads_there(alice: Person, as_alice: Client) -> None:
    row, other = tell(alice, "Read me", url="/settings/import/3"), tell(alice, "Not me")
    response = as_alice.get(reverse("notification", args=[row.pk]))
    assert response["Location"] == "/settings/import/3"
    first = Notification.objects.get(pk=row.pk).read_at
    assert first is not None
    as_alice.get(reverse("notification", args=[row.pk]))
    assert Notification.objects.get(pk=row.pk).read_at == first
    assert Notification.objects.get(pk=other.pk).read_at is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "evil",
        "/\t/evil.example",
    ],
)
def test_it_leads_nowhere_else(alice: Person, as_alice: Client, url: str) -> None:
    row = tell(alice, "A trap", url=url)
    assert as_alice.get(reverse("notification", args=[row.pk]))["Location"] == "/notifications"


def test_all_is_marked_read_and_the_bell_falls_silent(alice: Person, as_alice: Client) -> None:
    tell(alice, "One")
    tell(alice, "Two", kind="import_failed")
    assert "unread" in page(as_alice)
    as_alice.post(reverse("read_notifications"), {"matter": "uploads"})
    assert list(Notification.objects.filter(read_at__isnull=True).values_list("subject", flat=True)) == ["One"]
    response = as_alice.post(reverse("read_notifications"), follow=True)
    assert "Everything is marked as read." in response.content.decode()
    assert "unread" not in response.content.decode()
    assert as_alice.get(reverse("read_notifications")).status_code == 405


def test_one_matter_alone(alice: Person, as_alice: Client) -> None:
    tell(alice, "A network", kind="link_broken")
    tell(alice, "An upload", kind="import_failed")
    text = page(as_alice, matter="uploads")
    assert "An upload" in text
    assert "A network" not in text
    assert 'aria-current="page">Your uploads' in text
    assert "Nothing about this so far" in page(as_alice, matter="rests")
    assert "A network" in page(as_alice, matter="nonsense")


def test_what_was_not_wanted_on_the_site_is_not_there(alice: Person, as_alice: Client) -> None:
    tell(alice, "By mail alone", on_site=False)
    text = page(as_alice)
    assert "By mail alone" not in text
    assert "No news yet" in text
    assert "unread" not in text


def test_pages_go_on_without_a_gap_where_times_are_the_same(alice: Person, as_alice: Client, monkeypatch) -> None:
    monkeypatch.setattr(inbox, "PAGE", 4)
    rows = [tell(alice, f"News {number:02}", kind="import_failed", minutes=number // 5) for number in range(11)]
    seen, response = [], as_alice.get(reverse("notifications"), {"matter": "uploads"})
    for _ in range(3):
        seen += [row.subject for row, _about in response.context["rows"]]
        if response.context["older"]:
            response = as_alice.get(response.context["older"])
    assert seen == [row.subject for row in reversed(rows)]
    assert response.context["older"] == ""
    assert "matter=uploads" in response.context["newest"]


@pytest.mark.parametrize(
    "before", ["nonsense", "2026-11-24T12:00:00_5", "2026-11-24T12:00:00+00:00_x", "_", "2026-11-24T12:00:00+00:00_-1"]
)
def test_a_page_that_is_none_is_the_first(alice: Person, as_alice: Client, before: str) -> None:
    tell(alice, "Here")
    assert "Here" in page(as_alice, before=before)


def test_text_of_others_is_text(alice: Person, as_alice: Client) -> None:
    tell(alice, "<script>alert(1)</script>", text="<img src=x>")
    text = page(as_alice)
    assert "<script>alert" not in text
    assert "<img src=x>" not in text


def test_queries_are_few_and_no_more_with_more_news(alice: Person, bob: Person, as_alice: Client) -> None:
    Membership.objects.create(user=alice.users.get(), person=bob)
    numbers = []
    for many in (1, 40):
        for number in range(many):
            tell(alice, f"News {number}", minutes=number)
            Notification.objects.create(
                user=alice.users.get(), person=bob, kind="import_done", subject="Bob's", created_at=AT
            )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(as_alice)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 9


def test_old_news_is_forgotten(alice: Person, monkeypatch) -> None:
    monkeypatch.setattr(inbox, "BATCH", 2)
    now = timezone.now()
    for days in (1, 179, 181, 200, 300):
        tell(alice, f"{days} days", created_at=now - timedelta(days=days))
    tasks.forget_notifications()
    assert sorted(Notification.objects.values_list("subject", flat=True)) == ["1 days", "179 days"]


# ---------------------------------------------------------------- settings


def choices(**wanted: object) -> dict[str, object]:
    """The form as a browser sends it, with nothing changed but `wanted`."""
    data: dict[str, object] = {"digest": "weekly"}
    for slug, matter in MATTERS.items():
        if not matter.mandatory:
            data[f"{slug}-mail"] = str(matter.mail)
            data |= {f"{slug}-on_site": "on"} if matter.on_site else {}
        data |= {f"{slug}-push": "on"} if matter.push else {}
    for name, value in wanted.items():
        data[name.replace("__", "-")] = value
    return {name: value for name, value in data.items() if value is not None}


def test_each_matter_is_chosen_by_channel(alice: Person, as_alice: Client) -> None:
    sent = choices(access__mail="digest", access__on_site=None, uploads__mail="off", score__push=None, digest="daily")
    response = as_alice.post(reverse("notification_settings"), sent, follow=True)
    assert "Saved." in response.content.decode()
    user = User.objects.get(pk=alice.users.get().pk)
    made = choices_of(user)
    assert (made["access"].mail, made["access"].on_site, made["access"].push) == ("digest", False, True)
    assert made["uploads"].mail == "off"
    assert made["score"].push is False
    assert user.digest == "daily"
    # What was left as it usually is follows the defaults, should they change.
    assert set(NotificationChoice.objects.values_list("matter", flat=True)) == {"access", "uploads", "score"}


def test_the_page_shows_what_was_chosen(alice: Person, as_alice: Client) -> None:
    NotificationChoice.objects.create(user=alice.users.get(), matter="access", mail="off", on_site=False, push=False)
    text = as_alice.get(reverse("notification_settings")).content.decode()
    select = text.partition('name="access-mail"')[2].partition("</select>")[0]
    assert '<option value="off" selected>' in select
    assert "checked" not in text.partition('name="access-on_site"')[2].partition(">")[0]
    assert 'aria-current="page"' in text


def test_what_protects_cannot_be_unchosen(alice: Person, as_alice: Client) -> None:
    text = as_alice.get(reverse("notification_settings")).content.decode()
    assert "protection-mail" not in text
    as_alice.post(reverse("notification_settings"), choices(protection__mail="off", protection__push=None))
    made = choices_of(alice.users.get())["protection"]
    assert (made.mail, made.on_site, made.push) == ("now", True, False)


def test_a_choice_that_is_none_is_refused(alice: Person, as_alice: Client) -> None:
    response = as_alice.post(reverse("notification_settings"), choices(access__mail="always"))
    assert response.status_code == 200
    assert "Select a valid choice" in response.content.decode()
    assert not NotificationChoice.objects.exists()


def test_turning_mail_off_takes_it_out_of_the_digest(alice: Person, as_alice: Client) -> None:
    tell(alice, "Waiting", in_digest=True)
    tell(alice, "An upload", kind="import_done", in_digest=True)
    as_alice.post(reverse("notification_settings"), choices(access__mail="off"))
    assert list(Notification.objects.filter(in_digest=True).values_list("subject", flat=True)) == ["An upload"]


def test_the_settings_take_few_queries(as_alice: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert as_alice.get(reverse("notification_settings")).status_code == 200
    assert len(queries) <= 8


def test_a_mail_to_oneself_once_a_minute(alice: Person, as_alice: Client) -> None:
    first = as_alice.post(reverse("test_mail"), follow=True)
    assert "on its way to alice@example.org" in first.content.decode()
    second = as_alice.post(reverse("test_mail"), follow=True)
    assert "just been sent" in second.content.decode()
    [message] = mail.outbox
    assert message.to == ["alice@example.org"]
    assert message.subject == "Mails from Klout reach you"
    assert "to see whether ours arrive" in message.alternatives[0].content


def test_a_mail_to_oneself_that_cannot_be_sent_says_so(as_alice: Client, monkeypatch) -> None:
    def gone(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", gone)
    response = as_alice.post(reverse("test_mail"), follow=True)
    assert "could not be sent" in response.content.decode()


def test_a_log_in_without_a_person_can_open_both(db) -> None:
    client = Client()
    client.force_login(User.objects.create_user("staff@example.org"))
    assert client.get(reverse("notifications")).status_code == 200
    assert client.get(reverse("notification_settings")).status_code == 200


def test_an_organisation_s_news_names_it(alice: Person, bob: Person) -> None:
    Membership.objects.create(user=alice.users.get(), person=bob)
    Notification.objects.create(user=alice.users.get(), person=bob, kind="import_done", subject="Read", created_at=AT)
    assert "Bob ·" in page(logged_in(alice))
