"""The catalogue is data: it must agree with the networks, and refuse what contradicts itself."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from accounts import networks
from accounts.networks import base
from scoring.features import catalogue
from scoring.features.catalogue import (
    COUNTED,
    FEATURES,
    LEVELS,
    MEASURES,
    NETWORKS,
    RATIOS,
    Measure,
    Network,
    Ratio,
    derive,
)
from scoring.features.networks import ALL, NAMES, ON_POSTS, TOTALS, Told


def test_verbs_are_those_of_the_networks():
    assert {name: verb.number for name, verb in catalogue.VERBS.items()} == dict(base.VERBS)
    assert catalogue.STANDING_VERBS == base.STANDING_VERBS
    assert base.ORIGINS["api"] == catalogue.ORIGIN_API
    assert base.ORIGINS["archive"] == catalogue.ORIGIN_ARCHIVE


def test_networks_are_those_registered():
    assert set(NETWORKS) == set(networks.NETWORKS)
    for slug, network in networks.NETWORKS.items():
        declared = NETWORKS[slug]
        assert (declared.code, declared.label) == (network.spec.code, network.spec.label)
        assert tuple(declared.verbs) == network.spec.verbs
        counters = {counter.name: counter.verb for counter in network.spec.counters}
        assert dict(declared.counters) == {name: verb for name, verb in counters.items() if verb}
        assert set(declared.levels) == {name for name, verb in counters.items() if not verb}


def test_there_are_more_than_four_hundred_measurements_with_something_behind_them():
    assert len(COUNTED) > 400
    assert {feature.network for feature in COUNTED} == set(NETWORKS)
    # What people do themselves is told apart.
    own = {(feature.network, feature.column) for feature in COUNTED if feature.own}
    assert {("twitter", "following_counter"), ("foursquare", "mayorships_counter")} < own
    assert ("wikipedia", "pagerank_counter") not in own


def test_what_a_network_does_not_tell_is_no_measurement_of_it():
    counted = {feature.key for feature in COUNTED}
    # Instagram says how many liked, and never who.
    assert ("instagram", "like_anonymous_recent") in counted
    assert ("instagram", "like_actors_recent") not in counted
    # LinkedIn's number of followers is in no answer and no export.
    assert ("linkedin", "follow_surplus") not in counted
    assert ("linkedin", "connect_surplus") in counted
    # Nobody is known to have viewed an article, but how many did is.
    assert ("wikipedia", "visit_surplus") in counted
    assert ("wikipedia", "visit_standing_recent") not in counted
    # Without posts there is nothing for each post.
    assert ("wikipedia", "reacted_ratio") not in counted


def test_with_one_kind_of_reaction_all_of_them_together_are_no_second_measurement():
    together = catalogue.BY_KEY["klout", "any_actors_recent"]
    assert together.same_as == "plus_k_actors_recent"
    assert not together.counted
    assert catalogue.BY_KEY["twitter", "any_actors_recent"].counted


def test_every_verb_that_is_told_by_name_is_measured_by_people_and_by_their_standing():
    for slug, network in NETWORKS.items():
        for verb, told in network.verbs.items():
            if told & NAMES and verb not in catalogue.ASIDE_VERBS:
                measured = {feature.measure for feature in COUNTED if (feature.network, feature.verb) == (slug, verb)}
                assert {"actors", "standing"} <= measured, (slug, verb)


def test_what_is_done_to_nobody_who_has_a_score_is_no_measurement():
    assert "review" in NETWORKS["klout"].verbs
    assert not {feature for feature in FEATURES if feature.verb == "review"}
    assert not {column for column in catalogue.COLUMNS if column.startswith("review")}


def test_a_counter_is_a_feature_of_its_network_alone():
    with_lists = {feature.network for feature in FEATURES if feature.column == "list_surplus"}
    assert with_lists == {"twitter"}
    assert ("twitter", "like_surplus") not in catalogue.BY_KEY
    assert {feature.network for feature in FEATURES if feature.column == "mayorships_counter"} == {"foursquare"}


def test_columns_are_shared_between_networks_and_named_for_what_they_hold():
    assert len(set(catalogue.COLUMNS)) == len(catalogue.COLUMNS)
    assert set(catalogue.COLUMNS) == {feature.column for feature in FEATURES if not feature.ratio}
    assert catalogue.column_of("plus-k", "actors", "recent") == "plus_k_actors_recent"
    assert all(feature.column.replace("_", "").isalnum() for feature in FEATURES)


def test_labels_are_plain_words_and_differ():
    for feature in FEATURES:
        assert feature.label[0].isupper(), feature
        assert not set("{}_") & set(feature.label + feature.unit), feature
        assert feature.unit, feature
    for slug in NETWORKS:
        labels = [feature.label for feature in FEATURES if feature.network == slug]
        assert len(set(labels)) == len(labels), f"two features of {slug} read alike"
    assert set(catalogue.WINDOW_WORDS) == set(catalogue.WINDOWS)


def test_a_network_calls_things_by_its_own_words():
    labels = {feature.key: feature.label for feature in FEATURES}
    assert labels["googleplus", "like_actors_recent"] == "People who gave +1 recently"
    assert labels["foursquare", "save_anonymous_recent"].startswith("Recent saves of tips")
    assert labels["instagram", "posts_counter"] == "Photos and videos in all"


def test_a_measure_is_one_line():
    yearly = Measure("events", "long", "event", "{plural} over the years", "{plural}")
    added = set(derive(NETWORKS, (*MEASURES, yearly), RATIOS)) - set(FEATURES)
    assert {feature.column for feature in added} == {
        f"{verb.replace('-', '_')}_events_long"
        for network in NETWORKS.values()
        for verb in network.verbs
        if not catalogue.VERBS[verb].standing and not catalogue.VERBS[verb].aside
    }


def test_a_ratio_is_one_line():
    kindness = Ratio(
        "kindness", "recent", "Likes for each reply", "likes", {"like_actors_recent": 1}, {"reply_actors_recent": 1}
    )
    added = set(derive(NETWORKS, MEASURES, (*RATIOS, kindness))) - set(FEATURES)
    assert {feature.column for feature in added} == {"kindness_ratio"}
    given = {feature.network for feature in added if feature.given}
    assert "twitter" in given
    # No likes by name there.
    assert "instagram" not in given


def network(code: int, verbs: Mapping[str, Told], counters: Mapping[str, str] | None = None) -> Network:
    return Network(code, str(code), verbs, counters or {})


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"verbs": {"share": ALL, "applaud": ALL}}, "unknown verb 'applaud'"),
        ({"counters": {"lists": "list"}}, "counts 'list', which is no verb"),
        ({"code": 1}, "number 1 is taken"),
        ({"code": 1 << 15}, "out of range"),
        ({"levels": ("applause",)}, "unknown counter 'applause'"),
        ({"levels": ("posts", "posts")}, "declared twice"),
        ({"silent": ("posts",)}, "is silent on 'posts'"),
    ],
)
def test_it_refuses_a_network_that_contradicts_itself(changed: dict, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        derive(
            {"first": network(1, {"like": ON_POSTS}), "new": replace(network(9, {"share": TOTALS}), **changed)},
            MEASURES,
        )


@pytest.mark.parametrize(
    ("measure", "complaint"),
    [
        (Measure("actors", "lately", "event", "People", "people"), "unknown window 'lately'"),
        (Measure("actors", "recent", "verbs", "People", "people"), "no kind of verb"),
    ],
)
def test_it_refuses_a_measure_that_contradicts_itself(measure: Measure, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        derive(NETWORKS, (measure,))


def test_it_refuses_a_ratio_of_what_nothing_measures():
    with pytest.raises(ValueError, match=r"names columns that nothing measures: \['applause_ever'\]"):
        derive(
            NETWORKS, MEASURES, (Ratio("loud", "ever", "Loud", "times", {"applause_ever": 1}, {"any_people_ever": 1}),)
        )


def test_every_level_is_of_a_network():
    assert set(LEVELS) == {name for declared in NETWORKS.values() for name in declared.levels}
