"""The filters of the SLA pages: one set of fields for clocks and for handoffs."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from leads.forms.instants import SENSIBLE_DAYS
from leads.models import Assignment, IntakeSource, Lead, Organisation, Role, Team, User
from sla import judging, response_times
from sla.forms.periods import PeriodForm
from sla.models import Clock, Notification
from sla.models.clocks import INSTANT_ANSWER
from sla.periods import PERIODS, Period, day_of, days, named_period
from sla.whose import NO_REP, OF_NO_TURN, with_whose

NO_REP_KEY = "none"
# Of first responses: there is none.
NO_RESPONSE = "none"


def reps(request: Any) -> QuerySet[User]:
    """The reps that one may ask about: all, or only oneself."""
    everyone = User.objects.filter(groups__name=Role.REP).order_by("name")
    return everyone if compares_reps(request.user) else everyone.filter(pk=request.user.pk)


def compares_reps(user: User) -> bool:
    return user.sees_everything or user.has_role(Role.MANAGER)


def _day(label: str) -> django_filters.DateFilter:
    widget = forms.DateInput(attrs={"type": "date"})
    return django_filters.DateFilter(
        label=label, method="pass_through", widget=widget, validators=SENSIBLE_DAYS
    )


class PeriodFilter(django_filters.FilterSet):  # type: ignore[misc]  # it is untyped
    """What began in a period of the organisation's calendar.

    at:    the instant that "this week" means.
    begun: the field that says when a row began.
    """

    class Meta:
        form = PeriodForm

    begun = ""
    first_choice = "week"

    period = django_filters.ChoiceFilter(
        choices=PERIODS, method="pass_through", label="Period", empty_label=None
    )
    since = _day("From")
    until = _day("To")

    def __init__(self, data: Mapping[str, Any], *, at: datetime, **kwargs: Any) -> None:
        given = {name: data[name] for name in data if data[name]}
        has_dates = "since" in given or "until" in given
        super().__init__({"period": self.first_choice, **given, **_custom(has_dates)}, **kwargs)
        self.at = at

    @cached_property
    def organisation(self) -> Organisation:
        return Organisation.objects.get()

    @property
    def asked_period(self) -> Period:
        """The period asked for, in the organisation's zone."""
        asked, organisation = self.form.cleaned_data, self.organisation
        if asked["period"] == "custom":
            return days(asked["since"], asked["until"], organisation.zone)
        return named_period(
            asked["period"],
            self.at,
            zone=organisation.zone,
            first_weekday=organisation.first_weekday,
        )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = super().filter_queryset(queryset)
        period = self.asked_period
        if period.start:
            found = found.filter(**{f"{self.begun}__gte": period.start})
        if period.end:
            found = found.filter(**{f"{self.begun}__lt": period.end})
        return found

    def pass_through(self, queryset: QuerySet[Any], name: str, value: object) -> QuerySet[Any]:
        """Dates are looked at together, once all fields are clean."""
        return queryset


class SlaFilter(PeriodFilter):
    """Which promises or handoffs: begun in a period, of a source, rep and team.

    rep_field: the field that says whose a row is.
    """

    begun = "started_at"
    rep_field = ""

    source = django_filters.ModelChoiceFilter(
        queryset=IntakeSource.objects.all(),
        field_name="lead__source",
        label="Source",
        empty_label="All sources",
    )
    rep = django_filters.ModelChoiceFilter(
        queryset=reps,
        method="of_rep",
        label="Rep",
        empty_label="All reps",
        null_label=NO_REP,
        null_value=NO_REP_KEY,
    )
    team = django_filters.ModelChoiceFilter(
        queryset=Team.objects.order_by("name"),
        method="of_team",
        label="Team",
        empty_label="All teams",
    )

    def of_rep(self, queryset: QuerySet[Any], name: str, rep: User | str) -> QuerySet[Any]:
        return queryset.filter(**{self.rep_field: rep.pk if isinstance(rep, User) else None})

    def of_team(self, queryset: QuerySet[Any], name: str, team: Team) -> QuerySet[Any]:
        members = User.objects.filter(team=team).values("pk")
        return queryset.filter(**{f"{self.rep_field}__in": members})


class ClockFilter(SlaFilter):
    """Promises of people; those of the system only where they are asked for. What a prospect was
    promised, or a stay, is that of one rep (`sla/whose.py`), and of every team that had the lead.
    """

    rep_field = "whose_rep"
    WHAT = [
        ("judged", "Kept or missed"),
        ("met", "Kept"),
        ("missed", "Missed"),
        ("hasty", "Done by a hasty touch: not counted"),
        ("open", "Open"),
        ("running", "Running, late or not"),
    ]

    kind = django_filters.ChoiceFilter(
        choices=Clock._meta.get_field("kind").choices,
        label="Promise",
        empty_label="All promises",
    )
    what = django_filters.ChoiceFilter(
        choices=WHAT, method="that_were", label="What became of it", empty_label="Anything"
    )
    due = django_filters.ChoiceFilter(
        choices=[("today", "Today")], method="due_on", label="Due", empty_label="Any day"
    )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        of_all = self.form.cleaned_data["kind"]
        return super().filter_queryset(
            queryset if of_all else queryset.exclude(kind=INSTANT_ANSWER)
        )

    def of_rep(self, queryset: QuerySet[Any], name: str, rep: User | str) -> QuerySet[Any]:
        return super().of_rep(with_whose(queryset), name, rep)

    def of_team(self, queryset: QuerySet[Any], name: str, team: Team) -> QuerySet[Any]:
        members = User.objects.filter(team=team).values("pk")
        had = Assignment.objects.filter(rep__in=members).values("handoff")
        of_the_lead = Q(assignment=None, handoff__in=had) & ~Q(kind__in=OF_NO_TURN)
        found: QuerySet[Any] = with_whose(queryset)
        return found.filter(of_the_lead | Q(whose_rep__in=members))

    def that_were(self, clocks: QuerySet[Any], name: str, what: str) -> QuerySet[Any]:
        answers = {
            "judged": judging.judged(self.at),
            "met": judging.KEPT,
            "missed": judging.missed(self.at),
            "hasty": judging.HASTY,
            "open": judging.still_open(self.at),
            "running": Q(stopped_at=None),
        }
        return clocks.filter(answers[what])

    def due_on(self, clocks: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = day_of(self.at, self.organisation.zone)
        return clocks.filter(due_at__gte=today.start, due_at__lt=today.end)


class HandoffFilter(SlaFilter):
    """Handoffs that were answered, or those that were not, with what
    `response_times.with_who_answered` adds to them.
    """

    begun = "opened_at"
    rep_field = "answered_by"
    TOOK = [
        (f"{measure}-{number}", f"{label}, {measure} time")
        for measure in response_times.MEASURES
        for number, (label, _) in enumerate(response_times.BARS)
    ]

    took = django_filters.ChoiceFilter(
        choices=[*TOOK, (NO_RESPONSE, "Nobody yet")],
        method="that_took",
        label="First response took",
        empty_label="Any time",
    )

    @property
    def is_of_unanswered(self) -> bool:
        return bool(self.form.cleaned_data.get("took") == NO_RESPONSE)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        missing = self.is_of_unanswered
        wanted = response_times.NOT_ANSWERED if missing else response_times.ANSWERED
        return super().filter_queryset(queryset.filter(wanted))

    def that_took(self, handoffs: QuerySet[Any], name: str, took: str) -> QuerySet[Any]:
        if took == NO_RESPONSE:
            return handoffs
        measure, number = took.split("-")
        return handoffs.filter(response_times.in_bar(measure, int(number)))


class DeliveryFilter(PeriodFilter):
    """What was told to whom. Of which lead comes with the address, from the lead's page."""

    begun = "created_at"

    lead = django_filters.ModelChoiceFilter(
        queryset=lambda request: Lead.objects.readable_by(request.user),
        method="of_lead",
        widget=forms.HiddenInput,
    )

    recipient = django_filters.ModelChoiceFilter(
        queryset=User.objects.order_by("name"), label="Person", empty_label="Everybody"
    )
    channel = django_filters.ChoiceFilter(
        choices=Notification.Channel.choices, label="Channel", empty_label="All channels"
    )
    state = django_filters.ChoiceFilter(
        choices=Notification.State.choices, label="State", empty_label="Any state"
    )

    class Meta:
        model = Notification
        fields: list[str] = []

    def of_lead(self, queryset: QuerySet[Any], name: str, lead: Lead) -> QuerySet[Any]:
        person = Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead))
        return queryset.filter(Q(lead__in=person) | Q(handoff__lead=lead))


def _custom(has_dates: bool) -> dict[str, str]:
    return {"period": "custom"} if has_dates else {}
