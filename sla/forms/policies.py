"""The form of a policy: its conditions, and a line for each kind of promise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from leads.forms.conditions import ConditionsField, ConditionsWidget
from leads.forms.rows import RowForm
from sla.lengths import DAY, HOUR, MINUTE, between_touches, over_touches
from sla.models import Pause, Policy, Target
from sla.models.promises import CADENCE, PASSED_ON, STANDING_STILL, STARTS, pause_words

PARTS = (
    *("allowed", "measure", "starts", "touches", "channels", "goes_on", "urgent"),
    *(*Pause.Kind.values, *Target.Action.values),
)
LENGTH = re.compile(r"(\d{1,5})\s*(d|day|days|h|hour|hours|m|min|minute|minutes)", re.ASCII)
COUNT = re.compile(r"\d{1,3}", re.ASCII)
SHARE = re.compile(r"\d{1,4}", re.ASCII)
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
GOING_ON = (Target.Kind.FIRST_TOUCH, Target.Kind.QUALIFIED)
Typed = Mapping[str, Mapping[str, str]]


class PromisesWidget(forms.Widget):
    """A line a kind: how long, in which time, from what on, and which step is done when."""

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
        lines = [
            {
                "kind": kind,
                "typed": typed.get(kind, {}),
                "starts": [(start, start.label) for start in map(Target.Start, STARTS[kind])],
                "may_go_on": kind in GOING_ON,
                "is_cadence": kind == Target.Kind.FOLLOW_UP,
                "steps": [
                    (action, action.label, typed.get(kind, {}).get(action, ""))
                    for action in Target.Action
                    if action != Target.Action.REASSIGN or kind in PASSED_ON
                ],
                "pauses": [
                    (pause, pause_words(pause), typed.get(kind, {}).get(pause))
                    for pause in Pause.Kind.values
                    if kind in STANDING_STILL
                ],
            }
            for kind in Target.Kind
        ]
        context = {"name": name, "id": (attrs or {}).get("id", name), "lines": lines}
        return render_to_string("sla/_promise_fields.html", {**context, "measures": Target.Measure})


class PromisesField(forms.Field):
    """Cleaned to the promises, not saved."""

    widget = PromisesWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Typed) -> list[Target]:
        found, problems = [], []
        for kind in Target.Kind:
            if value[kind]["allowed"]:
                try:
                    found.append(read_target(kind, value[kind]))
                except ValidationError as error:
                    problems += [f"{kind.label}: {message}" for message in error.messages]
        if problems:
            raise ValidationError(problems)
        if not found:
            raise ValidationError("Promise something: say how long at least one of these may take.")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


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
        help_text="5 min or 4 h, of wall time also 2 days. Without a time, nothing is promised. Of"
        " touches, each next one is due an equal part of it after the last. Steps are done once"
        " each, at shares of the time in percent such as 50, 80; 100 is the deadline, 150 is half"
        " as long again.",
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
            self.initial.setdefault("targets", list(instance.targets.all()))

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


def read_target(kind: Target.Kind, typed: Mapping[str, str]) -> Target:
    """Return what was typed of one promise. Raises ValidationError in words."""
    measure = typed["measure"] or Target.Measure.WORKING.value
    if measure == Target.Measure.WORKING and "d" in typed["allowed"]:
        raise ValidationError("In working time, say hours: a day of work is no 24 of them.")
    ladder = read_ladder(typed)
    touches = read_count(typed["touches"]) if typed["touches"] else None
    target = Target(
        kind=kind.value,
        measure=measure,
        allowed=read_allowed(kind, typed["allowed"], touches=touches),
        starts=typed["starts"] if typed["starts"] != STARTS[kind][0] else "",
        levels=list(ladder),
        actions=list(ladder.values()),
        urgent=read_shares(typed["urgent"]),
        touches=touches,
        channels=read_count(typed["channels"] or "1"),
        goes_on=bool(typed["goes_on"]),
        pauses=[pause for pause in Pause.Kind.values if typed[pause]],
    )
    target.full_clean(exclude=["policy"])
    return target


def read_count(text: str) -> int:
    if not COUNT.fullmatch(text):
        raise ValidationError(f"“{text}” is no number such as 5.")
    return int(text)


def read_allowed(kind: Target.Kind, text: str, *, touches: int | None) -> timedelta:
    """Return within how long something is to be done. Of a cadence `text` says over how long all of
    its touches are to be made.
    """
    length = read_length(text)
    if kind != Target.Kind.FOLLOW_UP:
        return length
    if touches is None or touches < 2:
        raise ValidationError(CADENCE)
    return between_touches(touches, length)


def read_length(text: str) -> timedelta:
    found = LENGTH.fullmatch(text.lower())
    if not found:
        raise ValidationError(f"“{text}” is no length of time such as 5 min, 4 h or 2 days.")
    return timedelta(**{UNITS[found[2][0]]: int(found[1])})


def read_ladder(typed: Mapping[str, str]) -> dict[int, str]:
    """Return what is to be done by the percent at which it is, in order."""
    ladder: dict[int, str] = {}
    for action in Target.Action:
        shares = read_shares(typed[action])
        if shares != sorted(shares):
            raise ValidationError(
                f"“{typed[action]}” is out of order: the first share comes first."
            )
        for share in shares:
            if share in ladder:
                raise ValidationError(f"Only one step is done at {share} %: there are two.")
            ladder[share] = action.value
    return dict(sorted(ladder.items()))


def read_shares(text: str) -> list[int]:
    parts = [part.strip(" %") for part in text.split(",") if part.strip(" %")]
    if wrong := next((part for part in parts if not SHARE.fullmatch(part)), None):
        raise ValidationError(f"“{wrong}” is no share in percent, such as 80.")
    return [int(part) for part in parts]


def as_typed(targets: Sequence[Target]) -> Typed:
    """Return promises as somebody would type them."""
    return {
        target.kind: {
            "allowed": allowed_typed(target),
            "measure": target.measure,
            "starts": target.start,
            "urgent": ", ".join(map(str, target.urgent)),
            "touches": str(target.touches or ""),
            "channels": str(target.channels) if target.touches else "",
            "goes_on": "on" if target.goes_on else "",
            **{pause: "on" if pause in target.pauses else "" for pause in Pause.Kind.values},
            **{action: shares_typed(target, action) for action in Target.Action.values},
        }
        for target in targets
    }


def shares_typed(target: Target, action: str) -> str:
    return ", ".join(str(percent) for percent, done in target.steps if done == action)


def allowed_typed(target: Target) -> str:
    """Return within how long, of a cadence over how long all of it: "8 days" of wall time, "4 h"
    for whole hours, else minutes.
    """
    touches, length = target.touches, target.allowed
    length = over_touches(touches, length) if touches else length
    if length >= 2 * DAY and not length % DAY and target.measure == Target.Measure.WALL:
        return f"{length // DAY} days"
    is_hours = length and not length % HOUR
    return f"{length // HOUR} h" if is_hours else f"{length // MINUTE} min"


def unsaved(target: Target) -> Target:
    """Return the same promise as a new row, of no policy yet."""
    target.pk, target._state.adding = None, True
    return target
