"""A person's days as data: what stays when a long time is thinned, what breaks the line, and what only some may see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Cos, ExtractDay, Sin
from django.utils import timezone

from accounts.models import Pause, Person
from accounts.visibility import Viewer
from scoring.models import HiddenMoment, Moment, Post, Score, ScoreHistory
from scoring.plots import EVER, SERIES, STRETCHES, WHOLE, Plot, histories, plot_of
from scoring.plots.tables import lines, rows_of
from scoring.plots.words import summary
from scoring.publish import history_partition
from tests.scoring.published import AS_OF, publish_score

pytestmark = pytest.mark.django_db


def put(person: Person, scores: dict[date, float], *, formula: str = "v1", **values: Any) -> None:
    """Rows of history with these scores."""
    for day in {day.replace(day=1) for day in scores}:
        history_partition(day)
    ScoreHistory.objects.bulk_create(
        ScoreHistory(
            person_id=person.pk,
            as_of=day,
            score=score,
            **{"reach": score / 2, "amplification": score / 4, "network_part": score / 4} | values,
            percentile=70.0,
            confidence="fair",
            formula=formula,
            run_id=1,
        )
        for day, score in scores.items()
    )


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1")
    publish_score(person)
    Person.objects.filter(pk=person.pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    return Person.objects.select_related("score").get(pk=person.pk)


def plotted(person: Person, days: int | None = None, viewer: Viewer = Viewer.ANYBODY, **options: Any) -> Plot:
    plot = plot_of(person, days, viewer, **options)
    assert plot is not None
    return plot


def back(days: int) -> date:
    return AS_OF - timedelta(days=days)


def test_a_long_time_is_thinned_without_losing_a_high_or_a_low(alice) -> None:
    scores = {back(number): 40.0 + number % 7 / 10 for number in range(1, 1200)}
    scores[back(977)], scores[back(634)] = 88.0, 3.0
    put(alice, scores)
    plot = plotted(alice)
    kept = {day.as_of: day.score for day in plot.days}
    assert len(kept) <= 2 * STRETCHES + 10
    assert plot.history.number == 1200
    assert plot.history.thinned
    assert (kept[back(977)], kept[back(634)]) == (88.0, 3.0)
    assert (min(kept), max(kept)) == (back(1199), AS_OF)


def test_thinning_keeps_the_peaks_of_every_line_that_is_shown(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 1200) if number != 998})
    put(alice, {back(998): 40.0}, reach=39.0, amplification=0.5, network_part=0.5)
    peaks = {day.as_of for day in plotted(alice, series=("score", "reach")).days}
    assert back(998) in peaks
    assert back(998) not in {day.as_of for day in plotted(alice).days}


def test_four_lines_are_thinned_to_a_bounded_number_of_days_too(alice) -> None:
    put(alice, {back(number): 40.0 + number % 5 for number in range(1, 1200)})
    # Each line with highs and lows of its own.
    ScoreHistory.objects.update(reach=Sin(ExtractDay("as_of")), amplification=Cos(ExtractDay("as_of")))
    plot = plotted(alice, series=SERIES)
    assert STRETCHES < len(plot.days) <= 4 * STRETCHES + 10


def test_a_year_is_drawn_day_by_day(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 366)})
    plot = plotted(alice, 365)
    assert WHOLE > 365
    assert len(plot.days) == plot.history.number == 366
    assert not plot.history.thinned


def test_missing_days_break_the_line_in_a_thinned_time_too(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 1200) if not 1000 <= number < 1040})
    plot = plotted(alice)
    first, second = plot.history.runs()
    assert (first[-1].as_of, second[0].as_of) == (back(1040), back(999))
    assert plot.history.missing == 40


def test_a_gap_is_none_where_every_second_day_is_known_for_years_but_points_stay_few(alice) -> None:
    put(alice, {back(number): 40.0 + number % 5 for number in range(2, 1200, 2)})
    assert len(plotted(alice).days) <= 2 * STRETCHES + 200


def test_a_day_between_two_gaps_is_a_run_of_its_own(alice) -> None:
    put(alice, {back(number): 40.0 for number in (9, 8, 5, 2, 1)})
    assert [len(run) for run in plotted(alice, 30).history.runs()] == [2, 1, 3]


def test_the_newest_score_stands_in_for_its_days_row_and_ends_the_line(alice) -> None:
    put(alice, {back(1): 40.0})
    Score.objects.filter(pk=alice.pk).update(score=60.0, as_of=AS_OF + timedelta(days=2))
    person = Person.objects.select_related("score").get(pk=alice.pk)
    runs = list(plotted(person, 30).history.runs())
    assert [[day.as_of for day in run] for run in runs] == [[back(1), AS_OF], [AS_OF + timedelta(days=2)]]
    Score.objects.filter(pk=alice.pk).update(score=61.0, as_of=AS_OF)
    person = Person.objects.select_related("score").get(pk=alice.pk)
    assert [day.score for day in plotted(person, 30).days] == [40.0, 61.0]


def test_a_turn_is_where_the_formula_is_another_than_the_day_before(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(5, 1000)}, formula="v0")
    put(alice, {back(number): 40.0 for number in range(1, 5)})
    assert [(turn.day, turn.formula, turn.previous) for turn in plotted(alice).turns] == [(back(4), "v1", "v0")]


def test_the_picture_begins_where_the_person_joined(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 11)})
    assert plotted(alice, 90).first == back(90)
    Person.objects.filter(pk=alice.pk).update(created_at=datetime(2026, 10, 20, tzinfo=UTC))
    person = Person.objects.select_related("score").get(pk=alice.pk)
    assert plotted(person, 90).first == date(2026, 10, 20)
    assert plotted(person, 7).first == back(7)
    assert plotted(person).first == back(10)


def test_days_of_several_people_come_in_one_query(alice, join, django_assert_num_queries) -> None:
    bob = join("Bob", twitter="2")
    put(alice, {back(number): 40.0 for number in range(1, 50)})
    put(bob, {back(number): 30.0 for number in range(1, 900)})
    with django_assert_num_queries(1):
        found = histories([alice.pk, bob.pk], EVER, AS_OF)
    assert (found[alice.pk].number, found[bob.pk].number) == (50, 899)
    assert not found[alice.pk].thinned
    assert {day.score for day in found[bob.pk].days} == {30.0}


# ---------------------------------------------------------------- who sees what


def test_who_may_not_see_the_chart_gets_none(alice) -> None:
    alice.shown = {"chart": "members"}
    assert plot_of(alice, 90, Viewer.ANYBODY) is None
    assert plot_of(alice, 90, Viewer.MEMBER) is not None


def test_others_see_rests_only_once_they_have_ended_and_never_a_broken_link(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 60)})
    now = timezone.now()
    link = alice.links.get()
    begun = datetime(2026, 10, 20, 9, tzinfo=UTC)
    Pause.objects.create(person=alice, link=link, reason="broken", started_at=begun, ended_at=begun + timedelta(days=4))
    rest = Pause.objects.create(person=alice, reason="rest", started_at=begun)
    own = plotted(alice, 60, Viewer.OWN)
    assert {shade.kind for shade in own.shades} == {"rest", "broken"}
    assert "the link to Twitter/X @alice was broken" in summary(own)
    # Sixty days after its beginning it ends by itself.
    going_on = rest.started_at + timedelta(days=60) > now
    assert [shade.kind for shade in plotted(alice, 60).shades] == ([] if going_on else ["rest"])
    Pause.objects.filter(pk=rest.pk).update(ended_at=begun + timedelta(days=3))
    [shade] = plotted(alice, 60).shades
    assert (shade.kind, shade.first_day, shade.last_day) == ("rest", date(2026, 10, 20), date(2026, 10, 22))
    assert "broken" not in summary(plotted(alice, 60, Viewer.MEMBER))


def test_a_link_that_is_broken_still_is_said_to_be_so_until_its_days_are_over(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 60)})
    begun = datetime(2026, 10, 25, 9, tzinfo=UTC)
    Pause.objects.create(person=alice, link=alice.links.get(), reason="broken", started_at=begun)
    assert "Since 25 October 2026 the link to Twitter/X @alice is broken" in summary(plotted(alice, 60, Viewer.OWN))
    Pause.objects.update(started_at=begun - timedelta(days=20))
    said = summary(plotted(alice, 60, Viewer.OWN))
    assert "From 5 October 2026 to 18 October 2026 the link to Twitter/X @alice was broken" in said


def test_a_rest_or_pause_outside_the_picture_is_left_out(alice) -> None:
    put(alice, {back(number): 40.0 for number in range(1, 8)})
    begun = datetime(2026, 8, 1, 9, tzinfo=UTC)
    Pause.objects.create(person=alice, reason="rest", started_at=begun, ended_at=begun + timedelta(days=3))
    assert plotted(alice, 7, Viewer.OWN).shades == ()


def moment(person: Person, post: int, day: int, points: float) -> Moment:
    account = person.links.get().account_id
    at = datetime(2026, 10, day, 12, tzinfo=UTC)
    Post.objects.create(
        account=account, post=post, external_id=str(post), url=f"https://x.example/{post}", posted_at=at
    )
    return Moment.objects.create(
        person=person, account=account, post=post, points=points, people=3, reactions=4, posted_at=at
    )


@pytest.fixture
def posts(alice) -> list[Moment]:
    put(alice, {back(number): 40.0 + number / 10 for number in range(1, 60)})
    Moment.objects.create(person=alice, account=0, post=0, points=9.0, people=0, reactions=0)
    return [moment(alice, 1, 3, 0.4), moment(alice, 2, 20, -0.2), moment(alice, 3, 21, 1.5), moment(alice, 4, 9, 0.01)]


def test_dots_lie_on_the_line_and_close_ones_are_one(alice, posts) -> None:
    first, second = plotted(alice, 60, moments=True).dots
    assert (first.number, first.day, [post.points for post in first.posts]) == (1, date(2026, 10, 3), [0.4])
    assert first.score == pytest.approx(40.0 + (AS_OF - first.day).days / 10)
    assert (second.number, second.day) == (2, date(2026, 10, 21))
    assert [post.points for post in second.posts] == [1.5, -0.2]
    assert plotted(alice, 60).dots == ()


def test_a_hidden_moment_is_a_dot_for_nobody_else(alice, posts) -> None:
    HiddenMoment.objects.create(person=alice, account=posts[2].account, post=3)
    seen = {post.post for dot in plotted(alice, 60, Viewer.MEMBER, moments=True).dots for post in dot.posts}
    assert seen == {1, 2}
    own = [post for dot in plotted(alice, 60, Viewer.OWN, moments=True).dots for post in dot.posts]
    assert {post.post for post in own if post.hidden} == {3}


def test_moments_that_are_kept_back_are_no_dots(alice, posts) -> None:
    alice.shown = {"moments": "hidden"}
    assert plotted(alice, 60, Viewer.MEMBER, moments=True).dots == ()
    assert plotted(alice, 60, Viewer.OWN, moments=True).dots


def test_a_dot_says_nothing_of_a_network_that_is_kept_back(alice, posts) -> None:
    alice.shown = {"networks": "hidden"}
    shown = [post for dot in plotted(alice, 60, moments=True).dots for post in dot.posts]
    assert {(post.network, post.slug, post.url) for post in shown} == {("", "", "")}
    assert len(shown) == 3


# ---------------------------------------------------------------- rows


def test_the_table_of_a_long_time_has_every_day_page_by_page(alice) -> None:
    put(alice, {back(number): 40.0 + number / 1000 for number in range(1, 950)})
    plot = plotted(alice)
    assert plot.history.thinned
    seen, before = [], None
    for _page in range(20):
        rows = rows_of(plot, alice, before)
        seen += [day.as_of for day in rows.days]
        if rows.older is None:
            break
        before = rows.older
    assert seen == [back(number) for number in range(950)]


def test_a_file_has_every_day_and_runs_no_formula(alice) -> None:
    put(alice, {back(1): 40.0}, formula="=cmd|' /C calc'!A0", networks={"twitter": 12.345})
    rows = list(lines(alice.score, EVER, networks=True))
    assert rows[0].split(",")[0] == "day"
    assert rows[0].rstrip().endswith("formula,points_twitter")
    assert rows[1] == "2026-10-31,40.00,20.00,10.00,10.00,70.00,fair,'=cmd|' /C calc'!A0,12.35\r\n"
    assert rows[2].startswith("2026-11-01,25.30,")
    assert "points_twitter" not in next(lines(alice.score, EVER, networks=False))
