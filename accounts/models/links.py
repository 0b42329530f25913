"""The accounts that are people's own: how each was proved, what lets us read it, how far it is read, when it rests."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person
from accounts.networks.klout import OWN

# A broken link rests for so long: what it brought does not fade meanwhile.
BROKEN_REST = timedelta(days=14)


class Account(models.Model):
    """An account on a network, a member's or not: the one place that knows its id there. Elsewhere it is `id` alone."""

    id = models.BigAutoField(primary_key=True)
    network = models.CharField(max_length=20)
    external_id = models.TextField()
    handle = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "external_id"], name="account_once"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="account_external_id_given"),
        ]
        indexes = [models.Index("network", Lower("handle"), name="account_by_handle")]

    def __str__(self) -> str:
        return f"{self.network}:{self.handle or self.external_id}"


class LinkedAccountQuerySet(models.QuerySet["LinkedAccount"]):
    def connected(self) -> LinkedAccountQuerySet:
        """Those that somebody connected: all but the accounts of Klout itself, which we made."""
        return self.exclude(account__network=OWN)


class LinkedAccount(models.Model):
    """An account that is a person's own. Several of one network are welcome; an account has one person."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        # The network no longer lets us in: the person must connect again.
        BROKEN = "broken", _("broken")

    class Kind(models.TextChoices):
        PROFILE = "profile", _("profile")
        # A page that the person runs: of a company, a band, a cause.
        PAGE = "page", _("page")

    class Proof(models.TextChoices):
        """How we know that the account is the person's; the later in this list, the stronger."""

        UPLOAD = "upload", _("by an uploaded export")
        OPERATOR = "operator", _("by the operator")
        NETWORK = "network", _("by the network itself")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="link")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PROFILE)
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.OPERATOR)
    # The account under whose token a page is read; None for a profile, which has its own.
    through = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    # The base URL of the account's server, where a network has many.
    server = models.URLField(blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    linked_at = models.DateTimeField(auto_now_add=True)
    # When its first reading came to an end; None until then.
    first_read_at = models.DateTimeField(null=True, blank=True)

    objects = LinkedAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "broken"]), name="linked_account_state_known"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["profile", "page"]), name="linked_account_kind_known"),
            models.CheckConstraint(
                condition=models.Q(proof__in=["upload", "operator", "network"]), name="linked_account_proof_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} of {self.person}"


class Credential(models.Model):
    """What lets us read a linked account at its network; encrypted, and kept nowhere else (accounts.tokens)."""

    link = models.OneToOneField(LinkedAccount, on_delete=models.CASCADE, related_name="credential")
    token = models.BinaryField()
    # Encrypted too; None where the network gives none. It is often good for one use only.
    refresh_token = models.BinaryField(null=True, blank=True)
    # When the token lapses (None: never), and when nothing but connecting again helps (None: not known to).
    expires_at = models.DateTimeField(null=True, blank=True)
    lapses_at = models.DateTimeField(null=True, blank=True)
    scopes = models.JSONField(default=list, blank=True)
    # When the person was last told that access is about to lapse.
    warned_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of {self.link}"


class Cursor(models.Model):
    """How far a stream of a linked account has been read; saved in one transaction with the rows before it."""

    link = models.ForeignKey(LinkedAccount, on_delete=models.CASCADE, related_name="cursors")
    stream = models.CharField(max_length=40)
    value = models.JSONField(default=dict)
    # Not before this time: set from the network's own rate limits.
    next_allowed_at = models.DateTimeField(null=True, blank=True)
    # When it is to be read next, and since when a task for it has been queued.
    due_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True, blank=True)
    pulled_at = models.DateTimeField(null=True, blank=True)
    # Readings that failed since the last one that did not, and since when; parked ones are read no more by themselves.
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    # What the last reading could not use (rejected, reasons: the first of them), and whether it left something for the
    # next (partial); going: it has not come to its end. None: there is nothing to tell.
    noted = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "stream"], name="cursor_once")]
        indexes = [
            models.Index(fields=["due_at"], name="cursor_due", condition=models.Q(parked_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.link}"


class Spending(models.Model):
    """What reading a person's accounts has cost on a UTC day, in US dollars, where a network bills by the item."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="spending")
    network = models.CharField(max_length=20)
    day = models.DateField()
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    items = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "network", "day"], name="spending_once_a_day")]

    def __str__(self) -> str:
        return f"{self.cost} USD for {self.network} of {self.person} on {self.day}"


class NetworkApp(models.Model):
    """We, as an app registered at one server of a network that has many (Mastodon)."""

    network = models.CharField(max_length=20)
    server = models.URLField()
    client_id = models.TextField()
    # Encrypted like a token.
    client_secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "server"], name="network_app_once")]

    def __str__(self) -> str:
        return f"our app at {self.server}"


class AccountClaim(models.Model):
    """Somebody has proved that an account is theirs which is linked to another person.

    It moves at `due_at` unless the holder objects; then the staff decides.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DISPUTED = "disputed", _("disputed")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("refused")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="claims")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="claims")
    holder = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="claims_against")
    kind = models.CharField(max_length=7, choices=LinkedAccount.Kind, default=LinkedAccount.Kind.PROFILE)
    server = models.URLField(blank=True)
    proof = models.CharField(max_length=8, choices=LinkedAccount.Proof, default=LinkedAccount.Proof.NETWORK)
    # What was given when it was proved, kept for the link that may be made: encrypted JSON, None where there is none.
    sealed = models.BinaryField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    objection = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "disputed", "granted", "refused"]),
                name="account_claim_state_known",
            ),
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=models.Q(state__in=["open", "disputed"]),
                name="account_claim_once",
            ),
        ]

    def __str__(self) -> str:
        return f"claim of {self.person} to {self.account}"


class Pause(models.Model):
    """A time during which what an account brought does not fade: its link was broken, or its person rested.

    Of one account (`link`), or of all of the person's (None). `ended_at` None: it goes on.
    """

    class Reason(models.TextChoices):
        BROKEN = "broken", _("the link was broken")
        REST = "rest", _("a rest of one's own choice")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="pauses")
    link = models.ForeignKey(LinkedAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=6, choices=Reason)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(reason__in=["broken", "rest"]), name="pause_reason_known"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="pause_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["link", "reason"], condition=models.Q(ended_at__isnull=True), name="pause_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(reason="rest", ended_at__isnull=True),
                name="rest_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"pause of {self.link or self.person} ({self.reason})"

    def until(self, at: datetime) -> datetime:
        """When it ends, or `at` while it goes on; a broken link rests no longer than BROKEN_REST."""
        end = min(self.ended_at or at, at)
        return min(end, self.started_at + BROKEN_REST) if self.reason == self.Reason.BROKEN else end
