"""The only door to allauth: who may sign up and how, and what its mails and pages know of the site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.views import SignupView as AllauthSignupView
from django.conf import settings
from django.db import IntegrityError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, get_language_from_request, override
from django.utils.translation import gettext as _

from accounts import joining
from accounts.models import HANDLE_TAKEN, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's own ways, with our people, mails and pages."""

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """Save the new user with the person it asked for, both or neither. Raises IntegrityError."""
        super().save_user(request, user, form, commit=False)
        if commit:
            data = form.cleaned_data
            joining.join(user=user, handle=data["handle"], birth_year=data["birth_year"], confirmed=False)
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            joining.show_after_first_confirmation(email_address.user)
        return confirmed

    def is_safe_url(self, url: str | None) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            # No address at all, such as http://[.
            return False

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *rest: Any, **named: Any
    ) -> None:
        """Who comes in by confirming an address is told of that alone: "welcome back" is for who was here before."""
        confirming = request.resolver_match is not None and request.resolver_match.url_name == "account_confirm_email"
        if confirming and message_template == "account/messages/logged_in.txt":
            return
        # Who has gone out reads the next page as anybody does in this browser.
        gone = message_template == "account/messages/logged_out.txt"
        with override(get_language_from_request(request) if gone else get_language()):
            super().add_message(request, level, message_template, *rest, **named)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to show once more who one is, in the words of the settings."""
        words = {
            "reauthenticate": _("With your password"),
            "mfa_reauthenticate": _("With your authenticator app, or a recovery code"),
            "mfa_reauthenticate:webauthn": _("With a passkey"),
        }
        return [
            method | {"description": words.get(method["id"], method["description"])}
            for method in super().get_reauthentication_methods(user)
        ]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        super().send_mail(template_prefix, email, site | context)


class SignupView(AllauthSignupView):  # type: ignore[misc]
    """allauth's sign-up, where the database has the last word on who was first."""

    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:
            joining.hold_handle(form.cleaned_data["handle"])
        try:
            response: HttpResponse = super().form_valid(form)
        except IntegrityError as error:
            if joining.is_handle_conflict(error):
                form.add_error("handle", HANDLE_TAKEN)
                refused: HttpResponse = self.form_invalid(form)
                return refused
            if joining.is_email_conflict(error):
                # Answered like any sign-up with a known address: by a mail to its owner, with the same page.
                form.account_already_exists = True
                return self.form_valid(form)
            raise
        return response


signup = SignupView.as_view()
