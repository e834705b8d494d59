"""Who works here: the organisation, its teams and people, who is away, and the shared queues."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any, ClassVar

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is no time zone. Write it like Europe/Berlin.")


class Organisation(models.Model):
    """The one row of settings that hold for everybody."""

    class Publishers(models.TextChoices):
        ADMINS = "admins", "RevOps admins"
        OPS = "ops", "Marketing ops and RevOps admins"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    first_weekday = models.PositiveSmallIntegerField(
        default=0, choices=[(0, "Monday"), (5, "Saturday"), (6, "Sunday")]
    )
    currency = models.CharField(max_length=3, default="EUR", help_text="Three letters, like EUR.")
    reroutes_before_manager = models.PositiveSmallIntegerField(
        "reroutes before a manager decides",
        default=2,
        help_text="How often a handoff that nobody answers goes to another rep.",
    )
    company_likeness = models.PositiveSmallIntegerField(
        "likeness of company names",
        default=85,
        help_text="From how many percent on two spellings are one company; 100: only the same.",
    )
    mails_an_hour = models.PositiveSmallIntegerField(
        "e-mails a person and hour",
        default=20,
        help_text="What is more comes as one e-mail that lists it, once the hour is over.",
    )
    unseen_minutes = models.PositiveSmallIntegerField(
        "minutes till what is unseen is mailed",
        default=10,
        help_text="To those who want to be told in Handoff first.",
    )
    publishers = models.CharField(
        "who may publish", max_length=10, choices=Publishers, default=Publishers.OPS
    )

    class Meta:
        verbose_name_plural = "organisation"
        constraints = [
            models.CheckConstraint(name="organisation_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="organisation_first_weekday_exists",
                condition=Q(first_weekday__in=[0, 5, 6]),
            ),
            models.CheckConstraint(
                name="organisation_reroutes_in_reason",
                condition=Q(reroutes_before_manager__range=(1, 10)),
                violation_error_message="Between 1 and 10 reroutes.",
            ),
            models.CheckConstraint(
                name="organisation_mails_in_reason",
                condition=Q(mails_an_hour__range=(1, 1_000)),
                violation_error_message="Between 1 and 1,000 e-mails an hour.",
            ),
            models.CheckConstraint(
                name="organisation_unseen_in_reason",
                condition=Q(unseen_minutes__range=(1, 1_440)),
                violation_error_message="Between 1 minute and a day of 1,440.",
            ),
            models.CheckConstraint(
                name="organisation_likeness_in_reason",
                condition=Q(company_likeness__range=(60, 100)),
                violation_error_message="Between 60 and 100 percent: below, strangers are taken"
                " for one company.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What someone may see and do. Each is a group of the same name."""

    REP = "rep", "Sales rep"
    MANAGER = "manager", "Sales manager"
    MARKETING_OPS = "marketing ops", "Marketing ops"
    ADMIN = "revops admin", "RevOps admin"
    VIEWER = "viewer", "Viewer"


class SalesRole(models.TextChoices):
    """The side of a hop that someone stands on."""

    NONE = "", "none"
    MARKETING = "marketing", "Marketing"
    SDR = "sdr", "Sales development"
    AE = "ae", "Account executive"
    CSM = "csm", "Customer success"


@pghistory.track()
class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)
    manager = models.ForeignKey(
        "User", models.PROTECT, null=True, blank=True, related_name="managed_teams"
    )
    zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def with_role(self, *roles: Role) -> models.QuerySet[User]:
        """Active people in any of these groups."""
        return self.filter(is_active=True, groups__name__in=roles).distinct()


@pghistory.track(exclude=["email", "name", "password", "last_login", "booking_url"])
class User(AbstractBaseUser, PermissionsMixin):
    class Notify(models.TextChoices):
        APP = "app", "In Handoff only"
        APP_FIRST = "app_first", "In Handoff, and what I have not seen there by e-mail"
        EMAIL = "email", "In Handoff and by e-mail at once"

    email = models.EmailField("e-mail", max_length=254, unique=True)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="members")
    sales_role = models.CharField(
        max_length=10, choices=SalesRole, default=SalesRole.NONE, blank=True
    )
    has_shortcuts = models.BooleanField("single-key shortcuts", default=True)
    notify_by = models.CharField(max_length=10, choices=Notify, default=Notify.EMAIL)
    is_quiet_off_hours = models.BooleanField(
        "no e-mails outside my hours",
        default=True,
        help_text="They wait till your working hours begin again; what is urgent does not.",
    )
    booking_url = models.URLField(blank=True, help_text="Where a prospect can book a meeting.")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open the records admin", default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_unique",
                violation_error_message="Somebody has this e-mail address already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def roles(self) -> frozenset[str]:
        """Names of this person's groups, read once a request."""
        return frozenset(self.groups.values_list("name", flat=True))

    def has_role(self, *roles: Role) -> bool:
        return self.is_superuser or not self.roles.isdisjoint(roles)

    @property
    def sees_everything(self) -> bool:
        return self.has_role(Role.MARKETING_OPS, Role.ADMIN, Role.VIEWER)

    @property
    def sees_queues(self) -> bool:
        """Whether the leads that wait in queues are among those that this person sees."""
        return self.sees_everything or self.has_role(Role.MANAGER)

    def answers_for(self) -> models.QuerySet[User]:
        """Return this person and, of a manager, who is in their teams now."""
        people = models.Q(pk=self.pk)
        if self.has_role(Role.MANAGER):
            people |= models.Q(team__manager=self)
        return User.objects.filter(people)

    @cached_property
    def sees_whose(self) -> str:
        """Whose leads stand in this person's lists, in words; blank for everybody's."""
        if self.sees_everything:
            return ""
        if not self.has_role(Role.MANAGER):
            return "your own leads"
        teams = ", ".join(self.managed_teams.order_by("name").values_list("name", flat=True))
        return f"your team’s leads ({teams}) and those in queues" if teams else "leads in queues"

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in str(self).split()[:2]).upper()

    def get_short_name(self) -> str:
        return str(self).split()[0]


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def at(self, at: datetime) -> AbsenceQuerySet:
        return self.filter(starts_at__lte=at, ends_at__gt=at)


class TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


@pghistory.track(exclude=["note"])
class Absence(models.Model):
    """Someone is away from `starts_at` until `ends_at`, and returns by itself then."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cover = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="covered_absences"
    )
    note = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Absence]] = AbsenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="An absence must end after it starts.",
            ),
            models.CheckConstraint(
                name="absence_cover_is_another",
                condition=Q(cover=None) | ~Q(cover=F("user")),
                violation_error_message="Nobody can cover their own absence.",
            ),
            ExclusionConstraint(
                name="absence_once_at_a_time",
                expressions=[
                    (TimeRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                    ("user", RangeOperators.EQUAL),
                ],
                violation_error_message="This person is away in that time already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} away till {self.ends_at:%d %b %Y}"

    def clean(self) -> None:
        if self.cover is not None and not self.cover.is_active:
            raise ValidationError({"cover": f"{self.cover} has left. Choose somebody else."})


@pghistory.track()
class Queue(models.Model):
    """A place where leads wait that are no rep's: somebody owns it, somebody backs them up."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80, unique=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="owned_queues")
    backup = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="backed_up_queues"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="queue_backup_is_another",
                condition=Q(backup=None) | ~Q(backup=F("owner")),
                violation_error_message="The backup must be someone other than the owner.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
