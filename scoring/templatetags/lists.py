"""The button that puts a person on one's lists, for pages about them."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Exists, OuterRef

from accounts import watching
from accounts.models import Person, Watched, WatchList

register = template.Library()


@register.inclusion_tag("scoring/_watch_button.html", takes_context=True)
def watch_button(context: dict[str, Any], person: Person) -> dict[str, Any]:
    """Lists of who is logged in, each with a button that adds `person` or takes them off; two queries.

    Nothing for visitors, and on one's own page.
    """
    request = context["request"]
    me = watching.keeper(request.user)
    if me is None or me.pk == person.pk:
        return {"me": None}
    on_it = Watched.objects.filter(watch_list=OuterRef("pk"), person=person)
    lists = list(WatchList.objects.filter(owner=me).annotate(on_it=Exists(on_it)).order_by("name", "pk"))
    return {
        "me": me,
        "person": person,
        "lists": lists,
        "watched": any(one.on_it for one in lists),
        "next": request.get_full_path(),
        "csrf_token": context.get("csrf_token", ""),
    }
