"""What the tests of uploads share: a folder of their own, a queue that is worked off on demand, and Alice."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Person
from klout.celery import app
from scoring import uploads

FIXTURES = Path(__file__).parent.parent / "fixtures" / "networks"
Queue = list[tuple[str, list[int]]]


@pytest.fixture(autouse=True)
def apart(settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": uuid.uuid4().hex}}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """What was sent to the broker; `work` does it, as a worker would."""
    sent: Queue = []
    monkeypatch.setattr(type(app), "send_task", lambda self, name, args, *rest, **options: sent.append((name, args)))
    return sent


@pytest.fixture
def work(queue: Queue, django_capture_on_commit_callbacks) -> Callable[[], None]:
    def work() -> None:
        from scoring import tasks  # noqa: F401  (registers the task)

        while uploads.TASK in dict(queue):
            name, args = queue.pop(0)
            if name == uploads.TASK:
                with django_capture_on_commit_callbacks(execute=True):
                    app.tasks[name].apply(args=args, throw=True)

    return work


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    return join("Alice")


@pytest.fixture
def as_alice(alice: Person) -> Client:
    return logged_in(alice)


def logged_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.users.get())
    return client


def zipped(folder: Path, name: str = "my export.zip") -> SimpleUploadedFile:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return SimpleUploadedFile(name, file.getvalue(), content_type="application/zip")


def upload(client: Client, archive: object, network: str = "", at: str = "/settings/import"):
    return client.post(at, {"network": network, "archive": archive})


def errors(response) -> str:
    assert response.status_code == 200
    return str(response.context["form"].errors)


def kept() -> list[Path]:
    folder = django_settings.VAR / "uploads"
    return sorted(folder.iterdir()) if folder.exists() else []
