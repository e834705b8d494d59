"""What people set about themselves, and when they are away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from leads.absence_covers import gaps
from leads.forms.instants import NearInstantField
from leads.forms.plain_words import speak_plainly
from leads.forms.submissions import row
from leads.forms.zones import ZoneField
from leads.models import Absence, User


def secure_field(field: models.Field[Any, Any], **options: Any) -> forms.Field | None:
    """Return the form field of a model's; a web address without a scheme is taken for https."""
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    return field.formfield(**options)


class ProfileForm(forms.ModelForm[User]):
    zone = ZoneField(label="Time zone", help_text="Every time you see is in it.")

    class Meta:
        model = User
        fields = ("name", "zone", "notify_by", "is_quiet_off_hours", "booking_url", "has_shortcuts")
        labels = {
            "notify_by": "Tell me",
            "is_quiet_off_hours": "No e-mails outside my working hours",
            "booking_url": "Booking link",
            "has_shortcuts": "Single-key shortcuts",
        }
        help_texts = {
            "booking_url": "Where a prospect can book a meeting with you.",
            "has_shortcuts": "Keys such as 1 to accept, while no field is in use.",
        }
        formfield_callback = secure_field

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        speak_plainly(self.fields)
        self.helper = FormHelper()
        self.helper.form_tag = False


class AbsenceForm(forms.ModelForm[Absence]):
    """A time away, in the reader's zone."""

    starts_at = NearInstantField(label="From")
    ends_at = NearInstantField(label="To")

    class Meta:
        model = Absence
        fields = ("starts_at", "ends_at", "cover", "note")
        labels = {"cover": "Who answers for you", "note": "Note"}

    def __init__(self, data: Any = None, *, user: User, at: datetime) -> None:
        super().__init__(data, instance=Absence(user=user))
        self.at = at
        colleagues = User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("name")
        cover = self.fields["cover"]
        assert isinstance(cover, forms.ModelChoiceField)
        speak_plainly(self.fields)
        cover.queryset, cover.empty_label = colleagues, "Nobody in particular"
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(row("starts_at", "ends_at"), row("cover", "note"))

    def clean_ends_at(self) -> datetime:
        ends_at: datetime = self.cleaned_data["ends_at"]
        starts_at = self.cleaned_data.get("starts_at")
        if starts_at is not None and ends_at <= starts_at:
            raise ValidationError("An absence must end after it starts.")
        if ends_at <= self.at:
            raise ValidationError("This is over already.")
        return ends_at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors:
            self._refuse_a_circle(told)
        return told

    def _refuse_a_circle(self, told: dict[str, Any]) -> None:
        """Refuse a cover who is away too and covered, by however many, by this very person."""
        span = {name: told[name] for name in ("starts_at", "ends_at", "cover")}
        for gap in gaps(Absence(user=self.instance.user, **span)):
            if gap.is_circle:
                self.add_error("cover", gap.in_words)

    def _get_validation_exclusions(self) -> set[str]:
        """The user is no field of the form, but rules about absences ask for them."""
        return super()._get_validation_exclusions() - {"user"}  # type: ignore[misc,no-any-return]
