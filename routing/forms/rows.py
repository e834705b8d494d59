"""The form of a row of the routing table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from leads.forms.conditions import ConditionsField, ConditionsWidget
from leads.forms.rows import RowForm
from leads.handoffs import REVIEW
from leads.models import Queue, Role, User
from routing.linting.order import LAST_TO_REVIEW
from routing.models import Capacity, Rota, RoutingRule
from routing.needs import language_name

Outcome = RoutingRule.Outcome
# The field that says whom an outcome means.
NAMED = {Outcome.ROTA: "rota", Outcome.REP: "rep", Outcome.QUEUE: "queue"}
HAS_LEFT = "{rep} has left. Name somebody who works here."
NOT_OF_FALLBACK = ("conditions", "off_hours", "skills", "languages")


class RoutingConditionsWidget(ConditionsWidget):
    offers_scores = True
    is_of_routing = True


class RoutingConditionsField(ConditionsField):
    widget = RoutingConditionsWidget()


def _one_of(model: type[models.Model], label: str, missing: str) -> Any:
    return forms.ModelChoiceField(
        model._default_manager.none(),
        label=label,
        empty_label="Choose",
        error_messages={"required": missing, "invalid_choice": missing},
    )


def _asked_for(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class RoutingRuleForm(RowForm):
    """Asks for the one field that the outcome needs; of the fallback, where what is left goes."""

    label = forms.CharField(label="Name", max_length=120)
    conditions = RoutingConditionsField(label="When")
    outcome = forms.ChoiceField(
        label="Goes to",
        choices=[("", "Choose"), *Outcome.choices],
        error_messages={"required": "Choose where it goes."},
    )
    rota = _one_of(Rota, "Which rota", "Choose the rota that takes turns.")
    rep = _one_of(User, "Which rep", "Choose a rep who works here.")
    queue = _one_of(Queue, "Which queue", "Choose the queue.")
    off_hours = forms.ChoiceField(
        label="Out of hours",
        choices=RoutingRule.OffHours.choices,
        help_text="Held, the prospect’s clock runs and the rep’s begins when somebody opens.",
    )
    skills = _asked_for("Only reps with the skills", "Nothing ticked: anybody.")
    languages = _asked_for("Only reps who speak", "Nothing ticked: anybody.")
    priority = forms.IntegerField(
        label="Priority",
        min_value=-100,
        max_value=100,
        help_text="Of handoffs that wait, higher goes first.",
    )

    class Meta:
        model = RoutingRule
        fields = (
            *("label", "conditions", "outcome", "rota", "rep", "queue"),
            *("off_hours", "priority", "skills", "languages"),
        )

    def __init__(self, data: Any = None, *, instance: models.Model, **options: Any) -> None:
        super().__init__(data, instance=instance, **options)
        assert isinstance(instance, RoutingRule)
        is_fallback = not instance._state.adding and not instance.conditions
        self._offer(instance)
        if is_fallback:
            self._ask_only_where(instance)
        for outcome, name in NAMED.items():
            if outcome != self._outcome():
                del self.fields[name]

    def _offer(self, row: RoutingRule) -> None:
        """Offer the reps, rotas, queues, skills and languages that there are."""
        reps = User.objects.with_role(Role.REP).order_by("name")
        self._choices("rep", reps)
        self._choices("rota", Rota.objects.order_by("name"))
        self._choices("queue", Queue.objects.order_by("name"))
        self._words("skills", row.skills, str)
        self._words("languages", row.languages, language_name)
        outcome = self.fields["outcome"].widget.attrs
        outcome |= {
            "hx-post": self.address,
            "hx-vals": '{"do": "update"}',
            "hx-target": "closest .row-editor",
            "hx-swap": "outerHTML",
        }

    def _choices(self, name: str, rows: models.QuerySet[Any]) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def _words(self, name: str, asked: list[str], label: Any) -> None:
        """Offer what the row asks for, in its order, and then what any rep has."""
        had = Capacity.objects.values_list(name, flat=True)
        known = dict.fromkeys([*asked, *sorted({each for words in had for each in words})])
        if known:
            self.fields[name].choices = [(each, label(each)) for each in known]  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def _ask_only_where(self, row: RoutingRule) -> None:
        """Ask of the last row nothing that it can't have: it leads to the review queue."""
        for name in NOT_OF_FALLBACK:
            self.fields.pop(name, None)
        self._choices("queue", Queue.objects.filter(key=REVIEW))
        self.fields["queue"].error_messages["invalid_choice"] = LAST_TO_REVIEW
        if row.outcome == Outcome.QUEUE:
            del self.fields["outcome"]
            return
        outcome = self.fields["outcome"]
        outcome.choices = [("", "Choose"), (Outcome.QUEUE, Outcome.QUEUE.label)]  # type: ignore[attr-defined]
        outcome.error_messages["invalid_choice"] = LAST_TO_REVIEW

    def _outcome(self) -> str:
        """Return the outcome as it stands in the form, or in the row."""
        if "outcome" not in self.fields:
            return str(self.instance.outcome)
        given = self.data.get("outcome") if self.is_bound else None
        return str(given or self.initial.get("outcome") or self.instance.outcome)

    def _post_clean(self) -> None:
        needed = NAMED.get(Outcome(self._outcome())) if self._outcome() in Outcome.values else None
        for name in NAMED.values():
            if name != needed:
                setattr(self.instance, name, None)
        super()._post_clean()

    def keep(self, names: Any, now: models.Model) -> bool:
        is_fit = super().keep(names, now)
        row = self.instance
        if is_fit and row.rep and not row.rep.is_active:
            self.add_error(None, ValidationError(HAS_LEFT.format(rep=row.rep)))
            return False
        return is_fit
