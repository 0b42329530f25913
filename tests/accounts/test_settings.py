"""Editing oneself: profile, place, picture, and the accounts that are linked."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import avatars, places
from accounts.models import Account, LinkedAccount, Membership, Person
from tests.accounts.conftest import link, logged_in

FIELDS = {
    "name": "Alice Archer",
    "handle": "Alice",
    "bio": "",
    "country": "",
    "region": "",
    "time_zone": "UTC",
    "birth_year": "1980",
    "visibility": "public",
}


def save(client: Client, *, at: str = "/settings", **fields: object):
    return client.post(at, FIELDS | fields)


def errors(response, field: str) -> str:
    assert response.status_code == 200
    return " ".join(response.context["form"].errors.get(field, []))


def picture(size: tuple[int, int] = (1200, 800), form: str = "JPEG", **options: object) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", size, "orange").save(file, form, **options)
    return SimpleUploadedFile("me.jpg", file.getvalue())


def test_everything_can_be_changed(alice: Person, as_alice: Client) -> None:
    place = {"country": "DE", "region": "DE-BE", "time_zone": "Europe/Berlin"}
    response = save(as_alice, name="A. Archer", handle="Archer", bio="Hello <b>", visibility="members", **place)
    assert response.url == "/settings"
    alice.refresh_from_db()
    assert (alice.name, alice.handle, alice.bio, alice.visibility) == ("A. Archer", "Archer", "Hello <b>", "members")
    assert (alice.country, alice.region, alice.time_zone) == ("DE", "DE-BE", "Europe/Berlin")
    assert Client().get("/alice").status_code == 404


def test_settings_are_for_those_who_are_logged_in(client: Client, db: None) -> None:
    assert client.get("/settings").url == "/accounts/login/?next=/settings"


@pytest.mark.parametrize(
    ("fields", "field", "part"),
    [
        ({"handle": "bob"}, "handle", "taken"),
        ({"handle": "B0B"}, "handle", "looks like"),
        ({"handle": "admin"}, "handle", "reserved"),
        ({"country": "XX"}, "country", "valid choice"),
        ({"country": "FR", "region": "DE-BE"}, "region", "valid choice"),
        ({"region": "DE-BE"}, "region", "valid choice"),
        ({"time_zone": "Mars/Base"}, "time_zone", "valid choice"),
        ({"visibility": "some"}, "visibility", "valid choice"),
        ({"birth_year": "1700"}, "birth_year", "1900"),
        ({"bio": "x" * 281}, "bio", "280"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(
    alice: Person, bob: Person, as_alice: Client, fields: dict, field: str, part: str
) -> None:
    assert part in errors(save(as_alice, name="Changed", **fields), field)
    alice.refresh_from_db()
    assert (alice.name, alice.handle) == ("Alice Archer", "Alice")


def test_a_handle_may_change_its_capitals(alice: Person, as_alice: Client) -> None:
    assert save(as_alice, handle="ALICE").status_code == 302
    assert Person.objects.get().handle == "ALICE"


def test_the_loser_of_a_race_for_a_handle_gets_a_message(
    alice: Person, bob: Person, as_alice: Client, monkeypatch
) -> None:
    monkeypatch.setattr("accounts.forms.is_handle_free", lambda handle, but=None: True)
    monkeypatch.setattr(Person, "clean", lambda self: None)
    monkeypatch.setattr(Person, "validate_constraints", lambda self, exclude=None: None)
    response = save(as_alice, handle="Bob", avatar=picture())
    assert "taken" in errors(response, "handle")
    assert Person.objects.get(pk=alice.pk).handle == "Alice"
    assert stored(alice) == []


def test_a_new_country_leaves_the_old_region_behind(alice: Person, as_alice: Client) -> None:
    save(as_alice, country="DE", region="DE-BE")
    assert b"Berlin" in as_alice.get("/settings").content
    # As a browser without scripts sends it: the region is still the old country's.
    assert save(as_alice, country="FR", region="DE-BE").status_code == 302
    alice.refresh_from_db()
    assert (alice.country, alice.region) == ("FR", "")
    assert b"Bretagne" in as_alice.get("/settings").content


def test_a_country_without_regions_says_so(alice: Person, as_alice: Client) -> None:
    assert b"Choose a country and save" in as_alice.get("/settings").content
    assert places.regions("DE")[0][0].startswith("DE-")
    assert places.regions("") == places.regions("XX") == []


def test_a_zone_kept_from_elsewhere_stays_on_offer(alice: Person, as_alice: Client) -> None:
    Person.objects.update(time_zone="EST")
    assert b'<option value="EST" selected>' in as_alice.get("/settings").content
    assert save(as_alice, time_zone="EST").status_code == 302


def test_the_age_gate_cannot_be_walked_back_through(join: Callable[..., Person]) -> None:
    child = join("Charlie", birth_year=2015)
    client = logged_in(child)
    refused = save(client, handle="Charlie", birth_year="1990")
    assert "under 16" in errors(refused, "birth_year")
    assert save(client, handle="Charlie", birth_year="2014").status_code == 302
    assert save(client, handle="Charlie", birth_year="").status_code == 200
    assert Person.objects.get().birth_year == 2014


# ---------------------------------------------------------------- the picture


def stored(person: Person) -> list[Path]:
    return sorted(Path(person.avatar.storage.location).glob("avatars/*"))


def test_a_picture_is_written_anew_small_and_without_its_metadata(alice: Person, as_alice: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x0112] = 6
    upload = picture((1200, 800), exif=exif, icc_profile=b"profile of a camera")
    assert b"taken at home" in upload.read()
    upload.seek(0)
    assert save(as_alice, avatar=upload).status_code == 302
    [path] = stored(alice)
    data = path.read_bytes()
    assert b"EXIF" not in data
    assert b"taken at home" not in data
    assert b"ICCP" not in data
    with Image.open(path) as image:
        assert image.format == "WEBP"
        # Turned upright as the camera said, which the metadata can no longer tell.
        assert image.size == (267, 400)


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_a_small_picture_keeps_its_size(alice: Person, as_alice: Client, form: str) -> None:
    save(as_alice, avatar=picture((30, 20), form))
    with Image.open(stored(alice)[0]) as image:
        assert image.size == (30, 20)


def test_a_transparent_picture_stays_transparent(alice: Person, as_alice: Client) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(file, "PNG")
    save(as_alice, avatar=SimpleUploadedFile("me.png", file.getvalue()))
    with Image.open(stored(alice)[0]) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((25, 25))[3] == 0


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is `width` x `height`."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"no picture", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (bomb(8000, 8000), "50 million pixels"),
        (bomb(60000, 60000), "50 million pixels"),
        (bomb(100, 100), "no picture"),
        (picture().read()[:2000], "no picture"),
    ],
)
def test_what_is_no_picture_is_refused(alice: Person, as_alice: Client, data: bytes, part: str) -> None:
    assert part in errors(save(as_alice, avatar=SimpleUploadedFile("me.png", data)), "avatar")
    assert stored(alice) == []


def test_a_picture_of_too_many_bytes_is_refused(alice: Person, as_alice: Client, monkeypatch) -> None:
    monkeypatch.setattr(avatars, "MAX_BYTES", 100)
    assert "larger than" in errors(save(as_alice, avatar=picture()), "avatar")


def test_a_replaced_or_removed_picture_leaves_nothing(
    alice: Person, as_alice: Client, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        save(as_alice, avatar=picture())
    [first] = stored(alice)
    with django_capture_on_commit_callbacks(execute=True):
        save(as_alice, avatar=picture((10, 10)))
    [second] = stored(alice)
    assert first != second
    with django_capture_on_commit_callbacks(execute=True):
        save(as_alice)
    assert stored(alice) == [second]
    with django_capture_on_commit_callbacks(execute=True):
        save(as_alice, **{"avatar-clear": "on"})
    assert stored(alice) == []
    alice.refresh_from_db()
    assert alice.avatar_url == ""


def test_who_may_see_the_profile_may_see_the_picture(alice: Person, bob: Person, as_alice: Client) -> None:
    save(as_alice, avatar=picture())
    alice.refresh_from_db()
    address = alice.avatar_url
    assert address.startswith("/avatars/alice?v=")
    public = Client().get(address)
    assert public.status_code == 200
    assert public["Content-Type"] == "image/webp"
    assert public["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in public.get("Vary", "")
    assert Client().get(address, headers={"If-None-Match": public["ETag"]}).status_code == 304
    save(as_alice, visibility="members")
    assert Client().get(address, headers={"If-None-Match": public["ETag"]}).status_code == 404
    member = logged_in(bob).get(address)
    assert member.status_code == 200
    assert member["Cache-Control"] == "private, no-cache"
    assert "Cookie" in member["Vary"]
    save(as_alice, visibility="hidden")
    assert logged_in(bob).get(address).status_code == 404
    assert as_alice.get(address).status_code == 200
    assert Client().get("/avatars/bob").status_code == Client().get("/avatars/nobody").status_code == 404


# ---------------------------------------------------------------- several people, linked accounts


def test_a_member_of_an_organisation_picks_whom_to_edit(alice: Person, bob: Person, as_alice: Client) -> None:
    firm = Person.objects.create(handle="acme", kind=Person.Kind.ORGANISATION)
    member = Membership.objects.create(user=alice.users.get(), person=firm, role=Membership.Role.EDITOR)
    page = as_alice.get("/settings").content.decode()
    assert "?person=acme" in page
    assert 'value="Alice"' in page
    response = save(as_alice, at="/settings?person=acme", handle="Acme", name="Acme & Sons")
    assert response.url == "/settings?person=Acme"
    firm.refresh_from_db()
    assert (firm.name, firm.birth_year) == ("Acme & Sons", None)
    assert as_alice.get("/settings?person=bob").status_code == 404
    Membership.objects.filter(pk=member.pk).update(role=Membership.Role.VIEWER)
    assert as_alice.get("/settings?person=acme").status_code == 404


def test_linked_accounts_are_listed_and_can_be_removed(alice: Person, bob: Person, as_alice: Client) -> None:
    mine, other = link(alice), link(bob, external_id="2", handle="bob@town.example")
    page = as_alice.get("/settings").content.decode()
    assert "alice@town.example" in page
    assert "bob@town.example" not in page
    address = f"/settings/accounts/{mine.pk}/remove"
    assert "alice@town.example" in as_alice.get(address).content.decode()
    assert LinkedAccount.objects.filter(pk=mine.pk).exists(), "looking removes nothing"
    assert as_alice.post(address).url == "/settings"
    assert not Account.objects.filter(pk=mine.account_id).exists()
    for request in (as_alice.get, as_alice.post):
        assert request(f"/settings/accounts/{other.pk}/remove").status_code == 404
    assert LinkedAccount.objects.get() == other
