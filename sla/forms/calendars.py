"""The form of a calendar's hours, and of a new calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from leads.forms.rows import RowForm
from leads.forms.zones import ZoneField
from leads.models import Document
from sla.calendar_words import CLOSED, pairs_in_words
from sla.calendars import published_calendars
from sla.holiday_days import countries_with_holidays, parts_of_country
from sla.models import CalendarTerms
from sla.opening_hours import WEEKDAYS
from sla.typed_hours import read_day, read_pairs

MOST_DAYS = 400
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Texts = Mapping[str, str]


class WeekWidget(forms.Widget):
    """A line for each day of the week, such as "09:00–12:30, 13:00–17:00".

    problems: by day what is wrong with what was typed.
    """

    problems: Mapping[str, list[str]] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        return {day: data.get(f"{name}-{day}", "").strip() for day in WEEKDAYS}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-{WEEKDAYS[0]}"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given: Mapping[str, Any] = value or {}
        days = [
            (day, label, as_typed(given.get(day, "")), self.problems.get(day))
            for day, label in zip(WEEKDAYS, DAY_NAMES, strict=True)
        ]
        has_focus = self.attrs.get("autofocus")
        context = {
            "name": name,
            "id": (attrs or {}).get("id", name),
            "days": days,
            "focus": next(iter(self.problems), WEEKDAYS[0]) if has_focus else "",
        }
        return render_to_string("sla/_week_fields.html", context)


class WeekField(forms.Field):
    """The hours of each weekday; cleaned to the mapping that is stored."""

    widget: WeekWidget = WeekWidget()

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Texts) -> dict[str, list[list[str]]]:
        hours: dict[str, list[list[str]]] = {}
        problems: dict[str, list[str]] = {}
        for day in WEEKDAYS:
            try:
                hours[day] = read_pairs(value[day])
            except ValueError as error:
                problems[day] = [str(error)]
        self.widget.problems = problems
        if problems:
            raise ValidationError(
                [f"{day.capitalize()}: {told}" for day in problems for told in problems[day]]
            )
        return {day: pairs for day, pairs in hours.items() if pairs}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class LinesWidget(forms.Textarea):
    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def format_value(self, value: Any) -> str:
        """Return what is stored as lines, and what was typed as it is."""
        if isinstance(value, Mapping):
            return "\n".join(f"{day} {pairs_in_words(value[day])}" for day in sorted(value))
        return value if isinstance(value, str) else "\n".join(value or ())


class LinesField(forms.CharField):
    """One date a line, with what there is to say of it."""

    widget = LinesWidget(attrs={"rows": 4})

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=20_000, **options)

    def prepare_value(self, value: Any) -> Any:
        return value

    def lines(self, value: Any) -> list[tuple[str, str]]:
        """Return each line's date, as it is stored, and the rest of it. Raises ValidationError."""
        told = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        if len(told) > MOST_DAYS:
            raise ValidationError(f"That is more than {MOST_DAYS} days.")
        return [read_line(line) for line in told if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class DaysField(LinesField):
    """Dates; cleaned to the sorted list that is stored."""

    def clean(self, value: Any) -> list[str]:
        return sorted({day for day, _ in self.lines(value)})


class OverridesField(LinesField):
    """Hours by date; cleaned to the mapping that is stored."""

    def clean(self, value: Any) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = {}
        for day, text in self.lines(value):
            if day in found:
                raise ValidationError(f"{day} stands there twice.")
            if not text:
                raise ValidationError(f"{day}: add hours such as 09:00–12:00, or “{CLOSED}”.")
            try:
                found[day] = read_pairs(text)
            except ValueError as error:
                raise ValidationError(f"{day}: {error}") from error
        return found


def read_line(line: str) -> tuple[str, str]:
    """Return the date that a line begins with, as it is stored, and the rest of it."""
    try:
        found = read_day(line)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if found is None:
        raise ValidationError(
            f"“{line}” does not begin with a date such as 2026-12-24 or 24 Dec 2026."
        )
    day, rest = found
    return day.isoformat(), rest.strip(" :,")


class CalendarForm(RowForm):
    """Zone, week, holidays and the days that differ. The model says what makes no sense."""

    zone = ZoneField(label="Time zone")
    holiday_country = forms.ChoiceField(required=False, label="Public holidays of")
    holiday_subdivision = forms.ChoiceField(required=False, label="Part of the country")
    hours = WeekField(
        label="Week",
        help_text="09:00–12:30, 13:00–17:00 or 9am–5pm. A close before its open is on the next day;"
        " the whole day is 00:00–24:00, an empty line closed.",
    )
    own_days = DaysField(
        label="Own days off", help_text="A date a line: 2026-12-31, 31.12.2026 or Dec 31, 2026."
    )
    overrides = OverridesField(
        label="Other hours on",
        help_text="A date a line with its hours: 2026-12-24 09:00–12:00, or 2027-01-02 closed. They"
        " stand for that date’s own, on a holiday too.",
    )
    wide: ClassVar[Sequence[str]] = ("hours",)

    class Meta:
        model = CalendarTerms
        fields = (
            *("zone", "holiday_country", "holiday_subdivision"),
            *("hours", "own_days", "overrides"),
        )

    def __init__(self, data: Any = None, *, instance: models.Model, **options: Any) -> None:
        super().__init__(data, instance=instance, **options)
        country = self.fields["holiday_country"]
        country.choices = [("", "none"), *countries_with_holidays()]  # type: ignore[attr-defined]
        country.widget.attrs |= {
            "hx-post": self.address,
            "hx-vals": '{"do": "update"}',
            "hx-target": "closest .row-editor",
            "hx-swap": "outerHTML",
        }
        parts = parts_of_country(self._country())
        self.fields["holiday_subdivision"].choices = [("", "all of it"), *parts]  # type: ignore[attr-defined]
        if not parts:
            del self.fields["holiday_subdivision"]

    def _country(self) -> str:
        """Return the country as it stands in the form, or in the row."""
        if self.is_bound:
            return str(self.data.get("holiday_country", ""))
        return str(self.initial.get("holiday_country") or "")

    def _post_clean(self) -> None:
        if "holiday_subdivision" not in self.fields:
            self.instance.holiday_subdivision = ""
        super()._post_clean()
        self._say_at_its_day()

    def _say_at_its_day(self) -> None:
        """Have what the model refuses of a day or date said where that was typed."""
        days: dict[str, list[str]] = {}
        for told in map(str, self.errors.pop(NON_FIELD_ERRORS, [])):
            day = told[:3].lower()
            if day in WEEKDAYS:
                days.setdefault(day, []).append(told)
            self.add_error(_field_of(day), told)
        if days:
            self.fields["hours"].widget.problems = days


class NewCalendarForm(forms.Form):
    """What a calendar is called, and whose hours it begins with."""

    name = forms.CharField(max_length=80, label="Name")
    like = forms.ModelChoiceField(
        Document.objects.none(),
        label="Begin with the hours of",
        empty_label=None,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["like"].queryset = published_calendars()  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        same = Document.objects.filter(kind=Document.Kind.CALENDAR, name__iexact=name)
        if same.exclude(name=name, versions=None).exists():
            raise ValidationError("There is a calendar of this name already.")
        return name


def _field_of(name: str) -> str | None:
    """Return where the weekday or date that begins like this is typed; None: nowhere."""
    if name in WEEKDAYS:
        return "hours"
    return "overrides" if name.isdecimal() else None


def as_typed(value: Any) -> str:
    """Return stored intervals as somebody would type them; what was typed as it is."""
    if isinstance(value, str):
        return value
    return pairs_in_words(value) if value else ""
