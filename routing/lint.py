"""The check of a routing table: rules with ids that find what can't work or can hardly be meant.

Pure. An error forbids publishing; a warning forbids nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from routing.linting import order, people, traffic
from routing.linting.checked import Checked, Finding, LintRule

RULES: Mapping[str, LintRule] = {
    rule.id: rule
    for rule in (
        LintRule(
            order.NO_FALLBACK,
            "Last row",
            "The last row, and only that, has no conditions: it takes what nothing above did, and"
            " leads to the review queue.",
            order.no_fallback,
            is_error=True,
        ),
        LintRule(
            order.UNKNOWN,
            "Unknown fact",
            "It asks for what there is not. Choose another fact, or remove the condition.",
            order.unknown_fact,
            is_error=True,
        ),
        LintRule(
            people.LEAVER,
            "Names a leaver",
            "It leads to somebody who has left. Name another rep, or a rota.",
            people.names_a_leaver,
            is_error=True,
        ),
        LintRule(
            people.EMPTY,
            "Empty rota",
            "Nobody is in the rota, so the next row is asked. Put somebody in, or name another.",
            people.empty_rota,
        ),
        LintRule(
            people.OFF,
            "Rota switched off",
            "The rota passes nothing on. Switch it on, or name another.",
            people.rota_off,
        ),
        LintRule(
            people.NEVER_OPEN,
            "Nobody works this week",
            "All of the rota are away or closed for seven days. Add somebody who is not.",
            people.rota_never_open,
        ),
        LintRule(
            people.TAKES_NOTHING,
            "Nobody takes leads",
            "All in the rota have switched off taking leads. Ask one of them, or add somebody.",
            people.rota_takes_nothing,
        ),
        LintRule(
            people.LACKS,
            "Nobody has the skill",
            "Nobody has all the skills and languages asked for. Ask for less, or add somebody.",
            people.nobody_has_the_skill,
        ),
        LintRule(
            people.LEAVER_IN_ROTA,
            "Leaver in a rota",
            "Take them out of the rota: they get nothing, and the share of others is off.",
            people.leaver_in_rota,
        ),
        LintRule(
            people.NO_TERRITORIES,
            "No territories",
            "The row leads to whose territory it is, and there is none. Add territories.",
            people.no_territories,
        ),
        LintRule(
            people.NOBODYS,
            "Nobody’s territory",
            "It is a leaver’s, or a rota’s that passes nothing on. Give it to somebody else.",
            people.territory_leads_nowhere,
        ),
        LintRule(
            order.CONTRADICTORY,
            "Contradiction",
            "Conditions that no lead can meet together. Change one, or move it to another group.",
            order.contradictory,
        ),
        LintRule(
            order.SHADOWED,
            "Shadowed",
            "A row above takes all that this one would, and more. Move this one up, or remove it.",
            order.shadowed,
        ),
        LintRule(
            order.NURTURE_FIRST,
            "Nurture before hand-raises",
            "Whoever asked for a person comes first: give their row the higher place and priority.",
            order.nurture_above_hand_raise,
        ),
        LintRule(
            traffic.TAKEN_BEFORE,
            "Takes hand-raises first",
            "Move it below the row for whoever asked for a person, or have it ask for others only.",
            traffic.taken_before_hand_raise,
        ),
        LintRule(
            order.HOLDS,
            "Held without a fallback",
            "Add a row below that takes them if nobody opens, such as a wider rota.",
            order.holds_without_fallback,
        ),
        LintRule(
            order.GONE,
            "Unknown value",
            "No new lead has this value. Choose one of those that there are.",
            order.unknown_value,
        ),
        LintRule(
            order.RETIRED,
            "Switched-off fact",
            "The attribute is no longer asked of new leads. Ask for another fact.",
            order.retired_fact,
        ),
        LintRule(
            traffic.NEVER_FIRES,
            "Never fires",
            "It held for no handoff of 90 days. Check its values, or remove it.",
            traffic.never_fires,
        ),
        LintRule(
            traffic.GAP,
            "Gap",
            "Leads that no row but the last would take. Add a row for them, or widen one.",
            traffic.gap,
        ),
    )
}


def lint(checked: Checked) -> list[Finding]:
    """Return what the check finds, in the order of `RULES`."""
    return [finding for rule in RULES.values() for finding in rule.find(checked)]
