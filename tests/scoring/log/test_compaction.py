"""Closed days move to the lake, and nothing is lost or doubled on the way, however it ends."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import log
from scoring.log import compaction
from scoring.log.lake import open_lake
from scoring.models import Interaction, Tombstone
from tests.scoring.log.rows import LAST, add, day_of, held, row, wanted
from tests.scoring.processes import run_python

pytestmark = pytest.mark.django_db


def test_closed_days_move_and_the_open_day_stays():
    rows = [row(key, day=key % 5, target=key % 7) for key in range(200)]
    add(rows)
    done = log.compact(day_of(3))
    assert (done.rows, done.days) == (120, 3)
    assert Interaction.objects.count() == 80
    assert [str(day) for day in log.snapshot(LAST).lake_days] == ["2026-10-01", "2026-10-02", "2026-10-03"]
    assert held() == wanted(rows)
    assert "120 rows of 3 closed days" in done.line()


def test_a_second_compaction_finds_nothing_to_do():
    add(row(key) for key in range(10))
    log.compact(LAST)
    number = open_lake().manifest().number
    assert log.compact(LAST).rows == 0
    assert open_lake().manifest().number == number


def test_a_late_row_reopens_its_day():
    early, late = [row(key, day=1) for key in range(50)], [row(key, day=1) for key in range(40, 60)]
    add(early)
    log.compact(LAST)
    add(late)
    assert held() == wanted([*early, *late])
    log.compact(LAST)
    assert held() == wanted([*early, *late])
    assert log.snapshot(LAST).lake_days == [day_of(1)]
    assert not Interaction.objects.exists()


def test_a_row_of_midnight_belongs_to_the_day_that_begins():
    midnight = row(1, day=1)
    midnight.occurred_at = datetime(2026, 10, 2, tzinfo=UTC)
    before = row(2)
    before.occurred_at = datetime(2026, 10, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    add([midnight, before])
    assert log.compact(day_of(1)).rows == 1
    assert held(day_of(1)) == wanted([before])
    assert held() == wanted([midnight, before])


def test_days_before_1970_do_not_exist_but_those_of_1990_do():
    old = row(1)
    old.occurred_at = datetime(1990, 1, 1, 0, 0, 1, tzinfo=UTC)
    add([old])
    log.compact(LAST)
    assert log.snapshot(LAST).lake_days == [date(1990, 1, 1)]
    assert held() == wanted([old])


def test_many_days_go_in_batches(monkeypatch):
    monkeypatch.setattr(compaction, "BATCH", 25)
    rows = [row(key, day=key % 20) for key in range(200)]
    add(rows)
    said: list[str] = []
    log.compact(LAST, progress=said.append)
    assert len(said) == 10
    assert held() == wanted(rows)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=8)),
        st.tuples(st.just("compact"), st.integers(0, 5)),
        st.tuples(st.just("erase"), st.integers(0, 3)),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_any_order_of_writing_compacting_and_erasing_holds_what_a_dictionary_holds(actions, settings, tmp_path_factory):
    settings.LAKE = str(tmp_path_factory.mktemp("lake"))
    Interaction.objects.all().delete()
    Tombstone.objects.all().delete()
    model: dict = {}
    erased: set[int] = set()
    for action, given_ in actions:
        if action == "write":
            # A key's content is always the same; targets are reused by numbers, so that the erased may come again.
            rows = [row(key, day=key % 5, target=100 + target) for key, target in ((k, k % 4) for k, _ in given_)]
            add(rows)
            model.update(wanted(rows))
        elif action == "compact":
            log.compact(day_of(given_))
        else:
            log.erase_accounts([100 + given_], datetime(2026, 11, 1, tzinfo=UTC))
            erased.add(100 + given_)
        assert held() == {key: value for key, value in model.items() if value[1] not in erased}


# What compaction does, one after the other; each is made the last thing that the process does.
STEPS = ["file", "half a file", "last file", "manifest", "half a manifest", "committed lake", "before the end", "sweep"]
KILLED = """
from datetime import date
from scoring import log
from scoring.log import compaction
from scoring.log.lake import Lake

step = sys.argv[1]
compaction.BATCH = 60
create, commit, sweep, calls = Lake.create, Lake.commit, Lake.sweep, []


def dying_create(self, name, write):
    calls.append(name)
    manifest = name.startswith("manifest")
    days = sum(call.startswith("days") for call in calls)
    if (step == "file" and days == 1) or (step == "last file" and days == 3) or (step == "manifest" and manifest):
        die()
    if (step == "half a file" and days == 2) or (step == "half a manifest" and manifest):
        path = self.path(name)
        self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
        with self.filesystem.open_output_stream(path) as stream:
            stream.write(b'{"checksum": "0", "bo')
        die()
    create(self, name, write)


def dying_commit(self, manifest):
    done = commit(self, manifest)
    if step == "committed lake" or (step == "before the end" and len(done.days) > 3):
        die()
    return done


def dying_sweep(self):
    if step == "sweep":
        die()
    return sweep(self)


Lake.create, Lake.commit, Lake.sweep = dying_create, dying_commit, dying_sweep
log.compact(date(2026, 12, 1))
print("survived")
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_lost_or_doubled_when_it_is_killed(step):
    old = [row(key, day=key % 6) for key in range(60)]
    add(old)
    log.compact(LAST)
    late = [row(key, day=key % 6) for key in range(30, 150)]
    add(late)
    ended = run_python(KILLED, step)
    assert ended.returncode == -9, ended.stderr
    assert held() == wanted([*old, *late])
    log.compact(LAST)
    assert held() == wanted([*old, *late])
    assert not Interaction.objects.exists()
    # What the killed one had written and no manifest names is gone.
    assert open_lake().sweep() == 0


@pytest.mark.django_db(transaction=True)
def test_a_failing_lake_leaves_the_rows_where_they_were(monkeypatch):
    rows = [row(key) for key in range(20)]
    add(rows)

    def full(*arguments: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("scoring.log.lake.Lake.create", full)
        with pytest.raises(OSError, match="no space left"):
            log.compact(LAST)
    assert Interaction.objects.count() == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
    log.compact(LAST)
    assert held() == wanted(rows)
