"""Topics, and what people have to do with them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Person


class Topic(models.Model):
    """What people are about. A topic may lie under several others."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    # In other languages than English: {code of the language: name}.
    names = models.JSONField(default=dict, blank=True)
    # Its id in the ontology that it came from, as text: some are larger than 64 bits.
    external_id = models.CharField(max_length=40, null=True, blank=True, unique=True)
    parents = models.ManyToManyField("self", symmetrical=False, related_name="children", blank=True)
    people = models.ManyToManyField(Person, through="PersonTopic", related_name="topics")
    # How many people have a place on its leaderboard (scoring.rankings).
    ranked = models.IntegerField(default=0, editable=False)

    class Meta:
        indexes = [
            models.Index(Lower("name"), name="topic_by_name"),
            models.Index(fields=["-ranked", "name"], name="topic_most_people_first"),
        ]

    def __str__(self) -> str:
        return self.name


class PersonTopic(models.Model):
    """A topic of a person's, by own choice or by evidence."""

    # Each index is written anew for most rows each day: these two have one below that begins with them.
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="person_topics", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="person_topics", db_index=False)
    chosen = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    # 0 to 1, by evidence; a topic that was only chosen has none.
    expertise = models.FloatField(default=0.0)
    added_at = models.DateTimeField()
    # Among everybody ranked who has the topic, by score (scoring.rankings); None where there is no place.
    place = models.IntegerField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "topic"], name="person_topic_once")]
        indexes = [models.Index(fields=["topic", "place", "person"], name="person_topic_by_place")]

    def __str__(self) -> str:
        return f"{self.topic} of {self.person}"
