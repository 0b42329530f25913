"""Whose blog an address lies on: the linked blog whose own address begins it, or a member's profile here."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from accounts.handles import FORM
from accounts.models import LinkedAccount, Person
from accounts.networks.addresses import page

# Folders of an address that are looked at.
DEEPEST = 20


def blog_at(address: str) -> LinkedAccount | None:
    """The linked blog that the page at `address` is part of; of several, the closest. Raises ValueError."""
    folders = page(address).split("/")[: DEEPEST + 1]
    begins = ["/".join(folders[:number]) for number in range(1, len(folders) + 1)]
    blogs = LinkedAccount.objects.filter(account__network="blog", state=LinkedAccount.State.ACTIVE)
    found = blogs.select_related("account", "person").filter(account__external_id__in=begins)
    return max(found, key=lambda link: len(link.account.external_id), default=None)


def blog_of_profile(address: str, *, at: date) -> LinkedAccount | None:
    """The blog of the member whose public profile here `address` is; None where there is none, or no such profile."""
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}".lower() != settings.SITE_URL.lower():
        return None
    handle = parts.path.strip("/")
    if not FORM.fullmatch(handle):
        return None
    person = Person.objects.public(at).by_handle(handle).first()
    blogs = LinkedAccount.objects.filter(account__network="blog", state=LinkedAccount.State.ACTIVE, person=person)
    return blogs.select_related("account", "person").order_by("pk").first() if person else None


def is_own(address: str) -> bool:
    """Whether `address` is one of this site."""
    return urlsplit(address).netloc.lower() == urlsplit(settings.SITE_URL).netloc.lower()
