"""A pass on paper: one sheet with the code, for who has no phone at hand at the counter, or no network."""

from __future__ import annotations

import logging
import zoneinfo
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.errors import FPDFException

from perks import passes, qr
from perks.models import Claim, PrintedPass
from perks.models.passes import new_serial
from scoring.typefaces import BOLD, MEDIUM, noto, of_this_machine

# It tells the log of every table of a typeface that it looks at.
logging.getLogger("fontTools.subset").setLevel(logging.WARNING)

# Millimetres of an A4 sheet; on US letter it fits as well.
MARGIN = 22.0
CODE = 74.0
# Of the brand's colour and of ink, as tokens.css has them in the light.
BRAND, INK, SOFT, LINE = (11, 90, 94), (28, 39, 51), (75, 87, 100), (221, 214, 200)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of what the sheet says."""

    name: str
    text: str


def sheet_of(claim: Claim, at: datetime) -> PrintedPass:
    """The sheet that counts; made where there is none."""
    return PrintedPass.objects.get_or_create(claim=claim, defaults={"made_at": at})[0]


def replace(*, claim: Claim, at: datetime) -> PrintedPass:
    """Another sheet: whatever was printed before is good no longer."""
    with transaction.atomic():
        values = {"serial": new_serial(), "made_at": at}
        return PrintedPass.objects.update_or_create(claim=claim, defaults=values)[0]


def facts_of(claim: Claim, sheet: PrintedPass) -> list[Fact]:
    """What stands on it, in the active language and the person's time zone, which is named."""
    assert claim.person is not None
    campaign = claim.campaign
    with timezone.override(zoneinfo.ZoneInfo(claim.person.time_zone)):
        named = [
            (_("For"), claim.person.display_name.split()[0]),
            (_("Kind"), claim.variant.name),
            (_("Tier"), f"{claim.tier.name}: {claim.tier.benefit}" if claim.tier else ""),
            (_("Where"), campaign.place),
            (_("When"), written(campaign.takes_place_at)),
            (_("This sheet is good until"), written(passes.paper_until(campaign, sheet.made_at))),
        ]
    return [Fact(name, text) for name, text in named if text]


def written(at: datetime | None) -> str:
    """A time, which names its zone; "" for none."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""


def terms_line(claim: Claim) -> str:
    """Which terms were accepted, and when."""
    if claim.terms is None or claim.accepted_at is None:
        return ""
    known = {"version": claim.terms.version, "day": date_format(timezone.localtime(claim.accepted_at), "DATE_FORMAT")}
    return _("Version %(version)s of the terms was accepted on %(day)s.") % known


def drawn(claim: Claim, sheet: PrintedPass) -> bytes:
    """The sheet as PDF, in the active language. Raises NotNow for a claim that is not to be used (any more)."""
    address = passes.address_of(passes.paper_token_for(claim, sheet))
    campaign, facts = claim.campaign, facts_of(claim, sheet)
    once = _(
        "Good once. Whoever shows this code first has used it: do not post it or pass it on. A newer sheet "
        "makes this one useless."
    )
    how = campaign.how_to_use.strip()
    terms = terms_line(claim)
    reference = _("Claim %(reference)s") % {"reference": claim.reference}
    said = [settings.SITE_NAME, campaign.brand.name, campaign.title, once, how, terms, reference]
    sheet_text = "".join([*said, *(f"{fact.name}{fact.text}" for fact in facts)])
    pdf = Sheet(sheet_text)
    pdf.set_title(f"{campaign.title} · {campaign.brand.name}")
    pdf.set_lang(get_language() or "en")
    pdf.set_creator(settings.SITE_NAME)
    pdf.words(settings.SITE_NAME, size=12, style="B", colour=BRAND)
    pdf.rule()
    pdf.words(campaign.brand.name, size=13, colour=SOFT)
    pdf.words(campaign.title, size=26, style="B", height=10.5)
    pdf.ln(4)
    pdf.code(address)
    pdf.words(once, size=10, colour=SOFT, align="C")
    pdf.ln(3)
    for fact in facts:
        pdf.words(fact.name, size=9.5, colour=SOFT)
        pdf.words(fact.text, size=13)
        pdf.ln(1.2)
    if how:
        pdf.ln(2)
        pdf.words(how, size=10.5)
    pdf.rule()
    pdf.words(terms, size=9, colour=SOFT)
    pdf.words(reference, size=9, colour=SOFT)
    return bytes(pdf.output())


class Sheet(FPDF):
    """An A4 page in our typefaces, and in those of the scripts that `text` needs beside them."""

    def __init__(self, text: str) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.add_font("Bricolage", "", MEDIUM.path)
        self.add_font("Bricolage", "B", BOLD.path)
        self._add_others({letter for letter in text if not letter.isspace() and not BOLD.has(letter)})
        self.add_page()

    def _add_others(self, letters: set[str]) -> None:
        families = []
        for face in noto():
            if any(face.has(letter) for letter in letters):
                letters = {letter for letter in letters if not face.has(letter)}
                families.append(self._add(face.family, face.path))
        strange = "".join(sorted(letter for letter in letters if letter.isalpha()))
        file, family = of_this_machine(strange) if strange else ("", "")
        if file:
            # A file that cannot be put into a PDF: those letters stay out.
            with suppress(FPDFException, ValueError, KeyError, NotImplementedError):
                families.append(self._add(family, Path(file)))
        if families:
            self.set_fallback_fonts(families, exact_match=False)

    def _add(self, family: str, path: Path) -> str:
        self.add_font(family, "", path)
        return family

    def words(
        self,
        text: str,
        *,
        size: float,
        style: str = "",
        colour: tuple[int, int, int] = INK,
        align: str = "L",
        height: float = 0.0,
    ) -> None:
        """A paragraph over the whole width; nothing for no text."""
        if not text:
            return
        self.set_font("Bricolage", style, size)
        self.set_text_color(*colour)
        self.multi_cell(0, height or size * 0.5, text, align=align, new_x="LMARGIN", new_y="NEXT")

    def rule(self) -> None:
        self.ln(3)
        self.set_draw_color(*LINE)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        self.ln(5)

    def code(self, address: str) -> None:
        """The QR code in the middle, black on white, as rectangles: sharp on any printer."""
        rows = qr.modules(address)
        step = CODE / (len(rows) + 2 * qr.QUIET)
        left, top = (self.w - CODE) / 2 + qr.QUIET * step, self.get_y() + qr.QUIET * step
        self.set_fill_color(0, 0, 0)
        for column, row, length in qr.runs(rows):
            self.rect(left + column * step, top + row * step, length * step, step, style="F")
        self.set_y(self.get_y() + CODE)
