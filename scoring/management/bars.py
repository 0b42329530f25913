"""Progress of an import as bars in a terminal; silent where the output is no terminal."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


class Bars:
    """A `progress` for scoring.collect: one bar for each stage."""

    def __enter__(self) -> Bars:
        self.stage = ""
        self.bar: Any = None
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self.bar is None or stage != self.stage:
            self.__exit__()
            unit = {"reading": "B", "storing": " rows"}.get(stage, " records")
            self.stage, self.bar = stage, tqdm(desc=stage, unit=unit, unit_scale=True, disable=None)
        self.bar.total = total or None
        self.bar.update(done - self.bar.n)
