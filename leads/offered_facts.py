"""The facts that a new rule may ask, as the rows of today have them: an organisation's own, and
those whose values are the keys of other rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from leads.custom_facts import declared_facts
from leads.facts import FACTS, Choices, Fact, FactType
from leads.models import DepthRule, Document, HandRaise, IntakeSource, Publication

HAND_RAISE, SOURCE = "handoff.hand_raise", "lead.source"


def offered_facts() -> dict[str, Fact]:
    """Return these facts by name. Of a hand-raise and a source only those that there are may be
    chosen; rules that were published are read without that, whatever became of what they name.
    """
    return {
        **declared_facts(),
        HAND_RAISE: _one_of(HAND_RAISE, hand_raises()),
        SOURCE: _one_of(SOURCE, IntakeSource.objects.values_list("slug", "name")),
    }


def hand_raises() -> Choices:
    """Return key and label of what opens a handoff by itself, by the criteria that are live."""
    newest = Publication.objects.filter(version__document__kind=Document.Kind.CRITERIA)
    live = newest.order_by("-at", "-id").values("version")[:1]
    return tuple(
        row
        for model in (HandRaise, DepthRule)
        for row in model._default_manager.filter(version=live).values_list("key", "label")
    )


def _one_of(name: str, choices: Iterable[tuple[str, str]]) -> Fact:
    return replace(FACTS[name], type=FactType.CHOICE, choices=tuple(choices))
