"""The staff's view of claims, of how accounts are read, and of what we owe people: to look at, and claims to decide.

No page shows a token, a secret, a key or the path of a file.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import claims, privacy
from accounts.models import (
    AccountClaim,
    Consent,
    Cursor,
    DeletionReceipt,
    Erasure,
    ExportJob,
    NetworkApp,
    OptOut,
    Pause,
    Spending,
    User,
)
from accounts.read_only import ReadOnly


@admin.register(AccountClaim)
class AccountClaimAdmin(ReadOnly):
    """The queue of claims: those with an objection wait for the staff, the others for their time."""

    list_display = ["account", "state", "person", "holder", "objection", "created_at", "due_at", "decided_at"]
    list_filter = ["state", "account__network"]
    list_select_related = ["account", "person", "holder"]
    search_fields = ["=account__handle", "=account__external_id", "person__handle", "holder__handle"]
    exclude = ["sealed"]
    ordering = ["-state", "due_at"]
    actions = ["grant", "refuse"]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        assert isinstance(request.user, User)
        return request.user.has_perm("accounts.change_accountclaim")

    @admin.action(description="Grant: the account moves to who claims it", permissions=["decide"])
    def grant(self, request: HttpRequest, queryset: QuerySet[AccountClaim]) -> None:
        self._decide(request, queryset, granted=True)

    @admin.action(description="Refuse: the account stays where it is", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[AccountClaim]) -> None:
        self._decide(request, queryset, granted=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[AccountClaim], *, granted: bool) -> None:
        for claim in list(queryset.select_related("account", "person", "holder")):
            # Named before: a granted claim has another account.
            name = str(claim)
            try:
                claims.decide(claim=claim, granted=granted, at=timezone.now())
            except claims.TooLate:
                self.message_user(request, f"{name}: it was decided already.", messages.WARNING)
            except privacy.Busy:
                self.message_user(request, f"{name}: the account is being read; try again later.", messages.WARNING)
            else:
                self.message_user(request, f"{name}: {'granted' if granted else 'refused'}.", messages.SUCCESS)


@admin.register(Cursor)
class CursorAdmin(ReadOnly):
    """How far each stream has been read, and what is wrong with those that are read no more."""

    list_display = ["link", "stream", "pulled_at", "due_at", "failures", "failing_since", "parked_at", "error"]
    list_filter = ["link__account__network", ("parked_at", admin.EmptyFieldListFilter), "stream"]
    list_select_related = ["link__account", "link__person"]
    search_fields = ["=link__account__handle", "link__person__handle"]
    ordering = ["-parked_at", "-failures", "pk"]
    actions = ["read_again"]

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        assert isinstance(request.user, User)
        return request.user.has_perm("accounts.change_cursor")

    @admin.action(description="Read again now, also what was given up", permissions=["read_again"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Cursor]) -> None:
        again = {"parked_at": None, "failing_since": None, "failures": 0, "queued_at": None, "error": ""}
        # Not what its owner did not allow: that was parked without a failure.
        number = queryset.exclude(parked_at__isnull=False, failures=0).update(due_at=timezone.now(), **again)
        self.message_user(request, f"{number} streams are due now.", messages.SUCCESS)


@admin.register(Pause)
class PauseAdmin(ReadOnly):
    list_display = ["person", "link", "reason", "started_at", "ended_at"]
    list_filter = ["reason", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "link__account", "link__person"]
    search_fields = ["person__handle"]
    ordering = ["-started_at"]


@admin.register(Spending)
class SpendingAdmin(ReadOnly):
    list_display = ["day", "network", "person", "cost"]
    list_filter = ["network"]
    list_select_related = ["person"]
    search_fields = ["person__handle"]
    date_hierarchy = "day"
    ordering = ["-day", "-cost"]


@admin.register(NetworkApp)
class NetworkAppAdmin(ReadOnly):
    list_display = ["network", "server", "created_at"]
    list_filter = ["network"]
    search_fields = ["server"]
    exclude = ["client_secret"]
    ordering = ["network", "server"]


@admin.register(Consent)
class ConsentAdmin(ReadOnly):
    list_display = ["at", "user", "person", "subject", "given"]
    list_filter = ["given", "subject"]
    list_select_related = ["user", "person"]
    search_fields = ["user__email", "person__handle", "subject"]
    ordering = ["-at"]


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    list_display = ["person", "requested_at", "due_at"]
    list_select_related = ["person"]
    search_fields = ["person__handle"]
    ordering = ["due_at"]


@admin.register(ExportJob)
class ExportJobAdmin(ReadOnly):
    list_display = ["person", "user", "state", "created_at", "ready_at"]
    list_filter = ["state"]
    list_select_related = ["person", "user"]
    search_fields = ["person__handle"]
    exclude = ["path"]
    ordering = ["-created_at"]


@admin.register(OptOut)
class OptOutAdmin(ReadOnly):
    """How many have left, and when: whom a row means is known to nobody who does not ask for them."""

    list_display = ["network", "created_at"]
    list_filter = ["network"]
    exclude = ["digest"]
    ordering = ["-created_at"]


@admin.register(DeletionReceipt)
class DeletionReceiptAdmin(ReadOnly):
    list_display = ["code", "network", "state", "created_at", "finished_at"]
    list_filter = ["network", "state"]
    search_fields = ["=code"]
    ordering = ["-created_at"]
