"""Who people are: log-ins, the identities that have a score, and who speaks for whom."""

from __future__ import annotations

import re
import secrets
from datetime import date
from pathlib import PurePath
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.handles import FORM, Skeleton, skeleton, validate_handle
from accounts.places import validate_country, validate_region, validate_time_zone

MINIMUM_AGE = 16
HANDLE_TAKEN = _("This handle is taken, or looks like one that is. Please choose another one.")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in, by e-mail address."""

    class Digest(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every Monday")

    email = models.EmailField(_("e-mail address"), unique=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    # A code of settings.LANGUAGES, for pages and mails; "" is the browser's.
    language = models.CharField(_("language"), max_length=10, blank=True)
    digest = models.CharField(_("digest"), max_length=6, choices=Digest, default=Digest.WEEKLY)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    @cached_property
    def person(self) -> Person | None:
        """The person this user speaks for first: people before organisations, then the one joined first."""
        memberships = Membership.objects.filter(user=self).select_related("person")
        first = memberships.order_by("-person__kind", "created_at", "pk").first()
        return first.person if first else None


def random_klout_id() -> int:
    """A positive number of 63 bits that says nothing about when or whom."""
    return secrets.randbelow(2**63 - 1) + 1


# What no XML may hold, and what turns the text around a name the other way round: U+202A to U+202E, U+2066 to U+2069.
UNSEEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ufffe\\uffff]")


def visible(text: str) -> str:
    """`text` without characters that nobody sees and that spoil what is around it: feeds, badges, others' words."""
    return UNSEEN.sub("", text)


def avatar_path(person: Person, file_name: str) -> str:
    """A new name for each picture, so that an address with its version may be cached; the uploaded name is not kept."""
    return f"avatars/{secrets.token_hex(16)}{PurePath(file_name).suffix}"


class PersonQuerySet(models.QuerySet["Person"]):
    def by_handle(self, handle: str) -> PersonQuerySet:
        # The database takes no NUL, and no handle has a space.
        sought = handle.lower().replace("\x00", " ")
        return self.annotate(handle_lower=Lower("handle")).filter(handle_lower=sought)

    def taking_up(self, handle: str) -> PersonQuerySet:
        """People because of whom nobody else may take `handle`: theirs is or was one that looks like it."""
        former = FormerHandle.objects.alias(handle_skeleton=Skeleton("handle")).filter(handle_skeleton=skeleton(handle))
        alike = self.alias(handle_skeleton=Skeleton("handle"))
        return alike.filter(models.Q(handle_skeleton=skeleton(handle)) | models.Q(pk__in=former.values("person")))

    def of(self, user: User, *roles: Membership.Role) -> PersonQuerySet:
        """People that `user` speaks for (in one of `roles`, if given), in the order of `User.person`."""
        memberships = models.Q(membership__user=user)
        if roles:
            memberships &= models.Q(membership__role__in=roles)
        return self.filter(memberships).order_by("-kind", "membership__created_at", "membership__pk")

    def joined(self) -> PersonQuerySet:
        """People somebody speaks for; only these are ever shown."""
        return self.filter(models.Exists(Membership.objects.filter(person=models.OuterRef("pk"))))

    def old_enough(self, at: date) -> PersonQuerySet:
        """A person is taken for the youngest that the birth year allows; an organisation has no age."""
        return self.filter(
            models.Q(kind=Person.Kind.ORGANISATION)
            | models.Q(birth_year__isnull=True)
            | models.Q(birth_year__lt=at.year - MINIMUM_AGE)
        )

    def staying(self) -> PersonQuerySet:
        """People who have not asked to be erased; whoever has is hidden, whatever the profile says meanwhile."""
        return self.filter(erasure__isnull=True)

    def public(self, at: date) -> PersonQuerySet:
        """Whom anybody may see."""
        return self.joined().staying().old_enough(at).filter(visibility=Person.Visibility.PUBLIC)

    def visible_to(self, user: Any, at: date) -> PersonQuerySet:
        """Whom `user` (a User or AnonymousUser) may see: the public, for members also members, and always oneself."""
        if not user.is_authenticated:
            return self.public(at)
        # Conditions of the row at hand: lists of everybody who may be seen would be made anew for each page.
        memberships = Membership.objects.filter(person=models.OuterRef("pk"))
        shown = models.Q(
            models.Exists(memberships),
            models.Q(kind=Person.Kind.ORGANISATION)
            | models.Q(birth_year__isnull=True)
            | models.Q(birth_year__lt=at.year - MINIMUM_AGE),
            erasure__isnull=True,
            visibility__in=[Person.Visibility.PUBLIC, Person.Visibility.MEMBERS],
        )
        return self.filter(shown | models.Q(models.Exists(memberships.filter(user=user))))


class Person(models.Model):
    """The identity that has a score: somebody, or an organisation."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        ORGANISATION = "organisation", _("organisation")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("everybody")
        MEMBERS = "members", _("people who are logged in")
        HIDDEN = "hidden", _("nobody but me")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.PERSON)
    handle = models.CharField(_("handle"), max_length=30, validators=[validate_handle])
    klout_id = models.BigIntegerField(default=random_klout_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, blank=True)
    bio = models.CharField(_("about"), max_length=280, blank=True)
    avatar = models.ImageField(_("picture"), upload_to=avatar_path, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[validate_country])
    region = models.CharField(_("region"), max_length=6, blank=True, validators=[validate_region])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    visibility = models.CharField(
        _("who sees the profile"), max_length=8, choices=Visibility, default=Visibility.PUBLIC
    )
    # Parts of the profile that fewer people see than the profile: {part: visibility} (accounts.visibility).
    shown = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    users = models.ManyToManyField(User, through="Membership", related_name="people")

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("handle"), name="person_handle_once", violation_error_message=HANDLE_TAKEN),
            # No two handles that look alike: see accounts.handles.
            models.UniqueConstraint(
                Skeleton("handle"), name="person_handle_not_confusable", violation_error_message=HANDLE_TAKEN
            ),
            models.CheckConstraint(condition=models.Q(handle__regex=f"^{FORM.pattern}$"), name="person_handle_form"),
            models.CheckConstraint(condition=models.Q(klout_id__gt=0), name="person_klout_id_positive"),
            models.CheckConstraint(condition=models.Q(kind__in=["person", "organisation"]), name="person_kind_known"),
            models.CheckConstraint(
                condition=models.Q(visibility__in=["public", "members", "hidden"]), name="person_visibility_known"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_year__isnull=True) | models.Q(birth_year__range=(1900, 2100)),
                name="person_birth_year_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(region="")
                | models.Q(~models.Q(country=""), region__startswith=Concat("country", models.Value("-"))),
                name="person_region_in_country",
                violation_error_message=_("The region is not in this country."),
            ),
        ]

    def __str__(self) -> str:
        return self.handle

    def get_absolute_url(self) -> str:
        return f"/{self.handle.lower()}"

    @property
    def display_name(self) -> str:
        return self.name or self.handle

    @property
    def avatar_url(self) -> str:
        """Where the picture is served to those who may see the profile; "" without one."""
        if not self.avatar:
            return ""
        return f"{reverse('avatar', args=[self.handle.lower()])}?v={PurePath(str(self.avatar.name)).stem[:8]}"

    def clean(self) -> None:
        self.name, self.bio = visible(self.name), visible(self.bio)
        others = Person.objects.taking_up(self.handle).exclude(pk=self.pk) if self.handle else None
        if others is not None and others.exists():
            raise ValidationError({"handle": ValidationError(HANDLE_TAKEN, code="handle_taken")})

    def old_enough(self, at: date) -> bool:
        return self.kind == self.Kind.ORGANISATION or self.birth_year is None or self.birth_year < at.year - MINIMUM_AGE


class FormerHandle(models.Model):
    """A handle that a person had: its addresses lead to the new one, and nobody else may take it, nor one like it.

    Triggers on Person keep both (migration 0004), wherever a handle is changed; they fill `given_up_at` from the
    database's clock. A person may have had several that look alike.
    """

    handle = models.CharField(max_length=30)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="former_handles")
    given_up_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("handle"), name="former_handle_once"),
        ]
        indexes = [models.Index(Skeleton("handle"), name="former_handle_by_skeleton")]

    def __str__(self) -> str:
        return self.handle


class Membership(models.Model):
    """A user speaks for a person; one person may be spoken for by several (an organisation's team)."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        VIEWER = "viewer", _("viewer")

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    role = models.CharField(_("role"), max_length=6, choices=Role, default=Role.OWNER)
    # Whether the public page of an organisation names this member; nobody is named unasked.
    is_shown = models.BooleanField(_("named on the public page"), default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "person"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.person}"
