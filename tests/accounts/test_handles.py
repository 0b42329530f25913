"""Handles: their form, what is reserved, and that Python and the database agree on what looks alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Value
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.handles import ADDRESSES, FORM, OTHERS, RESERVED, ROOT_FILES, Skeleton, skeleton, validate_handle
from accounts.models import Person

LETTERS = "abILil10Oormnvw_.-zZ"


def code(handle: str) -> str:
    with pytest.raises(ValidationError) as error:
        validate_handle(handle)
    return error.value.code


@pytest.mark.parametrize("handle", ["al", "Alice", "a.b-c_d", "__alice__", "x" * 30, "007bond"])
def test_a_handle_may_look_like_this(handle: str) -> None:
    validate_handle(handle)
    assert FORM.fullmatch(handle)


@pytest.mark.parametrize(
    ("handle", "why"),
    [
        ("", "handle_length"),
        ("a", "handle_length"),
        ("x" * 31, "handle_length"),
        ("al ice", "handle_form"),
        ("alice\n", "handle_form"),
        ("\u0430lice", "handle_form"),
        ("ali/ce", "handle_form"),
        ("-alice", "handle_form"),
        ("alice-", "handle_form"),
        ("..", "handle_form"),
        ("admin", "handle_reserved"),
        ("ADMIN", "handle_reserved"),
        ("adrnin", "handle_reserved"),
        ("adm1n", "handle_reserved"),
        ("ADMlN", "handle_reserved"),
        ("settings", "handle_reserved"),
        ("robots.txt", "handle_reserved"),
        ("favicon.ico", "handle_reserved"),
        ("r00t", "handle_reserved"),
    ],
)
def test_a_handle_is_refused_with_the_reason(handle: str, why: str) -> None:
    assert code(handle) == why


def first_segments(patterns: list, before: str = "") -> Iterator[str]:
    """The first segment of every address in the URLconf that begins with fixed text."""
    for pattern in patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver) and "/" not in route:
            yield from first_segments(pattern.url_patterns, route)
            continue
        assert isinstance(pattern, URLPattern | URLResolver)
        segment = route.split("/")[0].removesuffix("$").removesuffix("\\Z")
        if segment and not segment.startswith(("<", "(")):
            yield segment


def test_every_address_of_ours_is_reserved_and_nothing_else_claims_to_be_one() -> None:
    served_elsewhere = {settings.STATIC_URL.strip("/"), ".well-known"}
    assert set(first_segments(get_resolver().url_patterns)) | served_elsewhere == set(ADDRESSES)


def test_a_new_address_would_be_noticed() -> None:
    from django.urls import path

    extra = path("surprise/<int:pk>", lambda request: None)
    assert set(first_segments([*get_resolver().url_patterns, extra])) - set(ADDRESSES) >= {"surprise"}


def test_what_browsers_ask_for_at_the_root_is_reserved() -> None:
    at_root = {path.name for path in Path(settings.BASE_DIR, "static").iterdir() if path.is_file()}
    assert at_root | {"robots.txt", "favicon.ico", "sitemap.xml", "apple-touch-icon.png"} <= ROOT_FILES
    for word in ROOT_FILES | OTHERS | ADDRESSES:
        assert skeleton(word) in RESERVED


class SkeletonsAgree(TestCase):
    """The form asks Python, the constraint asks PostgreSQL."""

    @hypothesis_settings(max_examples=200, deadline=None)
    @given(st.lists(st.text(LETTERS, min_size=2, max_size=12), min_size=1, max_size=20))
    def test_python_and_the_database_see_the_same_likeness(self, handles: list[str]) -> None:
        from accounts.models import User

        User.objects.get_or_create(email="one@example.org")
        found = User.objects.values_list(*[Skeleton(Value(handle)) for handle in handles]).get()
        assert list(found) == [skeleton(handle) for handle in handles]

    @hypothesis_settings(max_examples=100, deadline=None)
    @given(st.text(LETTERS, min_size=1, max_size=31))
    def test_python_and_the_database_see_the_same_form(self, handle: str) -> None:
        constraint = next(item for item in Person._meta.constraints if item.name == "person_handle_form")
        pattern = dict(constraint.condition.children)["handle__regex"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s ~ %s", [handle, pattern])
            assert cursor.fetchone()[0] is bool(FORM.fullmatch(handle))
