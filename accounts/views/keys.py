"""The keys of the API that a user has: making one, which is shown this once, and ending one."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import api_keys
from accounts.models import ApiKey, User

# Of those that were ended so many are shown, newest first.
ENDED_LISTED = 10


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiKey
        fields = ["name"]
        help_texts = {"name": gettext_lazy("What uses it, so that you know which one to end.")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """POST with `revoke` ends the key of that id; any other makes one, and this answer alone shows it."""
    assert isinstance(request.user, User)
    if "revoke" in request.POST:
        return _revoke(request, request.user)
    form = KeyForm(request.POST or None)
    made = secret = None
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = api_keys.make(user=request.user, name=form.cleaned_data["name"], at=timezone.now())
        except api_keys.TooManyKeys:
            text = _("You have %(number)s keys, which is as many as there can be. End one that you no longer need.")
            form.add_error(None, text % {"number": api_keys.MOST})
        else:
            form = KeyForm()
    known = list(ApiKey.objects.filter(user=request.user).order_by("-created_at", "-pk"))
    context = {
        "form": form,
        "made": made,
        "secret": secret,
        "living": [key for key in known if key.revoked_at is None],
        "ended": [key for key in known if key.revoked_at is not None][:ENDED_LISTED],
        "most": api_keys.MOST,
        "site_url": settings.SITE_URL,
        "handle": request.user.person.handle if request.user.person else "alice",
    }
    return render(request, "accounts/keys.html", context)


def _revoke(request: HttpRequest, user: User) -> HttpResponse:
    number = request.POST["revoke"]
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    if not api_keys.revoke(user=user, key_id=int(number), at=timezone.now()):
        raise Http404
    messages.success(request, _("The key has ended: whatever uses it is refused from now on."))
    return redirect("api_keys")
