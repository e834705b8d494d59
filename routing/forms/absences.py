"""When somebody is away and who covers for them, entered by who answers for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from leads.absence_covers import counting_on, gaps, in_days
from leads.forms.instants import NearInstantField
from leads.forms.seen import SeenRowForm
from leads.models import Absence, User
from routing.forms.rotas import reps_to_choose


class AbsenceForm(SeenRowForm[Absence]):
    """A time away of one of `people`. Times are in the reader's zone.

    agreed: that it is saved in spite of the warnings.
    """

    starts_at = NearInstantField(label="From")
    ends_at = NearInstantField(label="To")
    agreed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Absence
        fields = ("user", "starts_at", "ends_at", "cover", "note")
        labels = {"user": "Who", "cover": "Who covers", "note": "Note"}
        help_texts = {"cover": "Gets the leads that would be theirs by name. Rotas go on without."}

    def __init__(self, *args: Any, people: QuerySet[User], at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.people, self.at = people, at
        self.warnings: list[str] = []
        who, cover = self.fields["user"], self.fields["cover"]
        assert isinstance(who, forms.ModelChoiceField)
        assert isinstance(cover, forms.ModelChoiceField)
        who.queryset, who.empty_label = people, "Choose"
        who.disabled = self.instance.pk is not None
        cover.queryset = reps_to_choose(self.instance.cover_id)
        cover.empty_label = "Nobody in particular"

    def options(self) -> dict[str, Any]:
        return {"people": self.people, "at": self.at}

    def clean_ends_at(self) -> datetime:
        ends_at: datetime = self.cleaned_data["ends_at"]
        starts_at = self.cleaned_data.get("starts_at")
        if starts_at is not None and ends_at <= starts_at:
            raise ValidationError("An absence must end after it starts.")
        if ends_at <= self.at:
            raise ValidationError("This is over already.")
        return ends_at

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self._look_at_covers()

    def _look_at_covers(self) -> None:
        for gap in gaps(self.instance):
            if gap.is_circle:
                self.add_error("cover", gap.in_words)
            else:
                self.warnings.append(gap.in_words)
        self.warnings += [_counts_on(each, self.instance) for each in counting_on(self.instance)]


def _counts_on(covered: Absence, absence: Absence) -> str:
    since = max(covered.starts_at, absence.starts_at)
    till = min(covered.ends_at, absence.ends_at)
    span = in_days(since, till, absence.user.zone)
    return f"{absence.user} covers for {covered.user} {span}."
