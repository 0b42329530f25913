"""Words that others put on an account, as they are kept: one line, bounded; of a recommendation its key words alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from accounts.networks.base import checked_text

LONGEST = 200
# Of one recommendation: who names more topics names none.
MOST_KEY_WORDS = 12
LONGEST_TEXT = 20_000
# Lists and skills are kept as they are called.
PLAIN = frozenset({"list", "skill"})

KeyWords = Callable[[str], Iterable[str]]
_key_words: list[KeyWords] = []


def register(key_words: KeyWords) -> None:
    """Say which words of a recommendation are kept: those that name topics, which are known further up (scoring.apps).

    Until then none is.
    """
    _key_words[:] = [key_words]


def fit_words(source: str, words: str) -> list[str] | None:
    """What is kept of `words`: none to many, each at most LONGEST; None where there is no such source."""
    if source in PLAIN:
        found = [words]
    elif source == "recommendation":
        # The text stays with the network.
        found = [word for take in _key_words for word in take(words[:LONGEST_TEXT])]
    else:
        return None
    plain = (checked_text(word, limit=LONGEST) for word in found)
    return list(dict.fromkeys(word for word in plain if word))[:MOST_KEY_WORDS]
