"""Somebody's program that takes webhooks, as one reads Standard Webhooks: it checks signature and time, and each id
counts once.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from accounts.signatures import WrongSignature, verify
from tests.fakes.loopback import Asked, Loopback, Reply


class Receiver(Loopback):
    """POST /hooks/shop; `secret` as it was shown to its owner, `clock` in seconds since 1970."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = ""
        self.clock = time.time
        self.ids: Counter[str] = Counter()
        self.told: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"{self.url}/hooks/shop-4711"

    def route(self, asked: Asked) -> Reply:
        try:
            message = verify(self.secret, asked.headers, asked.body, now=self.clock())
        except WrongSignature as error:
            return Reply(status=401, data={"error": str(error)})
        self.ids[message] += 1
        if self.ids[message] == 1:
            self.told.append(json.loads(asked.body))
        return Reply(status=204, body=b"")
