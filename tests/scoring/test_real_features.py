"""How many measurements are more than nothing on real data: recorded reactions and published exports together."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path

from django.core.management import call_command
from django.db.models import Max

from scoring import daily, measured
from scoring.features.catalogue import COUNTED, FEATURES, NETWORKS
from scoring.models import Post

OPEN_SETS = {"twitter": "tw", "facebook": "fb"}
MAPPING = "target=user_id_fingerprint,actor=actor_id_fingerprint,post=post_id_fingerprint,occurred_at=action_timestamp"
EXPORTS = {
    "twitter": "twitter_archive_milahu104",
    "mastodon": "mastodon_goija",
    "linkedin": "linkedin_silkyrich_synthetic",
    "instagram": "instagram_ddp_uu",
    "foursquare": "swarm_dogsheep",
}
# The day after Klout's recordings.
RECORDED = date(2014, 10, 16)
# The week in which a discovery was announced.
HIGGS = ("--network", "twitter", "--map", "actor=1,target=2,occurred_at=3")
HEARD = date(2012, 7, 8)


def higgs(data: Path, folder: Path, verb: str) -> str:
    """Rows of Twitter's mentions or replies of the first week of July 2012, whose hours are not known."""
    path = folder / f"{verb}.tsv"
    with (data / "graphs" / "higgs_twitter" / f"higgs-{verb}_network.edgelist").open() as rows:
        pairs = [line.split() for line in islice(rows, 2_000)]
    path.write_text("".join(f"{actor}\t{target}\t2012-07-04T12:00:00Z\n" for actor, target, _ in pairs))
    return str(path)


def test_measurements_that_are_more_than_nothing_on_real_data(db, data, tmp_path, capsys):
    quiet = {"stdout": StringIO(), "stderr": StringIO()}
    for network, file in OPEN_SETS.items():
        source = data / "klout_opendata" / f"user_timestamp_open_set_{file}.tsv"
        arguments = ["--network", network, "--map", MAPPING, "--verb", "reply", str(source)]
        call_command("import_interactions", *arguments, **quiet)
    for verb in ("mention", "reply"):
        call_command("import_interactions", *HIGGS, "--verb", verb, higgs(data, tmp_path, verb), **quiet)
    for network, folder in EXPORTS.items():
        # What cannot be used is written beside an export.
        path = shutil.copytree(data / "exports" / folder, tmp_path / folder)
        arguments = ["--network", network, "--handle", f"owner_{network}", str(path)]
        call_command("import_archive", *arguments, **quiet)
    # Each is of its own years, and what fades is gone today: so each is looked at on the day after its last.
    newest = Post.objects.values("account").annotate(last=Max("posted_at")).values_list("last", flat=True)
    days = {HEARD, RECORDED, *(last.date() + timedelta(days=1) for last in newest), date.today() + timedelta(days=2)}
    found: set[tuple[str, str]] = set()
    for day in sorted(days):
        counted = measured.counted(daily.compute(day).features)
        found |= {(network, column) for network, columns in counted.items() for column in columns}
    there = [feature for feature in COUNTED if feature.key in found]
    by_network = Counter(feature.network for feature in there)
    awaiting = len(COUNTED) - len(there)
    with capsys.disabled():
        print(f"\n{len(COUNTED)} measurements: {len(there)} more than nothing on the sample data, {awaiting} awaiting")
        print("  " + ", ".join(f"{NETWORKS[slug].label} {number}" for slug, number in by_network.most_common()))
    assert len(there) >= 100
    assert set(by_network) >= set(OPEN_SETS) | set(EXPORTS)
    # Nothing has a value of which we say that nobody tells it (see test_every_network_measured for the two exceptions).
    told = {feature.key for feature in FEATURES if feature.given or feature.measure in {"most", "depth"}}
    assert sorted(found - told) == []
