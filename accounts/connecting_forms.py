"""What the pages of connecting ask: a server, an address, a key; and what the holder of a claimed account says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.networks.base import Network, Owner

_PLAIN = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}

# What an address looks like, by network.
ADDRESS_HELP = {
    "bluesky": _("Your handle, such as alice.bsky.social."),
    "blog": _("The address of your blog, such as blog.example.org."),
    "wikipedia": _("The address of the article about you, such as https://en.wikipedia.org/wiki/Ada_Lovelace."),
}


class AgreeForm(forms.Form):
    """Agreeing alone; networks with many servers, or with pages, ask for more."""

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        oauth = network.spec.oauth
        if oauth is not None and oauth.authorize_url.startswith("/"):
            self.fields["server"] = forms.CharField(
                label=_("Your server"),
                help_text=_("Its name, such as mastodon.social, or your whole address there."),
                widget=forms.TextInput(attrs=_PLAIN | {"inputmode": "url"}),
                max_length=300,
            )
        if oauth is not None and oauth.page_scopes and network.spec.page_streams:
            self.fields["pages"] = forms.BooleanField(
                label=_("Also read the pages that I run"),
                help_text=_("You choose which ones afterwards. Without this, nothing of any page is asked for."),
                required=False,
            )


class AddressForm(forms.Form):
    """Where a public account is; the code that proves it is shown next."""

    address = forms.CharField(
        label=_("Address"), max_length=500, widget=forms.TextInput(attrs=_PLAIN | {"autocomplete": "off"})
    )

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = ADDRESS_HELP.get(network.spec.slug, "")


class RequestForm(AddressForm):
    """An article that somebody says is about them."""

    reason = forms.CharField(
        label=_("How we can see that it is about you"),
        help_text=_("For our staff; up to 300 characters. A link in the article to a site that you have proved helps."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
    )


class KeyForm(forms.Form):
    """A site of one's own and the key that its network gave for it."""

    address = forms.CharField(
        label=_("Your site"),
        help_text=_("As it is listed in the network's tools, such as https://blog.example.org."),
        max_length=500,
        widget=forms.TextInput(attrs=_PLAIN | {"inputmode": "url"}),
    )
    key = forms.CharField(
        label=_("API key"),
        help_text=_("It is kept encrypted, and shown to nobody again."),
        max_length=500,
        # Never sent back to the page, nor offered by a password manager.
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class PagesForm(forms.Form):
    """Which of the pages that an account runs are read, and whose they are."""

    pages = forms.MultipleChoiceField(label=_("Pages"), widget=forms.CheckboxSelectMultiple)
    whose = forms.TypedChoiceField(label=_("They count for"), coerce=int)

    def __init__(self, *args: Any, found: list[Owner], people: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pages, whose = self.fields["pages"], self.fields["whose"]
        assert isinstance(pages, forms.MultipleChoiceField)
        assert isinstance(whose, forms.TypedChoiceField)
        pages.choices = [(owner.external_id, owner.name or owner.handle or owner.external_id) for owner in found]
        whose.choices = [(person.pk, person.display_name) for person in people]
        if len(people) == 1:
            whose.widget = forms.HiddenInput()
            whose.initial = people[0].pk


class ObjectionForm(forms.Form):
    """Why the holder of a claimed account keeps it."""

    reason = forms.CharField(
        label=_("Why the account is yours"),
        help_text=_("For our staff, who decide; up to 500 characters."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
    )
