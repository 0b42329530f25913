"""Lists of people that somebody keeps an eye on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person


class WatchList(models.Model):
    """A list of a person's own; nobody else sees it, and who is on it is not told."""

    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="watch_lists")
    name = models.CharField(_("name"), max_length=60)
    created_at = models.DateTimeField()
    people = models.ManyToManyField(Person, through="Watched", related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="watch_list_name_once")]

    def __str__(self) -> str:
        return self.name


class Watched(models.Model):
    """A person on a list."""

    watch_list = models.ForeignKey(WatchList, on_delete=models.CASCADE, related_name="entries")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch_list", "person"], name="watched_once")]

    def __str__(self) -> str:
        return f"{self.person} on {self.watch_list}"
