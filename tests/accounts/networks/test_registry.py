"""The networks we know, and what each must declare."""

import re

import pytest

from accounts.networks import BY_CODE, NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import BadArchive, Network, Spec, Subject, check_declared
from tests.accounts.networks.conftest import FIXTURES

NUMBERS = {
    "twitter": 1,
    "facebook": 2,
    "mastodon": 3,
    "linkedin": 4,
    "google": 5,
    "googleplus": 6,
    "instagram": 7,
    "foursquare": 8,
    "wikipedia": 9,
    "bluesky": 10,
    "github": 11,
    "blog": 12,
    "reddit": 13,
    "twitch": 14,
    "tiktok": 15,
    "threads": 16,
    "bing": 17,
    "klout": 18,
}
READ = {slug for slug, network in NETWORKS.items() if type(network).pull is not Network.pull}
EXPORTED = {slug for slug, network in NETWORKS.items() if type(network).read_archive is not Network.read_archive}


def test_numbers_of_networks_never_change() -> None:
    # The log holds them: another number would make rows another network's.
    assert {slug: network.spec.code for slug, network in NETWORKS.items()} == NUMBERS
    assert BY_CODE[1] is NETWORKS["twitter"]


def test_what_is_not_read_by_its_api_is_closed_or_our_own() -> None:
    assert set(NETWORKS) - READ == {"googleplus", "klout"}
    assert {
        *("twitter", "mastodon", "linkedin", "facebook", "instagram", "google", "googleplus", "foursquare", "tiktok"),
        "blog",
    } == EXPORTED


@pytest.mark.parametrize("slug", NETWORKS)
def test_every_counter_has_a_unit_and_counts_a_verb_of_its_network(slug: str) -> None:
    spec = NETWORKS[slug].spec
    assert spec.label
    assert all(counter.unit for counter in spec.counters)
    assert {counter.verb for counter in spec.counters} - {""} <= set(spec.verbs)


@pytest.mark.parametrize("slug", sorted(READ))
def test_a_network_that_is_read_says_what_is_read_and_how_an_account_is_proved(slug: str) -> None:
    spec = NETWORKS[slug].spec
    assert spec.streams[0] == "profile"
    assert spec.proof in {"oauth", "challenge", "key"}
    assert (spec.oauth is not None) == (spec.proof == "oauth")
    assert spec.reads, "nobody is asked for what is not said in plain words"
    assert spec.never


@pytest.mark.parametrize("slug", sorted(EXPORTED))
def test_a_network_with_an_export_says_what_the_export_cannot_give(slug: str) -> None:
    assert re.search(r"\b(not|seldom|never|no more)\b", NETWORKS[slug].spec.archive_note)


def test_what_has_no_export_or_no_api_says_so() -> None:
    with open_archive(FIXTURES / "twitter") as archive, pytest.raises(BadArchive, match="Bluesky has no data export"):
        list(NETWORKS["bluesky"].read_archive(archive))
    with pytest.raises(BadArchive, match=r"Google\+ is not read through an API"):
        list(NETWORKS["googleplus"].pull(None, Subject("1"), "profile", {}))  # type: ignore[arg-type]


def made(slug: str, code: int, *verbs: str) -> Network:
    network = Network()
    network.spec = Spec(slug=slug, code=code, label=slug, verbs=verbs)  # type: ignore[misc]
    return network


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (made("a", 2), "'a' .* is declared twice"),
        (made("b", 1), "'b' .* is declared twice"),
        (made("b", 2, "admire"), "unknown verb 'admire'"),
    ],
)
def test_a_network_that_clashes_is_refused(second: Network, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_declared([made("a", 1, "like"), second])
