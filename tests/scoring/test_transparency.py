"""The page and the command of all that is measured: what counts where, what does not and why, how much is here."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from scoring import daily, measured
from scoring.features.base import ONE, FeatureTable
from scoring.features.catalogue import COUNTED, NETWORKS
from scoring.formula import RELEASED, UnknownFormula
from scoring.formula.declared import declared
from scoring.models import FormulaSwitch, ScoreRun
from tests.scoring.conftest import AT, TODAY, names, replies


@pytest.fixture
def scored(db) -> ScoreRun:
    """A run of which one account on Twitter was replied to, and has all there is of the week."""
    columns = [feature.column for feature in COUNTED if feature.network == "twitter" and not feature.own][:30]
    counts = {measured.KEY: {"twitter": dict.fromkeys([*columns, "reply_actors_recent"], 1)}}
    return ScoreRun.objects.create(as_of=TODAY, formula=RELEASED, state=ScoreRun.State.DONE, counts=counts)


def lines_of(slug: str, version: str = RELEASED) -> dict[str, measured.Line]:
    (section,) = (found for found in measured.sections(version, {}) if found.slug == slug)
    return {line.feature.column: line for line in section.lines}


def test_every_measurement_either_counts_or_says_why_not():
    for section in measured.sections(RELEASED, {}):
        shown = [*section.counting, *(line for _, lines in section.others for line in lines)]
        assert len(shown) == len(section.lines)
        assert all(bool(line.parts) != bool(line.reason) for line in section.lines)


def test_what_people_do_themselves_counts_nothing_and_says_so():
    for feature in COUNTED:
        if feature.own:
            line = lines_of(feature.network)[feature.column]
            assert line.parts == ()
            assert line.reason is measured.OWN


def test_the_page_says_what_the_formula_itself_declares():
    rules = declared(RELEASED)
    assert lines_of("twitter")["follow_surplus"].parts == rules.parts["follow_surplus"] != ()
    assert "reach" in lines_of("twitter")["follow_surplus"].parts
    # YouTube is shown, and brings nothing.
    assert rules.weight_of(NETWORKS["google"].code) == 0
    assert all(line.parts == () for line in lines_of("google").values())
    assert lines_of("google")["follow_surplus"].reason is measured.OFF
    assert lines_of("twitter")["growth_ratio"].reason is measured.RATIO
    with pytest.raises(UnknownFormula):
        declared("v999")


def test_accounts_are_counted_once_though_they_have_two_rows():
    table = FeatureTable(
        account=np.array([1, 1, 2, 3]),
        network=np.array([1, 1, 1, 2]),
        columns={"follow_surplus": np.array([ONE, 5, 0, 1]), "any_squares_now": np.array([1, 1, 1, 1])},
        supplied=np.array([0, 1, 0, 0]),
    )
    assert measured.counted(table) == {"twitter": {"follow_surplus": 1}, "facebook": {"follow_surplus": 1}}
    alone = FeatureTable(
        account=np.array([1, 1]),
        network=np.array([1, 1]),
        columns={"follow_surplus": np.array([0, 5])},
        supplied=np.array([0, 1]),
    )
    assert measured.counted(alone) == {"twitter": {"follow_surplus": 1}}


def test_a_run_counts_what_there_is(join, happen):
    join("Alice", twitter="1")
    happen(replies("1", names("p", 12)))
    daily.run(as_of=TODAY, at=AT)
    found = measured.accounts_of(measured.newest())
    assert found["twitter"]["reply_actors_recent"] == 1
    assert "mastodon" not in found
    (twitter,) = (section for section in measured.sections(RELEASED, found) if section.slug == "twitter")
    assert 10 < twitter.there < len(twitter.lines)
    assert twitter.awaiting == len(twitter.lines) - twitter.there


def test_the_page_lists_all_of_them_in_plain_words(scored, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = Client().get(reverse("features"))
    assert page.status_code == 200
    text = page.content.decode()
    assert text.count("<li>") >= len(COUNTED) > 400
    assert f"{len(COUNTED)} measurements of {len(NETWORKS)} networks" in text
    assert "Check-ins together" not in text
    assert "People who replied recently" in text
    assert "fades by half every 30 days" in text
    assert "1 November 2026" in text
    assert "<script>" not in text
    assert Client().get("/").content.decode().count(reverse("features")) == 1


def test_the_list_is_made_once_for_a_run(scored, monkeypatch):
    client = Client()
    first = client.get(reverse("features")).content
    monkeypatch.setattr(measured, "sections", lambda *args: pytest.fail("it was made again"))
    assert client.get(reverse("features")).content == first


def test_without_any_run_the_page_still_lists_them(db):
    text = Client().get(reverse("features")).content.decode()
    assert "No scores have been computed here yet." in text
    assert text.count("<li>") >= len(COUNTED)


def test_the_command_counts_them_by_network(scored):
    out = StringIO()
    call_command("features", stdout=out)
    text = out.getvalue()
    assert f"{len(COUNTED)} measurements" in text
    row = next(line for line in text.splitlines() if line.startswith("Twitter/X"))
    there = len(scored.counts[measured.KEY]["twitter"])
    assert row.split()[1:3] == [str(sum(feature.network == "twitter" for feature in COUNTED)), str(there)]


def test_the_command_writes_them_as_a_table(scored):
    out = StringIO()
    call_command("features", "--csv", stdout=out)
    rows = list(csv.DictReader(StringIO(out.getvalue())))
    assert len(rows) == len(COUNTED)
    replied = next(row for row in rows if (row["network"], row["column"]) == ("twitter", "reply_actors_recent"))
    assert replied["parts"] == "amplification"
    assert replied["accounts"] == "1"
    assert replied["label"] == "People who replied recently"


def test_the_command_hands_its_words_to_translators(db):
    out = StringIO()
    call_command("features", "--words", stdout=out)
    found: dict[str, object] = {}
    exec(out.getvalue(), found)
    assert "People who replied recently" in found["WORDS"]


def test_the_command_says_what_is_wrong(db):
    with pytest.raises(CommandError, match="there is no formula 'v999'"):
        call_command("features", "--formula", "v999", stdout=StringIO())


def test_the_page_goes_by_the_formula_of_the_scores_that_are_shown(client: Client, scored) -> None:
    switch = FormulaSwitch.objects.create(formula="plain", previous=RELEASED, switched_at=AT)
    assert f"formula {RELEASED} gives" in client.get(reverse("features")).content.decode()
    FormulaSwitch.objects.filter(pk=switch.pk).update(formula="v99", told_at=AT)
    # A formula that this release has no more takes no page away.
    assert client.get(reverse("features")).status_code == 200
