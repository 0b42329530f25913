"""The networks we know, and what each must declare."""

import pytest

from accounts.networks import BY_CODE, NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import BadArchive, Network, Spec, Subject, check_declared
from tests.accounts.networks.conftest import FIXTURES


def test_the_registry_holds_what_is_finished_under_numbers_that_stay() -> None:
    slugs = "twitter facebook mastodon linkedin google googleplus instagram foursquare wikipedia bluesky github blog"
    slugs += " reddit twitch tiktok threads bing klout"
    numbers = {slug: number for number, slug in enumerate(slugs.split(), start=1)}
    assert {slug: network.spec.code for slug, network in NETWORKS.items()} == numbers
    assert BY_CODE[1] is NETWORKS["twitter"]


@pytest.mark.parametrize("slug", list(NETWORKS))
def test_every_counter_has_a_unit_and_counts_a_verb_of_its_network(slug: str) -> None:
    spec = NETWORKS[slug].spec
    assert spec.label
    assert all(counter.unit for counter in spec.counters)
    assert {counter.verb for counter in spec.counters} - {""} <= set(spec.verbs)


def test_klout_itself_is_declared_and_read_from_nowhere() -> None:
    klout = NETWORKS["klout"]
    assert (klout.spec.verbs, klout.spec.streams, klout.spec.proof) == (("plus-k",), (), "")
    with open_archive(FIXTURES / "twitter") as archive, pytest.raises(BadArchive, match="Klout has no data export"):
        list(klout.read_archive(archive))
    with pytest.raises(BadArchive, match="Klout is not read through an API"):
        list(klout.pull(None, Subject("1"), "profile", {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("slug", [slug for slug, network in NETWORKS.items() if network.spec.streams])
def test_a_network_that_is_read_begins_with_the_profile_and_says_what_it_reads(slug: str) -> None:
    spec = NETWORKS[slug].spec
    assert spec.streams[0] == "profile"
    assert spec.proof
    assert spec.reads
    assert spec.never


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
