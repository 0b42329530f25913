"""Instagram's data export in JSON: today's layout, and the flat one of until about 2021.

Accounts are known by their username in lower case, since an export names people by nothing else. What others did is
not in it but for following: likes and comments in it are those that the owner gave.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    Record,
    Rejected,
    Tally,
    checked_text,
    shown,
)
from accounts.networks.exports.meta import Numbered, holds, labelled, listed, repaired, time_of
from accounts.networks.exports.values import dated, in_utc, mapping, sequence

_PERSONAL = ("personal_information.json",)
_FOLLOWERS = ("followers.json", "followers_[0-9]*.json")
_FOLLOWING = ("following.json", "following_[0-9]*.json")
_POSTS = ("posts.json", "posts_[0-9]*.json", "reels.json", "igtv_videos.json")
_MEDIA = "ig_reels_media|ig_igtv_media|ig_posts|media_posts"
_TELLING = r'"(?:profile_user|relationships_followers|relationships_following|string_list_data|ig_reels_media)"\s*:'
_HTML = ("personal_information.html", "followers_[0-9]*.html", "posts_[0-9]*.html")
# "Username" as the export calls it in its owner's language.
_USERNAME_LABELS = frozenset(
    {
        "username",
        "user name",
        "benutzername",
        "nutzername",
        "gebruikersnaam",
        "nom d'utilisateur",
        "nom d’utilisateur",  # noqa: RUF001
        "identifiant",
        "nombre de usuario",
        "nome utente",
        "nome de usuário",
        "nome de utilizador",
        "användarnamn",
        "brugernavn",
        "brukernavn",
        "käyttäjänimi",
        "nazwa użytkownika",
        "uživatelské jméno",
        "používateľské meno",
        "felhasználónév",
        "kullanıcı adı",  # noqa: RUF001
        "nume de utilizator",
        "korisničko ime",
        "nama pengguna",
        "tên người dùng",
        "όνομα χρήστη",
        "имя пользователя",
        "ім'я користувача",
        "ім’я користувача",  # noqa: RUF001
        "потребителско име",
        "корисничко име",
        "uporabniško ime",
        "naudotojo vardas",
        "lietotājvārds",
        "kasutajanimi",
        "उपयोगकर्ता नाम",
        "यूज़रनेम",
        "ব্যবহারকারীর নাম",
        "نام کاربری",
        "صارف کا نام",
        "ユーザーネーム",
        "사용자 이름",
        "用户名",
        "用戶名稱",
        "帳號",
        "اسم المستخدم",
        "שם משתמש",
        "ชื่อผู้ใช้",
    }
)
_NAME_LABELS = frozenset({"name", "nom", "naam", "nombre", "nome", "namn", "navn", "nimi", "full name"})
_USERNAME = re.compile(r"[A-Za-z0-9_.]{1,60}")
_PROFILE = re.compile(r"https?://(?:www\.)?instagram\.com/(?:_u/)?([A-Za-z0-9_.]{1,60})/?(?:\?.*)?")


def recognises(archive: Archive) -> bool:
    files = archive.anywhere(*_PERSONAL, *_FOLLOWERS, *_FOLLOWING, *_POSTS)
    return holds(archive, files, _TELLING) or _flat(archive) is not None or _is_html(archive)


@dated
def read(archive: Archive) -> Iterator[Record]:
    if not recognises(archive):
        raise BadArchive(f"{archive.label}: is not an export of Instagram: none of its files is in it")
    folder = _flat(archive)
    if folder is not None:
        yield from _read_flat(archive, folder)
        return
    if _is_html(archive):
        raise BadArchive(
            f"{archive.label}: is Instagram's export as web pages (HTML), which cannot be read here; ask Instagram "
            f"for it again with the format JSON"
        )
    owner = _owner(archive)
    yield owner
    yield from _followers(archive, owner.external_id)
    if files := archive.anywhere(*_FOLLOWING):
        following = sum(1 for _ in listed(archive, files, "relationships_following"))
        yield Tally("following", following)
        yield Counter("following", following)
    yield from _posts(archive)


def username(value: object) -> str:
    """`value` as the id of an account. Raises ValueError."""
    if not isinstance(value, str) or not _USERNAME.fullmatch(value.strip()) or not value.strip(". "):
        raise ValueError(f"username is {shown(value)}, which is none")
    return value.strip().lower()


def _is_html(archive: Archive) -> bool:
    if archive.anywhere(*_PERSONAL, *_FOLLOWERS, *_POSTS):
        return False
    return holds(archive, archive.anywhere(*_HTML), r"(?i)<html")


def _owner(archive: Archive) -> Owner:
    for name in archive.anywhere(*_PERSONAL):
        labels: list[str] = []
        for _, _, found in archive.found(name, {"profile_user", "label_values"}.__contains__):
            texts = {
                repaired(label).strip().casefold(): repaired(mapping(value).get("value"))
                for label, value in mapping(mapping(found).get("string_map_data")).items()
            }
            # The newest layout lists pairs instead.
            if isinstance(mapping(found).get("label"), str):
                texts[repaired(found["label"]).strip().casefold()] = repaired(found.get("value"))
            labels += texts
            user = next((text for label, text in texts.items() if label in _USERNAME_LABELS), "")
            if user:
                try:
                    owner = username(user)
                except ValueError as error:
                    raise archive.bad(name, f"does not name an account ({error})") from None
                full = next((text for label, text in texts.items() if label in _NAME_LABELS), "")
                return Owner(owner, handle=owner, name=checked_text(full, limit=100))
        raise archive.bad(name, f"names no username among its fields ({shown(', '.join(labels[:8]))})")
    raise BadArchive(
        f"{archive.label}: does not say whose export it is: personal_information.json is not in it; ask Instagram for "
        f"the export with 'Personal information', in the format JSON"
    )


def _followers(archive: Archive, owner: str) -> Iterator[Record]:
    files = archive.anywhere(*_FOLLOWERS)
    if not files:
        return
    read = good = 0
    for where, record in listed(archive, files, "relationships_followers"):
        read += 1
        link = mapping(next(iter(sequence(record.get("string_list_data"))), None))
        try:
            actor = _named(record, link)
            if actor == owner:
                raise ValueError("names the owner")  # noqa: TRY301
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        try:
            seen_at: datetime | None = time_of(link, "timestamp")
        except ValueError:
            seen_at = None
        good += 1
        yield Interaction("follow", actor, None, actor_handle=actor, observed_at=seen_at)
    yield Tally("followers", read)
    yield Counter("followers", good)


def _named(record: dict[str, Any], link: dict[str, Any]) -> str:
    """The username of a record: layouts have it as value, as title, or in the address alone."""
    match = _PROFILE.fullmatch(link["href"]) if isinstance(link.get("href"), str) else None
    texts = (link.get("value"), record.get("title"), match[1] if match else None, labelled(record, *_USERNAME_LABELS))
    return username(next((text for text in texts if isinstance(text, str) and text.strip()), link.get("value")))


def _posts(archive: Archive) -> Iterator[Record]:
    files = archive.anywhere(*_POSTS)
    if not files:
        return
    read = good = 0
    numbered = Numbered()
    for where, record in listed(archive, files, _MEDIA):
        read += 1
        media = mapping(next(iter(sequence(record.get("media"))), None))
        try:
            posted_at = time_of(
                record | media if "creation_timestamp" not in record else record, "creation_timestamp", "timestamp"
            )
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        good += 1
        yield Post(numbered.of(posted_at), posted_at)
    yield Tally("posts", read)
    yield Counter("posts", good)


def _flat(archive: Archive) -> str | None:
    """The folder of the layout of until 2021, in which profile.json names the owner; None where there is none."""
    for name in archive.anywhere("profile.json"):
        folder = name.rpartition("/")[0]
        if archive.find("connections.json", "media.json", "likes.json", folder=folder) and re.search(
            rb'"username"\s*:', archive.head(name)
        ):
            return folder
    return None


def _read_flat(archive: Archive, folder: str) -> Iterator[Record]:
    name = archive.find("profile.json", folder=folder)[0]
    profile = mapping(archive.read_json(name))
    try:
        owner = username(profile.get("username"))
    except ValueError as error:
        raise archive.bad(name, f"does not name an account ({error})") from None
    try:
        joined = in_utc(profile.get("date_joined"), "date_joined")
    except ValueError:
        joined = None
    full, about = repaired(profile.get("name")), repaired(profile.get("biography"))
    yield Owner(
        owner, handle=owner, name=checked_text(full, limit=100), created_at=joined, about=checked_text(about, limit=280)
    )
    for file in archive.find("connections.json", folder=folder):
        yield from _flat_followers(archive, file, owner)
    numbered = Numbered()
    read = good = 0
    files = archive.find("media.json", folder=folder)
    for file in files:
        for number, _, value in archive.found(file, {"photos", "videos"}.__contains__):
            read += 1
            try:
                posted_at = in_utc(mapping(value).get("taken_at"), "taken_at")
            except ValueError as error:
                yield Rejected(f"{file}, record {number}", str(error))
                continue
            good += 1
            yield Post(numbered.of(posted_at), posted_at)
    if files:
        yield Tally("posts", read)
        yield Counter("posts", good)
    for kind, file_name, key in (
        ("likes", "likes.json", "media_likes"),
        ("comments", "comments.json", "media_comments"),
    ):
        for file in archive.find(file_name, folder=folder):
            yield Tally(f"own {kind}", sum(1 for _ in archive.found(file, {key}.__contains__)))


def _flat_followers(archive: Archive, file: str, owner: str) -> Iterator[Record]:
    read = good = 0
    for number, (name, since) in enumerate(archive.members(file, key="followers"), start=1):
        read += 1
        try:
            actor = username(name)
            if actor == owner:
                raise ValueError("names the owner")  # noqa: TRY301
        except ValueError as error:
            yield Rejected(f"{file}, follower {number}", str(error))
            continue
        try:
            seen_at: datetime | None = in_utc(since, "the time")
        except ValueError:
            seen_at = None
        good += 1
        yield Interaction("follow", actor, None, actor_handle=actor, observed_at=seen_at)
    following = sum(1 for _ in archive.members(file, key="following"))
    yield Tally("followers", read)
    yield Counter("followers", good)
    yield Tally("following", following)
    yield Counter("following", following)
