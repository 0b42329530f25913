"""Hashtags and links of a post, bounded and in one form; its text is looked through for them and is not kept."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

MOST_TAGS, LONGEST_TAG = 30, 100
MOST_LINKS, LONGEST_LINK = 20, 500
# (tags, links), in the order in which a Post takes them.
Words = tuple[tuple[str, ...], tuple[str, ...]]
# Of a longer text no more is looked through; no network's posts are longer.
MOST_TEXT = 100_000
# A mark that begins a word, letters of any script, and no number alone. U+FF03 is the mark of full width.
_TAG = re.compile(r"(?<![\w&/#\uff03])[#\uff03]([\w\u00b7\u30fb\u200c\u200d]{1,200})")
_LINK = re.compile(r"https?://[^\s<>\"'`\u3000-\u303f]{1,2000}", re.IGNORECASE)
# What ends a sentence ends an address too, and is none of it.
_TAIL = ".,;:!?\u2026\u00bb\u201d\u2019"
_ANCHOR = re.compile(r"<a\s[^<>]{0,4000}>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"<>]{1,2000})"|'([^'<>]{1,2000})')""", re.IGNORECASE)
_CLASS = re.compile(r"""\bclass\s*=\s*["']([^"'<>]{1,500})["']""", re.IGNORECASE)
_REL_TAG = re.compile(r"""\brel\s*=\s*["'][^"'<>]{0,200}\btag\b""", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,4000}>")
_UNFIT = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd\ufffe\uffff\\\\]")


def tags_of(values: Iterable[object]) -> tuple[str, ...]:
    """Hashtags as they are kept: without the mark, NFKC, in lower case, each once; what is none is left out."""
    kept: dict[str, None] = {}
    for value in values:
        if len(kept) == MOST_TAGS:
            break
        if isinstance(value, str) and len(value) <= 4 * LONGEST_TAG:
            tag = unicodedata.normalize("NFKC", value).strip().lstrip("#").lower()
            # A category of a blog may be of several words: a hashtag has none of what stands between them.
            tag = re.sub("[\\s'\u2019-]+", "", tag)
            if tag and len(tag) <= LONGEST_TAG and not tag.isdigit() and not _UNFIT.search(tag):
                kept[tag] = None
    return tuple(kept)


def links_of(values: Iterable[object]) -> tuple[str, ...]:
    """Addresses of the web as they are kept: whole, each once; what is none, or is too long, is left out."""
    kept: dict[str, None] = {}
    for value in values:
        if len(kept) == MOST_LINKS:
            break
        if isinstance(value, str) and is_link(link := value.strip()):
            kept[link] = None
    return tuple(kept)


def is_link(value: str) -> bool:
    if len(value) > LONGEST_LINK or _UNFIT.search(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and "." in parts.netloc.partition("@")[0]


def in_text(text: object, *, tags: Iterable[object] = (), links: Iterable[object] = ()) -> Words:
    """What a plain text carries, after what the network names apart (`tags`, `links`)."""
    said = text[:MOST_TEXT] if isinstance(text, str) else ""
    addresses = [_whole(found) for found in _LINK.findall(said)]
    # The part of an address behind its "#" is no hashtag.
    rest = _LINK.sub(" ", said)
    return (tags_of([*tags, *_TAG.findall(rest)]), links_of([*links, *addresses]))


def in_html(text: object, *, tags: Iterable[object] = (), links: Iterable[object] = ()) -> Words:
    """The same of HTML: its links are those of its anchors, save those that lead to people and to hashtags."""
    said = text[:MOST_TEXT] if isinstance(text, str) else ""
    addresses = [
        html.unescape(found[1] or found[2] or "")
        for anchor in _ANCHOR.findall(said)
        if not _leads_to_a_name(anchor) and (found := _HREF.search(anchor))
    ]
    # Marks of emphasis stand within words ("#<span>tag</span>"), so that they leave no space behind.
    plain = html.unescape(_MARKUP.sub("", re.sub(r"<(?:br|/p|/li|/div|/h[1-6])\b[^<>]{0,200}>", " ", said)))
    return (tags_of([*tags, *_TAG.findall(_LINK.sub(" ", plain))]), links_of([*links, *addresses]))


def _leads_to_a_name(anchor: str) -> bool:
    said = _CLASS.search(anchor)
    return bool(said and {"mention", "hashtag", "u-url"} & set(said[1].lower().split())) or bool(
        _REL_TAG.search(anchor)
    )


def _whole(address: str) -> str:
    """An address found in a text, without what belongs to the sentence around it."""
    address = address.rstrip(_TAIL)
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(_TAIL)
    return address
