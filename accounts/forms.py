"""Forms about people."""

from django import forms


class SignupForm(forms.Form):
    def signup(self, request, user) -> None:  # type: ignore[no-untyped-def]
        pass
