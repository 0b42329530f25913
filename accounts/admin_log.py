"""The admin's log names what it is about, a handle or an address: its lines go with whom they name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models

from accounts.models import Person


def forget_rows(model: type[models.Model], ids: Iterable[int]) -> None:
    """The admin's log names its objects (a handle, an e-mail address): its lines go with them."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[str(number) for number in ids]
    ).delete()


def forget_names(person: Person, emails: Iterable[str]) -> int:
    """Delete lines about other things that name the person or their log-ins (who was added to a team); how many."""
    handle = re.escape(person.handle)
    named = models.Q(object_repr__iregex=rf"(^| of ){handle}( |$)")
    named |= models.Q(change_message__iregex=rf" of {handle}[ \\\"]")
    for email in emails:
        named |= models.Q(object_repr__icontains=email) | models.Q(change_message__icontains=email)
    return LogEntry.objects.filter(named).delete()[0]
