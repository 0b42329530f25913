"""Data exports, as people download them from a network, into the log of the person whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.archive import Archive, open_archive
from accounts.networks.base import Attached, BadArchive, Network, Owner, Record, Rejected, Spec, Tally
from scoring.collect.bulk import known_network
from scoring.collect.links import as_known, check_free, link_owner
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Progress, Refused, Rejects, Summary, quiet

# Records between two reports of progress.
EVERY = 1000
# Networks of one company, whose exports come in one file; any other two in one file cannot be told apart.
TOGETHER = ({"google", "googleplus"},)


def import_archive(
    *,
    path: Path,
    network: str | None,
    person: Person,
    at: datetime,
    progress: Progress = quiet,
    rejects: Path | None = None,
    label: str = "",
    own: str = "",
    proof: str = LinkedAccount.Proof.OPERATOR,
) -> Summary:
    """Import the export at `path` (zip, folder or one file), link its owner's account to `person`; says what was new.

    network: None to recognise it. rejects: a file for what could not be used. label: what messages call the export
    ("": its file's name). own: what the person says is theirs where an export lists what others own too. proof: how
    the account is known to be the person's, for its link.
    Of an export that holds several networks (Google Takeout) each is imported; one that cannot be is named in the
    notes. Nothing of a network is stored before all of it has been read. Raises BadArchive and Refused, with nothing
    imported; AlreadyLinked where the account is another's.
    """
    with open_archive(path, label=label) as archive:
        archive.own = own.strip()
        readers = recognised(archive) if network is None else [NETWORKS[known_network(network).slug]]
        summary = Summary("", networks=[])
        refused: list[tuple[Spec, Exception]] = []
        with Rejects(summary, rejects, ["where", "reason"]) as bad:
            for reader in readers:
                before = summary.rejected, list(summary.reasons)
                try:
                    part = _read_and_store(archive, reader, person, at=at, proof=proof, progress=progress, bad=bad)
                except (BadArchive, Refused) as error:
                    refused.append((reader.spec, error))
                    # What was found wrong in a part that is not imported is not counted beside what is.
                    summary.rejected, summary.reasons = before
                else:
                    _add(summary, part, several=len(readers) > 1)
        if not summary.networks:
            raise refused[0][1]
        summary.notes += [f"{spec.label} in it was not read: {error}" for spec, error in refused]
    return summary


def recognised(archive: Archive) -> list[Network]:
    """The network whose export this looks like, or the networks where one company's come together.

    Raises Refused, and BadArchive where it would be one's export but for what is wrong with it.
    """
    found: list[Network] = []
    wrong: list[BadArchive] = []
    for network in NETWORKS.values():
        try:
            if network.recognises(archive):
                found.append(network)
        except BadArchive as error:
            # Another network's files may only look as if they were of this one.
            wrong.append(error)
    if wrong and not found:
        raise wrong[0]
    if len(found) == 1 or any({network.spec.slug for network in found} <= group for group in TOGETHER if found):
        return found
    if found:
        labels = " and ".join(network.spec.label for network in found)
        raise Refused(f"{archive.label}: looks like an export of {labels}; say which it is")
    if packed := archive.anywhere("*.zip", "*.tgz", "*.tar.gz"):
        raise Refused(f"{archive.label}: holds {packed[0]}, which is packed itself; give that file as it is")
    readable = [n.spec.label for n in NETWORKS.values() if type(n).read_archive is not Network.read_archive]
    raise Refused(f"{archive.label}: is no data export that can be read here ({', '.join(sorted(readable))})")


def _read_and_store(
    archive: Archive, reader: Network, person: Person, *, at: datetime, proof: str, progress: Progress, bad: Rejects
) -> Summary:
    spec = reader.spec
    summary = Summary(spec.slug)
    records = reader.read_archive(archive)
    owner = next(records, None)
    if not isinstance(owner, Owner):
        raise BadArchive(f"{archive.label}: does not say whose export it is")
    owner = as_known(person=person, spec=spec, owner=owner)
    check_free(person=person, spec=spec, owner=owner)
    with Staging(spec=spec, origin="archive", at=at) as staging:
        stage(staging, records, owner, summary, bad, progress)
        link_owner(person=person, spec=spec, owner=owner, at=at, proof=proof)
        merge(staging, summary, progress=progress)
    return summary


def _add(summary: Summary, part: Summary, *, several: bool) -> None:
    """Add what one network of the export gave; `rejected` is counted where it is found."""
    summary.network = summary.network or part.network
    summary.networks.append(part.network)
    label = NETWORKS[part.network].spec.label
    for kind, number in part.tallies.items():
        kind = kind if not several or kind.startswith(label) else f"{label}: {kind}"
        summary.tallies[kind] = summary.tallies.get(kind, 0) + number
    summary.read += part.read
    summary.new += part.new
    summary.known += part.known
    summary.left_out += part.left_out
    summary.accounts_new += part.accounts_new


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
        # Words on an account come along with what is counted.
        summary.read += not isinstance(record, Attached)
        if isinstance(record, Rejected):
            bad.add(record.where, record.reason)
        elif (reason := staging.record(owner.external_id, record)) and not isinstance(record, Attached):
            bad.add(f"{type(record).__name__} {number}", reason)
        if number % EVERY == 0:
            progress("reading", number, 0)
