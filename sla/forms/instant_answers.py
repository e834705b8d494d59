"""The form of what prospects are written at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.models import IntakeSource
from sla.answer_letters import check_template
from sla.answer_tally import would_be_written
from sla.answer_template import answered_sources
from sla.models import AnswerTemplate


class CountedSources(forms.ModelMultipleChoiceField[IntakeSource]):
    """Sources, each with how many would have been written to in the last 30 days."""

    counted: Mapping[int, int] = {}

    def label_from_instance(self, source: IntakeSource) -> str:
        count = self.counted.get(source.pk, 0)
        return f"{source}: {count} would have been written to in the last 30 days"


class AnswerTemplateForm(forms.ModelForm[AnswerTemplate]):
    """Carries the revision that its editor saw. Switched on, it asks whether that is meant.

    at: up to when it counts to whom the mail would have gone.
    """

    sources = CountedSources(
        IntakeSource.objects.none(),
        required=False,
        label="For who asks by",
        widget=forms.CheckboxSelectMultiple,
        help_text="Sources with a public form or a token of the API. Only who asks for a person is"
        " answered; imports, who is added by hand and what happened long ago never are.",
    )
    within_minutes = forms.IntegerField(
        label="Goes out within",
        min_value=1,
        max_value=60,
        help_text="Minutes from when they asked.",
        error_messages=dict.fromkeys(("min_value", "max_value"), "Between 1 and 60 minutes."),
    )
    agreed = forms.BooleanField(
        required=False, label="I have read the preview: write to so many from now on"
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = AnswerTemplate
        fields = ("is_on", "sources", "agreed", "within_minutes", "subject", "body")
        labels = {"is_on": "Answer prospects at once", "body": "Text"}
        widgets = {"body": forms.Textarea(attrs={"rows": 14, "dir": "auto"})}
        help_texts = {
            "body": "A blank line begins a paragraph. A line of which a variable has nothing to"
            " say, such as the link of somebody who has none, is left out."
        }

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template: AnswerTemplate = self.instance
        self.initial.setdefault("revision", template.revision)
        ticked = template.sources.values("pk") if template.revision else []
        offered = IntakeSource.objects.filter(Q(pk__in=answered_sources()) | Q(pk__in=ticked))
        sources = self.fields["sources"]
        assert isinstance(sources, CountedSources)
        sources.counted = would_be_written(list(offered), at)
        sources.queryset = offered
        self.was_on = template.is_on
        if self.was_on:
            del self.fields["agreed"]
        self.helper = FormHelper()
        self.helper.form_tag = False

    def is_valid_to_show(self) -> bool:
        """Whether the mail can be shown as typed: nothing is sent by that, so that nobody need have
        agreed to it.
        """
        self.errors.pop("agreed", None)
        return self.is_valid()

    def clean_subject(self) -> str:
        return self._checked("subject")

    def clean_body(self) -> str:
        return self._checked("body")

    def _checked(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        check_template(text)
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("is_on") and "sources" in cleaned and not cleaned["sources"]:
            raise ValidationError({"sources": "Choose for whom, or leave it switched off."})
        if cleaned.get("is_on") and not self.was_on and not cleaned.get("agreed"):
            raise ValidationError({"agreed": "Tick this to have prospects written to."})
        return cleaned
