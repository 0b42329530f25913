"""However often, in whatever order and by how many at once the same rows come: the log holds each of them once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from scoring import log
from scoring.collect.bulk import import_rows
from scoring.models import Interaction
from tests.scoring.conftest import AT
from tests.scoring.log.rows import held
from tests.scoring.processes import run_python

FIRST = date(2026, 10, 1)
# Few different rows, so that they repeat: (target, actor, day, the network's own key or none).
ROW = st.tuples(st.integers(0, 1), st.integers(2, 3), st.integers(0, 2), st.sampled_from(["", "", "k1", "k2"]))
STEPS = st.lists(st.one_of(st.lists(ROW, min_size=1, max_size=6), st.integers(0, 4)), max_size=8)


def write(path: Path, rows: list[tuple[int, int, int, str]]) -> Path:
    lines = [f"{target},{actor},like,{FIRST + timedelta(days=day)},{key}" for target, actor, day, key in rows]
    path.write_text("\n".join(["target,actor,verb,occurred_at,key", *lines]))
    return path


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_files_and_compactions_in_any_order_give_what_the_fullest_file_held(steps, settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    settings.LAKE = str(folder / "lake")
    Interaction.objects.all().delete()
    keyed: set[tuple[int, str]] = set()
    tuples: Counter[tuple[int, int, int]] = Counter()
    for step in steps:
        if isinstance(step, int):
            log.compact(FIRST + timedelta(days=step))
            continue
        before = len(keyed) + tuples.total()
        keyed |= {(target, key) for target, _, _, key in step if key}
        # A row that comes twice in one file happened twice; in two files it is the same row.
        tuples |= Counter((target, actor, day) for target, actor, day, key in step if not key)
        summary = import_rows(path=write(folder / "rows.csv", step), network="twitter", at=AT)
        assert summary.new == len(keyed) + tuples.total() - before
        assert summary.known == len(step) - summary.new
    assert len(held(AT.date())) == len(keyed) + tuples.total()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_imported_by_two_at_once_is_stored_once(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(
        "target,actor,verb,occurred_at\n" + "".join(f"{n % 50},{n},like,{1413280800 + n}\n" for n in range(5000))
    )
    code = """
from datetime import UTC, datetime
from pathlib import Path
from scoring.collect import bulk, merging
merging.SLICE = 500
print(bulk.import_rows(path=Path(sys.argv[1]), network="twitter", at=datetime(2026, 11, 1, tzinfo=UTC)).new)
"""
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: run_python(code, str(path)), range(2)))
    assert [process.returncode for process in done] == [0, 0], done
    assert sum(int(process.stdout) for process in done) == Interaction.objects.count() == 5000
    assert Account.objects.count() == 5000
