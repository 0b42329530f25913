"""What people write, as text: cleaned, its words counted, its links found. Nothing of it is ever markup."""

from __future__ import annotations

import re
import unicodedata

from accounts.models.people import visible

# Scripts without spaces between words: Han, Kana and their marks; each character is counted as a word.
CHARACTERS = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# Thai, Lao, Burmese, Khmer: no spaces either, and a word has some four letters.
LETTERS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
LETTERS_A_WORD = 4
# No word is longer; what is, counts as several.
LONGEST_WORD = 40
# Between two letters or digits these do not end a word (Unicode's MidLetter and MidNum, as far as they are in use).
WITHIN = frozenset("'\u2019.:\u00b7,")
ADDRESS = re.compile(r"https?://[^\s<>\"\u00a0]+", re.IGNORECASE)
# What leads elsewhere without being written as an address.
ALMOST = re.compile(r"(https?:/|\bwww\.[^\s.]|\b[\w-]+\.(com|net|org|info|io|shop|xyz|ru|biz|top|site|online)\b)", re.I)


def line(text: str) -> str:
    """`text` on one line, without what nobody sees."""
    return " ".join(visible(text).split())


def cleaned(text: str) -> str:
    """`text` without what nobody sees, its lines ended alike, and no more than one empty line at a time."""
    text = visible(text).replace("\r\n", "\n").replace("\r", "\n")
    rows = [row.rstrip() for row in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip()


def count(text: str) -> int:
    """How many words `text` has, in every language; an address counts as one.

    Words end where Unicode ends them (UAX 29, in short); where a script puts no spaces between them each character of
    Han and Kana counts as one, and every LETTERS_A_WORD letters of the others. static/js/words.js counts alike.
    """
    number = len(ADDRESS.findall(text))
    text = ADDRESS.sub(" ", text)
    number += len(CHARACTERS.findall(text))
    text = CHARACTERS.sub(" ", text)
    length = letters = 0
    for place, sign in enumerate(text + " "):
        if LETTERS.match(sign):
            letters += 1
            continue
        if _in_word(sign) or (length and sign in WITHIN and _in_word(text[place + 1 : place + 2])):
            length += 1
            continue
        number += -(-length // LONGEST_WORD)
        length = 0
    return number + -(-letters // LETTERS_A_WORD)


def _in_word(sign: str) -> bool:
    """Letters, the marks on them, digits, and what joins them."""
    return sign == "_" or (bool(sign) and unicodedata.category(sign)[0] in "LMN")


def leads_elsewhere(text: str) -> bool:
    """Whether `text` has a link, or what is to be read as one."""
    return ALMOST.search(text) is not None


def core(text: str) -> str:
    """What makes `text` the same as another: its letters and digits alone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LN")
