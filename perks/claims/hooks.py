"""What follows a change of a claim, after its commit: other modules register it in AppConfig.ready."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

Hook = Callable[[int], object]
# "freed": something can be had again, and the hook gets the variant's id; all others get the claim's.
KINDS = ("held", "offered", "claimed", "redeemed", "released", "expired", "cancelled", "freed")
_hooks: dict[str, list[Hook]] = {kind: [] for kind in KINDS}


def after(kind: str, hook: Hook) -> None:
    """Have `hook(id)` called after each commit of `kind` (of KINDS); once, however often it is registered.

    What it raises is logged and harms nobody else. It must be harmless to miss (a killed process calls nothing):
    whatever has to happen is found again by the state of the rows. Raises KeyError for another kind.
    """
    if hook not in _hooks[kind]:
        _hooks[kind].append(hook)


def tell(kind: str, number: int) -> None:
    """Have the hooks of `kind` called once the transaction has committed; at once where there is none."""
    for hook in _hooks[kind]:
        transaction.on_commit(lambda hook=hook: hook(number), robust=True)  # type: ignore[misc]
