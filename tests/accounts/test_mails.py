"""Every mail that is none of a kind of notification: about the log-in, from allauth; all in one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string

TEMPLATES = Path(settings.BASE_DIR) / "templates"
MAILS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_subject.txt")
    for folder in ("account", "socialaccount", "mfa")
    for path in (TEMPLATES / folder / "email").glob("*_subject.txt")
)
# What allauth gives to all of them.
KNOWN = {
    "site_name": "Klout",
    "site_url": "https://klout.example",
    "activate_url": "https://klout.example/confirm/1",
    "password_reset_url": "https://klout.example/reset/1",
    "signup_url": "https://klout.example/signup",
    "code": "ABC-DEF",
    "email": "alice@example.org",
    "from_email": "alice@example.org",
    "to_email": "archer@example.org",
    "deleted_email": "alice@example.org",
    "provider": "GitHub",
    "timestamp": "today",
    "ip": "192.0.2.7",
    "user_agent": "Firefox & co",
}


@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_about_the_log_in_reads_well_in_text_and_html(mail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "(nothing for %s)")
    subject = render_to_string(f"{mail}_subject.txt", KNOWN).strip()
    text, html = (render_to_string(f"{mail}_message.{form}", KNOWN) for form in ("txt", "html"))
    for part in (subject, text, html):
        assert part
        assert "(nothing for" not in part
        assert "{%" not in part
    assert "\n" not in subject
    assert "&amp;" not in text
    assert re.findall(r"<h1[^>]*>([^<]+)</h1>", html) == [subject]
    assert f"<title>{subject}</title>" in html
    # Nothing is fetched when it is opened: nobody learns that it was.
    assert "src=" not in html
    assert "url(" not in html
    assert "keep it safe, and are always sent" in text
    assert "keep it safe, and are always sent" in html


def test_there_are_all_mails_that_allauth_sends() -> None:
    import allauth

    theirs = Path(allauth.__file__).parent / "templates"
    wanted = {
        str(path.relative_to(theirs)).removesuffix("_subject.txt")
        for folder in ("account", "socialaccount", "mfa")
        for path in (theirs / folder / "email").glob("*_subject.txt")
    }
    assert wanted <= set(MAILS)
