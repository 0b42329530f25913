"""After a newest daily run: tells whose score has moved far since they were last told, and who earned something.

Safe to kill at any point and to run again: what was told is noted in the transaction that tells it, so that nobody is
told twice, and what was not told is told after the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import notify
from accounts.matters import DIGEST
from accounts.models import Person
from accounts.networks import NETWORKS
from scoring.achievements import catalogue
from scoring.achievements.catalogue import Family
from scoring.models import Award, DayChange, ScoreHistory, ScoreRun

# Points by which a score has moved far.
FAR = 3.0
# Points that are 0.0 once they are rounded.
LEAST = 0.05
# People told in one transaction, and networks that a message names.
BATCH = 100
NAMED = 4
# How far the telling of achievements has come: in `ScoreRun.counts`.
TOLD = "told_awards"
# Any number will do, as long as nothing else in this database locks the same.
LOCK = 0x74656C6C


def register() -> None:
    """Make the kinds of messages of this app, and what they are about, known (AppConfig.ready)."""
    notify.register_matter(
        "achievements",
        notify.Matter(
            _("Achievements"),
            _("You have earned a new level of something."),
            mail=DIGEST,
            glimpse=_("You have earned an achievement."),
        ),
    )
    notify.register_matter(
        "score",
        notify.Matter(
            _("Your score"),
            _("It has moved by three points or more since you were last told, and why."),
            push=True,
            glimpse=_("Your score has moved."),
        ),
    )
    moved = frozenset({"before", "after", "points", "since", "causes", "networks", "url"})
    notify.register("score_moved", notify.Kind(_("Your score moved from %(before)s to %(after)s"), moved, "score"))
    earned = frozenset({"names", "earned", "url"})
    notify.register("achievement_earned", notify.Kind(_("You have earned: %(names)s"), earned, "achievements"))


@dataclass(slots=True)
class Told:
    """How many people were told: of their score, and of achievements."""

    moved: int = 0
    earned: int = 0


def tell(*, run: ScoreRun, told_of_formula: Sequence[int] = ()) -> Told:
    """Tell what `run`, the newest daily one, brought. told_of_formula: people who know already that it moved them.

    Nothing is done while another process tells.
    """
    told = Told()
    with _alone() as alone:
        if alone:
            note_first_scores(run)
            note_as_told(run, told_of_formula)
            told.moved = tell_moved(run)
            told.earned = tell_earned(run)
    return told


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        [alone] = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


# ---------------------------------------------------------------- scores that moved


def note_first_scores(run: ScoreRun) -> None:
    """The first score of a person's is no move: it is what later ones are told against."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO scoring_toldscore (person_id, score, as_of)
            SELECT person_id, score, %s FROM scoring_score AS score
            WHERE run_id = %s
            AND NOT EXISTS (SELECT FROM scoring_toldscore AS told WHERE told.person_id = score.person_id)
            -- Sorted, so that all of them are found before the table begins to grow.
            ORDER BY person_id ON CONFLICT DO NOTHING
            """,
            [run.as_of, run.pk],
        )


def note_as_told(run: ScoreRun, people: Sequence[int]) -> None:
    """Whoever was told what the new formula makes of their score is not told once more that it moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE scoring_toldscore AS told SET score = score.score, as_of = %s
            FROM scoring_score AS score
            WHERE score.person_id = told.person_id AND score.run_id = %s AND told.person_id = ANY(%s::bigint[])
            """,
            [run.as_of, run.pk, list(people)],
        )


def tell_moved(run: ScoreRun) -> int:
    """Tell everybody whose score moved by FAR or more since they were last told; how many. Once a day at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT person_id FROM scoring_toldscore AS told JOIN scoring_score AS score USING (person_id)
            WHERE score.run_id = %s AND told.as_of < %s AND abs(score.score - told.score) >= %s ORDER BY person_id
            """,
            [run.pk, run.as_of, FAR],
        )
        people = [person for (person,) in cursor.fetchall()]
    return sum(_tell_moved(run, people[start : start + BATCH]) for start in range(0, len(people), BATCH))


def _tell_moved(run: ScoreRun, people: Sequence[int]) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE scoring_toldscore AS told SET score = score.score, as_of = %s
                FROM scoring_score AS score, scoring_toldscore AS before
                WHERE score.person_id = told.person_id AND before.person_id = told.person_id
                AND told.person_id = ANY(%s::bigint[]) AND score.run_id = %s AND told.as_of < %s
                RETURNING told.person_id, before.score, before.as_of, score.score
                """,
                [run.as_of, list(people), run.pk, run.as_of],
            )
            moved = cursor.fetchall()
        known = _to_tell([person for person, *_rest in moved])
        ways, shares = _ways(run, {person: since for person, _before, since, _after in moved}), _networks(run, moved)
        for person, before, since, after in moved:
            if person in known:
                # In tenths, as they are told: the difference of what is read is what is read beside it.
                points = round(after, 1) - round(before, 1)
                context = {
                    "before": round(before, 1),
                    "after": round(after, 1),
                    "points": points,
                    "since": since,
                    "causes": causes(points, ways.get(person, {})),
                    "networks": shares[person],
                    "url": reverse("why", args=[known[person].handle.lower()]),
                }
                notify.notify(person=known[person], kind="score_moved", context=context)
    return len(known)


def _to_tell(people: Sequence[int]) -> dict[int, Person]:
    """Those of `people` who have somebody to be told, and do not wait to be erased."""
    return Person.objects.joined().staying().in_bulk(list(people))


def _ways(run: ScoreRun, since: Mapping[int, date]) -> dict[int, dict[str, float]]:
    """Person -> the sums of what moved their score on the days after `since`, by the names of DayChange."""
    names = ("moments", "decay", "formula_change")
    changes = DayChange.objects.filter(person__in=list(since), as_of__gt=min(since.values()), as_of__lte=run.as_of)
    found: dict[int, dict[str, float]] = {}
    for change in changes:
        if change.as_of > since[change.person_id]:
            sums = found.setdefault(change.person_id, dict.fromkeys(names, 0.0))
            for name in names:
                sums[name] += getattr(change, name)
    return found


def causes(points: float, ways: Mapping[str, float]) -> list[tuple[str, float]]:
    """What `points` come from, the largest first: posts, fading, formula, and all else, which is what is left."""
    named = {"posts": "moments", "fading": "decay", "formula": "formula_change"}
    found = [(cause, ways.get(name, 0.0)) for cause, name in named.items()]
    found.append(("else", points - sum(part for _cause, part in found)))
    return sorted((part for part in found if abs(part[1]) >= LEAST), key=lambda part: -abs(part[1]))


def _networks(run: ScoreRun, moved: Sequence[tuple[Any, ...]]) -> dict[int, list[tuple[str, float]]]:
    """Person -> the networks whose points changed and by how much, the largest first; none where there is but one."""
    since = {person: as_of for person, _before, as_of, _after in moved}
    history = ScoreHistory.objects.filter(person_id__in=list(since), as_of__in={run.as_of, *since.values()})
    shares = {(row.person_id, row.as_of): row.networks for row in history}
    found: dict[int, list[tuple[str, float]]] = {}
    for person, day in since.items():
        then, now = shares.get((person, day), {}), shares.get((person, run.as_of), {})
        slugs = sorted(then.keys() | now.keys()) if then and now else []
        changed = [(slug, now.get(slug, 0.0) - then.get(slug, 0.0)) for slug in slugs if slug in NETWORKS]
        seen = sorted((one for one in changed if abs(one[1]) >= LEAST), key=lambda one: -abs(one[1]))
        found[person] = [(NETWORKS[slug].spec.label, points) for slug, points in seen[:NAMED]] if len(slugs) > 1 else []
    return found


# ---------------------------------------------------------------- achievements


def tell_earned(run: ScoreRun) -> int:
    """Tell everybody what they have earned since achievements were last told, in one message each; how many people."""
    last = ScoreRun.objects.filter(counts__has_key=TOLD).order_by("-pk").first()
    told = 0
    if last is None:
        # What was earned before anybody was told of anything is no news.
        after = Award.objects.filter(earned_on__lt=run.as_of).aggregate(last=Max("pk"))["last"] or 0
    else:
        # It may have been ended in the middle.
        told += _tell_earned(last)
        after = last.counts[TOLD]["to"]
    to = Award.objects.aggregate(last=Max("pk"))["last"] or 0
    if to > after:
        run.counts[TOLD] = {"after": after, "to": to, "person": 0}
        run.save(update_fields=["counts"])
        told += _tell_earned(run)
    return told


def _tell_earned(run: ScoreRun) -> int:
    """Go on telling from the person that `run` has noted."""
    noted, told = run.counts[TOLD], 0
    known = catalogue.known()
    while noted["person"] is not None:
        new = Award.objects.filter(
            pk__gt=noted["after"], pk__lte=noted["to"], person__gt=noted["person"], revoked_at__isnull=True
        )
        with transaction.atomic():
            people = list(new.order_by("person_id").values_list("person_id", flat=True).distinct()[:BATCH])
            levels: dict[int, dict[str, int]] = {}
            for award in new.filter(person__in=people).order_by("level"):
                levels.setdefault(award.person_id, {})[award.family] = award.level
            for pk, person in _to_tell(people).items():
                told += _tell_one(person, levels[pk], known)
            noted["person"] = people[-1] if people else None
            run.save(update_fields=["counts"])
    return told


def _tell_one(person: Person, levels: Mapping[str, int], families: Mapping[str, Family]) -> bool:
    """The highest of the new levels of each family stands for those below it."""
    known = [(families[slug], level) for slug, level in levels.items() if slug in families]
    earned = [(family, level) for family, level in known if level <= len(family.levels)]
    if not earned:
        return False
    context = {
        "names": _listed([_named(family, level) for family, level in earned]),
        "earned": [(family.name, level, family.levels[level - 1], family.unit) for family, level in earned],
        # Which of theirs it is about: the same news goes to everybody who speaks for the person.
        "url": f"{reverse('achievements')}?person={person.handle.lower()}",
    }
    notify.notify(person=person, kind="achievement_earned", context=context)
    return True


def _named(family: Family, level: int) -> Any:
    return format_lazy(_("{name} (level {level})"), name=family.name, level=level)


def _listed(names: Sequence[Any]) -> Any:
    """Names with commas between, in the language in which they are read."""
    return format_lazy(", ".join("{}" for _name in names), *names)
