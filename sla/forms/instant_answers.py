"""The form of what prospects are written at once."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.models import IntakeSource
from sla.answer_letters import check_template
from sla.instant_answers import answered_sources
from sla.models import AnswerTemplate


class AnswerTemplateForm(forms.ModelForm[AnswerTemplate]):
    """Carries the revision that its editor saw."""

    sources = forms.ModelMultipleChoiceField(
        IntakeSource.objects.none(),
        required=False,
        label="For who asks by",
        widget=forms.CheckboxSelectMultiple,
        help_text="Sources with a public form or a token of the API. Only who asks for a person is"
        " answered; imports, who is added by hand and what happened long ago never are.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = AnswerTemplate
        fields = ("is_on", "sources", "within_minutes", "subject", "body")
        labels = {"is_on": "Answer prospects at once", "body": "Text"}
        widgets = {"body": forms.Textarea(attrs={"rows": 14, "dir": "auto"})}
        help_texts = {
            "body": "A blank line begins a paragraph. A line of which a variable has nothing to"
            " say, such as the link of somebody who has none, is left out."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template: AnswerTemplate = self.instance
        self.initial.setdefault("revision", template.revision)
        ticked = template.sources.values("pk") if template.revision else []
        offered = IntakeSource.objects.filter(Q(pk__in=answered_sources()) | Q(pk__in=ticked))
        self.fields["sources"].queryset = offered  # type: ignore[attr-defined]  # of this field
        self.helper = FormHelper()
        self.helper.form_tag = False

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
        return cleaned
