"""The day that evidence is written for, and a day on which nobody's reactions count less."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

AS_OF = date(2026, 11, 1)
AT = datetime(2026, 11, 1, 3, tzinfo=UTC)
NOBODY = {name: np.zeros(0, dtype=np.int64) for name in ("target", "post", "actor")}
