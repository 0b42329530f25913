"""Data exports, as people download them from a network, into the log of the person whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.networks.archive import Archive, open_archive
from accounts.networks.base import BadArchive, Network, Owner, Record, Rejected, Tally
from scoring.collect.bulk import known_network
from scoring.collect.links import check_free, link_owner
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Progress, Refused, Rejects, Summary, quiet

# Records between two reports of progress.
EVERY = 1000


def import_archive(
    *,
    path: Path,
    network: str | None,
    person: Person,
    at: datetime,
    progress: Progress = quiet,
    rejects: Path | None = None,
) -> Summary:
    """Import the export at `path` (zip or folder), link its owner's account to `person`, and say what was new.

    network: None to recognise it. rejects: a file for what could not be used. Nothing is stored before all of it has
    been read. Raises BadArchive and Refused, with nothing imported; AlreadyLinked where the account is another's.
    """
    with open_archive(path) as archive:
        reader = recognised(archive) if network is None else NETWORKS[known_network(network).slug]
        spec = reader.spec
        summary = Summary(spec.slug)
        records = reader.read_archive(archive)
        owner = next(records, None)
        if not isinstance(owner, Owner):
            raise BadArchive(f"{archive.label}: does not say whose export it is")
        check_free(person=person, spec=spec, owner=owner)
        with Staging(spec=spec, origin="archive", at=at) as staging:
            with Rejects(summary, rejects, ["where", "reason"]) as bad:
                stage(staging, records, owner, summary, bad, progress)
            link_owner(person=person, spec=spec, owner=owner, at=at)
            merge(staging, summary, progress=progress)
    return summary


def recognised(archive: Archive) -> Network:
    """The one network whose export this looks like. Raises Refused."""
    found = [network for network in NETWORKS.values() if network.recognises(archive)]
    if len(found) == 1:
        return found[0]
    if found:
        labels = " and ".join(network.spec.label for network in found)
        raise Refused(f"{archive.label}: looks like an export of {labels}; say which it is")
    readable = [n.spec.label for n in NETWORKS.values() if type(n).read_archive is not Network.read_archive]
    raise Refused(f"{archive.label}: is no data export that can be read here ({', '.join(sorted(readable))})")


def stage(
    staging: Staging, records: Iterator[Record], owner: Owner, summary: Summary, bad: Rejects, progress: Progress
) -> None:
    """Stage `records` of the account of `owner`; count what was read by kind, and what cannot be used."""
    progress("reading", 0, 0)
    for number, record in enumerate(records, start=1):
        if isinstance(record, Tally):
            summary.tallies[record.kind] = summary.tallies.get(record.kind, 0) + record.number
            continue
        if isinstance(record, Owner):
            raise BadArchive(f"names two owners, {owner.external_id} and {record.external_id}")
        summary.read += 1
        if isinstance(record, Rejected):
            bad.add(record.where, record.reason)
        elif reason := staging.record(owner.external_id, record):
            bad.add(f"{type(record).__name__} {number}", reason)
        if number % EVERY == 0:
            progress("reading", number, 0)
