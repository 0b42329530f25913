"""Words in one form, however they are written: a hashtag, the name of a list, a skill, the name of a topic.

`normalised` is the key under which all of these meet: "#MachineLearning", "#machine_learning", "machine-learning" and
"Machine Learning" are "machinelearning". A hashtag has no spaces that could be kept apart, so that the key has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Of anything longer no more is looked at: no name is longer, and no network's post.
LONGEST_NAME, LONGEST_TEXT = 200, 20_000
# What would be lost with their marks: "C++" and "C#" are not "C".
_MARKED = (
    (re.compile(r"(?<!\w)c\+\+", re.IGNORECASE), "cplusplus "),
    (re.compile(r"(?<!\w)([cf])#(?!\w)", re.IGNORECASE), r"\1sharp "),
    (re.compile(r"(?<!\w)\.net(?!\w)", re.IGNORECASE), "dotnet "),
)
_AND = re.compile(r"(?<=\w)\s*[&+]\s*(?=\w)")
_APOSTROPHES = re.compile("['\u2019\u02bc`\u00b4]")
# "U.S.", "R.E.M."
_DOTTED = re.compile(r"\b(?:\w\.){2,}")
_WORD = re.compile(r"[^\W_]+")
# Where a word within a word begins: "MachineLearning", "AIEthics", "Web3Design".
_HUMP = re.compile(r"(?<=[a-zà-öø-ÿ0-9])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-Z])(?=[A-Z][a-zà-öø-ÿ])")
_TAG = re.compile(r"(?<![\w&/#\uff03])[#\uff03]([\w\u00b7\u200c\u200d]{1,100})")
_HIDDEN = re.compile(r"https?://\S+|(?<!\w)[@\uff20]\w+(?:[.@-]\w+)*|\S+@\S+\.\w+", re.IGNORECASE)
# Combining marks of Latin, Greek and Cyrillic letters; elsewhere (Arabic, Hindi) such marks are letters.
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


def folded(text: str) -> str:
    """`text` in NFKC, without case and accents, its marks still there: "Café" is "cafe", "Straße" "strasse"."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", plain).translate(_ACCENTS))


def normalised(text: str) -> str:
    """The key of a hashtag or a name: letters and digits alone, folded, at most LONGEST_NAME; "" where none is there.

    "&" and "+" are "and"; "C++", "C#" and ".NET" keep what makes them what they are.
    """
    return "".join(words_of(text[: 4 * LONGEST_NAME]))[:LONGEST_NAME]


def words_of(text: str) -> list[str]:
    """The words of a name or a text, folded, in order: "AI & ML folks" is ai, and, ml, folks."""
    return [word for word, _ in spoken(text)]


def spoken(text: str) -> list[tuple[str, str]]:
    """(word folded, as it was written) of a text, in order; of no more than its first LONGEST_TEXT characters."""
    return list(_spoken(text[:LONGEST_TEXT]))


def _spoken(text: str) -> Iterator[tuple[str, str]]:
    plain = unicodedata.normalize("NFKC", text)
    plain = _APOSTROPHES.sub("", _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", plain))
    for pattern, instead in _MARKED:
        plain = pattern.sub(instead, plain)
    plain = _AND.sub(" and ", plain)
    for found in _WORD.finditer(plain):
        word = folded(found[0])
        if word:
            yield word, found[0]


def parted(name: str) -> str:
    """A name with the words that its capitals or marks set apart: "MachineLearning" is "Machine Learning"."""
    return _HUMP.sub(" ", name.replace("_", " ").replace("-", " "))


def hashtags(text: str) -> list[str]:
    """The hashtags of a text, as they are written, without the mark, each as often as it is there."""
    return _TAG.findall(unicodedata.normalize("NFKC", text[:LONGEST_TEXT]))


def sentences(text: str) -> str:
    """A text without its hashtags, addresses and names of accounts, which are none of its sentences."""
    return _TAG.sub(" . ", _HIDDEN.sub(" . ", text[:LONGEST_TEXT]))
