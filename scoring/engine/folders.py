"""A folder that a job far from the database reads its inputs from and leaves its results in, all as Parquet.

What `write_inputs` puts there is all that an engine needs beside the lake; the job (scoring.engine.spark_job) adds
features, guards and scores, and its last word, done.json. A folder is a path or an address such as s3://bucket/folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import fs

from scoring.engine.base import Columns, Inputs, Output
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Formula, Leaves, NetworkPoints, Scored

ABOUT, DONE = "about.json", "done.json"
# The column of what is one array.
ONLY = "only"
# What a row of features is of; all other columns are features.
ROW = ("account", "network", "supplied", "standing")


class BadFolder(ValueError):
    """The folder does not hold what was looked for; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a file system."""

    filesystem: fs.FileSystem
    root: str

    @classmethod
    def at(cls, address: str) -> Place:
        if "://" in address:
            return cls(*fs.FileSystem.from_uri(address))
        return cls(fs.LocalFileSystem(), str(Path(address).absolute()))

    def path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    def has(self, name: str) -> bool:
        return bool(self.filesystem.get_file_info(self.path(name)).type != fs.FileType.NotFound)

    def empty(self) -> bool:
        return not self.filesystem.get_file_info(fs.FileSelector(self.root, allow_not_found=True))

    def remove(self, name: str) -> None:
        if self.has(name):
            self.filesystem.delete_file(self.path(name))

    def write_json(self, name: str, facts: Mapping[str, Any]) -> None:
        self.filesystem.create_dir(self.root, recursive=True)
        with self.filesystem.open_output_stream(self.path(name)) as stream:
            stream.write(json.dumps(facts, indent=1).encode())

    def read_json(self, name: str) -> dict[str, Any]:
        """Raises BadFolder."""
        if not self.has(name):
            raise BadFolder(f"{self.root} holds no {name}")
        try:
            with self.filesystem.open_input_stream(self.path(name)) as stream:
                found: dict[str, Any] = json.loads(stream.read())
        except ValueError as error:
            raise BadFolder(f"{self.path(name)} is damaged ({error})") from None
        return found

    def write(self, name: str, columns: Columns) -> None:
        self.filesystem.create_dir(self.path(name).rpartition("/")[0], recursive=True)
        table = pa.table({column: pa.array(np.asarray(values)) for column, values in columns.items()})
        with self.filesystem.open_output_stream(self.path(name)) as stream:
            pq.write_table(table, stream, compression="zstd")

    def table(self, name: str) -> pa.Table:
        """A Parquet file, or a folder of them in the order of their names. Raises BadFolder."""
        if not self.has(name):
            raise BadFolder(f"{self.root} holds no {name}")
        try:
            return pyarrow.dataset.dataset(self.path(name), filesystem=self.filesystem, format="parquet").to_table()
        except (pa.ArrowException, OSError) as error:
            raise BadFolder(f"{self.path(name)} cannot be read as Parquet ({error})") from None

    def read(self, name: str) -> dict[str, NDArray[Any]]:
        """The columns of a Parquet file or folder; texts as numpy's. Raises BadFolder."""
        table = self.table(name)
        found = {column: table.column(column) for column in table.column_names}
        return {
            column: np.array(values.to_pylist(), dtype=np.str_)
            if pa.types.is_string(values.type)
            else values.to_numpy()
            for column, values in found.items()
        }


# ---------------------------------------------------------------- what goes to the job


def write_inputs(place: Place, inputs: Inputs, *, networks: Int64, facts: Mapping[str, Any]) -> None:
    """Everything of `inputs`: the lake by the addresses of its files, all else as Parquet under inputs/.

    networks: of each of `inputs.owners`. facts: what whoever publishes the results wants to know again.
    """
    files = inputs.lake if isinstance(inputs.lake, list) else inputs.lake.files
    kind = "local" if isinstance(inputs.lake, list) else inputs.lake.filesystem.type_name
    for name, value in _columns(inputs).items():
        place.write(f"inputs/{name}.parquet", value)
    place.write("inputs/networks.parquet", {"network": networks})
    place.write_json(
        ABOUT,
        {
            **facts,
            "as_of": inputs.as_of.isoformat(),
            "lake": files,
            "lake_kind": kind,
            "lake_days": [day.isoformat() for day in inputs.lake_days],
        },
    )


def read_inputs(place: Place) -> Inputs:
    """What write_inputs wrote; `lake` has the files as they were called there. Raises BadFolder."""
    about = place.read_json(ABOUT)
    given: dict[str, Any] = {
        "as_of": date.fromisoformat(about["as_of"]),
        "lake": about["lake"],
        "lake_days": [date.fromisoformat(day) for day in about["lake_days"]],
    }
    for field in fields(Inputs):
        if field.name not in given:
            columns = place.read(f"inputs/{field.name}.parquet")
            given[field.name] = columns.get(ONLY, columns)
    return Inputs(**given)


def _columns(inputs: Inputs) -> dict[str, Columns]:
    """The fields that are columns; a single array as the column ONLY."""
    found: dict[str, Columns] = {}
    for field in fields(inputs):
        value = getattr(inputs, field.name)
        if isinstance(value, np.ndarray):
            found[field.name] = {ONLY: value}
        elif isinstance(value, Mapping):
            found[field.name] = value
    return found


# ---------------------------------------------------------------- what comes back


def read_output(place: Place) -> Output:
    """Features, standings and guards as the job left them. Raises BadFolder."""
    place.read_json(DONE)
    found = place.read("features")
    order = np.lexsort((found["supplied"], found["account"]))
    columns = {name: values[order] for name, values in found.items()}
    account, network, supplied, standing = (columns.pop(name) for name in ROW)
    return Output(FeatureTable(account, network, columns, supplied), standing, place.read("guards.parquet"))


def scored_columns(scored: Scored) -> dict[str, NDArray[Any]]:
    """The columns of `scored`, one value for each entity."""
    return {
        field.name: value for field in fields(scored) if isinstance(value := getattr(scored, field.name), np.ndarray)
    }


def read_scored(place: Place, name: str, *, formula: Formula, table: FeatureTable, entity: Int64) -> Scored:
    """The scores under `name`, which the job computed by `formula` from `table` and `entity`. Raises BadFolder.

    They are explained by scoring those who are asked about once more: leaves are many, and few are ever looked at.
    """
    table_of_scores = place.table(name).sort_by("entity")
    lists = {column: pc.list_flatten(table_of_scores.column(column)).to_numpy() for column in ("networks", "points")}
    lengths = pc.list_value_length(table_of_scores.column("networks")).to_numpy()
    columns = {
        column: table_of_scores.column(column).to_numpy()
        for column in table_of_scores.column_names
        if column not in lists
    }

    def explain(entities: Int64) -> Leaves:
        chosen = np.isin(entity, entities)
        return formula.score(table.take(chosen), entity[chosen]).leaves(entities)

    return Scored(
        **columns,
        by_network=NetworkPoints(np.repeat(columns["entity"], lengths), lists["networks"], lists["points"]),
        explain=explain,
    )
