"""The pages of a campaign that are no form of its fields: beginning, reviewing, moving it on, copying it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from perks import campaigns, copies, patterns, previewing
from perks.brands import campaign_steps as steps
from perks.brands.code_views import CodeViews
from perks.brands.scoping import allowed, brands_of
from perks.completeness import lacks
from perks.errors import PerkError
from perks.models import AuditEntry, Brand, Campaign
from perks.states import CLAIMABLE, PUBLIC, State

if TYPE_CHECKING:
    from perks.brands.campaign_steps import Step

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Way:
    """Something that can be done with a campaign as a whole, with its words; `to` None: resume."""

    slug: str
    to: State | None
    of: frozenset[State]
    label: str | Promise
    about: str | Promise
    done: str | Promise
    staff: bool = False


_RUNNING = frozenset({State.SCHEDULED, State.LIVE, State.PAUSED})
WAYS: Mapping[str, Way] = {
    way.slug: way
    for way in (
        Way(
            "send",
            State.REVIEW,
            frozenset({State.DRAFT}),
            gettext_lazy("Send to review and publish"),
            gettext_lazy("Our staff looks at it. Once it is approved, it opens by itself with its first window."),
            gettext_lazy("Sent to review. You get a mail when it is decided."),
        ),
        Way(
            "approve",
            State.SCHEDULED,
            frozenset({State.REVIEW}),
            gettext_lazy("Approve"),
            gettext_lazy("People see it from now on, and it opens with its first window."),
            gettext_lazy("Approved."),
            staff=True,
        ),
        Way(
            "back",
            State.DRAFT,
            frozenset({State.REVIEW}),
            gettext_lazy("Back to a draft"),
            gettext_lazy("It can be changed, and sent to review again. The brand's team reads the reason."),
            gettext_lazy("It is a draft again."),
        ),
        Way(
            "take-back",
            State.DRAFT,
            frozenset({State.SCHEDULED}),
            gettext_lazy("Take back"),
            gettext_lazy("It becomes a draft again, and people no longer see it. Only as long as nobody has claimed."),
            gettext_lazy("Taken back: it is a draft again."),
        ),
        Way(
            "pause",
            State.PAUSED,
            frozenset({State.SCHEDULED, State.LIVE}),
            gettext_lazy("Pause"),
            gettext_lazy("Nobody can claim while it is paused. What people hold or have claimed stays good."),
            gettext_lazy("Paused."),
        ),
        Way(
            "resume",
            None,
            frozenset({State.PAUSED}),
            gettext_lazy("Resume"),
            gettext_lazy("People can claim again, in its windows."),
            gettext_lazy("It goes on."),
        ),
        Way(
            "end",
            State.ENDED,
            _RUNNING,
            gettext_lazy("End for good"),
            gettext_lazy(
                "Nobody can claim any more, and it cannot be opened again. What people have claimed stays good."
            ),
            gettext_lazy("Ended."),
        ),
        Way(
            "archive",
            State.ARCHIVED,
            frozenset({State.DRAFT, State.ENDED}),
            gettext_lazy("Put into the archive"),
            gettext_lazy("It goes from your list and from public pages. Its results and claims are kept."),
            gettext_lazy("It is in the archive."),
        ),
    )
}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept in the log of changes with your name."),
    )


class CampaignViews(CodeViews):
    """Mixed into the campaign's admin page; its addresses lie below the campaign's own."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "perks_campaign_"
        own = [
            path("<int:campaign_id>/move/<slug:way>/", view(self.move_view), name=name + "move"),
            path("<int:campaign_id>/duplicate/", view(self.duplicate_view), name=name + "duplicate"),
            path("<int:campaign_id>/save-as-template/", view(self.template_view), name=name + "template"),
            *self.code_urls(),
        ]
        return [*own, *super().get_urls()]

    def campaign(self, request: HttpRequest, campaign_id: int, may: str) -> Campaign:
        """One's own campaign; 404 for another brand's, 403 without the right."""
        campaign = self.get_queryset(request).select_related("brand").filter(pk=campaign_id).first()
        if not isinstance(campaign, Campaign):
            raise Http404
        if not allowed(request, may, campaign.brand_id):
            from django.core.exceptions import PermissionDenied

            raise PermissionDenied
        return campaign

    def page(self, request: HttpRequest, template: str, **known: Any) -> TemplateResponse:
        common = {**self.admin_site.each_context(request), "opts": self.opts, "app_label": self.opts.app_label}
        return TemplateResponse(request, f"perks/brands/{template}.html", common | known)

    def to_review(self, campaign: Campaign) -> HttpResponseRedirect:
        address = reverse(f"{self.admin_site.name}:perks_campaign_change", args=[campaign.pk])
        return HttpResponseRedirect(f"{address}?step={steps.REVIEW}")

    # ------------------------------------------------------------ beginning

    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """From a pattern, from a template of one's own, or from nothing."""
        from django.core.exceptions import PermissionDenied

        brands = brands_of(request, "edit").order_by("name")
        if not self.has_add_permission(request):
            raise PermissionDenied
        templates = Campaign.objects.filter(is_template=True, brand__in=brands).select_related("brand")
        if request.method == "POST":
            made = self._begin(request, brands, templates)
            if made is not None:
                address = reverse(f"{self.admin_site.name}:perks_campaign_change", args=[made.pk])
                return HttpResponseRedirect(f"{address}?step={steps.STEPS[0].slug}")
            messages.error(request, _("Please choose a brand and what to begin with."))
        return self.page(
            request,
            "begin",
            title=_("A new campaign"),
            brands=list(brands[:200]),
            patterns=patterns.PATTERNS,
            templates=list(templates.order_by("title")[:200]),
        )

    def _begin(self, request: HttpRequest, brands: QuerySet[Brand], templates: QuerySet[Campaign]) -> Campaign | None:
        assert isinstance(request.user, User)
        wanted, number, at = request.POST.get("from", ""), request.POST.get("brand", ""), timezone.now()
        kind, _colon, name = wanted.partition(":")
        if kind == "template" and name.isdecimal():
            template = templates.filter(pk=int(name)).first()
            return template and copies.duplicate(campaign=template, user=request.user, at=at)
        brand = brands.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None
        if brand is None and not number and len(only := list(brands[:2])) == 1:
            brand = only[0]
        if brand is None:
            return None
        if kind == "pattern" and name in patterns.BY_SLUG:
            return copies.begin(pattern=patterns.BY_SLUG[name], brand=brand, user=request.user, at=at)
        return copies.begin(pattern=None, brand=brand, user=request.user, at=at) if kind == "empty" else None

    # ------------------------------------------------------------ reviewing

    def review_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """What lacks, whom it reaches, and what can be done with it now."""
        at = timezone.now()
        said = AuditEntry.objects.filter(campaign=campaign).exclude(reason="").select_related("user")
        known: dict[str, Any] = {
            **self.frame(campaign, steps.BY_SLUG[steps.REVIEW], request),
            "title": campaign.title,
            "ways": self.ways_of(request, campaign),
            "variants": list(campaign.variants.all()),
            "windows": list(campaign.windows.all()),
            "terms": campaign.terms,
            "said": said.order_by("-at").first(),
            "public": campaign.state in PUBLIC and not campaign.is_template,
            "claimable": campaign.state in CLAIMABLE,
            "has_results": campaign.state not in (State.DRAFT, State.REVIEW) and not campaign.is_template,
            "may_copy": allowed(request, "edit", campaign.brand_id),
            **previewing.preview_context(campaign, at),
        }
        return self.page(request, "campaign_review", original=campaign, **known)

    def ways_of(self, request: HttpRequest, campaign: Campaign) -> list[Way]:
        """What whoever looks may do with it now."""
        if campaign.is_template or not allowed(request, "publish", campaign.brand_id):
            return []
        staff = isinstance(request.user, User) and request.user.is_staff
        return [way for way in WAYS.values() if campaign.state in way.of and (staff or not way.staff)]

    # ------------------------------------------------------------ moving on

    def move_view(self, request: HttpRequest, campaign_id: int, way: str) -> HttpResponse:
        campaign = self.campaign(request, campaign_id, "publish")
        if way not in WAYS:
            raise Http404
        if campaign.state not in WAYS[way].of:
            messages.warning(request, _("That was done already, or is no longer possible."))
            return self.to_review(campaign)
        return self._move_page(request, [campaign], WAYS[way], back=None)

    def ask_move(self, request: HttpRequest, queryset: QuerySet[Any], way: str) -> HttpResponse:
        """For several of the list: the same page, which comes back here with the reason."""
        chosen = WAYS[way]
        brands = brands_of(request, "publish")
        found = list(queryset.filter(brand__in=brands, state__in=list(chosen.of), is_template=False).order_by("pk"))
        if not found:
            messages.warning(request, _("Nothing of what you chose can be moved so."))
            return HttpResponseRedirect(request.get_full_path())
        return self._move_page(request, found, chosen, back=request.POST.get("action", ""))

    def _move_page(self, request: HttpRequest, found: list[Campaign], way: Way, *, back: str | None) -> HttpResponse:
        assert isinstance(request.user, User)
        sent = request.method == "POST" and (back is None or "confirmed" in request.POST)
        form = ReasonForm(request.POST if sent else None)
        wanted = self._wants_reason(found[0], way)
        if sent and form.is_valid():
            if wanted and not form.cleaned_data["reason"].strip():
                form.add_error("reason", str(campaigns.ReasonWanted.text))
            elif self._move(request, found, way, form.cleaned_data["reason"]) or back is not None:
                return self.to_review(found[0]) if back is None else HttpResponseRedirect(request.get_full_path())
        return self.page(
            request,
            "move",
            title=str(way.label),
            way=way,
            campaigns=found,
            form=form,
            reason_wanted=wanted,
            action=back,
            lacks=lacks(found[0], timezone.now()) if way.slug in ("send", "approve") else [],
        )

    @staticmethod
    def _wants_reason(campaign: Campaign, way: Way) -> bool:
        to = way.to or State.LIVE
        return campaigns.wants_reason(State(campaign.state), to)

    def _move(self, request: HttpRequest, found: Iterable[Campaign], way: Way, reason: str) -> bool:
        """Whether all went; what did not is said."""
        assert isinstance(request.user, User)
        well, at = True, timezone.now()
        for campaign in found:
            try:
                _go(campaign, way, request.user, reason, at)
            except PerkError as error:
                well = False
                messages.error(request, f"{campaign.title}: {error}")
                for lack in error.details.get("lacks", ()):
                    messages.error(request, lack.text)
            else:
                messages.success(request, f"{campaign.title}: {way.done}")
        return well

    # ------------------------------------------------------------ copying

    def duplicate_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        return self._copy(request, campaign_id, as_template=False)

    def template_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        return self._copy(request, campaign_id, as_template=True)

    def _copy(self, request: HttpRequest, campaign_id: int, *, as_template: bool) -> HttpResponse:
        campaign = self.campaign(request, campaign_id, "edit")
        if request.method != "POST":
            return self.to_review(campaign)
        assert isinstance(request.user, User)
        copy = copies.duplicate(campaign=campaign, user=request.user, at=timezone.now(), as_template=as_template)
        text = _("Saved as a template: begin new campaigns with it.") if as_template else _("Copied, as a draft.")
        messages.success(request, text)
        address = reverse(f"{self.admin_site.name}:perks_campaign_change", args=[copy.pk])
        return HttpResponseRedirect(f"{address}?step={steps.STEPS[0].slug}")

    @abstractmethod
    def frame(self, campaign: Campaign, step: Step, request: HttpRequest) -> dict[str, Any]:
        """What the head of each step shows."""


def _go(campaign: Campaign, way: Way, user: User, reason: str, at: datetime) -> None:
    if way.to is None:
        campaigns.resume(campaign=campaign, user=user, reason=reason, at=at)
    else:
        campaigns.move(campaign=campaign, to=way.to, user=user, reason=reason, at=at)
