"""The forms of Set-up."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import transaction

from feedback.models import ReasonCode
from leads.facts import ACTIVITY_KINDS
from leads.forms.zones import ZoneField
from leads.instants import database_now
from leads.models import Document, IntakeSource, Organisation, Role, SalesRole, Team, User
from revops.forms.first_admin import plain_helper
from revops.people import NO_ADMIN_LEFT, Job, have_work_by
from routing.forms.words import LanguagesField, WordsField
from routing.models import Capacity, Rota
from sla.calendar_check import never_meet
from sla.calendars import published_calendars
from sla.models import RepHours, TeamHours

NEVER_MEET = "These hours never meet {}: nobody would ever be at work."
CAPS = ("max_open", "max_per_day", "max_per_week")


def rows(*names: tuple[str, ...]) -> Layout:
    """Lay fields out in rows of equal columns."""
    return Layout(*(Row(*(Column(name) for name in row)) for row in names))


def cap(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1000,
        label=label,
        help_text="Nothing: no limit.",
        error_messages={
            "min_value": "A cap is at least 1. Who takes no leads at all is switched off with"
            " “Takes new leads”."
        },
    )


class PersonForm(forms.ModelForm[User]):
    """One person: who they are and what they do here."""

    role = forms.ChoiceField(choices=Role.choices, label="Role")
    calendar = forms.ModelChoiceField(
        Document.objects.none(),
        required=False,
        label="Working hours",
        empty_label="The team's, else the company's",
    )
    within_team = forms.BooleanField(
        required=False,
        label="Only while the team is open",
        help_text="Of these hours, count those in which the team's calendar is open too.",
    )
    rotas = forms.ModelMultipleChoiceField(
        Rota.objects.filter(is_active=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Takes turns in these.",
    )
    is_online = forms.BooleanField(
        required=False,
        initial=True,
        label="Takes new leads",
        help_text="Off: keeps what they have and is passed over.",
    )
    max_open = cap("Most open leads")
    max_per_day = cap("Most in a day")
    max_per_week = cap("Most in a week")
    skills = WordsField(longest=40, help_text="With commas between, such as Payments.")
    languages = LanguagesField(longest=8, help_text="With commas between, such as German.")
    zone = ZoneField(label="Time zone")
    password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave it empty to send a link by e-mail instead.",
    )

    class Meta:
        model = User
        fields = ["name", "email", "zone", "team", "sales_role", "booking_url"]
        labels = {"booking_url": "Booking link"}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["calendar"].queryset = published_calendars()  # type: ignore[attr-defined]
        if self.instance.pk is None:
            self.initial["zone"] = Organisation.objects.get().zone
            self.initial["sales_role"] = SalesRole.SDR  # as a sales rep, the first role, needs one
        else:
            self.initial.update(current_job(self.instance))
            self.fields["password"].help_text = "Leave it empty to keep the present one."
        self.helper = plain_helper(self.fields)
        self.helper.layout = rows(
            ("name", "email"),
            ("role", "team"),
            ("sales_role", "is_online"),
            ("zone", "calendar", "within_team"),
            ("max_open", "max_per_day", "max_per_week"),
            ("skills", "languages"),
            ("rotas",),
            ("booking_url", "password"),
        )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(email__iexact=email).exists():
            raise forms.ValidationError("Somebody has this e-mail address already.")
        return email.lower()

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        is_admin = self.instance.pk and Role.ADMIN in self.instance.roles
        if not is_admin or role == Role.ADMIN:
            return role
        if self.instance == self.by:
            raise forms.ValidationError("You can't stop being an admin. Ask another admin.")
        if not User.objects.with_role(Role.ADMIN).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(NO_ADMIN_LEFT.format(self.instance))
        return role

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("rotas") and data.get("role") != Role.REP:
            self.add_error("rotas", "Only sales reps take turns in a rota.")
        if data.get("role") == Role.REP and data.get("sales_role") == SalesRole.NONE:
            self.add_error("sales_role", "Say which side of the handoff this rep works on.")
        if data.get("calendar") and data.get("within_team"):
            self._check_hours(data["calendar"], data.get("team"))
        return data

    def _check_hours(self, calendar: Document, team: Team | None) -> None:
        hours = TeamHours.objects.filter(team=team).first()
        if hours and never_meet(calendar, hours.calendar, database_now()):
            self.add_error("within_team", NEVER_MEET.format(f"those of {team}"))

    @property
    def job(self) -> Job:
        data = self.cleaned_data
        return Job(
            data["role"],
            data["calendar"],
            tuple(data["rotas"]),
            **{name: data[name] for name in CAPS},
            skills=tuple(data["skills"]),
            languages=tuple(data["languages"]),
            is_online=data["is_online"],
            within_team=data["within_team"],
        )


def current_job(user: User) -> dict[str, Any]:
    """Return what `user` does now, as initial values of the form."""
    hours = getattr(user, "rep_hours", None)
    capacity = getattr(user, "capacity", None)
    return {
        "role": next(iter(user.roles), None),
        "calendar": hours and hours.calendar,
        "within_team": bool(hours and hours.within_team),
        "rotas": Rota.objects.filter(members__rep=user),
        **(capacity_of(capacity) if capacity else {}),
    }


def capacity_of(capacity: Capacity) -> dict[str, Any]:
    names = (*CAPS, "skills", "languages", "is_online")
    return {name: getattr(capacity, name) for name in names}


class SourceForm(forms.ModelForm[IntakeSource]):
    activity_kind = forms.ChoiceField(
        required=False,
        label="What somebody did who comes in here",
        choices=[("", "Nothing by itself")]
        + [(kind.key, kind.label) for kind in ACTIVITY_KINDS.values()],
    )

    class Meta:
        model = IntakeSource
        fields = [
            "name",
            "slug",
            "motion",
            "activity_kind",
            "campaign",
            "has_form",
            "form_title",
            "form_intro",
            "is_active",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["slug"].disabled = True
            self.fields["slug"].help_text = "Fixed: addresses and numbers depend on it."
        self.helper = plain_helper(self.fields)
        self.helper.layout = rows(
            ("name", "slug"),
            ("motion", "activity_kind"),
            ("campaign", "form_title"),
            ("form_intro",),
            ("has_form", "is_active"),
        )


class ReasonForm(forms.ModelForm[ReasonCode]):
    class Meta:
        model = ReasonCode
        fields = [
            "label",
            "key",
            "group",
            "position",
            "definition",
            "consequence",
            "nurture_days",
            "min_touches",
            "needs_date",
            "needs_note",
            "is_active",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True
        self.helper = plain_helper(self.fields)
        self.helper.layout = rows(
            ("label", "key"),
            ("group", "position"),
            ("definition",),
            ("consequence", "nurture_days"),
            ("min_touches", "needs_date", "needs_note"),
            ("is_active",),
        )


# The least and the most of a number, as the constraint holds them that says so in a sentence.
LIMITS = {
    "reroutes_before_manager": (1, 10, "organisation_reroutes_in_reason"),
    "company_likeness": (60, 100, "organisation_likeness_in_reason"),
    "mails_an_hour": (1, 1_000, "organisation_mails_in_reason"),
    "unseen_minutes": (1, 1_440, "organisation_unseen_in_reason"),
}
SENTENCES = {rule.name: rule.violation_error_message for rule in Organisation._meta.constraints}


class OrganisationForm(forms.ModelForm[Organisation]):
    zone = ZoneField(label="Time zone")

    class Meta:
        model = Organisation
        fields = [
            "name",
            "zone",
            "first_weekday",
            "currency",
            "publishers",
            "reroutes_before_manager",
            "company_likeness",
            "mails_an_hour",
            "unseen_minutes",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most, rule) in LIMITS.items():
            field = self.fields[name]
            field.validators = [MinValueValidator(least), MaxValueValidator(most)]
            for code in ("min_value", "max_value"):
                field.error_messages[code] = SENTENCES[rule] or ""
            field.widget.attrs |= {"min": least, "max": most}
        self.helper = plain_helper(self.fields)


class TeamForm(forms.ModelForm[Team]):
    zone = ZoneField(label="Time zone")
    calendar = forms.ModelChoiceField(
        Document.objects.none(),
        required=False,
        label="Working hours",
        empty_label="The company's",
        help_text="Of everybody in the team who has none of their own.",
    )

    class Meta:
        model = Team
        fields = ["name", "manager", "zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = User.objects.with_role(Role.MANAGER)  # type: ignore[attr-defined]
        self.fields["calendar"].queryset = published_calendars()  # type: ignore[attr-defined]
        if self.instance.pk:
            hours = TeamHours.objects.filter(team=self.instance).first()
            self.initial["calendar"] = hours and hours.calendar_id
        self.helper = plain_helper(self.fields)

    def clean_calendar(self) -> Document | None:
        calendar: Document | None = self.cleaned_data["calendar"]
        if calendar and self.instance.pk:
            at = database_now()
            here = {"rep__team": self.instance, "rep__is_active": True}
            within = RepHours.objects.filter(within_team=True, **here)
            for each in within.select_related("calendar", "rep"):
                if never_meet(each.calendar, calendar, at):
                    raise forms.ValidationError(NEVER_MEET.format(f"those of {each.rep}"))
        return calendar

    @transaction.atomic
    def save(self, commit: bool = True) -> Team:
        team: Team = super().save(commit)
        have_work_by(team, self.cleaned_data["calendar"])
        return team
