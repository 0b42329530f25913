"""What campaigns brought, on the brands' pages: each by itself, on one sheet of paper, as files, and side by side."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit, comparing, plots, results_tables, roi
from perks.brands.scoping import BrandScopedAdmin, allowed, brands_of
from perks.brands.site import site
from perks.models import Campaign, CampaignResults
from perks.money import written as money
from perks.results import Day, Results
from perks.states import State
from scoring.charts import bar
from scoring.spreadsheets import written

# Of the newest days the page shows so many in its table; the files have all.
DAYS = 31
A_PAGE = 25
# Campaigns of a file with all of them.
IN_A_FILE = 1_000
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@admin.register(CampaignResults, site=site)
class ResultsPage(BrandScopedAdmin):
    """Everybody of the team sees them; files are for the role "export", and each is written down."""

    may_see, may_add, may_change, may_delete = "see", None, None, None
    actions = None

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "perks_campaignresults_"
        own = [
            path("csv/", view(self.beside_view), name=name + "beside"),
            path("<int:number>/report/", view(self.report_view), name=name + "report"),
            path("<int:number>/csv/", view(self.csv_view), name=name + "csv"),
            path("<int:number>/xlsx/", view(self.xlsx_view), name=name + "xlsx"),
        ]
        return [*own, *super().get_urls()]

    # ------------------------------------------------------------ pages

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The brand's campaigns side by side, the newest first."""
        if not self.has_module_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        rows = self.get_queryset(request).filter(is_template=False).exclude(state__in=[State.DRAFT, State.REVIEW])
        page = Paginator(rows.select_related("brand").order_by("-created_at", "-pk"), A_PAGE).get_page(
            request.GET.get("p")
        )
        found = comparing.beside(list(page))
        most = max((one.claimed for one in found), default=0)
        may_export = allowed(request, "export")
        lines = [
            {
                "one": one,
                "bar": mark_safe(bar(one.claimed / most if most else 0, "claims")),  # noqa: S308 (numbers alone)
                "cost": money(one.cost, one.campaign.currency) if one.cost is not None else "",
                "cost_each": money(one.cost_each, one.campaign.currency) if one.cost_each is not None else "",
            }
            for one in found
        ]
        return self._page(request, "results_list", lines=lines, page=page, may_export=may_export, title=_("Results"))

    def beside_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """The newest campaigns side by side as CSV, of the brands whose results one may take away."""
        if not allowed(request, "export"):
            raise PermissionDenied
        rows = Campaign.objects.filter(brand__in=brands_of(request, "export"), is_template=False)
        rows = rows.exclude(state__in=[State.DRAFT, State.REVIEW]).select_related("brand")
        found, at = comparing.beside(list(rows.order_by("-created_at", "-pk")[:IN_A_FILE])), timezone.now()
        name = f"results-{at:%Y-%m-%d}.csv"
        assert isinstance(request.user, User)
        with transaction.atomic():
            for brand in {one.campaign.brand for one in found}:
                audit.record(brand=brand, user=request.user, action="export results", about=name, at=at)
        lines: list[list[Any]] = [
            _beside_heading(),
            *([results_tables.plain(cell) for cell in _beside_row(one)] for one in found),
        ]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        text = chain(["\ufeff"], written(lines))
        return StreamingHttpResponse(text, content_type=TYPES["csv"], headers=headers)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None:
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        found = self._results(request, object_id, "see")
        may_export = allowed(request, "export", found.campaign.brand_id)
        known = _shown(found, newest=DAYS) | {"may_export": may_export}
        return self._page(request, "results", **known, title=found.campaign.title)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404

    def report_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """All that matters on one sheet."""
        found = self._results(request, number, "see")
        return self._page(request, "results_report", **_shown(found, newest=0), title=found.campaign.title)

    # ------------------------------------------------------------ files

    def csv_view(self, request: HttpRequest, number: int) -> StreamingHttpResponse:
        found = self._to_export(request, number, "csv")
        return StreamingHttpResponse(
            results_tables.as_csv(found), content_type=TYPES["csv"], headers=_attached(found, "csv")
        )

    def xlsx_view(self, request: HttpRequest, number: int) -> HttpResponse:
        found = self._to_export(request, number, "xlsx")
        return HttpResponse(results_tables.as_xlsx(found), content_type=TYPES["xlsx"], headers=_attached(found, "xlsx"))

    def _to_export(self, request: HttpRequest, number: int, ending: str) -> Results:
        """The results, and a line of the log that somebody took them away."""
        found = self._results(request, number, "export")
        assert isinstance(request.user, User)
        audit.record(
            brand=found.campaign.brand,
            user=request.user,
            action="export results",
            campaign=found.campaign,
            about=results_tables.file_name(found, ending),
            at=found.at,
        )
        return found

    # ------------------------------------------------------------ what they share

    def _results(self, request: HttpRequest, number: str | int, may: str) -> Results:
        """Results of one's own campaign; 404 for another brand's, 403 without the right."""
        text = str(number)
        if not (text.isascii() and text.isdigit() and len(text) < 18):
            raise Http404
        rows = Campaign.objects.filter(pk__in=self.get_queryset(request).values("pk"), is_template=False)
        campaign = rows.select_related("brand").filter(pk=int(text)).first()
        if campaign is None:
            raise Http404
        if not allowed(request, may, campaign.brand_id):
            raise PermissionDenied
        return roi.results(campaign, timezone.now())

    def _page(self, request: HttpRequest, template: str, **known: Any) -> TemplateResponse:
        # each_context would ask for every page of the site what one may do there, which nothing here shows.
        common: dict[str, Any] = {
            "site_title": self.admin_site.site_title,
            "site_header": self.admin_site.site_header,
            "has_permission": True,
            "is_nav_sidebar_enabled": False,
            "available_apps": [],
            "opts": self.opts,
            "app_label": self.opts.app_label,
        }
        return TemplateResponse(request, f"perks/brands/{template}.html", common | known)


def _beside_heading() -> list[str]:
    names = [_("Campaign"), _("Brand"), _("State"), _("Members who opened it"), _("People who claimed"), _("Claimed")]
    return [*names, _("Used"), _("Posts"), _("Reactions, about"), _("Currency"), _("Cost"), _("For each claim")]


def _beside_row(one: comparing.Beside) -> tuple[results_tables.Cell, ...]:
    campaign = one.campaign
    viewed = results_tables.HIDDEN if one.viewed is None else one.viewed
    numbers = (viewed, one.people, one.claimed, one.redeemed, one.posts, one.reactions)
    about = (campaign.title, campaign.brand.name, str(campaign.get_state_display()))
    return (*about, *numbers, campaign.currency, one.cost, one.cost_each)


def _attached(results: Results, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{results_tables.file_name(results, ending)}"'}


def _shown(results: Results, *, newest: int) -> dict[str, Any]:
    """What the pages of one campaign show; `newest`: how many days the table has (0: no table of days)."""
    campaign, currency = results.campaign, results.campaign.currency
    found = {table.slug: _lines(table, currency, newest) for table in results_tables.tables(results)}
    days = found.pop("days", None)
    return {
        "campaign": campaign,
        "results": results,
        "funnel": _funnel(results),
        "facts": _facts(results),
        "tables": [table for slug, table in found.items() if slug not in ("funnel", "hold-out")],
        "days": days if newest else None,
        "more_days": max(0, len(results.days) - newest),
        "hold_out": found.get("hold-out"),
        "verdict": results_tables.verdict(results),
        "chart": _chart(results, seen=bool(newest)),
        "cost": money(results.cost, currency) if results.cost is not None else "",
    }


def _lines(table: results_tables.Table, currency: str, newest: int) -> dict[str, Any]:
    rows = list(table.rows)
    if table.slug == "days":
        rows = rows[::-1][:newest]
    return {
        "slug": table.slug,
        "title": table.title,
        "note": table.note,
        "columns": table.columns,
        "rows": [
            [results_tables.shown(cell, table.slug, place, currency) for place, cell in enumerate(row)] for row in rows
        ],
    }


def _funnel(results: Results) -> list[dict[str, Any]]:
    """The steps with bars as long as their share of the largest."""
    most = max((step.people or 0 for step in results.steps), default=0)
    currency = results.campaign.currency
    return [
        {
            "name": results_tables.step_name(step.slug),
            "people": results_tables.shown(
                step.people if step.people is not None else results_tables.HIDDEN, "funnel", 1, currency
            ),
            "bar": mark_safe(bar(step.people / most if step.people and most else 0, step.slug)),  # noqa: S308
            "share": results_tables.percent(step.share) if step.share is not None else "",
            "of": results_tables.share_of(step.slug),
            "cost": money(step.cost, currency) if step.cost is not None else "",
        }
        for step in results.steps
    ]


def _facts(results: Results) -> list[tuple[str, str]]:
    """The few numbers at the top."""
    posts, claimed = results.posts, results.step("claimed")
    currency = results.campaign.currency
    shown = results_tables.shown
    facts = [
        (_("Claimed"), shown(results.claimed, "facts", 0, currency)),
        (_("Posts about it"), shown(posts.number, "facts", 0, currency)),
        (_("Followers reached, about"), shown(posts.reach, "facts", 0, currency)),
        (_("Reactions, about"), shown(posts.reactions, "facts", 0, currency)),
    ]
    if results.cost is not None:
        facts.append((_("Cost"), money(results.cost, currency)))
    if claimed.cost is not None:
        facts.append((_("For each person who claimed"), money(claimed.cost, currency)))
    return facts


def _chart(results: Results, *, seen: bool) -> str:
    """seen: also who saw it and how many qualify, for which one sheet of paper has no room."""

    def of(name: str) -> Any:
        def number(day: Day) -> int:
            return int(getattr(day, name) or 0)

        return number

    def label(day: date) -> str:
        return date_format(day, "SHORT_DATE_FORMAT")

    before = [
        plots.Series("shown", _("Pages it was on"), of("impressions")),
        plots.Series("views", _("Views of its page"), of("views")),
        plots.Series("qualify", _("Qualify"), of("eligible"), lasting=True),
    ]
    series = [
        *([one for one in before if any(one.of(day) for day in results.days)] if seen else []),
        plots.Series("claims", _("Claims"), of("claimed")),
        plots.Series("uses", _("Uses at a counter"), of("redeemed")),
        plots.Series("posts", _("Posts"), of("posts")),
    ]
    words = {"claims": results.claimed, "uses": results.redeemed, "posts": results.posts.number}
    picture = plots.bars(
        results.days,
        [one for one in series if one.name != "uses" or results.redeemed],
        title=_("Day by day") if seen else _("Claims, uses and posts by day"),
        description=_("In all %(claims)s claims, %(uses)s uses and %(posts)s posts; the table has every day.") % words,
        label=label,
    )
    return mark_safe(picture)  # noqa: S308 (escaped where it is made)
