"""Passes that were printed: which sheet of paper is the one that counts."""

from __future__ import annotations

from secrets import token_hex

from django.db import models

from perks.models.claims import Claim


def new_serial() -> str:
    return token_hex(8)


class PrintedPass(models.Model):
    """The pass on paper of a claim. Another one has another serial, and the earlier sheet is good no longer."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="printed_pass")
    # In hexadecimal, eight bytes; the sheet's code carries it. No secret: what it proves is the signature beside it.
    serial = models.CharField(max_length=16, default=new_serial)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"printed pass of {self.claim_id}"
