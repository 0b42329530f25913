"""The interaction log: newest rows in PostgreSQL, closed days in the lake, and one reading of both.

The lake is a folder or an address that pyarrow's file systems can open (lake.py): day files under days/, feature files
of runs under features/, and manifests that say which of them count. `compact` moves closed days there, `snapshot` reads
everything as of a day, `erase_accounts` forgets accounts, `purge` what a network lets us keep for some days only. Rows
come in through scoring.collect alone. What is forgotten lies on in superseded files for KEEP, since readers may be on
their way, until the compaction after that.
"""

from scoring.log.compaction import Compacted, append_day_rows, compact
from scoring.log.erasure import erase_accounts
from scoring.log.events import doings, events
from scoring.log.features import (
    NoFeatures,
    copy_features,
    forget_features,
    outdated,
    read_features,
    write_features,
)
from scoring.log.locks import appending
from scoring.log.lookup import known, lake_files
from scoring.log.purging import purge
from scoring.log.reading import Snapshot, fingerprint, snapshot
from scoring.log.received import received

__all__ = [
    "Compacted",
    "NoFeatures",
    "Snapshot",
    "append_day_rows",
    "appending",
    "compact",
    "copy_features",
    "doings",
    "erase_accounts",
    "events",
    "fingerprint",
    "forget_features",
    "known",
    "lake_files",
    "outdated",
    "purge",
    "read_features",
    "received",
    "snapshot",
    "write_features",
]
