"""The networks we know, and what each must declare."""

import pytest

from accounts.networks import BY_CODE, NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import BadArchive, Network, Spec, Subject, check_declared
from tests.accounts.networks.conftest import FIXTURES


def test_the_registry_holds_what_is_finished() -> None:
    assert {slug: network.spec.code for slug, network in NETWORKS.items()} == {
        "twitter": 1,
        "facebook": 2,
        "mastodon": 3,
    }
    assert BY_CODE[1] is NETWORKS["twitter"]


@pytest.mark.parametrize("slug", ["twitter", "facebook", "mastodon"])
def test_every_counter_has_a_unit_and_counts_a_verb_of_its_network(slug: str) -> None:
    spec = NETWORKS[slug].spec
    assert spec.label
    assert all(counter.unit for counter in spec.counters)
    assert {counter.verb for counter in spec.counters} - {""} <= set(spec.verbs)


def test_facebook_says_that_it_is_for_tables_alone() -> None:
    with open_archive(FIXTURES / "twitter") as archive, pytest.raises(BadArchive, match="Facebook has no data export"):
        list(NETWORKS["facebook"].read_archive(archive))
    with pytest.raises(BadArchive, match="Facebook is not read through an API"):
        list(NETWORKS["facebook"].pull(None, Subject("1"), "profile", {}))  # type: ignore[arg-type]


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
