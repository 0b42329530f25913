"""Exports changed at random: a reader rejects records or refuses the export, and never yields what it should not."""

import json
import os
import re
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

# A few in every run; FUZZ_EXAMPLES=5000 HYPOTHESIS_PROFILE=explore goes on looking.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "35"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
# Folders of exports, by the network they are of.
EXPORTS = {
    "twitter": "twitter",
    "mastodon": "mastodon",
    "linkedin": "linkedin",
    "facebook": "facebook",
    "instagram": "instagram",
    "instagram_2020": "instagram",
    "google": "google",
    "googleplus": "googleplus",
    "foursquare": "foursquare",
    "tiktok": "tiktok",
    "blog": "blog",
    "wordpress": "blog",
    "opml": "blog",
}
DEEP = "[" * 3000 + "]" * 3000
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
    st.sampled_from(
        [10**30, -(10**400), 1e308, 2**63, 1793300000000, -1, 0, "1e400", "\u202egnp.exe", "../../etc", "a" * 3000]
    ),
)
# What a cell of a table or a text of XML may be replaced by.
odd_text = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ['"', '""', ",", "\n", "\r", ";", "\x00", "\x85", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "]]>", "<a>"]
    ),
    st.sampled_from(
        ["http://[", "https://a.b/" + "x" * 600, "31 Feb 2021", "15 Mar 9999", "13/40/21", "name:alice", "@alice"]
    ),
    st.sampled_from(
        ["9" * 400, "-1", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "Mon, 99 Nov 2026 07:08:09 GMT"]
    ),
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


def read_or_refuse(path: Path, slug: str) -> str:
    """The words in which the export was refused; "" where it was read, and nothing of it is garbage."""
    refused, records = "", []
    try:
        with open_archive(path) as archive:
            for network in NETWORKS.values():
                assert network.recognises(archive) in (True, False)
            records = list(NETWORKS[slug].read_archive(archive))
    except BadArchive as error:
        refused = str(error)
    if not refused:
        check(records)
    return refused


def in_words(refused: str, path: Path) -> bool:
    """Whether a refusal, if any, names the file and can be shown."""
    return not refused or (refused.startswith(f"{path.name}: ") and refused.isprintable())


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


def spoil_text(draw: st.DrawFn, name: str, text: str) -> str:
    """`text` with one value in it replaced: of JSON by its meaning, of tables and XML between two marks."""
    if name.endswith((".json", ".js")):
        prefix, equals, value = text.rpartition(" = ") if text.startswith("window.") else ("", "", text)
        return f"{prefix}{equals}{json.dumps(spoil(draw, json.loads(value)))}"
    values = list(
        re.finditer(r"(?<=[,\n])[^,\n]*(?=[,\n])" if name.endswith(".csv") else r'(?<=[>"])[^<>"]+(?=[<"])', text)
    )
    if not values:
        return text
    value = draw(st.sampled_from(values))
    return f"{text[: value.start()]}{draw(odd_text)}{text[value.end() :]}"


def spoil_structure(draw: st.DrawFn, text: str) -> str:
    """`text` with a piece of itself doubled, or with something nested deeply put where a value was."""
    if draw(st.booleans()) and (values := list(re.finditer(r":\s*(\"[^\"]*\"|[0-9]+|\[)", text))):
        value = draw(st.sampled_from(values))
        return f"{text[: value.start()]}: {DEEP}{text[value.end() :]}"
    lines = text.splitlines(keepends=True)
    start = draw(st.integers(0, len(lines) - 1))
    end = draw(st.integers(start, min(len(lines), start + 6)))
    return "".join([*lines[:end], *lines[start:]])


@st.composite
def spoiled(draw: st.DrawFn, folder_name: str) -> dict[str, bytes]:
    """The files of a good export, one to three of them spoiled in values, structure, encoding, bytes or name."""
    folder = FIXTURES / folder_name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=3, unique=True)):
        data = files[name]
        way = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6]))
        if way == 0:
            files[name] = spoil_text(draw, name, data.decode()).encode(errors="surrogatepass")
        elif way == 1:
            files[name] = data[: draw(st.integers(0, len(data)))]
        elif way == 2:
            index = draw(st.integers(0, max(0, len(data) - 1)))
            files[name] = data[:index] + draw(st.binary(max_size=3)) + data[index + 1 :]
        elif way == 3:
            del files[name]
        elif way == 4:
            files[name] = spoil_structure(draw, data.decode()).encode()
        elif way == 5:
            encoding = draw(st.sampled_from(["utf-16", "utf-8-sig", "latin-1", "cp500", "utf-32"]))
            files[name] = data.decode().encode(encoding, errors="replace")
        else:
            odd_name = draw(
                st.sampled_from(["a" * 200, "\u202etxt", "CON", "x,y;z", "Connections.csv", "friends.json"])
            )
            files[f"{name.rpartition('/')[0]}/{odd_name}".lstrip("/")] = files.pop(name)
    return files


@pytest.mark.parametrize("export", EXPORTS)
@FUZZ
@given(draw=st.data())
def test_a_spoiled_export_is_read_or_refused(export: str, draw: st.DataObject, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in draw.draw(spoiled(export)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if any(folder.rglob("*.*")):
        assert in_words(read_or_refuse(folder, EXPORTS[export]), folder)


@pytest.mark.parametrize("name", ["blog/feed.xml", "wordpress/alice.wordpress.xml", "tiktok/user_data_tiktok.json"])
@FUZZ
@given(draw=st.data())
def test_a_spoiled_file_that_is_all_there_is_is_read_or_refused(name: str, draw: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / f"export{Path(name).suffix}"
    data = spoil_text(draw.draw, path.name, (FIXTURES / name).read_text()).encode(errors="surrogatepass")
    path.write_bytes(data[: draw.draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))])
    assert in_words(read_or_refuse(path, EXPORTS[name.partition("/")[0]]), path)


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
    assert in_words(read_or_refuse(path, "twitter"), path)
