"""The staff's view of people and their accounts."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts import duties_admin, opt_out, privacy, team_log
from accounts.models import Account, LinkedAccount, Membership, Person, User
from accounts.networks.base import Owner

# Only a module of this name is looked for; the other registers its pages when it is loaded.
__all__ = ["duties_admin"]


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ["user", "person"]
    exclude = ["is_shown"]


class NotesMembers(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the staff changes of who speaks for an organisation stands in its log too."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is not Membership:
            super().save_formset(request, form, formset, change)
            return
        with transaction.atomic():
            changed = [form for form in formset.forms if form.has_changed()]
            before = {form.instance.pk: form.initial.get("role") for form in changed if form.instance.pk}
            formset.save()
            user, at = staff(request), timezone.now()
            for membership in formset.new_objects:
                team_log.note_member(membership=membership, action="join", user=user, at=at)
            for membership, _fields in formset.changed_objects:
                role = (before.get(membership.pk), membership.role)
                team_log.note_member(membership=membership, action="role", user=user, at=at, role=role)
            for membership in formset.deleted_objects:
                team_log.note_member(membership=membership, action="remove", user=user, at=at)


def staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(User)
class UserAdmin(NotesMembers):
    """Passwords are reset by mail, not here; a user is erased with the person (manage.py erase_person)."""

    list_display = ["email", "is_active", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "people__handle"]
    ordering = ["-date_joined"]
    fields = [
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "user_permissions",
        "date_joined",
        "last_login",
    ]
    readonly_fields = ["date_joined", "last_login"]
    filter_horizontal = ["groups", "user_permissions"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(NotesMembers):
    list_display = ["handle", "name", "kind", "visibility", "country", "birth_year", "created_at"]
    list_filter = ["kind", "visibility"]
    search_fields = ["handle", "name", "users__email", "links__account__handle"]
    ordering = ["-created_at"]
    readonly_fields = ["klout_id", "created_at"]
    fields = [
        *("kind", "handle", "klout_id", "name", "bio", "visibility", "birth_year"),
        *("country", "region", "time_zone", "created_at"),
    ]
    inlines = [MembershipInline]

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and form.changed_data:
                changes = {name: (form.initial.get(name), getattr(obj, name)) for name in form.changed_data}
                changes.pop("birth_year", None)
                at = timezone.now()
                team_log.note(person=obj, user=staff(request), action="profile", changes=changes, at=at)

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Deleting a row would leave what other tables hold; manage.py erase_person takes everything."""
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "person", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "person"]
    search_fields = ["user__email", "person__handle"]
    autocomplete_fields = ["user", "person"]
    exclude = ["is_shown"]

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """A membership that is moved to somebody else is one that ends and one that begins."""
        user, at = staff(request), timezone.now()
        with transaction.atomic():
            before = Membership.objects.select_related("person").filter(pk=obj.pk).first()
            super().save_model(request, obj, form, change)
            if before and (before.person_id, before.user_id) == (obj.person_id, obj.user_id):
                role = (before.role, obj.role)
                team_log.note_member(membership=obj, action="role", user=user, at=at, role=role)
                return
            if before:
                team_log.note_member(membership=before, action="remove", user=user, at=at)
            team_log.note_member(membership=obj, action="join", user=user, at=at)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        with transaction.atomic():
            team_log.note_member(membership=obj, action="remove", user=staff(request), at=timezone.now())
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("person"):
            self.delete_model(request, membership)


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Every account seen: perhaps millions, so that nothing is counted and only whole ids and handles are found."""

    list_display = ["id", "network", "external_id", "handle", "linked_to"]
    list_filter = ["network"]
    list_select_related = ["link__person"]
    search_fields = ["=external_id", "=handle"]
    show_full_result_count = False
    ordering = ["-id"]
    actions = ["leave_out"]

    @admin.action(description="Leave out for good, at the owner's request", permissions=["opt_out"])
    def leave_out(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Erases the accounts and keeps them from being known again; the admin's log would name them, and does not."""
        done = 0
        for account in accounts:
            owner = Owner(account.external_id, handle=account.handle)
            try:
                opt_out.add(network=account.network, owner=owner, at=timezone.now())
            except privacy.Busy:
                self.message_user(request, f"One of {account.network} is erased later: something is being read for it.")
            done += 1
        self.message_user(request, f"{done} accounts are left out for good.")

    def has_opt_out_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser or request.user.has_perm("accounts.add_optout")

    @admin.display(description="linked to")
    def linked_to(self, account: Account) -> str:
        return account.link.person.handle if hasattr(account, "link") else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False


@admin.register(LinkedAccount)
class LinkedAccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Deleting a link here erases what was collected from its account, as removing it in the settings does."""

    list_display = ["account", "person", "kind", "proof", "state", "linked_at", "first_read_at"]
    list_filter = ["state", "proof", "kind", "account__network"]
    list_select_related = ["account", "person"]
    search_fields = ["=account__handle", "=account__external_id", "person__handle"]
    autocomplete_fields = ["account", "person"]
    raw_id_fields = ["through"]
    readonly_fields = ["linked_at", "first_read_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: LinkedAccount | None = None) -> list[str]:
        """What only linking may say: else a link's token would go to another server, and its rows to others."""
        fixed = ["account", "person", "kind", "server", "through"] if obj else []
        return [*fixed, *self.readonly_fields]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        except privacy.Busy:
            self.message_user(request, "Something is being read for its person: try again later.", messages.WARNING)
            return redirect("admin:accounts_linkedaccount_changelist")
        return answer

    def delete_model(self, request: HttpRequest, obj: LinkedAccount) -> None:
        privacy.unlink(link=obj, at=timezone.now(), user=staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LinkedAccount]) -> None:
        for link in queryset:
            try:
                self.delete_model(request, link)
            except privacy.Busy:
                text = f"{link} was not deleted: something is being read for its person. Try again later."
                self.message_user(request, text, messages.WARNING)
