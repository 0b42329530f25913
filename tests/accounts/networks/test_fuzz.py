"""Exports changed at random: a reader rejects records or refuses the export, and never yields what it should not."""

import json
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.networks import NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import (
    EARLIEST,
    LATEST,
    MAX_COUNT,
    VERBS,
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
)
from tests.accounts.networks.conftest import FIXTURES

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        ["-1", "1e9", "\u0000", "\ud800", "9" * 400, "2026-02-30T00:00:00Z", "Fri Feb 30 00:00:00 +0000 2026"]
    ),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "RT @alice_example: …", "\u0661"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def fit(text: str) -> bool:
    """Whether a database takes it, as one line of plain text."""
    return bool(text) and text.isprintable() and "\x00" not in text and len(text) <= 500


def check(records: list[Record]) -> None:
    """Whatever came out may be stored as it is."""
    assert isinstance(records[0], Owner)
    assert fit(records[0].external_id)
    assert sum(isinstance(record, Owner) for record in records) == 1
    for record in records:
        times: list[datetime | None] = []
        if isinstance(record, Interaction):
            assert record.verb in VERBS
            assert fit(record.actor)
            assert record.actor != records[0].external_id
            times = [record.occurred_at, record.observed_at]
        elif isinstance(record, Post | PostTotal):
            assert fit(record.post)
            times = [record.posted_at]
        elif isinstance(record, Rejected):
            assert record.reason.isprintable()
            assert len(record.reason) < 300
        if isinstance(record, PostTotal):
            assert type(record.total) is int
            assert 0 < record.total <= MAX_COUNT
        if isinstance(record, Counter | Tally):
            number = record.value if isinstance(record, Counter) else record.number
            assert type(number) is int
            assert 0 <= number <= MAX_COUNT
        for time in times:
            assert time is None or (time.tzinfo is not None and EARLIEST <= time < LATEST)


def read_or_refuse(path: Path, slug: str) -> None:
    refused, records = "", []
    try:
        with open_archive(path) as archive:
            for network in NETWORKS.values():
                assert network.recognises(archive) in (True, False)
            records = list(NETWORKS[slug].read_archive(archive))
    except BadArchive as error:
        refused = str(error)
    if refused:
        assert refused.startswith(f"{path.name}: ")
        assert refused.isprintable()
    else:
        check(records)


def spoil(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one place in it replaced, removed or doubled."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 5)):
            return {k: v for k, v in value.items() if k != key}
        return value | {key: spoil(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(value) - 1))
        if not draw(st.integers(0, 5)):
            return [*value, value[index]]
        return [*value[:index], spoil(draw, value[index]), *value[index + 1 :]]
    return draw(odd)


@st.composite
def spoiled(draw: st.DrawFn, slug: str) -> dict[str, bytes]:
    """The files of a good export, one to three of them spoiled in their values, their JSON, or their bytes."""
    folder = FIXTURES / slug
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=3, unique=True)):
        data = files[name]
        way = draw(st.integers(0, 3))
        if way == 0 and not name.endswith(".csv"):
            prefix, equals, text = (
                data.decode().rpartition(" = ") if b"window." in data[:20] else ("", "", data.decode())
            )
            files[name] = f"{prefix}{equals}{json.dumps(spoil(draw, json.loads(text)))}".encode()
        elif way == 1:
            files[name] = data[: draw(st.integers(0, len(data)))]
        elif way == 2:
            index = draw(st.integers(0, len(data) - 1))
            files[name] = data[:index] + draw(st.binary(max_size=3)) + data[index + 1 :]
        else:
            del files[name]
    return files


@pytest.mark.parametrize("slug", ["twitter", "mastodon"])
@FUZZ
@given(draw=st.data())
def test_a_spoiled_export_is_read_or_refused(slug: str, draw: st.DataObject, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in draw.draw(spoiled(slug)).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    read_or_refuse(folder, slug)


@FUZZ
@given(draw=st.data())
def test_a_spoiled_zip_is_read_or_refused(draw: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((FIXTURES / "twitter" / "data").iterdir()):
            archive.write(file, f"data/{file.name}")
    data = bytearray(path.read_bytes())
    for _ in range(draw.draw(st.integers(1, 4))):
        # Most of the bytes that say something lie near the end, in the list of names.
        index = draw.draw(st.one_of(st.integers(0, len(data) - 1), st.integers(len(data) - 900, len(data) - 1)))
        data[index] = draw.draw(st.integers(0, 255))
    path.write_bytes(bytes(data[: draw.draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))]))
    read_or_refuse(path, "twitter")
