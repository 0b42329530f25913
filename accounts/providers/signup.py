"""The sign-up of who comes by a network: allauth's, where the database has the last word on who was first."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.views import SignupView
from django.db import IntegrityError
from django.http import HttpResponse
from django.urls import reverse

from accounts import joining
from accounts.models import HANDLE_TAKEN

# Where allauth keeps who is about to sign up; without a token (accounts.social).
PENDING = "socialaccount_sociallogin"


class SocialSignupView(SignupView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:
            joining.hold_handle(form.cleaned_data["handle"])
        pending = self.request.session.get(PENDING)
        try:
            response: HttpResponse = super().form_valid(form)
        except IntegrityError as error:
            if joining.is_handle_conflict(error):
                # allauth has forgotten them by now.
                self.request.session[PENDING] = pending
                form.add_error("handle", HANDLE_TAKEN)
                refused: HttpResponse = self.form_invalid(form)
                return refused
            if joining.is_email_conflict(error):
                # Answered like any sign-up with a known address: by a mail to its owner, with the same page.
                form.account_already_exists = True
                return self.form_valid(form)
            raise
        return response

    def get_authenticated_redirect_url(self) -> str:
        return reverse("settings")


signup = SocialSignupView.as_view()
