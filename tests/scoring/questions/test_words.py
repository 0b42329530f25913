"""How words are counted in every language, and what becomes of what was written."""

import pytest

from scoring.questions import words
from scoring.templatetags.questions import as_written


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("  \n ... — !? 🐝", 0),
        ("In May, on warm days.", 5),
        ("don't can\u2019t", 2),
        ("well-known", 2),
        ("3.14 and 1,000", 3),
        ("snake_case", 1),
        ("über Blüten", 2),
        ("e\u0301cole", 1),
        # Marks on letters end no word: this is one, in Devanagari.
        ("हिन्दी", 1),
        ("Пчёлы роятся в мае", 4),
        ("النحل يطير", 2),
        ("蜜蜂在五月", 5),
        ("ミツバチ", 4),
        ("꿀벌은 오월에", 2),
        # Thai has no spaces: every four letters are taken for a word.
        ("ผึ้ง", 1),
        ("see https://example.org/a,b?c=d-e for more", 4),
        # A word without an end counts as several.
        ("a" * 400, 10),
    ],
)
def test_words_are_counted_in_every_language(text: str, number: int) -> None:
    assert words.count(text) == number


def test_what_nobody_sees_is_cleaned_away() -> None:
    assert words.cleaned("a\x00b\u202ec\u2066d\r\n\r\n\r\n\r\ne  \n") == "abcd\n\ne"
    assert words.line(" a\x00\n\tb ") == "a b"


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("see https://x.example", True),
        ("www.cheap.example", True),
        ("go to cheap-pills.shop now", True),
        ("In May. On warm days.", False),
        ("v2.0 is out", False),
    ],
)
def test_what_leads_elsewhere_is_seen(text: str, leads: bool) -> None:
    assert words.leads_elsewhere(text) is leads


def test_the_same_words_in_another_spelling_are_the_same() -> None:
    assert words.core("Buy  NOW!!! 50%") == words.core("buy now 50")
    assert words.core("buy now") != words.core("buy later")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb\n\nc", '<p dir="auto">a<br>b</p><p dir="auto">c</p>'),
        ("<script>alert(1)</script> & co", '<p dir="auto">&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</p>'),
        (
            "(see https://x.example/a_(b)).",
            '<p dir="auto">(see <a href="https://x.example/a_(b)" rel="nofollow ugc noopener">'
            "https://x.example/a_(b)</a>).</p>",
        ),
        (
            'https://x.example/"onmouseover="alert(1)',
            '<p dir="auto"><a href="https://x.example/" rel="nofollow ugc noopener">https://x.example/</a>'
            "&quot;onmouseover=&quot;alert(1)</p>",
        ),
        ("javascript:alert(1) data:text/html,x", '<p dir="auto">javascript:alert(1) data:text/html,x</p>'),
        ("https://bank.example@evil.example/", '<p dir="auto">https://bank.example@evil.example/</p>'),
        ("http://[::1 and http://", '<p dir="auto">http://[::1 and http://</p>'),
    ],
)
def test_text_is_never_markup(text: str, html: str) -> None:
    assert as_written(text) == html


def test_an_address_with_an_ampersand_leads_where_it_says() -> None:
    html = as_written("https://x.example/?a=1&b='<2>'")
    assert 'href="https://x.example/?a=1&amp;b="' in html
    assert "<2>" not in html
