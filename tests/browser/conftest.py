"""Chromium for the browser tests: one process for all of them, a clean context for each page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, LinkedAccount, Membership, Notification, Person, User
from scoring.models import Award
from tests.scoring.published import AS_OF, publish_score

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; without one the test is skipped, or fails where E2E_REQUIRED=1 says that it must run."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        reason = "no Chromium on this machine (apt-get install chromium, or CHROMIUM=/path/to/it)"
        if os.environ.get("E2E_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django would otherwise refuse the database to it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visit:
    """A page that remembers what went wrong on it: violations of the CSP, errors of the console, failed requests."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.trouble: list[str] = []
        page.on("console", lambda message: self.trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))

    def open(self, path: str) -> Any:
        return self.page.goto(self.base + path)


@pytest.fixture
def visit(browser: Any, live_server: Any, transactional_db: None) -> Iterator[Callable[..., Visit]]:
    """visit(user=..., scripts=False) opens a clean browser window on the test's own server."""
    contexts = []

    def visit(*, user: User | None = None, **options: Any) -> Visit:
        # A service worker would stand between a page and what a test looks at; the tests about it let it in.
        options.setdefault("service_workers", "block")
        context = browser.new_context(java_script_enabled=options.pop("scripts", True), **options)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            context.add_cookies(
                [
                    {"name": name, "value": morsel.value, "url": live_server.url}
                    for name, morsel in client.cookies.items()
                ]
            )
        return Visit(context.new_page(), live_server.url)

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def alice(transactional_db: None) -> Person:
    """A member with two linked accounts, a score, days with gaps, achievements, and a piece of news."""
    person = Person.objects.create(
        handle="Alice", name="Alice Almeida", bio="Writes about tides and small boats.", country="PT"
    )
    user = User.objects.create_user("alice@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    for network, handle in [("twitter", "alice"), ("mastodon", "alice_who_has_quite_a_long_name@town.example")]:
        account = Account.objects.create(network=network, external_id="1", handle=handle)
        LinkedAccount.objects.create(account=account, person=person)
    publish_score(person, history={day: 40.0 + day / 9 for day in range(1, 90) if day not in {20, 22, *range(40, 47)}})
    Award.objects.create(person=person, family="people", level=2, earned_on=AS_OF)
    news = {"kind": "score_moved", "subject": "Your score moved", "text": "People reacted.", "url": "/alice"}
    Notification.objects.create(user=user, person=person, created_at=timezone.now(), **news)
    return person
