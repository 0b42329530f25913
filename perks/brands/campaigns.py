"""Campaigns on the brands' pages: a saved draft in five steps (the list is campaign_list's)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.places import country_name
from perks import campaigns, states
from perks.brands import campaign_steps as steps
from perks.brands.campaign_fields import TYPED, field_choices, language_choices, network_choices, region_choices
from perks.brands.campaign_inlines import locked_groups
from perks.brands.campaign_list import CampaignList
from perks.brands.campaign_views import CampaignViews
from perks.brands.site import site
from perks.completeness import lacks
from perks.errors import PerkError
from perks.models import Campaign, Variant
from perks.states import PUBLIC, State
from scoring import topics

# How many topics a page proposes while one types.
PROPOSED = 300
# Lists of codes, which are shown by name to who may look and not change.
NAMED = ("countries", "regions", "languages", "networks", "asks_for")


class CampaignAdmin(CampaignViews, CampaignList):
    """One page for each step; what is locked is shown, and refused however it is sent."""

    change_form_template = "perks/brands/campaign_form.html"
    view_on_site = False
    # One field for day and time, which a label can name; Django's two have none.
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TYPED),
        }
    }
    readonly_fields = ["named_countries", "named_regions", "named_languages", "named_networks", "named_asks_for"]

    # ------------------------------------------------------------ the step

    def step_of(self, request: HttpRequest) -> steps.Step:
        return steps.BY_SLUG.get(request.GET.get("step", ""), steps.STEPS[0])

    def locks(self, request: HttpRequest, campaign: Campaign) -> frozenset[str]:
        """The locked groups, asked once a request; inlines read them there."""
        if not hasattr(request, "_klout_locked"):
            claimed = campaigns.has_claims(campaign)
            request._klout_locked = locked_groups(campaign, claimed=claimed)  # type: ignore[attr-defined]
        locked: frozenset[str] = request._klout_locked  # type: ignore[attr-defined]
        return locked

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = [(name, dict(options)) for name, options in self.step_of(request).fieldsets]
        if self.has_change_permission(request, obj):
            return fieldsets
        for _name, options in fieldsets:
            options["fields"] = tuple(f"named_{name}" if name in NAMED else name for name in options["fields"])
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if self.has_change_permission(request, obj) else self.readonly_fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return list(self.step_of(request).inlines)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        step = self.step_of(request)
        if obj is None or not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, **kwargs)
        locked = self.locks(request, obj)
        form = type(step.form.__name__, (step.form,), {"locked": locked})
        return super().get_form(request, obj, change, form=form, **kwargs)

    # ------------------------------------------------------------ opening and saving

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None:
            return self.begin_view(request)
        campaign = self.get_object(request, object_id)
        if campaign is None or not self.has_view_permission(request, campaign):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if "step" not in request.GET:
            first = steps.STEPS[0].slug if campaign.state == State.DRAFT else steps.REVIEW
            return HttpResponseRedirect(f"{request.path}?step={first}")
        step = self.step_of(request)
        if step.slug == steps.REVIEW:
            return self.review_view(request, campaign)
        if request.method == "POST":
            return self._save(request, campaign, step, form_url, extra_context)
        return self._show(request, campaign, step, form_url, extra_context)

    def _show(
        self, request: HttpRequest, campaign: Campaign, step: steps.Step, form_url: str, extra: dict[str, Any] | None
    ) -> HttpResponse:
        locked = self.locks(request, campaign)
        known = {
            **(extra or {}),
            **self.frame(campaign, step, request),
            "why_locked": self.why_locked(campaign, step, locked),
            "all_locked": step.groups <= locked,
            "proposed_topics": self._proposed() if step.slug == "audience" else [],
            "title": campaign.title,
        }
        return super().changeform_view(request, str(campaign.pk), form_url, known)

    def _save(
        self, request: HttpRequest, campaign: Campaign, step: steps.Step, form_url: str, extra: dict[str, Any] | None
    ) -> HttpResponse:
        """In one transaction that has the campaign's row, so that nothing is decided by a state that has passed."""
        try:
            with transaction.atomic():
                rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("brand")
                now = rows.get(pk=campaign.pk)
                if step.groups & states.LOCKED_BY_CLAIMS:
                    self._after_holds(now)
                locked = self.locks(request, now)
                if step.groups <= locked:
                    messages.error(request, self.why_locked(now, step, locked))
                    return HttpResponseRedirect(self.step_url(now, step))
                answer = self._show(request, now, step, form_url, extra)
                if isinstance(answer, HttpResponseRedirect) and now.state in PUBLIC:
                    self._still_complete(now)
                return answer
        except PerkError as error:
            for text in [str(error), *(lack.text for lack in error.details.get("lacks", ()))]:
                messages.error(request, text)
            return HttpResponseRedirect(self.step_url(campaign, step))

    @staticmethod
    def _after_holds(campaign: Campaign) -> None:
        """Wait for holds that are being made, and let none be made until this is saved: the first one locks."""
        rows = Variant.objects.select_for_update(no_key=True).filter(campaign=campaign).order_by("pk")
        list(rows.values_list("pk"))

    def _still_complete(self, campaign: Campaign) -> None:
        """What people see lacks nothing; and what goes with being scheduled goes with each new window."""
        if campaign.state in (State.SCHEDULED, State.LIVE, State.PAUSED):
            campaigns.keep_complete(campaign=Campaign.objects.get(pk=campaign.pk), at=timezone.now())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        values = form.cleaned_data
        if "terms_text" in values and not form.fields["terms_text"].disabled:
            assert isinstance(request.user, User)
            text, disclosure = values["terms_text"].strip(), values["disclosure"].strip()
            if text or obj.terms is not None:
                campaigns.save_terms(
                    campaign=obj, text=text, disclosure=disclosure, user=request.user, at=timezone.now()
                )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """What was added, changed and removed below a step is written down as the step's own fields are."""
        super().save_formset(request, form, formset, change)
        found: dict[str, tuple[str, str]] = {}
        for row in formset.new_objects:
            found[_named_row(row)] = ("", str(row))
        for row, fields in formset.changed_objects:
            found |= {f"{_named_row(row)}, {name}": (_text(formset, row, name), _now(row, name)) for name in fields}
        for row in formset.deleted_objects:
            found[_named_row(row)] = (str(row), "")
        if found:
            self.write_down(request, form.instance, "change", found)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        step = self.step_of(request)
        if "_stay" in request.POST:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(self.step_url(obj, step))
        return HttpResponseRedirect(self.step_url(obj, steps.after(step)))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.step_url(obj, self.step_of(request)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A draft that nobody was told of may go; everything else is archived."""
        if obj is not None and (obj.state != State.DRAFT or campaigns.has_claims(obj)):
            return False
        return super().has_delete_permission(request, obj)

    # ------------------------------------------------------------ words

    def step_url(self, campaign: Campaign, step: steps.Step) -> str:
        name = f"{self.admin_site.name}:perks_campaign_change"
        return f"{reverse(name, args=[campaign.pk])}?step={step.slug}"

    def frame(self, campaign: Campaign, step: steps.Step, request: HttpRequest) -> dict[str, Any]:
        """What the head of each step shows."""
        found = lacks(campaign, timezone.now())
        return {
            "campaign": campaign,
            "step": step,
            "steps": steps.navigation(step, found),
            "lacks": found,
            "may_edit": self.has_change_permission(request, campaign),
        }

    def why_locked(self, campaign: Campaign, step: steps.Step, locked: frozenset[str]) -> str:
        """A sentence on what of the step cannot be changed, and why; "" where all can be."""
        if not step.groups & locked:
            return ""
        state = states.LABELS[State(campaign.state)]
        if campaign.state in (State.ENDED, State.ARCHIVED):
            return str(_("This campaign is %(state)s: what is greyed out stays as it was.") % {"state": state})
        if campaigns.has_claims(campaign):
            return str(_("Somebody holds or has claimed one: what people were promised can no longer be changed."))
        return str(_("While a campaign is %(state)s this cannot be changed: pause it first.") % {"state": state})

    @staticmethod
    def _proposed() -> list[str]:
        return sorted(topics.name_in(topic) for topic in topics.listed().order_by("-ranked", "name")[:PROPOSED])

    @admin.display(description=gettext_lazy("countries"))
    def named_countries(self, campaign: Campaign) -> str:
        return ", ".join(country_name(code) for code in campaign.countries)

    @admin.display(description=gettext_lazy("regions"))
    def named_regions(self, campaign: Campaign) -> str:
        return _named(campaign.regions, region_choices(campaign.countries))

    @admin.display(description=gettext_lazy("languages"))
    def named_languages(self, campaign: Campaign) -> str:
        return _named(campaign.languages, language_choices())

    @admin.display(description=gettext_lazy("linked networks"))
    def named_networks(self, campaign: Campaign) -> str:
        return _named(campaign.networks, network_choices())

    @admin.display(description=gettext_lazy("asks for"))
    def named_asks_for(self, campaign: Campaign) -> str:
        return _named(campaign.asks_for, field_choices())

    @admin.display(description=gettext_lazy("terms"))
    def terms_text(self, campaign: Campaign) -> str:
        return campaign.terms.text if campaign.terms else ""

    @admin.display(description=gettext_lazy("what to say when one posts about it"))
    def disclosure(self, campaign: Campaign) -> str:
        return campaign.terms.disclosure if campaign.terms else ""


def _named(codes: list[str], choices: list[tuple[str, str]]) -> str:
    names = dict(choices)
    return ", ".join(names.get(code, code) for code in codes)


def _named_row(row: Any) -> str:
    return f"{row._meta.verbose_name} {row.pk or ''}".strip()


def _text(formset: Any, row: Any, name: str) -> str:
    form = next((form for form in formset.forms if form.instance is row), None)
    return "" if form is None else str(form.initial.get(name, ""))


def _now(row: Any, name: str) -> str:
    return str(getattr(row, name, ""))


site.register(Campaign, CampaignAdmin)
site.index_template = "perks/brands/index.html"
