"""Editing oneself: profile, place, picture, and the accounts that are linked."""

import datetime as dt
import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from PIL import Image

from accounts import avatars, credentials, pauses, places
from accounts.models import Account, Cursor, LinkedAccount, Membership, Pause, Person, User
from accounts.networks.oauth import Tokens
from scoring.models import UnlinkEffect
from tests.accounts.conftest import link, logged_in
from tests.scoring.published import publish_score

FIELDS = {
    "name": "Alice Archer",
    "handle": "Alice",
    "bio": "",
    "country": "",
    "region": "",
    "time_zone": "UTC",
    "birth_year": "1980",
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
    response = save(as_alice, name="A. Archer", handle="Archer", bio="Hello <b>", **place)
    assert response.url == "/settings"
    alice.refresh_from_db()
    assert (alice.name, alice.handle, alice.bio) == ("A. Archer", "Archer", "Hello <b>")
    assert (alice.country, alice.region, alice.time_zone) == ("DE", "DE-BE", "Europe/Berlin")


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
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    assert Client().get(address, headers={"If-None-Match": public["ETag"]}).status_code == 404
    member = logged_in(bob).get(address)
    assert member.status_code == 200
    assert member["Cache-Control"] == "private, no-cache"
    assert "Cookie" in member["Vary"]
    Person.objects.filter(pk=alice.pk).update(visibility="hidden")
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
    page = as_alice.get("/settings/networks").content.decode()
    assert "alice@town.example" in page
    assert "bob@town.example" not in page
    address = f"/settings/accounts/{mine.pk}/remove"
    assert "alice@town.example" in as_alice.get(address).content.decode()
    assert LinkedAccount.objects.filter(pk=mine.pk).exists(), "looking removes nothing"
    assert as_alice.post(address).url == "/settings/networks"
    assert not Account.objects.filter(pk=mine.account_id).exists()
    for request in (as_alice.get, as_alice.post):
        assert request(f"/settings/accounts/{other.pk}/remove").status_code == 404
    assert LinkedAccount.objects.get() == other


# ---------------------------------------------------------------- how accounts are read


def text(client: Client, address: str = "/settings/networks") -> str:
    return " ".join(client.get(address).content.decode().split())


def test_an_account_says_when_it_was_read(alice: Person, as_alice: Client) -> None:
    now = timezone.now()
    Person.objects.update(time_zone="Asia/Tokyo")
    mine = link(alice)
    assert "fed by uploads and tables" in text(as_alice), "nobody waits for what is never read"
    assert "not read yet" not in text(as_alice)
    profile = Cursor.objects.create(link=mine, stream="profile")
    assert "not read yet" in text(as_alice)
    Cursor.objects.filter(pk=profile.pk).update(pulled_at=now - dt.timedelta(hours=9))
    Cursor.objects.create(link=mine, stream="posts", pulled_at=now - dt.timedelta(hours=2))
    page = text(as_alice)
    assert "read 2 hours ago" in page, "by the stream that was read last"
    there = (now - dt.timedelta(hours=2)).astimezone(ZoneInfo("Asia/Tokyo"))
    assert date_format(there, "DATETIME_FORMAT") in page
    assert f"{there:%H:%M} JST" in page, "no time without its zone"


def test_a_broken_link_says_what_to_do_and_that_nothing_fades(alice: Person, as_alice: Client) -> None:
    mine = link(alice)
    began = timezone.now() - dt.timedelta(days=3)
    pauses.begin(link=mine, reason=Pause.Reason.BROKEN, at=began)
    LinkedAccount.objects.update(state="broken")
    page = text(as_alice)
    assert f"Paused since {date_format(began, 'DATE_FORMAT')}, so that your score does not fade" in page
    assert '<a href="/settings/connect/mastodon">Reconnect' in page
    pauses.end(link=mine, reason=Pause.Reason.BROKEN, at=timezone.now())
    LinkedAccount.objects.update(state="active")
    page = text(as_alice)
    assert "Paused since" not in page
    assert "Reconnect" not in page


def test_an_account_that_was_given_up_says_since_when(alice: Person, as_alice: Client) -> None:
    mine, since = link(alice), timezone.now() - dt.timedelta(days=6)
    Cursor.objects.create(link=mine, stream="posts", parked_at=timezone.now(), failing_since=since)
    assert f"It has not worked since {date_format(since, 'DATE_FORMAT')}" in text(as_alice)


def test_what_was_not_allowed_is_no_failure(alice: Person, as_alice: Client) -> None:
    Cursor.objects.create(link=link(alice), stream="posts", parked_at=timezone.now(), error="You did not allow this")
    page = text(as_alice)
    assert "It has not worked" not in page
    assert "not read<" not in page


def test_an_upload_is_not_yet_a_proof(alice: Person, as_alice: Client) -> None:
    mine = link(alice)
    LinkedAccount.objects.update(proof="upload")
    page = text(as_alice)
    assert "Not proved yet" in page
    assert '<a href="/settings/connect/mastodon">connect it to prove that it is yours' in page
    assert "came by an uploaded export" in text(as_alice, f"/settings/accounts/{mine.pk}")
    LinkedAccount.objects.update(proof="network")
    assert "Not proved yet" not in text(as_alice)


def test_accounts_stand_under_their_network_and_pages_under_their_account(alice: Person, as_alice: Client) -> None:
    link(alice, "mastodon", "1", "first@town.example")
    profile = link(alice, "facebook", "2", "second")
    link(alice, "mastodon", "3", "third@town.example")
    LinkedAccount.objects.filter(pk=link(alice, "facebook", "4", "her page").pk).update(kind="page", through=profile)
    page = text(as_alice)
    order = ["Facebook</h2>", "second<", "her page<", "Mastodon</h2>", "first@town.example<", "third@town.example<"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert page.count("Mastodon</h2>") == 1


def test_the_effect_on_the_score_is_told_before_an_account_goes(alice: Person, as_alice: Client) -> None:
    mine = link(alice)
    address = f"/settings/accounts/{mine.pk}/remove"
    assert "has not been computed yet" in text(as_alice, address)
    score = publish_score(alice)
    effect = UnlinkEffect.objects.create(account=mine.account_id, person=alice, points=12.34)
    shown = text(as_alice, address)
    assert "12.3 points" in shown
    assert f"From {score.score:.1f} it goes to {score.score - 12.34:.1f}" in shown
    page = link(alice, "mastodon", "2", "her page")
    LinkedAccount.objects.filter(pk=page.pk).update(kind="page", through=mine)
    assert "has not been computed yet" in text(as_alice, address), "what goes along is not known yet"
    UnlinkEffect.objects.create(account=page.account_id, person=alice, points=2.0)
    assert "14.3 points" in text(as_alice, address)
    assert "or more, since pages go with it" in text(as_alice, address)
    page.delete()
    UnlinkEffect.objects.filter(pk=effect.pk).update(points=0.01)
    assert f"Your score stays at {score.score:.1f}" in text(as_alice, address)


def test_what_becomes_of_our_key_is_told_as_it_is(alice: Person, as_alice: Client) -> None:
    for network, words in (("twitter", "We give our access back to Twitter/X"), ("foursquare", "takes no access back")):
        mine = link(alice, network, network)
        address = f"/settings/accounts/{mine.pk}/remove"
        assert words not in text(as_alice, address)
        credentials.keep(mine, Tokens("a token"), timezone.now())
        assert words in text(as_alice, address)


def test_a_copy_and_the_end_are_offered_of_whom_the_page_is_about_and_to_owners(
    alice: Person, as_alice: Client, bob: Person
) -> None:
    assert 'href="/settings/erase"' in text(as_alice)
    user = User.objects.get(membership__person=alice)
    role = Membership.objects.create(user=user, person=bob, role=Membership.Role.EDITOR)
    page = text(as_alice, f"/settings?person={bob.handle}")
    assert "/settings/erase" not in page
    assert "/settings/export" not in page
    assert "are for its owners to ask for" in page
    Membership.objects.filter(pk=role.pk).update(role=Membership.Role.OWNER)
    page = text(as_alice, f"/settings?person={bob.handle}")
    for way in ("export", "erase"):
        address = f"/settings/{way}?person={bob.handle}"
        assert f'href="{address}"' in page
        assert f'href="/settings?person={bob.handle}"' in text(as_alice, address), "and there is a way back"


def test_every_page_of_the_settings_leads_to_the_others_and_keeps_to_whom_it_is_about(
    alice: Person, as_alice: Client
) -> None:
    pages = ["", "/networks", "/topics", "/visibility", "/pause", "/log-in", "/devices", "/keys", "/export", "/erase"]
    pages += ["/notifications", "/consents"]
    about_log_in = ("/log-in", "/devices", "/keys", "/notifications", "/consents")
    firm = Person.objects.create(handle="acme", kind=Person.Kind.ORGANISATION)
    for page in pages:
        found = text(as_alice, f"/settings{page}")
        assert all(f'<a href="/settings{other}"' in found for other in pages), page
        assert found.count('<nav class="settings-nav" aria-label="Settings">') == 1
        assert found.count(f'<a href="/settings{page}" aria-current="page">') == 1, page
    Membership.objects.create(user=alice.users.get(), person=firm)
    for page in pages:
        found = text(as_alice, f"/settings{page}?person=acme")
        # Pages about the log-in are about nobody in particular: they do not know who owns whom.
        led = [other for other in pages if page not in about_log_in or other not in ("/export", "/erase")]
        assert all(f'<a href="/settings{other}?person=acme"' in found for other in led), page


def test_an_editor_is_led_from_no_page_of_the_settings_to_one_that_only_owners_have(
    bob: Person, as_alice: Client, alice: Person
) -> None:
    Membership.objects.create(user=alice.users.get(), person=bob, role=Membership.Role.EDITOR)
    for page in ("", "/notifications", "/log-in", "/devices", "/keys", "/consents", "/visibility"):
        text = as_alice.get(f"/settings{page}?person=bob").content.decode()
        assert 'aria-label="Settings"' in text, page
        for address in re.findall(r'href="(/settings/(?:export|erase)[^"]*)"', text):
            assert as_alice.get(address).status_code == 200, (page, address)
