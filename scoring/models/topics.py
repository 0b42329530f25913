"""Topics, what people have to do with them, and what speaks for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


class Topic(models.Model):
    """What people are about. A topic may lie under several others."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    # In other languages than English: {code of the language: name}.
    names = models.JSONField(default=dict, blank=True)
    # Its id in the ontology that it came from, as text: some are larger than 64 bits.
    external_id = models.CharField(max_length=40, null=True, blank=True, unique=True)
    # Its item in Wikidata ("Q229680"), where that is known.
    wikidata = models.CharField(max_length=20, blank=True, default="")
    parents = models.ManyToManyField("self", symmetrical=False, related_name="children", blank=True)
    people = models.ManyToManyField(Person, through="PersonTopic", related_name="topics")
    # How many people have a place on its leaderboard (scoring.rankings).
    ranked = models.IntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
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
    # What the +K of the last 90 days comes to once rings and returned favours count less (scoring.plus_k.damping).
    plus_k = models.FloatField(default=0.0, db_default=0.0)
    added_at = models.DateTimeField()
    # Among everybody ranked who has the topic, by score (scoring.rankings); None where there is no place.
    place = models.IntegerField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "topic"], name="person_topic_once")]
        indexes = [
            models.Index(fields=["topic", "place", "person"], name="person_topic_by_place"),
            # Most topics of most people have neither: the lists of a topic's page read what has.
            models.Index(
                fields=["topic", "-expertise", "person"],
                condition=models.Q(expertise__gt=0),
                name="person_topic_by_expertise",
            ),
            models.Index(
                fields=["topic", "-plus_k", "person"], condition=models.Q(plus_k__gt=0), name="person_topic_by_plus_k"
            ),
            models.Index(
                fields=["topic", "-added_at"],
                condition=models.Q(chosen=True, hidden=False),
                name="person_topic_chosen_lately",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.person}"


class AttachedWords(models.Model):
    """Words that others put on an account: the name of a list it is on, a skill it is endorsed for. Not what it posts.

    actor: the account that did it, 0 where the network does not say. Accounts by their number, as in the log.
    """

    class Source(models.TextChoices):
        LIST = "list", _("list")
        SKILL = "skill", _("skill")
        RECOMMENDATION = "recommendation", _("recommendation")

    account = models.BigIntegerField()
    source = models.CharField(max_length=14, choices=Source)
    words = models.CharField(max_length=200)
    actor = models.BigIntegerField(default=0)
    network = models.SmallIntegerField()
    origin = models.SmallIntegerField()
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "source", "words", "actor"], name="attached_words_once")
        ]
        indexes = [models.Index("actor", name="attached_words_by_actor", condition=~models.Q(actor=0))]

    def __str__(self) -> str:
        return f"{self.source} {self.words!r} on {self.account}"


class TopicEvidence(models.Model):
    """Why somebody has a topic: one line for each source, network and words; written anew by each daily run."""

    class Source(models.TextChoices):
        HASHTAG = "hashtag", _("hashtag")
        LIST = "list", _("list")
        SKILL = "skill", _("skill")
        RECOMMENDATION = "recommendation", _("recommendation")
        PLUS_K = "plus-k", _("+K")
        ANSWER = "answer", _("answer")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="topic_evidence", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="evidence")
    source = models.CharField(max_length=14, choices=Source)
    # The network's slug, and the words as they were read: the hashtag, the list's name; "" for +K.
    network = models.CharField(max_length=20, blank=True)
    words = models.CharField(max_length=200, blank=True)
    # Another topic that the words name, which lies under this one; None where they name this one.
    through = models.ForeignKey(Topic, null=True, on_delete=models.CASCADE, related_name="+")
    # How many posts, lists, people; how many different people reacted to those posts; the last day of it.
    number = models.IntegerField()
    people = models.IntegerField(default=0)
    last_on = models.DateField(null=True)
    # What it brings to the expertise, 0 to 1.
    strength = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "topic", "source", "network", "words"], name="topic_evidence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.words!r} for {self.topic} of {self.person_id}"


class TopicDispute(models.Model):
    """Somebody says that a topic is not theirs: it is gone at once and stays so; the staff looks at what misled us."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        # The words mean something else: they speak for this topic of nobody any more.
        UPHELD = "upheld", _("the words mislead")
        # The words are right in general; for this person the topic stays away nevertheless.
        CLOSED = "closed", _("closed")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="topic_disputes")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="disputes")
    # What we had said why, as [source, network, words], and what they say.
    evidence = models.JSONField(default=list)
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("disputed topic")
        verbose_name_plural = _("disputed topics")
        constraints = [
            models.UniqueConstraint(fields=["person", "topic"], name="topic_dispute_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "upheld", "closed"]), name="topic_dispute_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} disputed by {self.person}"


class MisleadingWords(models.Model):
    """Words that do not speak for a topic, whatever they look like: decided by the staff."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="misleading_words")
    # As scoring.topics.words normalises them.
    words = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("misleading words")
        verbose_name_plural = _("misleading words")
        constraints = [models.UniqueConstraint(fields=["topic", "words"], name="misleading_words_once")]

    def __str__(self) -> str:
        return f"{self.words!r} is not {self.topic}"
