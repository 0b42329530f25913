"""By what words people are found; the rows are written by the database itself (migration 0005_search)."""

from __future__ import annotations

from django.contrib.postgres.search import SearchVectorField
from django.db import models

from accounts.models.people import Person


class Findable(models.Model):
    """A person who can be found, and the words that do it; who cannot has no row.

    Triggers on people and on their accounts keep it, so that no way of writing goes past it. Words are without accents
    and capitals, and weighed by where they come from: A the handle, B the name, C handles on networks, D those of them
    that members alone may see. Who may see the person at all is still to be asked of Person.
    """

    class Tier(models.IntegerChoices):
        """How prominent somebody is, by place: words that thousands share are looked for among few people first."""

        REST = 0
        KNOWN = 1
        FOREMOST = 2

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="findable")
    # Whether visitors find the person too, or members alone.
    is_open = models.BooleanField()
    # Whether some of the words are for members alone (D).
    is_partly = models.BooleanField()
    words = SearchVectorField()
    # What anybody may know of the words, in a row, to look for what is similar.
    text = models.TextField()
    tier = models.SmallIntegerField(choices=Tier, default=Tier.REST, db_default=Tier.REST)

    def __str__(self) -> str:
        return self.text
