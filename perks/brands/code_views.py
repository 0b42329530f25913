"""A variant's codes: taken in from files, reported on row by row, withdrawn. No page shows one."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import tokens
from accounts.models import User
from perks import code_files, codes
from perks.brands.scoping import allowed
from perks.claims.hooks import tell
from perks.code_files import BadFile, WhichColumn
from perks.errors import PerkError
from perks.models import Campaign, CodeBatch, Variant
from scoring import spreadsheets

# Refused rows that a page shows; the file has all that are kept.
SHOWN = 50


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File with codes"),
        help_text=gettext_lazy("Plain text, CSV or XLSX, of at most 100,000 rows and 20 MB. One code a row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    column = forms.CharField(
        label=gettext_lazy("Column"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Its heading, number or letter. Empty: a column headed “code”, or the only one."),
    )


class WithdrawForm(forms.Form):
    batch = forms.ModelChoiceField(
        CodeBatch.objects.none(),
        label=gettext_lazy("Of which file"),
        required=False,
        empty_label=gettext_lazy("any, the last ones first"),
    )
    number = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=10_000_000)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=1000)

    def __init__(self, variant: Variant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unused = variant.codes.filter(given_at__isnull=True, batch=OuterRef("pk"))
        batch: Any = self.fields["batch"]
        batch.queryset = variant.batches.filter(Exists(unused)).order_by("-pk")
        batch.label_from_instance = _named


def _named(batch: CodeBatch) -> str:
    return f"{batch.file_name} ({date_format(timezone.localtime(batch.uploaded_at), 'SHORT_DATETIME_FORMAT')})"


class CodeViews(admin.ModelAdmin):  # type: ignore[type-arg]
    """Mixed into the campaign's admin page."""

    def code_urls(self) -> list[URLPattern]:
        view, start = self.admin_site.admin_view, "<int:campaign_id>/codes/<int:variant_id>/"
        return [
            path(start, view(self.codes_view), name="perks_campaign_codes"),
            path(f"{start}<int:batch_id>.csv", view(self.report_view), name="perks_campaign_codes_report"),
        ]

    @abstractmethod
    def campaign(self, request: HttpRequest, campaign_id: int, may: str) -> Campaign:
        """The campaign, of a brand for which one may do `may`. Raises Http404, PermissionDenied."""

    @abstractmethod
    def page(self, request: HttpRequest, template: str, **known: Any) -> HttpResponse:
        """A page of the site, with what its frame shows."""

    def _variant(self, request: HttpRequest, campaign_id: int, variant_id: int) -> Variant:
        campaign = self.campaign(request, campaign_id, "codes")
        variant = campaign.variants.filter(pk=variant_id).first()
        if variant is None or campaign.is_template:
            raise Http404
        variant.campaign = campaign
        return variant

    def codes_view(self, request: HttpRequest, campaign_id: int, variant_id: int) -> HttpResponse:
        variant = self._variant(request, campaign_id, variant_id)
        here = reverse(f"{self.admin_site.name}:perks_campaign_codes", args=[campaign_id, variant_id])
        upload, withdraw = UploadForm(), WithdrawForm(variant)
        if request.method == "POST" and "withdraw" in request.POST:
            withdraw = WithdrawForm(variant, request.POST)
            if withdraw.is_valid() and self._withdraw(request, variant, withdraw):
                return HttpResponseRedirect(here)
        elif request.method == "POST":
            upload = UploadForm(request.POST, request.FILES)
            if upload.is_valid() and self._upload(request, variant, upload):
                return HttpResponseRedirect(here)
        batches = list(variant.batches.select_related("uploaded_by").order_by("-pk")[:20])
        for batch in batches:
            batch.shown = [  # type: ignore[attr-defined]
                {"row": row.get("row"), "code": row.get("code", ""), "reason": codes.reason_of(row)}
                for row in batch.refused[:SHOWN]
            ]
        counts = variant.codes.aggregate(all=Count("pk"), unused=Count("pk", filter=Q(given_at__isnull=True)))
        return self.page(
            request,
            "codes",
            title=_("Codes: %(title)s") % {"title": variant.campaign.title},
            original=variant.campaign,
            campaign=variant.campaign,
            variant=variant,
            upload=upload,
            withdraw=withdraw,
            batches=batches,
            counts=counts,
            shown=SHOWN,
        )

    def _upload(self, request: HttpRequest, variant: Variant, form: UploadForm) -> bool:
        """Whether something was taken in; what stands in the way is said at its field."""
        assert isinstance(request.user, User)
        file: UploadedFile[bytes] = form.cleaned_data["file"]
        size, name = file.size or 0, file.name or ""
        try:
            rows = code_files.rows_of(file, name=name, size=size, column=form.cleaned_data["column"])
            batch = codes.take_in(variant=variant, rows=rows, file_name=name, user=request.user, at=timezone.now())
        except WhichColumn as error:
            headings = ", ".join(f"{number}: {text}" for number, text in enumerate(error.headings[:10], 1))
            form.add_error("column", str(error))
            form.fields["column"].help_text = _("The first row: %(headings)s") % {"headings": headings}
            return False
        except (BadFile, PerkError) as error:
            form.add_error("file", str(error))
            return False
        except tokens.LostKey:
            form.add_error("file", _("Codes cannot be stored at the moment. Please tell our staff."))
            return False
        if batch.added:
            tell("freed", variant.pk)
        words = ngettext("%(number)s code was added.", "%(number)s codes were added.", batch.added)
        level = messages.SUCCESS if batch.added else messages.WARNING
        messages.add_message(request, level, words % {"number": batch.added})
        if batch.refused_number:
            words = ngettext(
                "%(number)s row was not: see below.", "%(number)s rows were not: see below.", batch.refused_number
            )
            messages.warning(request, words % {"number": batch.refused_number})
        return True

    def _withdraw(self, request: HttpRequest, variant: Variant, form: WithdrawForm) -> bool:
        assert isinstance(request.user, User)
        try:
            number = codes.withdraw(variant=variant, user=request.user, at=timezone.now(), **form.cleaned_data)
        except PerkError as error:
            form.add_error("number", str(error))
            return False
        words = ngettext("%(number)s unused code is gone.", "%(number)s unused codes are gone.", number)
        messages.success(request, words % {"number": number})
        return True

    def report_view(self, request: HttpRequest, campaign_id: int, variant_id: int, batch_id: int) -> HttpResponse:
        """The refused rows of a file as CSV."""
        variant = self._variant(request, campaign_id, variant_id)
        batch: CodeBatch | None = variant.batches.filter(pk=batch_id).first()
        if batch is None or not allowed(request, "codes", variant.campaign.brand_id):
            raise Http404
        rows = (
            (
                spreadsheets.safe(batch.file_name),
                row.get("row"),
                codes.reason_of(row),
                spreadsheets.safe(row.get("code", "")),
            )
            for row in batch.refused
        )
        lines = spreadsheets.written([(_("file"), _("row"), _("reason"), _("code")), *rows])
        return StreamingHttpResponse(  # type: ignore[return-value]
            lines,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="refused-{batch.pk}.csv"'},
        )
