"""The newest part of the interaction log, as tables. Closed days move to the lake (scoring.log).

The log knows an account by the bigint of accounts.Account and nothing else; it holds no foreign keys, so that loading
stays fast and erasing an account is one row in Tombstone. Networks and verbs are the numbers of accounts.networks;
a post is the 64-bit hash of its id (scoring.collect.keys), 0 where there is none.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Person


class Interaction(models.Model):
    """Actor did verb to target at a time. The key makes a second reading of the same event known."""

    key = models.UUIDField(primary_key=True)
    occurred_at = models.DateTimeField()
    target = models.BigIntegerField()
    actor = models.BigIntegerField()
    post = models.BigIntegerField(default=0)
    network = models.SmallIntegerField()
    verb = models.SmallIntegerField()
    origin = models.SmallIntegerField()

    class Meta:
        indexes = [
            models.Index("occurred_at", name="interaction_by_time"),
            models.Index("target", name="interaction_by_target"),
            models.Index("actor", name="interaction_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} -{self.verb}-> {self.target}"


class Relation(models.Model):
    """What lasts until it is taken back and has no date of its own: a follower named in a data export."""

    pk = models.CompositePrimaryKey("target", "actor", "verb")
    target = models.BigIntegerField()
    actor = models.BigIntegerField()
    verb = models.SmallIntegerField()
    network = models.SmallIntegerField()
    origin = models.SmallIntegerField()
    observed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("actor", name="relation_by_actor")]

    def __str__(self) -> str:
        return f"{self.actor} -{self.verb}-> {self.target}"


class CounterReading(models.Model):
    """A gauge as read on a day (UTC); the day's last reading stands."""

    pk = models.CompositePrimaryKey("account", "name", "day")
    account = models.BigIntegerField()
    name = models.CharField(max_length=40)
    day = models.DateField()
    value = models.BigIntegerField()
    observed_at = models.DateTimeField()
    network = models.SmallIntegerField()
    origin = models.SmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(value__gte=0), name="counter_not_negative")]

    def __str__(self) -> str:
        return f"{self.name}={self.value} of {self.account}"


class PostTotal(models.Model):
    """How many reacted to a post, without their names; dated on the post. The largest total seen stands."""

    pk = models.CompositePrimaryKey("account", "post", "verb")
    account = models.BigIntegerField()
    post = models.BigIntegerField()
    verb = models.SmallIntegerField()
    total = models.IntegerField()
    occurred_at = models.DateTimeField()
    network = models.SmallIntegerField()
    origin = models.SmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(total__gte=0), name="post_total_not_negative")]

    def __str__(self) -> str:
        return f"{self.total} x {self.verb} on {self.post}"


class Post(models.Model):
    """A post of an account whose owner joined: its id and address, for the pages. Its text stays with the network."""

    pk = models.CompositePrimaryKey("account", "post")
    account = models.BigIntegerField()
    post = models.BigIntegerField()
    external_id = models.TextField()
    url = models.TextField(blank=True)
    posted_at = models.DateTimeField()
    # The hashtags it carries, in lower case and without the mark, and the addresses it links to, as far as read.
    tags = ArrayField(models.CharField(max_length=100), default=list)
    links = ArrayField(models.TextField(), default=list)

    class Meta:
        # Most carry neither: what is looked for stands among the few that do.
        indexes = [
            models.Index(
                fields=["account", "posted_at"],
                condition=~models.Q(tags=[]) | ~models.Q(links=[]),
                name="post_with_words",
            )
        ]

    def __str__(self) -> str:
        return self.external_id


class Tombstone(models.Model):
    """An erased account: readers leave it out; compaction rewrites the days that hold it, then dates the row."""

    account = models.BigIntegerField(primary_key=True)
    erased_at = models.DateTimeField()
    rewritten_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.account)


class ImportJob(models.Model):
    """A data export that a person uploaded, and how far its import is."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="import_jobs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    network = models.CharField(max_length=20)
    path = models.TextField()
    file_name = models.CharField(max_length=255)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    records = models.BigIntegerField(default=0)
    summary = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.file_name} for {self.person} ({self.state})"
