"""What a run says of who moves whom, of everything that was counted, and of everybody's place."""

from __future__ import annotations

from django.db import models

from accounts.models import Person


class Tie(models.Model):
    """One member reacts to another: the one who is reacted to moves the other. Others than members have none."""

    pk = models.CompositePrimaryKey("influencer_id", "influencee_id")
    influencer = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="moves", db_index=False)
    influencee = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="moved_by", db_index=False)
    # The pair's recent strength as the formula's features count it (0 where only a lasting relation ties them), and the
    # number of reactions behind it in the last 90 days.
    weight = models.FloatField()
    reactions = models.IntegerField()
    # Whether an account of the one follows an account of the other.
    follows = models.BooleanField()

    class Meta:
        # The closest first, on both sides: whom thousands react to is shown with a few of them.
        indexes = [
            models.Index(fields=["influencer", "-weight", "-reactions"], name="tie_of_influencer"),
            models.Index(fields=["influencee", "-weight", "-reactions"], name="tie_of_influencee"),
        ]

    def __str__(self) -> str:
        return f"{self.influencer_id} moves {self.influencee_id}"


class Activity(models.Model):
    """What was counted on a day for a member: reactions of one verb to one post, by one member or by all others.

    No foreign key of the database's: millions of rows are loaded each day (scoring.activity).
    """

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="activity", db_index=False, db_constraint=False
    )
    day = models.DateField()
    account = models.BigIntegerField()
    network = models.CharField(max_length=20)
    verb = models.SmallIntegerField()
    # The 64-bit hash of the post's id, as in Post; 0 where there is none.
    post = models.BigIntegerField()
    # None: people who are no members, together; those whom a post's total counts without names are no `people`.
    actor = models.ForeignKey(
        Person, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    people = models.IntegerField()
    reactions = models.IntegerField()
    # As how many reactions of today, by somebody of full standing, they count (scoring.activity).
    weight = models.FloatField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-day", "account", "verb", "post"], name="activity_newest_first"),
            models.Index("actor", condition=models.Q(actor__isnull=False), name="activity_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.reactions} x {self.verb} on {self.day}"


class Ranking(models.Model):
    """A member's place among all that may be ranked, and in their country; equal scores, as shown, share a place."""

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="ranking")
    score = models.FloatField()
    rank = models.IntegerField()
    country = models.CharField(max_length=2, blank=True)
    country_rank = models.IntegerField()
    # The person's, so that a board of organisations alone need not look at everybody.
    kind = models.CharField(max_length=12)

    class Meta:
        indexes = [
            models.Index(fields=["rank", "person"], name="ranking_by_rank"),
            models.Index(fields=["country", "country_rank", "person"], name="ranking_by_country"),
            # Where somebody would stand who has no place.
            models.Index(fields=["-score"], name="ranking_highest_first"),
            # Organisations are few among all; people are not, and are read along the indexes of all.
            models.Index(
                fields=["rank", "person"],
                name="ranking_of_organisations",
                condition=models.Q(kind=Person.Kind.ORGANISATION),
            ),
            models.Index(
                fields=["country", "country_rank", "person"],
                name="ranking_of_their_organisations",
                condition=models.Q(kind=Person.Kind.ORGANISATION),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.person_id}"


class HiddenMoment(models.Model):
    """A post that its author does not want among the moments that others see."""

    pk = models.CompositePrimaryKey("person_id", "account", "post")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="hidden_moments", db_index=False)
    account = models.BigIntegerField()
    post = models.BigIntegerField()

    def __str__(self) -> str:
        return f"post {self.post} of account {self.account}"


class ToldScore(models.Model):
    """The score that a person was last told of, so that the next telling is of what has moved since."""

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="told_score")
    score = models.FloatField()
    as_of = models.DateField()

    def __str__(self) -> str:
        return f"{self.person_id} on {self.as_of}: {self.score:.1f}"
