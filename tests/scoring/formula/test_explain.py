"""The tree that explains a score: it adds up, names things in plain words and hides nothing but the small."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.formula import explain
from scoring.formula.base import Leaves, Node
from tests.scoring.formula.given import MASTODON, TWITTER, alice, reactions, scored, some_rows, table_of, unhurried

ACCOUNTS = {11: "@alice", 12: "@alice_too"}


def leaves_of_alice() -> Leaves:
    rows = [
        alice(TWITTER, 11, follow_actors_ever=100, follow_surplus=1_200, list_surplus=20, **reactions(12, 40)),
        alice(TWITTER, 12, follow_actors_ever=10, like_actors_recent=0.01),
        alice(MASTODON, 13, follow_actors_ever=50, **reactions(3, 5, "mention")),
    ]
    result = scored(rows, person=7)
    return result.leaves(result.entity)


def every(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in every(child))]


@unhurried
@given(rows=some_rows(min_size=1), by=st.sampled_from(["part", "network"]))
def test_every_node_is_the_sum_of_its_children_down_to_the_score(rows, by):
    result = scored(rows)
    leaves = result.leaves(result.entity)
    tree = explain.tree(leaves, by=by)
    assert tree.points == pytest.approx(result.score[0], abs=1e-9)
    for node in every(tree):
        if node.children:
            assert sum(child.points for child in node.children) == pytest.approx(node.points, abs=1e-9)
        else:
            assert node.kind in {"feature", "start", "other"}
        if node.kind == "feature":
            assert node.points >= 0.05
        if by == "part" and node.kind == "part":
            assert node.points == pytest.approx(leaves.points[leaves.part == node.part].sum(), abs=1e-9)


def test_it_is_rolled_up_by_part_then_network_then_account():
    tree = explain.tree(leaves_of_alice(), account_names=ACCOUNTS)
    assert [child.label for child in tree.children] == ["Reach", "Amplification", "Network"]
    reach = tree.children[0]
    assert [child.label for child in reach.children] == ["The point everybody starts with", "Twitter/X", "Mastodon"]
    assert reach.children[0].points == pytest.approx(1 / 3)
    twitter = reach.children[1]
    assert [child.label for child in twitter.children] == ["@alice", "@alice_too"]
    assert (twitter.kind, twitter.network, twitter.part, twitter.account) == ("network", TWITTER, "reach", 0)
    followers = next(child for child in twitter.children[0].children if child.feature == "follow_surplus")
    assert (followers.kind, followers.feature, followers.value) == ("feature", "follow_surplus", 1_200)
    assert followers.label == "Followers beyond those known one by one"
    assert [child.points for child in twitter.children[0].children] == sorted(
        (child.points for child in twitter.children[0].children), reverse=True
    )


def test_it_is_rolled_up_by_network_then_account_then_part():
    tree = explain.tree(leaves_of_alice(), by="network", account_names=ACCOUNTS, network_names={TWITTER: "The bird"})
    assert [child.label for child in tree.children] == ["The point everybody starts with", "The bird", "Mastodon"]
    assert tree.children[0].points == pytest.approx(1)
    bird = tree.children[1]
    assert [child.label for child in bird.children] == ["@alice", "@alice_too"]
    assert [child.label for child in bird.children[0].children] == ["Reach", "Amplification", "Network"]
    assert [child.label for child in tree.children[2].children] == ["Account 13"]


def test_small_leaves_are_shown_as_one():
    nodes = every(explain.tree(leaves_of_alice(), account_names=ACCOUNTS))
    small = [node for node in nodes if node.kind == "other"]
    assert small
    assert all(node.label == "Other small" and node.value is None for node in small)
    assert "like_actors_recent" not in {node.feature for node in nodes}


def test_it_prints_points_and_plain_words():
    text = explain.render(explain.tree(leaves_of_alice(), account_names=ACCOUNTS))
    lines = text.splitlines()
    assert lines[0].split() == ["Score", f"{leaves_of_alice().points.sum():.2f}"]
    assert any(line.startswith("        Followers beyond those known one by one: 1,200 followers") for line in lines)
    assert len({len(line) for line in lines}) == 1


def test_a_feature_that_left_the_catalogue_still_explains_an_old_score():
    leaves = leaves_of_alice()
    leaves.feature[leaves.feature == "follow_surplus"] = "carrier_pigeons_recent"
    assert "Carrier pigeons recent: 1,200" in explain.render(explain.tree(leaves))


def test_what_was_uploaded_says_so_beside_its_plain_label():
    names = explain.Names()
    label, unit = names.feature(TWITTER, "follow_surplus")
    assert names.feature(TWITTER, "follow_surplus~upload") == (f"{label}, from an upload", unit)


def test_it_refuses_leaves_of_several_people_and_other_orders():
    rows = [alice(account=1, follow_surplus=5), alice(account=2, follow_surplus=5)]
    result = formula.get("v1").score(table_of(rows), np.array([1, 2]))
    with pytest.raises(ValueError, match="several"):
        explain.tree(result.leaves(result.entity))
    with pytest.raises(ValueError, match="by part or network, not by 'verb'"):
        explain.tree(leaves_of_alice(), by="verb")


@pytest.mark.parametrize(
    ("value", "words"), [(1_200.4, "1,200"), (12.0, "12"), (12.34, "12.3"), (0.5, "0.5"), (0.01234, "0.012")]
)
def test_amounts_read_well(value, words):
    assert explain.amount(value) == words
