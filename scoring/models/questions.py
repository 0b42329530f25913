"""Questions in a topic, answers, what is reported about both, and what the staff did about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from scoring.models.topics import Topic


class State(models.TextChoices):
    VISIBLE = "visible", _("visible")
    # Out of sight until the staff has looked at it: several people reported it, or a rule held it back.
    HELD = "held", _("held for the staff")
    REMOVED = "removed", _("removed by the staff")
    WITHDRAWN = "withdrawn", _("withdrawn by who wrote it")


STATES = Q(state__in=["visible", "held", "removed", "withdrawn"])


class Ground(models.TextChoices):
    """Why something is held or was removed, in the few words that stand in its place."""

    SPAM = "spam", _("advertising or spam")
    ABUSE = "abuse", _("insults or threats")
    OFF_TOPIC = "off-topic", _("not about the topic")
    PERSONAL = "personal", _("something private about somebody")
    DANGER = "danger", _("it may do harm")
    OTHER = "other", _("something else")
    # By a rule, until the staff has looked.
    LINK = "link", _("a link in the first week of a member")
    REPORTS = "reports", _("several people reported it")


class Judged(models.Model):
    """What can be held and removed: why it was, in the staff's words for who wrote it, and what they say to that."""

    ground = models.CharField(_("ground"), max_length=9, choices=Ground, blank=True, default="", db_default="")
    note = models.CharField(_("why"), max_length=300, blank=True, default="", db_default="")
    objection = models.CharField(_("objection"), max_length=1000, blank=True, default="", db_default="")
    objected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Question(Judged):
    """Somebody asks who knows about a topic."""

    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="questions")
    # None: who asked was erased, and others had answered.
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="questions")
    # Who wrote it, where several speak for the person.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(_("question"), max_length=150)
    text = models.TextField(_("more about it"), max_length=3000, blank=True)
    language = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.VISIBLE)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    # Visible answers, and when the last one came (else created_at): lists go by them.
    answered = models.IntegerField(default=0)
    active_at = models.DateTimeField()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=STATES, name="question_state_known"),
            models.CheckConstraint(condition=Q(answered__gte=0), name="question_answers_counted"),
        ]
        indexes = [
            models.Index(fields=["topic", "-active_at"], condition=Q(state="visible"), name="question_of_topic_newest"),
            models.Index(fields=["-active_at"], condition=Q(state="visible"), name="question_newest"),
            models.Index(
                fields=["-active_at"], condition=Q(state="visible", answered=0), name="question_newest_unanswered"
            ),
            models.Index(fields=["objected_at"], condition=Q(objected_at__isnull=False), name="question_objected"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("question", args=[self.pk])


class Answer(Judged):
    """An answer of at most 300 words; one of each person to a question."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="answers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(_("answer"))
    state = models.CharField(max_length=9, choices=State, default=State.VISIBLE)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    # The +K it got that were not taken back; and what they come to, damped, for the order (as of the last run).
    plus_k = models.IntegerField(default=0)
    weight = models.FloatField(default=0.0)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["question", "person"], name="answer_once"),
            models.CheckConstraint(condition=STATES, name="answer_state_known"),
            models.CheckConstraint(condition=Q(plus_k__gte=0), name="answer_plus_k_counted"),
        ]
        indexes = [
            models.Index(fields=["objected_at"], condition=Q(objected_at__isnull=False), name="answer_objected"),
        ]

    def __str__(self) -> str:
        return f"answer of {self.person_id} to {self.question_id}"

    def get_absolute_url(self) -> str:
        return f"{reverse('question', args=[self.question_id])}#answer-{self.pk}"


class Report(models.Model):
    """Somebody finds a question or an answer wrong to stand here."""

    class Reason(models.TextChoices):
        SPAM = "spam", _("It is advertising or spam")
        ABUSE = "abuse", _("It insults or threatens somebody")
        OFF_TOPIC = "off-topic", _("It has nothing to do with the topic")
        PERSONAL = "personal", _("It tells something private about somebody")
        DANGER = "danger", _("It may do harm if somebody follows it")
        OTHER = "other", _("Something else")

    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="reports")
    answer = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="reports_made")
    reason = models.CharField(_("reason"), max_length=9, choices=Reason)
    text = models.CharField(_("what is wrong with it"), max_length=500, blank=True)
    created_at = models.DateTimeField()
    # When the staff decided, and whether for the reporter; None while it is open.
    decided_at = models.DateTimeField(null=True, blank=True)
    upheld = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.CheckConstraint(
                condition=Q(question__isnull=False, answer__isnull=True)
                | Q(question__isnull=True, answer__isnull=False),
                name="report_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["spam", "abuse", "off-topic", "personal", "danger", "other"]),
                name="report_reason_known",
            ),
            models.UniqueConstraint(
                fields=["question", "reporter"], condition=Q(question__isnull=False), name="report_question_once"
            ),
            models.UniqueConstraint(
                fields=["answer", "reporter"], condition=Q(answer__isnull=False), name="report_answer_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(decided_at__isnull=True), name="report_open")]

    def __str__(self) -> str:
        return f"{self.reason} in {self.question_id or self.answer_id}"


class AskedExpert(models.Model):
    """Somebody who knows about a topic was told of a question in it: at most so many a UTC day, by their ordinals."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="asked_experts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="asked_as_expert", db_index=False)
    day = models.DateField()
    ordinal = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "person"], name="expert_asked_once"),
            models.UniqueConstraint(fields=["person", "day", "ordinal"], name="expert_asked_so_often"),
            models.CheckConstraint(condition=Q(ordinal__range=(1, 2)), name="expert_asked_twice_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} asked {self.question_id}"


class Silenced(models.Model):
    """Somebody may not ask, answer or give +K until a day: decided by the staff, with a reason that they are told."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="silenced")
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("silenced person")
        verbose_name_plural = _("silenced people")

    def __str__(self) -> str:
        return f"{self.person} until {self.until:%Y-%m-%d}"


class ModerationEntry(models.Model):
    """What the staff, or a rule, did about a question, an answer, a topic, +K or a person, and why.

    Rows are only added: a trigger refuses anything else, save that names go when somebody is erased.
    """

    at = models.DateTimeField()
    # None: a rule did it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # Such as "hold", "show", "remove", "dismiss", "silence", "uphold dispute", "revoke".
    action = models.CharField(max_length=40)
    question = models.ForeignKey(Question, null=True, on_delete=models.SET_NULL, related_name="moderation")
    answer = models.ForeignKey(Answer, null=True, on_delete=models.SET_NULL, related_name="moderation")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    about = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("line of the moderation log")
        verbose_name_plural = _("moderation log")
        indexes = [models.Index(fields=["-at"], name="moderation_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.about}"
