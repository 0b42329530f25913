"""YouTube's part of Google Takeout: tables, whose names and columns are in their owner's language.

They are told apart by what stands in them: ids of channels ("UC..."), videos and comments look the same everywhere.
All that Takeout has of YouTube was done by its owner; videos are kept as posts, and the rest is counted.
"""

import re
from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import BadArchive, Counter, Owner, Post, Record, Rejected, Tally, checked_text, shown
from accounts.networks.exports import youtube_json
from accounts.networks.exports.tables import Row, rows
from accounts.networks.exports.values import dated, in_utc

# Tables that are looked at, and rows of each.
MOST, FIRST = 500, 20
CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
# Those of until 2016 are of Google+'s kind.
_COMMENT = re.compile(r"(?:Ug[A-Za-z0-9_-]{20,30}|z[0-9a-z]{20,50})(?:\.[A-Za-z0-9_-]{10,40})?")
# How columns of titles are called in most languages; what else a channel has (its visibility) may be longer.
_TITLES = re.compile(
    r"tit[eloru]|títu|titre|tytuł|náz[eo]v|назв|загол|заглав|başlı|otsik|cím|judul|tiêu đề|τίτλος"  # noqa: RUF001
    r"|タイトル|标题|標題|名稱|名称|제목|عنوان|כותרת|ชื่อ",
    re.IGNORECASE,
)
_SUBSCRIBED = re.compile(r"https?://(?:www\.)?youtube\.com/channel/(UC[A-Za-z0-9_-]{22})/?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}.*")


def recognises(archive: Archive) -> bool:
    return bool(_tables(archive) or youtube_json.files(archive))


@dated
def read(archive: Archive) -> Iterator[Record]:
    tables, older = _tables(archive), youtube_json.files(archive)
    if not tables and not older:
        raise BadArchive(
            f"{archive.label}: is not a Takeout with YouTube: no table of its channels, videos or comments is in it"
        )
    owner = _owner(archive, tables, older)
    yield owner
    yield from youtube_json.videos(archive, older, owner.external_id)
    for name in tables.get("videos", []):
        yield from _videos(archive, name, owner.external_id)
    for kind, said in (("comments", "own comments"), ("subscriptions", "own subscriptions")):
        found = sum(_kind(row.cells) == kind for name in tables.get(kind, []) for row in rows(archive, name))
        if tables.get(kind):
            yield Tally(said, found)


def _tables(archive: Archive) -> dict[str, list[str]]:
    """Tables by kind. The product's name is YouTube in every language; a folder taken out of it is searched whole."""
    names = archive.anywhere("*.csv")
    names = [name for name in names if "youtube" in name.lower()] or names
    found: dict[str, list[str]] = {}
    for name in names[:MOST]:
        kinds = [_kind(row.cells) for row, _ in zip(rows(archive, name), range(FIRST), strict=False)]
        if known := [kind for kind in kinds if kind]:
            found.setdefault(max(known, key=known.count), []).append(name)
    return found


def _kind(cells: list[str]) -> str:
    """What a row is of: "channel", "videos", "comments", "subscriptions", or "" for anything else."""
    cells = [cell.strip() for cell in cells]
    if not any(CHANNEL.fullmatch(cell) for cell in cells):
        return ""
    if any(_SUBSCRIBED.fullmatch(cell) for cell in cells):
        return "subscriptions"
    if any(_COMMENT.fullmatch(cell) for cell in cells):
        return "comments"
    dated = any(_TIME.fullmatch(cell) for cell in cells)
    if dated and _VIDEO.fullmatch(cells[0]):
        return "videos"
    return "channel" if CHANNEL.fullmatch(cells[0]) and not dated else ""


def _owner(archive: Archive, tables: dict[str, list[str]], older: dict[str, list[str]]) -> Owner:
    """The one channel that the export is of. What its owner said is theirs decides between several."""
    titles: dict[str, str] = {}
    for name in tables.get("channel", []):
        columns: list[str] = []
        for row in rows(archive, name):
            if _kind(row.cells) == "channel":
                titles.setdefault(row.cells[0].strip(), _title(row, columns))
            columns = columns or row.cells
    if not titles:
        for kind in ("videos", "comments"):
            for name in tables.get(kind, []):
                for row in rows(archive, name):
                    if _kind(row.cells) == kind:
                        titles |= {cell.strip(): "" for cell in row.cells if CHANNEL.fullmatch(cell.strip())}
    titles = titles or youtube_json.channels(archive, older)
    if archive.own and archive.own in titles:
        titles = {archive.own: titles[archive.own]}
    if not titles:
        raise BadArchive(
            f"{archive.label}: does not say whose channel it is of; ask Takeout for YouTube with 'channels'"
        )
    if len(titles) > 1:
        said = ", ".join(sorted(titles)[:5])
        raise BadArchive(
            f"{archive.label}: holds {len(titles)} channels ({said}); say the id of the one that it is about"
        )
    ((channel, title),) = titles.items()
    return Owner(channel, name=title)


def _title(row: Row, columns: list[str]) -> str:
    """The channel's title, by the name of its column; where that is of no language known here, the longest cell."""
    called = [cell for cell, column in zip(row.cells[1:], columns[1:], strict=False) if _TITLES.search(column)]
    if title := next((cell for cell in called if cell.strip()), ""):
        return checked_text(title, limit=100)
    return checked_text(max((cell for cell in row.cells[1:] if len(cell) > 2), key=len, default=""), limit=100)


def _videos(archive: Archive, name: str, channel: str) -> Iterator[Record]:
    read = others = 0
    for row in rows(archive, name):
        if row.reason:
            yield Rejected(f"{name}, row {row.number}", row.reason)
            continue
        cells = [cell.strip() for cell in row.cells]
        if row.number == 1 and not _VIDEO.fullmatch(cells[0]):
            continue
        read += 1
        try:
            if not _VIDEO.fullmatch(cells[0]):
                raise ValueError(f"the video is {shown(cells[0])}, not an id of YouTube")  # noqa: TRY301
            times = [in_utc(cell, "the time") for cell in cells if _TIME.fullmatch(cell)]
            if not times:
                raise ValueError("has no time")  # noqa: TRY301
        except ValueError as error:
            yield Rejected(f"{name}, row {row.number}", str(error))
            continue
        if channel in cells or not any(CHANNEL.fullmatch(cell) for cell in cells):
            # It was made before it was published.
            yield Post(cells[0], max(times), f"https://www.youtube.com/watch?v={cells[0]}")
        else:
            others += 1
    yield Tally("videos", read)
    if others:
        yield Tally("of them on other channels", others)
    yield Counter("videos", read - others)
