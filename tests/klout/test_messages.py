"""The second language is complete, of today's texts, and compiled."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "klout" / "locale"
OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# %(name)s and %s of Python, {name} of format.
PLACE = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w+)\}")


def messages(code: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / code / "LC_MESSAGES" / "django.po"))


def places(text: str) -> list[str]:
    return sorted({found.group() for found in PLACE.finditer(text)})


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated(code: str) -> None:
    entries = messages(code)
    missing = [entry.msgid for entry in entries if not entry.obsolete and not entry.translated()]
    assert len(entries) > 1000
    assert missing == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_keeps_what_is_filled_in(code: str) -> None:
    wrong = []
    for entry in messages(code):
        wanted = places(entry.msgid) if not entry.msgid_plural else places(entry.msgid_plural)
        for number, text in (entry.msgstr_plural or {-1: entry.msgstr}).items():
            # The singular may say "one" where the plural has a number.
            known = set(wanted) | set(places(entry.msgid))
            if not set(places(text)) <= known or (number != 0 and set(places(text)) != set(wanted)):
                wrong.append((entry.msgid, text))
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_compiled_is_what_was_translated(code: str) -> None:
    with (LOCALE / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    differing = [
        entry.msgid
        for entry in messages(code)
        if not entry.msgid_plural
        and (compiled.pgettext(entry.msgctxt, entry.msgid) if entry.msgctxt else compiled.gettext(entry.msgid))
        != entry.msgstr
    ]
    assert differing == [], "run manage.py compilemessages"


@pytest.mark.parametrize("code", OTHERS)
def test_the_texts_of_today_are_there(code: str, tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("no xgettext on this machine (apt-get install gettext)")
    for name in ("accounts", "klout", "perks", "scoring", "templates", "manage.py", "static"):
        whole = ROOT / name
        if whole.is_dir():
            shutil.copytree(whole, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(whole, tmp_path / name)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", code, "--no-obsolete", "--no-wrap", "-v0"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    made = polib.pofile(str(tmp_path / "klout" / "locale" / code / "LC_MESSAGES" / "django.po"))
    there = {(entry.msgctxt, entry.msgid) for entry in messages(code) if not entry.obsolete}
    new = [entry.msgid for entry in made if (entry.msgctxt, entry.msgid) not in there]
    assert new == [], "run manage.py makemessages -l " + code
