"""What an export may not do to us: every refusal names the file, the place and the reason."""

import os
import stat
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.archive import Archive, Limits, open_archive
from accounts.networks.base import BadArchive

SMALL = Limits(entries=20, directory=4000, file=5000, reading=9000, ratio=20, ratio_from=2000, whole=3000, record=400)


def make_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def zip_path(tmp_path: Path) -> Path:
    return tmp_path / "export.zip"


def test_it_reads_a_zip_and_a_folder_alike(tmp_path: Path, zip_path: Path) -> None:
    (tmp_path / "folder" / "data").mkdir(parents=True)
    (tmp_path / "folder" / "data" / "a.json").write_text("[1, 2]")
    make_zip(zip_path, {"data/a.json": b"[1, 2]"})
    for path in (tmp_path / "folder", zip_path):
        with open_archive(path) as archive:
            assert archive.names() == ["data/a.json"]
            assert "data/a.json" in archive
            assert archive.size("data/a.json") == 6
            assert archive.read_json("data/a.json") == [1, 2]
            assert list(archive.records("data/a.json")) == [(1, 1), (2, 2)]


def test_parts_come_in_their_own_order(zip_path: Path) -> None:
    make_zip(
        zip_path, {f"data/tweets-part{n}.js": b"[]" for n in (10, 2, 1)} | {"data/tweets.js": b"[]", "x/tweets.js": b""}
    )
    with open_archive(zip_path) as archive:
        found = archive.find("tweets.js", "tweets-part*.js", folder="data")
    assert found == ["data/tweets-part1.js", "data/tweets-part2.js", "data/tweets-part10.js", "data/tweets.js"]


def test_it_finds_the_folder_nearest_to_the_top(zip_path: Path) -> None:
    make_zip(zip_path, {"mine/data/account.js": b"[]", "mine/data/old/account.js": b"[]"})
    with open_archive(zip_path) as archive:
        assert archive.folder_of("account.js") == "mine/data"
        assert archive.folder_of("actor.json") is None


def test_it_refuses_two_exports_in_one(zip_path: Path) -> None:
    make_zip(zip_path, {"alice/account.js": b"[]", "bob/account.js": b"[]"})
    with open_archive(zip_path) as archive, pytest.raises(BadArchive, match="several exports side by side"):
        archive.folder_of("account.js")


def test_it_passes_over_what_a_mac_adds(zip_path: Path) -> None:
    make_zip(zip_path, {"actor.json": b"{}", "__MACOSX/._actor.json": b"\0", "._outbox.json": b"\0"})
    with open_archive(zip_path) as archive:
        assert archive.names() == ["actor.json"]


# ---------------------------------------------------------------- not an export at all
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a picture", "not a zip file"),
        (b"\x1f\x8b\x08\x00rest", "is a damaged .tar.gz, or another .gz file.* unpack it and zip the folder"),
        (b"PK\x05\x06" + b"\0" * 18, "holds no files"),
    ],
)
def test_it_refuses_what_is_no_zip(zip_path: Path, data: bytes, reason: str) -> None:
    zip_path.write_bytes(data)
    with pytest.raises(BadArchive, match=f"export.zip: .*{reason}"):
        open_archive(zip_path)


def test_it_refuses_a_zip_cut_short(zip_path: Path) -> None:
    make_zip(zip_path, {"a.json": os.urandom(3000)})
    zip_path.write_bytes(zip_path.read_bytes()[:2000])
    with pytest.raises(BadArchive, match=r"export.zip: the zip is cut short or damaged"):
        open_archive(zip_path)


def test_it_refuses_a_path_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match=r"nothing.zip: there is no such file or folder"):
        open_archive(tmp_path / "nothing.zip")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadArchive, match="neither a file nor a folder"):
        open_archive(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadArchive, match="holds no files"):
        open_archive(tmp_path / "folder")


# ---------------------------------------------------------------- paths
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../account.js", "leads out"),
        ("data/../../account.js", "leads out"),
        ("data\\..\\..\\account.js", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\account.js", "absolute"),
        ("C:\\account.js", "absolute"),
        ("c:account.js", "absolute"),
        ("data/acc\nount.js", "control character"),
        ("data/acc\x00ount.js", "control character"),
    ],
)
def test_it_refuses_path_tricks(zip_path: Path, name: str, reason: str) -> None:
    # zipfile itself mends some names on writing: write a harmless one of the same length, then change it.
    stand_in = "N" * len(name)
    make_zip(zip_path, {stand_in: b"[]"})
    zip_path.write_bytes(zip_path.read_bytes().replace(stand_in.encode(), name.encode()))
    with pytest.raises(BadArchive, match=f"export.zip: .*{reason}"):
        open_archive(zip_path)


def test_it_refuses_a_link_in_a_zip(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path, "w") as archive:
        entry = zipfile.ZipInfo("account.js")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(BadArchive, match=r"account.js: is a link"):
        open_archive(zip_path)


def test_it_refuses_a_link_that_leads_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "actor.json").write_text("{}")
    (folder / "also.json").symlink_to(folder / "actor.json")
    with open_archive(folder) as archive:
        assert archive.names() == ["actor.json", "also.json"]
    (folder / "outbox.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(BadArchive, match=r"outbox.json is a link that leads outside"):
        open_archive(folder)
    (folder / "outbox.json").unlink()
    (folder / "data").symlink_to(tmp_path)
    with pytest.raises(BadArchive, match="data is a link that leads outside"):
        open_archive(folder)


def test_it_never_opens_a_pipe_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "actor.json").write_text("{}")
    os.mkfifo(tmp_path / "outbox.json")
    with open_archive(tmp_path) as archive:
        assert archive.names() == ["actor.json"]


def test_what_is_packed_twice_alike_is_one_and_pictures_do_not_matter(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path, "w") as archive:
        for name, texts in (("actor.json", ("{}", "{}")), ("beach.jpg", ("one", "another"))):
            archive.writestr(name, texts[0])
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(name, texts[1])
    with open_archive(zip_path) as archive:
        assert archive.names() == ["actor.json", "beach.jpg"]
        assert archive.read_json("actor.json") == {}


def test_it_refuses_a_name_that_comes_twice(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr("actor.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("actor.json", '{"id": 1}')
    with pytest.raises(BadArchive, match=r"holds actor.json twice"):
        open_archive(zip_path)


# ---------------------------------------------------------------- sizes
def test_it_refuses_a_zip_bomb(zip_path: Path) -> None:
    make_zip(zip_path, {"tweets.js": b" " * 300_000})
    with pytest.raises(BadArchive, match=r"tweets.js: unpacks to more than 20 times its size \(a zip bomb\)"):
        open_archive(zip_path, limits=SMALL)


def test_it_refuses_a_bomb_of_entries_that_share_their_bytes(zip_path: Path) -> None:
    limits = Limits(ratio=20, ratio_from=2000)
    # Each of them is below the ratio, as a bomb with overlapping entries is; together they are not.
    with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a0.js", os.urandom(200) + b" " * 3000)
        for number in range(1, 40):
            entry = zipfile.ZipInfo(f"a{number}.js")
            first = archive.filelist[0]
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(entry, name, getattr(first, name))
            archive.filelist.append(entry)
    with pytest.raises(BadArchive, match=r"export.zip: unpacks to more than 20 times its size"):
        open_archive(zip_path, limits=limits)


def test_it_refuses_too_many_files(tmp_path: Path, zip_path: Path) -> None:
    make_zip(zip_path, {f"{n}.js": b"" for n in range(21)})
    with pytest.raises(BadArchive, match="holds more than 20 files"):
        open_archive(zip_path, limits=SMALL)
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(21):
        (folder / f"{number}.js").touch()
    with pytest.raises(BadArchive, match="holds more than 20 files"):
        open_archive(folder, limits=SMALL)


def test_it_refuses_a_list_of_names_too_long_to_read(zip_path: Path) -> None:
    make_zip(zip_path, {f"{'long' * 60}{n}.js": b"" for n in range(20)})
    with pytest.raises(BadArchive, match=r"export.zip: its list of names has [\d,]+ bytes; at most 4,000 are read"):
        open_archive(zip_path, limits=SMALL)


def _claim_size(path: Path, size: int) -> None:
    """Change the uncompressed size that the zip states of its only file, in both headers."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(signature) + offset, size)
    path.write_bytes(bytes(data))


def test_it_does_not_believe_a_size(zip_path: Path) -> None:
    make_zip(zip_path, {"a.json": b'["' + b"x" * 2000 + b'"]'})
    _claim_size(zip_path, 10)
    with open_archive(zip_path) as archive, pytest.raises(BadArchive, match=r"export.zip: a.json: is damaged after"):
        archive.read_json("a.json")


def test_reading_stops_at_the_limits(tmp_path: Path) -> None:
    for name in ("a.bin", "b.bin", "c.bin"):
        (tmp_path / name).write_bytes(os.urandom(4000))
    (tmp_path / "large.bin").write_bytes(os.urandom(6000))
    archive = open_archive(tmp_path, limits=SMALL)
    with archive.open("large.bin") as file, pytest.raises(BadArchive, match=r"large.bin: is larger than"):
        file.read()
    with open_archive(tmp_path, limits=SMALL) as archive:
        for name in ("a.bin", "b.bin"):
            with archive.open(name) as file:
                assert len(file.read()) == 4000
        with archive.open("c.bin") as file, pytest.raises(BadArchive, match=r"c.bin: reading stops after"):
            file.read()


def test_it_refuses_an_encrypted_zip(zip_path: Path) -> None:
    make_zip(zip_path, {"a.json": b"[]"})
    data = bytearray(zip_path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    zip_path.write_bytes(bytes(data))
    with pytest.raises(BadArchive, match=r"a.json: is encrypted"):
        open_archive(zip_path)


def test_it_refuses_an_odd_compression(zip_path: Path) -> None:
    make_zip(zip_path, {"a.json": b"[]"}, zipfile.ZIP_LZMA)
    with pytest.raises(BadArchive, match=r"a.json: is compressed in a way no export is"):
        open_archive(zip_path)


def test_damaged_bytes_are_told(zip_path: Path) -> None:
    make_zip(zip_path, {"a.json": b"[" + b"1," * 4000 + b"1]"}, zipfile.ZIP_STORED)
    data = bytearray(zip_path.read_bytes())
    data[500] = ord("9")
    zip_path.write_bytes(bytes(data))
    with open_archive(zip_path) as archive, pytest.raises(BadArchive, match=r"a.json: is damaged .*CRC"):
        list(archive.records("a.json"))


# ---------------------------------------------------------------- JSON
def one(tmp_path: Path, text: str | bytes) -> Archive:
    (tmp_path / "a.js").write_bytes(text.encode() if isinstance(text, str) else text)
    return open_archive(tmp_path, limits=SMALL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cut short"),
        ("window.YTD.tweets.part0 = ", "cut short"),
        ("[1, 2", "cut short"),
        ('[1, {"a": "b', "cut short"),
        ('[1, {"a": "b"', "cut short"),
        ("[1, 2] [3]", "goes on after its end"),
        ("[1, 2}", "'}' found|not valid JSON"),
        ('[1, {"a" 2}]', "not valid JSON"),
        ("[1, NaN]", "not valid JSON"),
        ("[1, " + "9" * 5000 + "]", "not valid JSON|longer|larger"),
        ("[1, " + "[" * 2500, "nested too deeply|cut short|longer"),
        ('{"a": 1', "cut short|not hold a JSON array"),
    ],
)
def test_broken_json_names_the_file_and_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with one(tmp_path, text) as archive:
        with pytest.raises(BadArchive, match=rf": a.js: .*({reason})"):
            list(archive.records("a.js"))
        with pytest.raises(BadArchive, match=r": a.js: "):
            archive.read_json("a.js")


def test_broken_json_names_the_record(tmp_path: Path) -> None:
    with one(tmp_path, '[{"a": 1}, {"a": 2}, {"a": oops}]') as archive:
        records = archive.records("a.js")
        assert [next(records), next(records)] == [(1, {"a": 1}), (2, {"a": 2})]
        with pytest.raises(BadArchive, match=r"a.js: record 3: is not valid JSON near 'oops}]'"):
            next(records)


def test_a_record_may_not_be_endless(tmp_path: Path) -> None:
    archive = one(tmp_path, '["short", "' + "x" * 500 + '"]')
    with pytest.raises(BadArchive, match=r"record 2: is longer than 400 characters"):
        list(archive.records("a.js"))


def test_a_file_that_is_read_at_once_is_bounded(tmp_path: Path) -> None:
    with one(tmp_path, "[" + " " * 4000 + "]") as archive, pytest.raises(BadArchive, match=r"a.js: is larger than"):
        archive.read_json("a.js")


@pytest.mark.parametrize("text", ['[1, "zwei", {"a": [3]}]', '\ufeffwindow.YTD.x.part0 =\n[1, "zwei", {"a": [3]}];\n'])
def test_an_assignment_before_the_json_is_passed_over(tmp_path: Path, text: str) -> None:
    with one(tmp_path, text) as archive:
        assert [record for _, record in archive.records("a.js")] == [1, "zwei", {"a": [3]}]
        assert archive.read_json("a.js") == [1, "zwei", {"a": [3]}]


def test_an_array_under_a_key_is_streamed(tmp_path: Path) -> None:
    with one(tmp_path, '{"before": {"x": [1]}, "items": [1, 2], "after": "y"}') as archive:
        assert list(archive.records("a.js", key="items")) == [(1, 1), (2, 2)]
        assert list(archive.records("a.js", key="absent")) == []


def test_a_damaged_character_costs_no_file(tmp_path: Path) -> None:
    with one(tmp_path, b'[{"text": "caf\xe9", "id": "1"}]') as archive:
        assert [record["id"] for _, record in archive.records("a.js")] == ["1"]


def test_no_number_is_cut_where_reading_pauses(tmp_path: Path) -> None:
    numbers = list(range(1_000_000_000, 1_000_060_000))
    (tmp_path / "a.js").write_text(str(numbers))
    with open_archive(tmp_path) as archive:
        assert [number for _, number in archive.records("a.js")] == numbers


def test_a_long_array_is_read_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    with (tmp_path / "a.js").open("w") as file:
        file.write("window.YTD.x.part0 = [" + ",\n".join(['{"a": "' + "b" * 1000 + '"}'] * 30_000) + "]")
    tracemalloc.start()
    with open_archive(tmp_path) as archive:
        assert sum(1 for _ in archive.records("a.js")) == 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 1024**2, f"{peak:,} bytes for a file of 30 MB"


@pytest.mark.parametrize(
    ("written", "made_at"),
    [
        ((2021, 5, 6, 7, 8, 10), datetime(2021, 5, 6, 7, 8, 10, tzinfo=UTC)),
        ((1980, 1, 1, 0, 0, 0), None),
        ((2021, 13, 45, 0, 0, 0), None),
    ],
)
def test_it_knows_when_its_newest_file_was_written(
    zip_path: Path, written: tuple[int, ...], made_at: datetime | None
) -> None:
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.json", (1999, 1, 1, 0, 0, 0)), "{}")
        archive.writestr(zipfile.ZipInfo("b.json", written), "{}")
    with open_archive(zip_path) as archive:
        assert archive.made_at == made_at
