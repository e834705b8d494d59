"""The form of a filter that asks for days."""

from typing import Any

from django import forms


class PeriodForm(forms.Form):
    """Days in their order."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day comes before the first.")
        return cleaned
