"""The catalogue is data: it must agree with the networks, and refuse what contradicts itself."""

from dataclasses import replace

import pytest

from accounts import networks
from accounts.networks import base
from scoring.features import catalogue
from scoring.features.catalogue import FEATURES, MEASURES, NETWORKS, Measure, Network, derive


def test_verbs_are_those_of_the_networks():
    assert {name: verb.number for name, verb in catalogue.VERBS.items()} == dict(base.VERBS)
    assert catalogue.STANDING_VERBS == base.STANDING_VERBS
    assert base.ORIGINS["api"] == catalogue.ORIGIN_API


def test_networks_are_those_registered():
    assert set(NETWORKS) == set(networks.NETWORKS)
    for slug, network in networks.NETWORKS.items():
        declared = NETWORKS[slug]
        assert (declared.code, declared.label) == (network.spec.code, network.spec.label)
        assert declared.verbs == network.spec.verbs
        assert dict(declared.counters) == {
            counter.name: counter.verb for counter in network.spec.counters if counter.verb
        }


def test_every_verb_of_a_network_is_measured_by_people_and_by_their_standing():
    for slug, network in NETWORKS.items():
        for verb in network.verbs:
            measured = {feature.measure for feature in FEATURES if (feature.network, feature.verb) == (slug, verb)}
            assert {"actors", "standing"} <= measured, (slug, verb)


def test_a_counter_is_a_feature_of_its_network_alone():
    with_lists = {feature.network for feature in FEATURES if feature.column == "list_surplus"}
    assert with_lists == {"twitter"}
    assert ("twitter", "like_surplus") not in catalogue.BY_KEY


def test_columns_are_shared_between_networks_and_named_for_what_they_hold():
    assert len(set(catalogue.COLUMNS)) == len(catalogue.COLUMNS)
    assert set(catalogue.COLUMNS) == {feature.column for feature in FEATURES}
    assert catalogue.column_of("plus-k", "actors", "recent") == "plus_k_actors_recent"
    assert all(column.replace("_", "").isalnum() for column in catalogue.COLUMNS)


def test_labels_are_plain_words():
    for feature in FEATURES:
        assert feature.label[0].isupper(), feature
        assert not set("{}_") & set(feature.label + feature.unit), feature
    for slug in NETWORKS:
        labels = [feature.label for feature in FEATURES if feature.network == slug]
        assert len(set(labels)) == len(labels), f"two features of {slug} read alike"


def test_a_measure_is_one_line():
    yearly = Measure("events", "long", "event", "{plural} over the years", "{plural}")
    added = set(derive(NETWORKS, (*MEASURES, yearly))) - set(FEATURES)
    assert {feature.column for feature in added} == {
        f"{verb.replace('-', '_')}_events_long"
        for network in NETWORKS.values()
        for verb in network.verbs
        if not catalogue.VERBS[verb].standing
    }


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"verbs": ("share", "applaud")}, "unknown verb 'applaud'"),
        ({"counters": {"lists": "list"}}, "counts 'list', which is no verb"),
        ({"code": 1}, "number 1 is taken"),
        ({"verbs": ("share", "share")}, "declared twice"),
    ],
)
def test_it_refuses_a_network_that_contradicts_itself(changed: dict, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        derive(
            {"first": Network(1, "First", ("like",), {}), "new": replace(Network(9, "New", ("share",), {}), **changed)},
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
