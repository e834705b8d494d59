"""The form field for conditions and for a filter on properties, for every kind of rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from leads.condition_checks import is_storable
from leads.conditions import validate
from leads.countries import COUNTRIES
from leads.facts import (
    ACCOUNT_FACTS,
    ACTIVITY_KIND_CHOICES,
    BEHAVIOUR_FACTS,
    FACTS,
    LEAD_FACTS,
    PERSON_FACTS,
    Fact,
    FactType,
)
from leads.forms.typed_conditions import (
    Pairs,
    TypedCondition,
    TypedConditions,
    pairs_of,
    read_pairs,
    where_of,
)
from leads.forms.typed_countries import country_problems, is_country
from leads.operators import OPERATORS, Operator, Takes, is_picked, operators_for

# Known only once criteria have been applied, so criteria themselves can't ask them.
AFTER_SCORING = ("score.", "handoff.")
# Known only while a handoff is being routed, since the rule that asks leads to the deal's owner.
AFTER_OPENING = "account.has_open_opportunity"
# The parts of the template in which a value is one of the fact's choices.
PICKED = ("choice", "choices")


@dataclass(frozen=True, slots=True)
class ShownCondition:
    """One condition as its row in the form needs it. widget: which way the value is put in."""

    typed: TypedCondition
    name: str
    id: str
    place: str
    fact: Fact | None
    operators: Sequence[Operator]
    widget: str
    problems: Sequence[str]

    @property
    def unsuited(self) -> str:
        """The operator that was asked for but does not go with the fact; "" if it does."""
        suits = any(each.key == self.typed.op for each in self.operators)
        return "" if suits else self.typed.op

    @property
    def gone(self) -> Sequence[str]:
        """What the condition asks for and there is none of, or no longer; blank is not among it."""
        if self.fact is None or self.widget not in PICKED:
            return ()
        asked = self.typed.chosen if self.widget == "choices" else (self.typed.value,)
        return [each for each in asked if each and each not in self.fact.choice_values]

    @property
    def countries(self) -> Mapping[str, str]:
        """The names of countries by their codes where one is asked for, else nothing."""
        return COUNTRIES if self.fact and is_country(self.fact, self.typed.op) else {}

    @property
    def pairs(self) -> Pairs:
        """The filter on properties, with an empty pair at the end."""
        return (*self.typed.where, ("", ""))


class ConditionsWidget(forms.Widget):
    """Draws groups of typed conditions.

    own:           the facts that today's rows decide, by name; see offered_facts.
    address:       where a button that changes the form asks for it anew.
    offers_scores: whether a rule may ask what criteria give: routing may, criteria may not.
    is_of_routing: whether it may ask what is known only while a handoff is being routed.
    """

    own: Mapping[str, Fact] = {}
    address = ""
    offers_scores = False
    is_of_routing = False
    is_checked = False

    @property
    def facts(self) -> dict[str, Fact]:
        return {**FACTS, **self.own}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedConditions:
        return TypedConditions.from_data(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = (
            value if isinstance(value, TypedConditions) else TypedConditions.from_json(value or [])
        )
        box = (attrs or {}).get("id", name)
        shown = [
            [self._shown(typed, (place, which), name, box) for which in range(len(group))]
            for place, group in enumerate(typed.groups)
        ]
        wrong = (each.id for group in shown for each in group if each.problems)
        context = {
            "groups": shown,
            "box": box,
            "focus": next(wrong, box) if self.attrs.get("autofocus") else "",
            "menu": self._menu(),
            "address": self.address,
            "is_bare": self.is_checked and not typed.groups,
            "kinds": ACTIVITY_KIND_CHOICES,
        }
        return render_to_string("leads/_conditions.html", context)

    def _shown(
        self, typed: TypedConditions, place: tuple[int, int], name: str, box: str
    ) -> ShownCondition:
        condition = typed.groups[place[0]][place[1]]
        fact = self.facts.get(condition.fact)
        where = f"{place[0]}-{place[1]}"
        widget = _widget(fact, condition.op) if fact else ""
        if fact is not None and widget in PICKED:
            condition = condition.with_choices_of(fact)
        return ShownCondition(
            typed=condition,
            name=f"{name}-{where}",
            id=f"{box}-{where}",
            place=f"{place[0]}:{place[1]}",
            fact=fact,
            operators=operators_for(fact) if fact else [],
            widget=widget,
            problems=typed.problems(place, self.facts) if self.is_checked else [],
        )

    def _menu(self) -> list[tuple[str, list[Fact]]]:
        """Return the facts one may choose from, grouped."""
        lead = [
            fact
            for fact in LEAD_FACTS
            if self.offers_scores or not fact.name.startswith(AFTER_SCORING)
        ]
        account = [
            fact for fact in ACCOUNT_FACTS if self.is_of_routing or fact.name != AFTER_OPENING
        ]
        groups: list[tuple[str, list[Fact]]] = [
            ("Person", list(PERSON_FACTS)),
            ("Account", account),
            ("Source", lead),
            ("Behaviour", list(BEHAVIOUR_FACTS.values())),
            ("Your own", own_facts(self.own)),
        ]
        return [group for group in groups if group[1]]


def own_facts(facts: Mapping[str, Fact]) -> list[Fact]:
    """Return the attributes among `facts` that one may choose from."""
    return [fact for fact in facts.values() if fact.name not in FACTS and not fact.is_off]


def _widget(fact: Fact, op: str) -> str:
    """Return by which part of the template the value is typed."""
    operator = OPERATORS.get(op)
    if operator is None or operator.takes is Takes.NOTHING:
        return ""
    if operator.takes is Takes.MANY:
        return "choices" if is_picked(fact, operator) else "texts"
    if operator.takes is not Takes.ONE:
        return operator.takes.value
    if is_picked(fact, operator):
        return "choice"
    return {FactType.DATE: "date", FactType.NUMBER: "number"}.get(fact.type, "text")


class ConditionsField(forms.Field):
    """Conditions, checked as the rule language has it; cleaned to what is stored.

    allow_always: whether none at all are fine.
    """

    widget: ConditionsWidget = ConditionsWidget()

    def __init__(self, *, allow_always: bool = False, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.allow_always = allow_always

    @property
    def facts(self) -> Mapping[str, Fact]:
        return self.widget.facts

    def use(self, own: Mapping[str, Fact], address: str) -> None:
        """Let rules ask the facts that today's rows decide; see ConditionsWidget."""
        self.widget.own, self.widget.address = own, address

    def clean(self, value: Any) -> list[list[dict[str, object]]]:
        self.widget.is_checked = True
        stored = value.to_json(self.widget.facts)
        problems = validate(stored, extra_facts=self.widget.own, allow_always=self.allow_always)
        problems += [each for group in stored for one in group for each in country_problems(one)]
        if problems:
            raise ValidationError(problems)
        return list(stored)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class PairsWidget(forms.Widget):
    """Pairs of a property and the value it must have, with an empty pair at the end."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Pairs:
        return read_pairs(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        pairs = pairs_of(value) if isinstance(value, Mapping) else tuple(value or ())
        context = {"name": name, "pairs": [*pairs, ("", "")], "id": (attrs or {}).get("id", name)}
        return render_to_string("leads/_pairs.html", context)


class PairsField(forms.Field):
    """A filter on an activity's properties; cleaned to the mapping that is stored."""

    widget = PairsWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> dict[str, object]:
        if any(not name or not text.strip() for name, text in value):
            raise ValidationError("Each filter needs a property’s name and the value to equal.")
        if not all(is_storable(pair) for pair in value):
            raise ValidationError("A filter holds a character that can’t be stored; type it anew.")
        return where_of(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True
