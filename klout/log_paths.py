"""What logs say of addresses: no token with which whoever reads the log could join, leave or take something."""

from __future__ import annotations

import logging
import re
from typing import Any

# Addresses whose next part is good for whoever has it.
SECRET = re.compile(
    r"(/(?:teams/join|brands/join|redeem|unsubscribe|accounts/confirm-email|accounts/password/reset/key)/)[^/?#\s]+",
    re.IGNORECASE,
)
SHOWN = r"\1[token]"


class WithoutTokens(logging.Filter):
    """Lets every line pass, with the tokens in its addresses left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _without(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without(argument) for argument in record.args)
        return True


def _without(said: Any) -> Any:
    return SECRET.sub(SHOWN, said) if isinstance(said, str) else said
