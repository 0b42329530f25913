"""Every network read to the end, from servers of our own and small exports: what is told is what we say is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import stamina
from django.core.management import call_command

from accounts import linking
from accounts.calling import http_for
from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Subject
from accounts.networks.oauth import Tokens
from scoring import daily, measured
from scoring.collect.pulling import read_stream
from scoring.features.catalogue import COUNTED, FEATURES
from tests.accounts.networks.conftest import FIXTURES
from tests.fakes import blog, graph, twitch
from tests.fakes.loopback import Loopback
from tests.scoring.collect import (
    test_networks_read_twice as registered,
)
from tests.scoring.collect import (
    test_open_networks_read_twice as open_networks,
)
from tests.scoring.collect import (
    test_x_and_meta_read_twice as x_and_meta,
)

AT = registered.AT
EXPORTS = ("facebook", "foursquare", "googleplus", "instagram", "linkedin", "mastodon", "tiktok", "twitter")


@contextmanager
def serving(settings: Any, slug: str, make: Callable[[], Loopback]) -> Iterator[Loopback]:
    spec = NETWORKS[slug].spec
    with make() as fake, stamina.set_testing(True, attempts=2, cap=True):
        if spec.base_url:
            settings.NETWORK_ORIGINS = {"/".join(spec.base_url.split("/")[:3]): fake.url}
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        settings.NETWORK_KEYS = {"twitch": (twitch.CLIENT, "a secret"), slug: ("our-app", graph.SECRET)}
        if slug == "twitch":
            settings.NETWORK_KEYS = {"twitch": (twitch.CLIENT, "a secret")}
        settings.NETWORK_DAILY_USD = {"twitter": 100}
        yield fake


def read(
    fake: Loopback, slug: str, *, token: str = "", owner: Owner | None = None, kind: str = "profile", **of: str
) -> None:
    """Link the fake's account to a person of its own, and read all its streams."""
    network = NETWORKS[slug]
    server = fake.url if slug == "mastodon" else ""
    if owner is None:
        wanted = Subject(
            fake.id if isinstance(fake, blog.FakeBlog) else of.get("id", ""), client_id=twitch.CLIENT, now=AT
        )
        with http_for(network, at=AT, server=server, token=token) as http:
            (profile,) = network.pull(http, wanted, "profile", {})
        owner = profile.records[0]
        assert isinstance(owner, Owner)
    link = linking.link_account(
        person=Person.objects.create(handle=f"reader{Person.objects.count()}"),
        spec=network.spec,
        owner=owner,
        proof=LinkedAccount.Proof.NETWORK,
        at=AT,
        kind=kind,
        server=server,
        tokens=Tokens(token) if token else None,
    )
    for stream in network.spec.page_streams if kind == "page" else network.spec.streams:
        assert read_stream(cursor_id=link.cursors.get(stream=stream).pk, at=AT, due_only=False).state == "read"


@pytest.mark.django_db(transaction=True)
def test_what_is_told_is_what_we_say_is_told(settings: Any, capsys: Any, tmp_path: Path) -> None:
    for slug, (make, tokens, _) in registered.CASES.items():
        with serving(settings, slug, make) as fake:
            read(fake, slug, token=tokens.access)
    for case in open_networks.CASES:
        with serving(settings, case.slug, case.make) as fake:
            read(fake, case.slug, token=case.token, id=case.owner)
    for name, (make, token, owner, kind, _) in x_and_meta.CASES.items():
        with serving(settings, name.split()[0], make) as fake:
            read(fake, name.split()[0], token=token, owner=owner, kind=kind)
    for slug in EXPORTS:
        # What cannot be used is written beside an export.
        folder = shutil.copytree(FIXTURES / slug, tmp_path / slug)
        path = next(iter(sorted(folder.glob("*.json"))), folder) if slug == "tiktok" else folder
        call_command(
            "import_archive",
            "--network",
            slug,
            "--handle",
            f"exporter_{slug}",
            str(path),
            stdout=StringIO(),
            stderr=StringIO(),
        )
    found: set[tuple[str, str]] = set()
    for day in (AT.date() + timedelta(days=1), AT.date() + timedelta(days=400)):
        for network, columns in measured.counted(daily.compute(day).features).items():
            found |= {(network, column) for column in columns}
    there = [feature for feature in COUNTED if feature.key in found]
    with capsys.disabled():
        print(f"\n{len(there)} of {len(COUNTED)} measurements are more than nothing where every network is read once")
    # Nothing has a value of which the catalogue says that no network tells it.
    # (Beside the most in all that a total tells, the most by name is no measurement of its own; the mean depth of one
    # kind of reaction is none either.)
    told = {feature.key for feature in FEATURES if feature.given or feature.measure in {"most", "depth"}}
    assert sorted(found - told) == []
    assert len(there) > 500
