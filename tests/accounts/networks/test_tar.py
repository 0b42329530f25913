"""Exports that come as a tar: read as the same folder is, and refused where they are damaged or unsafe."""

import gzip
import io
import os
import tarfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.networks import sources
from accounts.networks.archive import Limits, open_archive
from accounts.networks.base import BadArchive
from tests.accounts.networks.conftest import FIXTURES
from tests.accounts.networks.exporting import read, recognised


def packed(path: Path, folder: Path, mode: str = "w:gz", layout: int = tarfile.USTAR_FORMAT, above: str = "") -> Path:
    with tarfile.open(path, mode, format=layout) as tar:  # type: ignore[call-overload]
        for file in sorted(folder.rglob("*")):
            tar.add(file, f"{above}{file.relative_to(folder).as_posix()}", recursive=False)
    return path


def made(path: Path, *members: tuple[tarfile.TarInfo, bytes], layout: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=layout) as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.tar.gz"


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("folder", ["mastodon", "google"])
def test_it_is_read_as_the_same_folder_is(folder: str, mode: str, layout: int, path: Path) -> None:
    # Names of more than a hundred characters are written in another way by each kind of tar.
    above = "" if folder == "mastodon" else f"{'long name ' * 14}/"
    if layout == tarfile.USTAR_FORMAT:
        above = above[:90] + "/" if above else ""
    packed(path, FIXTURES / folder, mode, layout, above)
    assert recognised(path) == [folder]
    unpacked = [repr(record) for record in read(FIXTURES / folder, folder)]
    assert [repr(record).replace(above, "") for record in read(path, folder)] == unpacked


def test_no_copy_of_it_is_left_or_has_a_name(path: Path) -> None:
    packed(path, FIXTURES / "mastodon")
    with open_archive(path) as archive:
        assert "actor.json" in archive
        assert list(path.parent.glob("*.*")) == [path]
    assert list(path.parent.glob("*.*")) == [path]


def test_it_is_read_where_nothing_may_be_written(path: Path) -> None:
    packed(path, FIXTURES / "mastodon")
    real, asked = sources.tempfile.TemporaryFile, []

    def refusing(**options: object) -> object:
        asked.append(options)
        if options.get("dir"):
            raise PermissionError(13, "no")
        return real(**options)

    with patch.object(sources.tempfile, "TemporaryFile", refusing), open_archive(path) as archive:
        assert "actor.json" in archive
    assert len(asked) == 2


def test_that_there_is_no_room_is_not_the_files_fault(path: Path) -> None:
    packed(path, FIXTURES / "mastodon")
    full = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115  (closed by what is tested)
    with (
        patch.object(sources.tempfile, "TemporaryFile", lambda **options: full),
        pytest.raises(
            BadArchive, match=r"export.tar.gz: cannot be read here at the moment \(No space left on device\)"
        ),
    ):
        open_archive(path)
    assert full.closed


def test_pictures_are_passed_over(path: Path) -> None:
    made(path, (member("media/beach.jpg"), os.urandom(9000)), (member("actor.json"), b"{}"))
    with open_archive(path, limits=Limits(file=5000, reading=6000)) as archive:
        assert archive.names() == ["actor.json"]


def test_when_it_was_made_is_known(path: Path) -> None:
    old, young = member("actor.json"), member("outbox.json")
    old.mtime, young.mtime = 0, 1_700_000_000
    made(path, (old, b"{}"), (young, b"{}"))
    with open_archive(path) as archive:
        assert archive.made_at is not None
        assert archive.made_at.isoformat() == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("../actor.json", tarfile.REGTYPE, "a path that leads out of it"),
        ("/etc/actor.json", tarfile.REGTYPE, "an absolute path"),
        ("a\nb.json", tarfile.REGTYPE, "a control character"),
        ("actor.json", tarfile.SYMTYPE, "'actor.json': is a link or a device"),
        ("actor.json", tarfile.LNKTYPE, "'actor.json': is a link or a device"),
        ("actor.json", tarfile.CHRTYPE, "'actor.json': is a link or a device"),
        ("actor.json", tarfile.FIFOTYPE, "'actor.json': is a link or a device"),
        ("actor.json", tarfile.GNUTYPE_SPARSE, "a file with holes"),
        ("x" * 5000 + ".json", tarfile.REGTYPE, "a name of more than 4,096 characters"),
        ("x" * 200_000 + ".json", tarfile.REGTYPE, "a name of more than 4,096 characters"),
    ],
)
@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_is_unsafe_is_refused(name: str, kind: bytes, reason: str, layout: int, path: Path) -> None:
    info = member(name, kind)
    info.linkname = "../../secret.json" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    made(path, (info, b""), layout=layout)
    with pytest.raises(BadArchive, match=f"export.tar.gz: .*{reason}"):
        open_archive(path)


def test_a_name_that_comes_twice_is_refused(path: Path) -> None:
    made(path, (member("actor.json"), b"{}"), (member("./actor.json"), b"[]"))
    with pytest.raises(BadArchive, match=r"export.tar.gz: holds actor.json twice"):
        open_archive(path)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(entries=2), "holds more than 2 files"),
        (Limits(file=4000), "b.json: with it, more is to be read than the limits allow"),
        (Limits(reading=6000), "b.json: with it, more is to be read than the limits allow"),
        (Limits(directory=250), "its list of names is too long"),
    ],
)
def test_there_are_limits(limits: Limits, reason: str, path: Path) -> None:
    made(path, *((member(f"{name}.json"), os.urandom(3000 if name == "a" else 5000)) for name in "abc"))
    with pytest.raises(BadArchive, match=reason):
        open_archive(path, limits=limits)


@pytest.mark.parametrize("name", ["tweets.js", "beach.jpg"])
def test_a_bomb_is_refused_before_it_is_unpacked(name: str, path: Path) -> None:
    made(path, (member(name), b"\0" * 900_000))
    with pytest.raises(BadArchive, match=r"unpacks to more than 20 times its size \(a bomb\)"):
        open_archive(path, limits=Limits(ratio=20, ratio_from=2000))


def test_so_is_much_more_than_could_be_read(path: Path) -> None:
    made(path, (member("beach.jpg"), b"\0" * 900_000))
    with pytest.raises(BadArchive, match="a bomb"):
        open_archive(path, limits=Limits(ratio=10_000, reading=100_000))


def test_a_tar_cut_short_is_told_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole.tar", FIXTURES / "mastodon", "w").read_bytes()
    end = len(whole.rstrip(b"\0"))
    zipped = gzip.compress(whole)
    for data in [whole[:size] for size in range(600, end, 700)] + [
        zipped[:size] for size in range(900, len(zipped), 90)
    ]:
        path = tmp_path / "export"
        path.write_bytes(data)
        with pytest.raises(BadArchive, match=r"export: (the file )?is cut short"):
            open_archive(path)


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.tar", FIXTURES / "mastodon", "w")
    data = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:
        offset = tar.getmembers()[2].offset
    data[offset + 3] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BadArchive, match=r"export.tar: is damaged: what names the next file cannot be read"):
        open_archive(path)
    data[offset : offset + 1024] = bytes(1024)
    path.write_bytes(bytes(data))
    with pytest.raises(BadArchive, match=r"export.tar: is damaged: it goes on after its end"):
        open_archive(path)


def test_damage_within_a_packed_file_is_told(path: Path) -> None:
    packed(path, FIXTURES / "mastodon")
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BadArchive, match=r"export.tar.gz: the file is cut short or damaged \(CRC check failed"):
        open_archive(path)


def test_a_tar_of_pictures_alone_holds_nothing_to_read(path: Path) -> None:
    made(path, (member("beach.jpg"), b"sea"))
    with pytest.raises(BadArchive, match="holds no files that could be read"):
        open_archive(path)


@settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "35")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(draw=st.data())
def test_a_spoiled_tar_is_read_or_refused(draw: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "export.tar"
    layout = draw.draw(st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    packed(path, FIXTURES / "mastodon", "w", layout, above=draw.draw(st.sampled_from(["", "n" * 150 + "/"])))
    data = bytearray(path.read_bytes())
    for _ in range(draw.draw(st.integers(1, 4))):
        index = draw.draw(st.integers(0, len(data) - 1)) // 512 * 512 + draw.draw(st.integers(0, 511))
        data[index % len(data)] = draw.draw(st.integers(0, 255))
    spoiled = bytes(data[: draw.draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))])
    path.write_bytes(gzip.compress(spoiled) if draw.draw(st.booleans()) else spoiled)
    try:
        with open_archive(path) as archive:
            assert all(name.isprintable() for name in archive.names())
    except BadArchive as error:
        refused = str(error)
    else:
        return
    assert refused.startswith("export.tar: ")
    assert refused.isprintable()
