"""The filters of the list of leads, and of its export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from crispy_forms.helper import FormHelper
from django import forms
from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.criteria_leads import CRITERION, touched_by
from leads.forms.instants import SENSIBLE_DAYS
from leads.instants import database_now
from leads.models import (
    BANDS,
    Handoff,
    IntakeSource,
    Lead,
    Organisation,
    Role,
    Stage,
    Team,
    User,
)
from leads.stage_map import lately

# What the address calls a blank: nobody said.
NOBODY_SAID = "-"
NO_HANDOFF = "none"
YES, NO = "true", "false"
LONG = "long"
HANDOFF_STATES = [*Handoff.State.choices, (NO_HANDOFF, "Never handed over")]


def reps(request: Any) -> QuerySet[User]:
    """The reps that one may ask about: all, a manager's teams', or only oneself."""
    everyone = User.objects.filter(groups__name=Role.REP).order_by("name")
    if request.user.sees_everything:
        return everyone
    if request.user.has_role(Role.MANAGER):
        return everyone.filter(team__manager=request.user)
    return everyone.filter(pk=request.user.pk)


def _day(label: str, method: str) -> django_filters.DateFilter:
    widget = forms.DateInput(attrs={"type": "date"})
    return django_filters.DateFilter(
        label=label, method=method, widget=widget, validators=SENSIBLE_DAYS
    )


def _of_handoff(**conditions: Any) -> Exists:
    return Exists(Handoff.objects.filter(lead=OuterRef("pk"), **conditions))


class LeadFilter(django_filters.FilterSet):  # type: ignore[misc]  # it is untyped
    """Which leads. Days are those of the organisation's zone, as in every figure."""

    FIRST = ("q", "stage", "band", "owner", "source", "entered_from", "entered_to")

    q = django_filters.CharFilter(
        method="that_match",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, e-mail, company"}),
    )
    stage = django_filters.ModelChoiceFilter(queryset=Stage.objects.all(), empty_label="Any")
    band = django_filters.ChoiceFilter(
        choices=[*((each, each) for each in BANDS), (NOBODY_SAID, "Not scored")],
        method="of_band",
        empty_label="Any",
    )
    owner = django_filters.ModelChoiceFilter(queryset=reps, empty_label="Anybody")
    source = django_filters.ModelChoiceFilter(
        queryset=IntakeSource.objects.all(), empty_label="Any"
    )
    entered_from = _day("Entered from", "entered_since")
    entered_to = _day("to", "entered_until")
    origin = django_filters.CharFilter(
        method="of_origin", label="Origin", help_text="As its source calls it; - for none."
    )
    campaign = django_filters.CharFilter(
        method="of_campaign", label="Campaign", help_text="- for none."
    )
    team = django_filters.ModelChoiceFilter(
        field_name="owner__team",
        queryset=Team.objects.order_by("name"),
        label="With team now",
        empty_label="Any",
    )
    ever_with = django_filters.ModelChoiceFilter(
        queryset=Team.objects.order_by("name"),
        method="ever_with_team",
        label="Ever with team",
        empty_label="Any",
    )
    reached = django_filters.ModelChoiceFilter(
        queryset=Stage.objects.all(),
        method="that_reached",
        label="Got as far as",
        empty_label="Any",
    )
    handoff = django_filters.ChoiceFilter(
        choices=HANDOFF_STATES, method="with_handoff", label="Handoff", empty_label="Any"
    )
    closed_as = django_filters.ChoiceFilter(
        choices=Handoff.ClosedAs.choices, method="closed", label="Closed as", empty_label="Any"
    )
    review = django_filters.ChoiceFilter(
        choices=[(YES, "Yes"), (NO, "No")],
        method="in_review",
        label="In review",
        empty_label="Any",
    )
    code = django_filters.CharFilter(
        method="given_back_for", label="Reason", help_text="The key of a reason, like wrong-size."
    )
    moved = django_filters.CharFilter(
        method="that_moved",
        label="Moved lately",
        validators=[RegexValidator(r"^[a-z]+-[a-z]+$", "Write it like mql-sal.")],
        help_text="From one stage to another in 90 days, by their keys, like mql-sal.",
    )
    stay = django_filters.ChoiceFilter(
        choices=[(LONG, "Longer than agreed")],
        method="of_stay",
        label="In its stage",
        empty_label="Any time",
    )
    criterion = django_filters.CharFilter(
        method="of_criterion",
        label="Criterion",
        validators=[CRITERION],
        help_text="As a number on the criteria page links it, like 9:fit:size-core.",
    )

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        self.form.helper = FormHelper()
        self.form.helper.form_tag = False
        self.form.helper.disable_csrf = True

    @property
    def first_fields(self) -> list[Any]:
        return [self.form[name] for name in self.FIRST]

    @property
    def further_fields(self) -> list[Any]:
        return [self.form[name] for name in self.form.fields if name not in self.FIRST]

    @property
    def uses_further(self) -> bool:
        return any(self.data.get(name) for name in self.form.fields if name not in self.FIRST)

    @property
    def is_search(self) -> bool:
        return bool(self.form.is_valid() and self.form.cleaned_data["q"])

    def that_match(self, leads: Any, name: str, words: str) -> QuerySet[Lead]:
        found: QuerySet[Lead] = leads.searched(words)
        return found

    def entered_since(self, leads: QuerySet[Lead], name: str, day: date) -> QuerySet[Lead]:
        return leads.filter(entered_at__gte=_midnight(day))

    def entered_until(self, leads: QuerySet[Lead], name: str, day: date) -> QuerySet[Lead]:
        return leads.filter(entered_at__lt=_midnight(day + timedelta(days=1)))

    def of_origin(self, leads: QuerySet[Lead], name: str, origin: str) -> QuerySet[Lead]:
        return leads.filter(origin="" if origin == NOBODY_SAID else origin)

    def of_band(self, leads: QuerySet[Lead], name: str, band: str) -> QuerySet[Lead]:
        return leads.filter(band="" if band == NOBODY_SAID else band)

    def of_campaign(self, leads: QuerySet[Lead], name: str, campaign: str) -> QuerySet[Lead]:
        return leads.filter(campaign__iexact="" if campaign == NOBODY_SAID else campaign)

    def ever_with_team(self, leads: Any, name: str, team: Team) -> QuerySet[Lead]:
        found: QuerySet[Lead] = leads.ever_with(team)
        return found

    def that_reached(self, leads: Any, name: str, stage: Stage) -> QuerySet[Lead]:
        found: QuerySet[Lead] = leads.reached(stage)
        return found

    def with_handoff(self, leads: QuerySet[Lead], name: str, state: str) -> QuerySet[Lead]:
        if state == NO_HANDOFF:
            return leads.exclude(_of_handoff())
        return leads.filter(_of_handoff(state=state))

    def closed(self, leads: QuerySet[Lead], name: str, how: str) -> QuerySet[Lead]:
        return leads.filter(_of_handoff(closed_as=how))

    def in_review(self, leads: QuerySet[Lead], name: str, wanted: str) -> QuerySet[Lead]:
        waits = Q(_of_handoff(state=Handoff.State.REVIEW))
        return leads.filter(waits if wanted == YES else ~waits)

    def that_moved(self, leads: QuerySet[Lead], name: str, stages: str) -> QuerySet[Lead]:
        origin, target = stages.split("-")
        moves = lately(database_now()).filter(lead=OuterRef("pk"))
        return leads.filter(Exists(moves.filter(from_stage=origin, to_stage=target)))

    def of_stay(self, leads: Any, name: str, how: str) -> QuerySet[Lead]:
        found: QuerySet[Lead] = leads.overstaying(database_now())
        return found

    def given_back_for(self, leads: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        # The answer belongs to an upper floor; its rows are reached from the handoff.
        return leads.filter(_of_handoff(dispositions__code__key=key))

    def of_criterion(self, leads: QuerySet[Lead], name: str, criterion: str) -> QuerySet[Lead]:
        return touched_by(leads, criterion, database_now())


def _midnight(day: date) -> datetime:
    zone = Organisation.objects.values_list("zone", flat=True).get()
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
