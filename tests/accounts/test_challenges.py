"""Codes that prove an account: whose they are, where they are found, and that nothing else passes for one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import challenges

CODE = "klout-7f3k9-q2m4x"


def test_a_code_is_short_and_can_be_typed() -> None:
    code = challenges.code_for("person:1", "bluesky", "did:plc:alice")
    assert re.fullmatch(r"klout-[2-9a-hjkmnp-z]{5}-[2-9a-hjkmnp-z]{5}", code)
    assert code == challenges.code_for("person:1", "bluesky", "did:plc:alice"), "the same at every look"


@pytest.mark.parametrize(
    "other",
    [("person:2", "bluesky", "did:plc:alice"), ("person:1", "blog", "did:plc:alice"), ("person:1", "bluesky", "bob")],
)
def test_a_code_is_for_one_person_and_one_account(other: tuple[str, str, str]) -> None:
    assert challenges.code_for(*other) != challenges.code_for("person:1", "bluesky", "did:plc:alice")


@given(st.lists(st.text(max_size=8), min_size=3, max_size=3), st.lists(st.text(max_size=8), min_size=3, max_size=3))
def test_parts_do_not_run_together(one: list[str], other: list[str]) -> None:
    same = challenges.code_for(*one) == challenges.code_for(*other)
    assert same == (one == other)


def test_another_key_gives_other_codes(settings) -> None:
    before = challenges.code_for("person:1", "blog", "a.example")
    settings.SECRET_KEY = "another"
    assert challenges.code_for("person:1", "blog", "a.example") != before
    assert not challenges.proves("person:1", "blog", "a.example", before)
    settings.SECRET_KEY_FALLBACKS = ["wrong"]
    assert not challenges.proves("person:1", "blog", "a.example", before)


def test_a_code_of_the_key_before_is_good_while_that_is_kept(settings) -> None:
    before, old = challenges.code_for("person:1", "blog", "a.example"), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [old]
    assert challenges.proves("person:1", "blog", "a.example", f"hello {before}")
    assert not challenges.proves("person:2", "blog", "a.example", f"hello {before}")


@pytest.mark.parametrize(
    "about",
    [
        CODE,
        f"Gardens and trains.\n{CODE}",
        f"Gardens ({CODE.upper()}).",
        CODE.replace("-", "\N{NON-BREAKING HYPHEN}"),
        CODE.replace("-", "\N{EN DASH}"),
    ],
)
def test_a_code_is_found_wherever_it_stands(about: str) -> None:
    assert challenges.holds(about, CODE)


@pytest.mark.parametrize(
    "about", ["", "klout", CODE[:-1], CODE + "x", "x" + CODE, CODE + "-22222", "klout-7f3k9 q2m4x"]
)
def test_what_is_not_the_whole_code_is_none(about: str) -> None:
    assert not challenges.holds(about, CODE)


PROFILE = "https://klout.example/alice"


@pytest.mark.parametrize(
    ("about", "proof"),
    [
        ("https://klout.example/alice", True),
        ("https://other.example/\nhttp://klout.example/Alice/", True),
        ("https://klout.example/alice2", False),
        ("https://klout.example.evil.example/alice", False),
        ("https://klout.example/alice?by=network", False),
        ("See https://klout.example/alice", False),
        ("alice", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_a_link_is_a_proof_where_it_is_a_line_of_its_own(about: str, proof: bool) -> None:
    assert challenges.holds(about, CODE, profile_url=PROFILE) is proof
    assert not challenges.holds(about, CODE)


def test_looks_are_counted_for_each_person(apart) -> None:
    looks = [challenges.may_look("person:1") for _ in range(challenges.LOOKS + 1)]
    assert looks == [True] * challenges.LOOKS + [False]
    assert challenges.may_look("person:2")
