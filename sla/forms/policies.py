"""The form of a policy: its conditions, and a line for each kind of promise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from leads.forms.conditions import ConditionsField, ConditionsWidget
from leads.forms.rows import RowForm
from sla.forms.typed_promises import (
    OPTIONAL,
    PARTS,
    Problems,
    Typed,
    as_typed,
    read_target,
    unsaved,
)
from sla.models import Pause, Policy, Target
from sla.models.promises import PASSED_ON, STANDING_STILL, STARTS, pause_words

NO_TIME = "Say within how long, or clear what else is typed of it."
GOING_ON = (Target.Kind.FIRST_TOUCH, Target.Kind.QUALIFIED)


class PromisesWidget(forms.Widget):
    """A line a kind: how long, in which time, from what on, and which step is done when.

    problems: by kind and part what is wrong with what was typed.
    """

    problems: Mapping[str, Problems] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        return {
            kind: {part: data.get(f"{name}-{kind}-{part}", "").strip() for part in PARTS}
            for kind in Target.Kind.values
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-{Target.Kind.values[0]}-allowed"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed: Typed = value if isinstance(value, Mapping) else as_typed(value or [])
        context = {
            "name": name,
            "id": (attrs or {}).get("id", name),
            "lines": [self._line(kind, typed.get(kind, {})) for kind in Target.Kind],
            "measures": Target.Measure,
            "focus": self._first_at_fault() if self.attrs.get("autofocus") else "",
        }
        return render_to_string("sla/_promise_fields.html", context)

    def _line(self, kind: Target.Kind, typed: Mapping[str, str]) -> dict[str, Any]:
        wrong = self.problems.get(kind, {})
        return {
            "kind": kind,
            "typed": typed,
            "is_open": bool(typed.get("allowed") or wrong) or self._asks_for(kind),
            "parts": {part: f"{kind}-{part}" for part in PARTS},
            "wrong": wrong,
            "starts": [(start, start.label) for start in map(Target.Start, STARTS[kind])],
            "may_go_on": kind in GOING_ON,
            "is_cadence": kind == Target.Kind.FOLLOW_UP,
            "steps": [
                (action, action.label, typed.get(action, ""), f"{kind}-{action}", wrong.get(action))
                for action in Target.Action
                if action != Target.Action.REASSIGN or kind in PASSED_ON
            ],
            "pauses": [
                (pause, pause_words(pause), typed.get(pause))
                for pause in Pause.Kind.values
                if kind in STANDING_STILL
            ],
        }

    def _first_at_fault(self) -> str:
        """Return the kind and part, such as "accept-allowed", of the first field that is wrong; of
        a policy that promises nothing, the first of all.
        """
        wrong = ((kind, part) for kind in Target.Kind.values for part in PARTS)
        found = (f"{kind}-{part}" for kind, part in wrong if part in self.problems.get(kind, {}))
        return next(found, f"{Target.Kind.values[0]}-allowed")

    def _asks_for(self, kind: Target.Kind) -> bool:
        """Whether the field of `kind` is to have the focus although nothing is typed there."""
        return bool(self.attrs.get("autofocus")) and self._first_at_fault() == f"{kind}-allowed"


class PromisesField(forms.Field):
    """Cleaned to the promises, not saved.

    promised: kinds that were promised before: one that has lost its time is promised no more.
    """

    widget: PromisesWidget = PromisesWidget()
    promised: Collection[str] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Typed) -> list[Target]:
        found: list[Target] = []
        problems: dict[str, Problems] = {}
        for kind in Target.Kind:
            if value[kind]["allowed"]:
                try:
                    found.append(read_target(kind, value[kind]))
                except ValidationError as error:
                    problems[kind] = error.message_dict
            elif kind not in self.promised and any(value[kind][part] for part in OPTIONAL):
                problems[kind] = {"allowed": [NO_TIME]}
        self.widget.problems = problems
        if problems:
            raise ValidationError(_in_words(problems))
        if not found:
            raise ValidationError("Promise something: say how long at least one of these may take.")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


def _in_words(problems: Mapping[str, Problems]) -> list[str]:
    """Return what is wrong, each with the promise that it is about."""
    return [
        f"{Target.Kind(kind).label}: {message}"
        for kind, by_part in problems.items()
        for messages in by_part.values()
        for message in messages
    ]


class PolicyConditionsWidget(ConditionsWidget):
    offers_scores = True


class PolicyConditionsField(ConditionsField):
    widget = PolicyConditionsWidget()


class PolicyForm(RowForm):
    """A policy with its promises. The last one takes what is left and has no conditions."""

    label = forms.CharField(label="Name", max_length=120)
    conditions = PolicyConditionsField(label="When")
    targets = PromisesField(
        label="Promises",
        help_text="5 min, 1.5 h or 1 h 30 min, of wall time also 2 days. Without a time, nothing is"
        " promised. Of touches, each next one is due an equal part of it after the last. Steps are"
        " done once each, at shares of the time in percent such as 50, 80; 100 is the deadline, 150"
        " is half as long again.",
    )
    wide: ClassVar[Sequence[str]] = ("conditions", "targets")

    class Meta:
        model = Policy
        fields = ("label", "conditions")

    def __init__(self, data: Any = None, *, instance: models.Model, **options: Any) -> None:
        super().__init__(data, instance=instance, **options)
        assert isinstance(instance, Policy)
        if not instance._state.adding and not instance.conditions:
            del self.fields["conditions"]
        if instance.pk:
            targets = self.initial.setdefault("targets", list(instance.targets.all()))
            promised = {target.kind for target in targets}
            self.fields["targets"].promised = promised  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        self.instance.typed_targets = self.cleaned_data.get("targets")
        super()._post_clean()

    def keep(self, names: Collection[str], now: models.Model) -> bool:
        """As for any row; of promises that their editor left alone, what stands `now` stays."""
        assert isinstance(now, Policy)
        if "targets" in names:
            self.instance.typed_targets = [unsaved(target) for target in now.targets.all()]
        return super().keep([name for name in names if name != "targets"], now)

    def save(self, commit: bool = True) -> Policy:
        """Save the policy, and its promises in place of those that it had."""
        policy: Policy = super().save(commit)
        policy.targets.all().delete()
        for target in policy.typed_targets or []:
            target.policy = policy
            target.save()
        return policy
