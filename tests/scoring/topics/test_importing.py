"""Importing an ontology: the real one, small ones, broken ones, and whatever Hypothesis comes up with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from scoring import topics
from scoring.models import PersonTopic, Topic
from scoring.topics import tree
from scoring.topics.importing import NoOntology, Summary, import_topics

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TOPICS = ("topicId", "topicSlug", "topicDisplayName", "wikiItemId", "freebaseMachineId")
EDGES = ("parentTopicId", "parrentTopicSlug", "childTopicId", "childTopicSlug")
NAMES = ("topicId", "language", "topicDisplayName")
HUGE = "10000000000000000042"


def text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    return file.getvalue()


@pytest.fixture
def ontology(tmp_path: Path) -> Callable[..., Path]:
    """ontology(topics, edges, names) writes the three files and returns their folder."""

    def ontology(
        rows: Sequence[Sequence[str]] = (), edges: Sequence[Sequence[str]] = (), names: Sequence[Sequence[str]] = ()
    ) -> Path:
        wide = [(*row, *("", ""))[:5] for row in rows]
        (tmp_path / "ontology.csv").write_text(text(TOPICS, wide), encoding="utf-8-sig")
        (tmp_path / "edge.csv").write_text(text(EDGES, edges))
        (tmp_path / "display.csv").write_text(text(NAMES, names))
        (tmp_path / "something-else.csv").write_text("a,b\n1,2\n")
        return tmp_path

    return ontology


def brought(folder: Path) -> Summary:
    return import_topics(paths=[folder])


def state() -> list[Any]:
    edges = Topic.parents.through.objects.order_by("pk").values_list("from_topic__slug", "to_topic__slug")
    fields = ("pk", "slug", "name", "names", "external_id", "wikidata")
    return [*Topic.objects.order_by("pk").values_list(*fields), *edges]


# ---------------------------------------------------------------- the real one
def test_the_open_ontology_comes_whole_in_few_queries_and_twice_is_once(
    data: Path, django_assert_max_num_queries: Any
) -> None:
    folder = data / "klout_opendata"
    if not folder.is_dir():
        pytest.skip("the open ontology is not there")
    own = {line.slug: (line.name, line.german, not line.parents) for line in tree.own_lines()}
    with django_assert_max_num_queries(14):
        summary = brought(folder)
    assert sum(summary.topics.values()) == 8033
    assert Topic.objects.filter(external_id__isnull=False).count() == 8033
    # One German name is longer than a name can be; every other row was of use.
    assert [problem.row for problem in summary.problems] == [12795]
    assert sum(summary.edges.values()) + sum(summary.left_out.values()) == 13446
    assert "it would lead in a circle" not in summary.left_out
    huge = Topic.objects.get(slug="art-galleries")
    assert huge.external_id == "10000000000000000008"
    assert set(huge.names) == {"ar", "de", "es", "fr", "it"}
    economics = Topic.objects.get(slug="economics")
    assert economics.children.filter(slug="freakonomics").exists()
    our_own_is_kept(own)
    before = state()
    again = brought(folder)
    assert set(again.topics) == {"as before"}
    assert set(again.edges) == {"as before"}
    assert state() == before


def our_own_is_kept(own: dict[str, tuple[str, str, bool]]) -> None:
    """Our tree has its names and its top; what is the same there is the same topic here."""
    now = {topic.slug: topic for topic in Topic.objects.filter(slug__in=own).prefetch_related("parents")}
    assert {slug: (one.name, one.names["de"], not one.parents.all()) for slug, one in now.items()} == own
    # Football is what the world plays, and the other one is there beside it.
    assert now["football"].external_id == "6506298410212438936"
    assert Topic.objects.get(slug="american-football").external_id == "8582816108322836738"
    # One technology, not two: what lies under theirs lies under ours.
    called = [topic.slug for topic in tree.listed().filter(name="Technology")]
    assert called == ["technology"]
    assert now["technology"].children.filter(external_id__isnull=False).count() > 50
    assert "theatre" in [topic.slug for topic in topics.found("theater", limit=3)]
    assert len(tree.tops()) < 25


# ---------------------------------------------------------------- small ones
def test_names_parents_and_ids_come_as_they_are(ontology: Callable[..., Path]) -> None:
    folder = ontology(
        [("7", "jigs", "Jigs"), (HUGE, "sea-jigs", "Sea Jigs", "Q12"), ("9", "réels!", "Réels", "null")],
        [("0", "_ROOT_", "0", "_ROOT_"), ("0", "_ROOT_", "7", "jigs"), ("7", "x", HUGE, "y"), ("9", "", HUGE, "")],
        [(HUGE, "de", "See-Jigs"), (HUGE, "ar", "رقصة"), (HUGE, "en", "Sea Jigs"), ("404", "de", "Niemand")],
    )
    summary = brought(folder)
    jigs = Topic.objects.get(external_id=HUGE)
    assert (jigs.slug, jigs.name, jigs.wikidata) == ("sea-jigs", "Sea Jigs", "Q12")
    assert jigs.names == {"de": "See-Jigs", "ar": "رقصة"}
    assert set(jigs.parents.values_list("slug", flat=True)) == {"jigs", "reels"}
    assert Topic.objects.get(slug="reels").wikidata == ""
    assert summary.names_left_out == 1
    assert not summary.problems


def test_a_topic_of_ours_is_known_by_its_slug_and_keeps_what_people_chose(
    ontology: Callable[..., Path], join: Callable[..., Person]
) -> None:
    alice = join("Alice")
    topics.choose(person=alice, chosen={"tea", "bees"}, hidden={"bees"}, at=AT)
    before = list(PersonTopic.objects.order_by("pk").values())
    names = [("5", "de", "Tee!"), ("5", "fr", "Thé")]
    summary = brought(ontology([("5", "tea", "TEA (drink)", "Q6097")], names=names))
    tea = Topic.objects.get(slug="tea")
    assert (tea.name, tea.external_id, tea.wikidata) == ("Tea", "5", "Q6097")
    assert tea.names == {"de": "Tee", "fr": "Thé", "en": "TEA (drink)"}
    assert summary.topics == {"that we had already": 1}
    assert list(PersonTopic.objects.order_by("pk").values()) == before
    # The tree is loaded after each migration: what was imported stays.
    assert topics.load() == 0
    assert Topic.objects.get(slug="tea").names == tea.names


def test_what_a_newer_file_calls_otherwise_is_called_so_and_its_address_stays(ontology: Callable[..., Path]) -> None:
    brought(ontology([("7", "jigs", "Jigs")], names=[("7", "de", "Jigs")]))
    summary = brought(ontology([("7", "jigs-and-reels", "Jigs and Reels")], names=[("7", "de", "Tänze")]))
    jigs = Topic.objects.get(external_id="7")
    assert (jigs.slug, jigs.name, jigs.names) == ("jigs", "Jigs and Reels", {"de": "Tänze"})
    assert summary.topics == {"changed": 1}


def test_what_would_lead_in_a_circle_is_left_out_and_said(ontology: Callable[..., Path]) -> None:
    rows = [(str(number), f"zq{number}", f"Zq {number}") for number in range(1, 5)]
    edges = [("1", "", "2", ""), ("2", "", "3", ""), ("3", "", "1", ""), ("3", "", "3", ""), ("4", "", "1", "")]
    summary = brought(ontology(rows, edges))
    assert [(problem.file, problem.row) for problem in summary.problems] == [("edge.csv", 4)]
    assert "circle" in summary.problems[0].reason
    assert summary.edges == {"new": 3}
    assert [[one.slug for one in way] for way in tree.around(Topic.objects.get(slug="zq3"), number=5).ways] == [
        ["zq4", "zq1", "zq2"]
    ]


def test_ends_that_nobody_knows_are_left_out_and_known_by_slug_are_not(ontology: Callable[..., Path]) -> None:
    edges = [("404", "nothing", "7", "jigs"), ("405", "bees", "7", "jigs"), ("7", "jigs", "406", "")]
    summary = brought(ontology([("7", "jigs", "Jigs")], edges))
    assert list(Topic.objects.get(slug="jigs").parents.values_list("slug", flat=True)) == ["bees"]
    assert summary.left_out == {"one end is no topic that is known": 2}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "zq", "Zq"), "no id"),
        (("1 2", "zq", "Zq"), "no id"),
        (("x" * 41, "zq", "Zq"), "no id"),
        (("8", "!!!", "Zq"), "cannot be an address"),
        (("8", "z" * 81, "Zq"), "cannot be an address"),
        (("8", "zq", " "), "a name is to be"),
        (("8", "zq", "z" * 121), "a name is to be"),
        (("8", "zq", "Zq\x07"), "control characters"),
        (("7", "zq", "Zq"), "is there twice"),
        (("8", "jigs", "Zq"), "is that of topic 7 already"),
    ],
)
def test_a_wrong_row_is_told_with_file_and_number_and_the_others_come(
    ontology: Callable[..., Path], row: tuple[str, str, str], reason: str
) -> None:
    summary = brought(ontology([("7", "jigs", "Jigs"), row, ("9", "reels", "Reels")]))
    [problem] = summary.problems
    assert (problem.file, problem.row) == ("ontology.csv", 3)
    assert reason in problem.reason
    assert set(Topic.objects.filter(external_id__isnull=False).values_list("external_id", flat=True)) == {"7", "9"}


def test_a_slug_that_another_imported_topic_has_is_told(ontology: Callable[..., Path]) -> None:
    brought(ontology([("7", "jigs", "Jigs")]))
    summary = brought(ontology([("8", "jigs", "Other Jigs"), ("9", "reels", "Reels")]))
    assert str(summary.problems[0]) == "ontology.csv, row 2: the slug 'jigs' is that of topic 7 already"
    assert Topic.objects.get(slug="jigs").external_id == "7"
    assert Topic.objects.filter(external_id="9").exists()


def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path) -> None:
    file = tmp_path / "topics.csv"
    file.write_bytes(b"topicId,topicSlug,topicDisplayName\n1,zq-a,Caf\xe9\n2,zq-b,Fine\n3,zq-c\n\n")
    summary = import_topics(paths=[file])
    assert [(one.row, one.reason) for one in summary.problems] == [
        (2, "it is no UTF-8"),
        (4, "it has 2 columns instead of 3"),
    ]
    assert Topic.objects.filter(slug="zq-b").exists()


def test_a_dry_run_tells_the_same_and_writes_nothing(ontology: Callable[..., Path], capsys: Any) -> None:
    folder = ontology([("7", "jigs", "Jigs"), ("8", "!", "Bad")], [("7", "", "9", "")])
    before = state()
    call_command("import_topics", str(folder), dry_run=True)
    said = capsys.readouterr()
    assert "This would happen; nothing is written:\nTopics: 1 new." in said.out
    assert "ontology.csv, row 3: '!' cannot be an address" in said.err
    assert state() == before
    call_command("import_topics", str(folder))
    said = capsys.readouterr()
    assert "Topics: 1 new." in said.out
    assert "1 left out: one end is no topic that is known" in said.out
    assert "CC BY 3.0" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/no/such/folder"], "no file or folder"),
        (["{empty}"], "no CSV file in"),
        (["{other}"], "none of the columns that are known"),
        (["{edges}"], "no file has topics in it"),
        ([], "FOLDER|FILE"),
    ],
)
def test_wrong_arguments_get_a_clear_word(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "edges.csv").write_text("parentTopicId,childTopicId\n1,2\n")
    places = {"empty": tmp_path / "empty", "other": tmp_path / "other.csv", "edges": tmp_path / "edges.csv"}
    with pytest.raises(CommandError, match=said.replace("|", r"\|")):
        call_command("import_topics", *(argument.format(**places) for argument in arguments))


# ---------------------------------------------------------------- anything
WORD = st.text(st.characters(codec="utf-8"), max_size=12)
IDS = st.one_of(st.sampled_from(["0", "1", "2", "3", HUGE, "x y", ""]), WORD)
SLUGS = st.one_of(st.sampled_from(["tea", "bees", "zq-a", "zq-b", "technology-super", "_ROOT_"]), WORD)
ROWS = st.lists(st.lists(st.one_of(IDS, SLUGS, WORD), min_size=2, max_size=5), max_size=12)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(IDS, SLUGS, WORD, WORD, WORD), max_size=12),
    edges=st.lists(st.tuples(IDS, SLUGS, IDS, SLUGS), max_size=12),
    names=st.lists(st.tuples(IDS, st.sampled_from(["de", "ar", "en", "DE", "?", ""]), WORD), max_size=8),
    more=ROWS,
    raw=st.binary(max_size=40),
)
def test_whatever_is_in_the_files_good_rows_come_and_twice_is_once(
    tmp_path: Path, rows: Any, edges: Any, names: Any, more: Any, raw: bytes
) -> None:
    own = list(Topic.objects.filter(slug__in=["tea", "bees"]).values_list("slug", "name"))
    with (tmp_path / "topics.csv").open("wb") as file:
        file.write(text(TOPICS, [*rows, *more]).encode() + raw)
    (tmp_path / "edges.csv").write_text(text(EDGES, [*edges, *more]), newline="")
    (tmp_path / "names.csv").write_text(text(NAMES, [*names, *more]), newline="")
    try:
        first = brought(tmp_path)
    except NoOntology:
        pytest.fail("the header is there")
    before = state()
    again = brought(tmp_path)
    assert state() == before
    assert set(again.topics) <= {"as before"}
    assert set(again.edges) <= {"as before"}
    assert again.problems == first.problems
    assert list(Topic.objects.filter(slug__in=["tea", "bees"]).values_list("slug", "name")) == own
    for topic in Topic.objects.filter(external_id__isnull=False):
        topic.full_clean()
        # Every way up ends.
        assert topic not in [one for way in tree.around(topic, number=1).ways for one in way]
