"""What accounts are called where people see them."""

import pytest

from accounts.models import Account
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.offers import terms_of


@pytest.mark.parametrize(
    ("network", "external_id", "handle", "name"),
    [
        ("twitter", "100", "alice", "@alice"),
        ("twitter", "100", "@alice", "@alice"),
        ("mastodon", "alice@town.example", "alice@town.example", "@alice@town.example"),
        ("bluesky", "did:plc:alice", "alice.example", "@alice.example"),
        ("reddit", "alice", "Alice", "u/Alice"),
        ("twitch", "100", "alice", "alice"),
        ("linkedin", "mail:0123", "Alice Archer", "Alice Archer"),
        ("linkedin", "name:alice archer", "", "alice archer"),
        ("blog", "alice.example", "alice.example", "alice.example"),
        ("facebook", "100", "", "account 100"),
    ],
)
def test_an_account_is_called_as_its_network_writes_it(network, external_id, handle, name):
    assert name_of(Account(network=network, external_id=external_id, handle=handle)) == name


def test_nobody_is_shown_a_digest_of_an_address():
    assert name_of(Account(network="linkedin", external_id="mail:0123456789abcdef")) == "LinkedIn"


@pytest.mark.parametrize("slug", sorted(NETWORKS))
def test_the_words_of_a_consent_are_whole_sentences(slug):
    wording = terms_of(NETWORKS[slug]).wording(pages=True)
    assert ".;" not in wording
    assert ".." not in wording
    assert all(line.endswith(".") for line in wording.splitlines())
