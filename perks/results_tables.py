"""Results as tables: one definition for the page, the CSV and the workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.offers import label_of
from perks.models import Claim
from perks.money import written as money
from perks.results import FEW, Arm, Results, Slice, in_tens, rounded
from scoring.numbers import points
from scoring.spreadsheets import safe, written

# A count that is not told.
HIDDEN = "hidden"
Cell = str | int | float | Decimal | date | None


def percent(share: float, decimals: int = 1) -> str:
    """A share as a reader's language writes it: 12.5%."""
    return _("%(number)s%%") % {"number": points(100 * share, decimals)}


@dataclass(frozen=True, slots=True)
class Table:
    """columns: their headings; rows: cells as values. None: not known, or there is none; HIDDEN: too few to be told."""

    slug: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def step_name(slug: str) -> str:
    """What a step of the funnel is called."""
    return {
        "shown": _("Members who saw it in a list"),
        "viewed": _("Members who opened its page"),
        "eligible": _("People who qualify"),
        "held": _("People who held one"),
        "claimed": _("People who claimed"),
        "redeemed": _("People who used it at a counter"),
        "posted": _("People who posted about it"),
    }[slug]


def share_of(slug: str) -> str:
    """What a step's share is a share of, in words."""
    return {
        "viewed": _("of those who saw it"),
        "held": _("of those who qualify"),
        "claimed": _("of those who held one"),
        "redeemed": _("of those who claimed"),
        "posted": _("of those who claimed"),
    }.get(slug, "")


def tables(results: Results) -> list[Table]:
    """Every table of a campaign's results that has a row, in the order of the page."""
    currency = results.campaign.currency
    each = _("Cost of each (%(currency)s)") % {"currency": currency}
    found = [
        Table(
            "funnel",
            _("From seeing it to posting about it"),
            (_("Step"), _("People"), pgettext("part of a whole", "Share"), _("Share of"), each),
            tuple(
                (
                    step_name(step.slug),
                    step.people if step.people is not None else HIDDEN,
                    step.share,
                    share_of(step.slug) if step.share is not None else None,
                    step.cost,
                )
                for step in results.steps
            ),
            _("Counts of people below %(few)s are not told, save those of your own claims.") % {"few": FEW},
        ),
        _totals(results),
        _slices("variants", _("By variant"), _("Variant"), results.variants, quantity=True),
        _slices("windows", _("By window"), _("Window"), results.windows),
        _slices("sources", _("By way of getting it"), _("Way"), results.sources),
        _slices("tiers", _("By tier"), _("Tier"), results.tiers),
        _posts(results),
        _comparison(results),
        Table(
            "days",
            _("Day by day (UTC)"),
            (
                *(_("Day"), _("Pages it was on"), _("Views of its page"), _("Qualify"), _("Held"), _("Claimed")),
                *(_("Used"), _("Posts"), _("People who reacted"), _("Reactions")),
            ),
            tuple(
                (
                    *(day.day, day.impressions, day.views, day.eligible, day.held, day.claimed),
                    *(day.redeemed, day.posts, day.people, day.reactions),
                )
                for day in results.days
            ),
        ),
    ]
    return [table for table in found if table is not None and table.rows]


def _totals(results: Results) -> Table:
    posts = results.posts
    rows: list[tuple[Cell, ...]] = [
        (_("Pages it was on, whoever looked"), results.impressions),
        (_("Views of its page, whoever looked"), results.views),
        (_("Items claimed"), results.claimed),
        (_("Items held at the moment"), results.holding),
        (_("Items used at a counter"), results.redeemed),
        (_("Claims cancelled"), results.cancelled),
        (_("In the queue now"), results.waiting),
        (_("Ever in the queue"), results.queued),
        (_("Entries in lotteries"), results.entries),
        (_("Posts about it"), posts.number),
        (_("Of these named by their authors"), posts.own),
        (_("Of these read by us"), posts.read),
        (_("Of these with a disclosure"), posts.disclosed),
        (_("Followers of the accounts that posted, rounded"), posts.reach),
        (_("People who reacted, post by post, rounded"), posts.reacted),
        (_("Reactions, rounded"), posts.reactions),
        (_("Reviews with stars"), results.reviews),
        (_("Stars on average, of five"), round(results.stars, 2) if results.stars is not None else None),
        (_("Reviews in words"), results.words),
    ]
    if results.cost is not None:
        words = {"currency": results.campaign.currency}
        rows += [
            (_("Cost (%(currency)s)") % words, results.cost),
            (_("Cost of a post (%(currency)s)") % words, posts.cost),
        ]
    return Table("totals", _("In all"), (_("What"), _("Number")), tuple(rows))


def _slices(slug: str, title: str, name: str, slices: Sequence[Slice], *, quantity: bool = False) -> Table:
    columns = (name, *((_("Stock"),) if quantity else ()), _("Held"), _("Claimed"), _("Used"))
    rows = tuple(
        (
            _named(slug, one),
            *((one.quantity,) if quantity else ()),
            *(HIDDEN if number is None else number for number in (one.held, one.claimed, one.redeemed)),
        )
        for one in slices
    )
    return Table(slug, title, columns, rows)


def _named(slug: str, one: Slice) -> str:
    if slug == "windows" and one.opens_at is not None:
        return date_format(localtime(one.opens_at), "SHORT_DATETIME_FORMAT")
    if slug == "sources":
        return str(Claim.Source(one.key).label)
    return one.name or pgettext("variant", "The only kind")


def _posts(results: Results) -> Table:
    return Table(
        "networks",
        _("Posts by network"),
        (_("Network"), _("Posts"), _("People who posted"), _("Followers"), _("Reactions")),
        tuple(
            (label_of(one.network), one.number, one.people, one.reach, one.reactions)
            for one in results.networks
            if one.network
        ),
        _("Networks on which fewer than %(few)s people posted are left out.") % {"few": FEW},
    )


def _comparison(results: Results) -> Table | None:
    found = results.hold_out
    if found is None:
        return None
    rows = tuple(
        (name, in_tens(arm.number), *_of_posts(arm))
        for name, arm in ((_("Left out"), found.left_out), (_("Could have it"), found.others))
        if arm.number >= FEW
    )
    columns = (
        _("Group"),
        _("People"),
        _("Posted about it"),
        pgettext("part of a whole", "Share"),
        _("Reactions to these posts"),
    )
    return Table("hold-out", _("Beside those who were left out"), columns, rows)


def _of_posts(arm: Arm) -> tuple[Cell, ...]:
    """How many posted, their share and the reactions; of a count that is not told nothing from which it follows: the
    share to a hundredth, where that may be one of several counts."""
    if arm.posted_told is not None:
        return arm.posted, arm.share, rounded(arm.reactions)
    return HIDDEN, round(arm.share, 2) if arm.number >= 200 else None, None


def verdict(results: Results) -> list[str]:
    """What can be said of the comparison, in sentences; none without one."""
    found = results.hold_out
    if found is None:
        return []
    if found.verdict == "few":
        text = _("Fewer than %(few)s people are in one of the groups: nothing can be said yet.")
        return [text % {"few": FEW}]
    words = {
        "more": percent(abs(found.more)),
    }
    sentences = {
        "chance": _("No difference can be told from chance. That is no proof that there is none."),
        "more": _("Who could have it posted about it more often, by %(more)s of the people. That is more than chance."),
        "less": _("Who could have it posted about it less often, by %(more)s of the people. That is more than chance."),
    }
    interval = _("With 95%% confidence the difference lies between %(low)s and %(high)s of the people.") % {
        "low": _signed(found.interval.low),
        "high": _signed(found.interval.high),
    }
    return [sentences[found.verdict] % words, interval]


def _signed(share: float) -> str:
    sign = "+" if share >= 0 else "\u2212"
    return f"{sign}{percent(abs(share))}"


def shown(value: Cell, table: str, place: int, currency: str) -> str:
    """A cell as the page shows it."""
    if value is None:
        return "\u2013"
    if value == HIDDEN:
        return ngettext("fewer than %(few)s", "fewer than %(few)s", FEW) % {"few": FEW}
    if isinstance(value, Decimal):
        return money(value, currency)
    if isinstance(value, float):
        return percent(value) if table != "totals" else points(value, 1)
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, int):
        return number_format(value, force_grouping=True)
    return str(value)


# ---------------------------------------------------------------- files
def heading(results: Results) -> list[tuple[Cell, ...]]:
    """What a file begins with: whose numbers these are, and of when."""
    return [
        (_("Campaign"), results.campaign.title),
        (_("Brand"), results.campaign.brand.name),
        (_("As of (UTC)"), results.at.strftime("%Y-%m-%d %H:%M")),
    ]


def plain(value: Cell) -> str | int | float | Decimal | date:
    """A cell as files have it: numbers as numbers, texts that no program runs as a formula."""
    if value is None:
        return ""
    if value == HIDDEN:
        return _("fewer than %(few)s") % {"few": FEW}
    return safe(value) if isinstance(value, str) else value


def as_csv(results: Results) -> Iterator[str]:
    """One table below the other, with the mark by which spreadsheet programs see that it is UTF-8."""
    yield "\ufeff"
    yield from written([[plain(cell) for cell in row] for row in heading(results)])
    for table in tables(results):
        yield from written([[], [safe(table.title)], [safe(name) for name in table.columns]])
        yield from written([[plain(cell) for cell in row] for row in table.rows])


def as_xlsx(results: Results) -> bytes:
    """A sheet for each table; texts are marked as texts, so that none is a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)

    def cells(sheet: Any, row: Sequence[Cell], *, bold: bool = False) -> list[Any]:
        made = []
        for value in row:
            known = plain(value)
            cell = WriteOnlyCell(sheet, value=_without_controls(known) if isinstance(known, str) else known)
            if isinstance(known, str):
                cell.data_type = "s"
            elif isinstance(known, float) and known <= 1:
                cell.number_format = "0.0%"
            if bold:
                cell.font = Font(bold=True)
            made.append(cell)
        return made

    about = book.create_sheet(_("About")[:31])
    for row in heading(results):
        about.append(cells(about, row))
    for table in tables(results):
        sheet = book.create_sheet(table.slug)
        sheet.append(cells(sheet, table.columns, bold=True))
        for row in table.rows:
            sheet.append(cells(sheet, row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _without_controls(text: str) -> str:
    """XML has no place for most control characters."""
    return "".join(letter for letter in text if letter >= " " or letter == "\n")


def file_name(results: Results, ending: str) -> str:
    return f"results-{results.campaign.pk}-{_day(results.at)}.{ending}"


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
