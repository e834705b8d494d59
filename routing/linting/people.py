"""Rows that lead to nobody: leavers, empty rotas, rotas that never open. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from routing.linting.checked import Checked, Finding, RotaState, Row, TerritoryState, about

LEAVER, LEAVER_IN_ROTA = "routing.names_a_leaver", "routing.leaver_in_rota"
EMPTY, OFF, NEVER_OPEN = "routing.empty_rota", "routing.rota_off", "routing.rota_never_open"
TAKES_NOTHING, LACKS, NO_TERRITORIES, NOBODYS = (
    "routing.rota_takes_nothing",
    "routing.nobody_has_the_skill",
    "routing.no_territories",
    "routing.territory_leads_nowhere",
)


def names_a_leaver(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        if row.rep is not None and row.rep.is_gone:
            sentence = f"“{row.label}” leads to {row.rep.name}, who {row.rep.why_gone}."
            yield about(LEAVER, row, sentence)


def leaver_in_rota(checked: Checked) -> Iterator[Finding]:
    for row, rota in _rotas(checked):
        gone = [f"{each.name} {each.why_gone}" for each in rota.members if each.is_gone]
        if gone and rota.staying:
            sentence = f"“{row.label}” leads to rota {rota.name}: {', '.join(gone)}."
            yield about(LEAVER_IN_ROTA, row, sentence)


def empty_rota(checked: Checked) -> Iterator[Finding]:
    for row, rota in _rotas(checked):
        if not rota.staying:
            who = "has no members" if not rota.members else "has only people who have left"
            yield about(EMPTY, row, f"“{row.label}” leads to nobody: rota {rota.name} {who}.")


def rota_off(checked: Checked) -> Iterator[Finding]:
    for row, rota in _rotas(checked):
        if not rota.is_active:
            sentence = f"“{row.label}” leads to nobody: rota {rota.name} is switched off."
            yield about(OFF, row, sentence)


def rota_never_open(checked: Checked) -> Iterator[Finding]:
    for row, rota in _rotas(checked):
        if rota.staying and not any(each.opens for each in rota.staying):
            sentence = f"Nobody in rota {rota.name}, to which “{row.label}” leads, works in the"
            yield about(NEVER_OPEN, row, f"{sentence} coming week.")


def rota_takes_nothing(checked: Checked) -> Iterator[Finding]:
    for row, rota in _rotas(checked):
        if rota.staying and not any(each.is_online for each in rota.staying):
            sentence = f"“{row.label}” leads to nobody now: everybody in rota {rota.name} takes no"
            yield about(TAKES_NOTHING, row, f"{sentence} leads.")


def nobody_has_the_skill(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        people = row.rota.staying if row.rota else [row.rep] if row.rep else []
        if people and not any(
            row.skills <= each.skills and row.languages <= each.languages for each in people
        ):
            whom = f"nobody in rota {row.rota.name}" if row.rota else f"{people[0].name} is not who"
            sentence = f"“{row.label}” leads to nobody: {whom} {row.needed}."
            yield about(LACKS, row, sentence)


def no_territories(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        if row.outcome == "territory" and not checked.territories:
            sentence = f"“{row.label}” leads to nobody: there is no territory yet."
            yield about(NO_TERRITORIES, row, sentence)


def territory_leads_nowhere(checked: Checked) -> Iterator[Finding]:
    """A territory whose leads, where a row leads to whose it is, can go to nobody."""
    for row in checked.rows:
        if row.outcome == "territory":
            for territory in checked.territories:
                if reason := _why_nobodys(territory):
                    sentence = f"“{row.label}” leads to nobody for the territory {territory.name}:"
                    yield about(NOBODYS, row, f"{sentence} {reason}.")


def _why_nobodys(territory: TerritoryState) -> str:
    rota, rep = territory.rota, territory.rep
    if rep is not None:
        return f"{rep.name} has left" if rep.is_gone else ""
    if rota is not None and not rota.is_active:
        return f"rota {rota.name} is switched off"
    return f"nobody is in rota {rota.name}" if rota is not None and not rota.staying else ""


def _rotas(checked: Checked) -> Iterator[tuple[Row, RotaState]]:
    for row in checked.rows:
        if row.rota is not None:
            yield row, row.rota
