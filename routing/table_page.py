"""What the page of the routing table shows of a version: its rows in words, with their traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leads.document_pages import Around, around
from leads.models import Document, Organisation, User, Version
from leads.row_views import CellView, RowView, Tables
from leads.version_diff import VersionDiff
from routing.check import checked
from routing.lint import RULES, lint
from routing.linting.checked import Finding, Path, Row
from routing.map import goes_to, needed, when
from routing.models import RoutingRule
from routing.table_pages import TABLE
from routing.traffic import Traffic, Unasked, traffic_before, traffic_by_row, unused_rows

FIRST, MORE, RAISED, REST, SCORED, LAST = (
    "First, whatever opened the handoff",
    "Next, whatever opened the handoff",
    "Asked for a person: demo requests and other hand-raises",
    "Then everybody else, nurture among them",
    "Nurture: opened by score",
    "What is left",
)
# A row that one of these says something about decides nothing as it is.
DEAD = frozenset(
    {
        "routing.contradictory",
        "routing.unknown_fact",
        "routing.names_a_leaver",
        "routing.empty_rota",
        "routing.rota_off",
        "routing.rota_takes_nothing",
        "routing.nobody_has_the_skill",
        "routing.no_territories",
    }
)
NO_TRAFFIC = Traffic()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is amiss with a row, in a few words and in a sentence."""

    title: str
    sentence: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class RuleView:
    """A row as the page shows it. place: 0 for one that was removed. section: the heading above it;
    "" where it goes on.
    """

    view: RowView[RoutingRule]
    place: int
    section: str
    when: CellView
    goes_to: CellView
    needed: CellView
    kind: str
    traffic: Traffic
    marks: Sequence[Mark]
    is_dead: bool
    is_unused: bool
    is_hand_raise: bool

    @property
    def rule(self) -> RoutingRule:
        return self.view.row

    @property
    def is_fallback(self) -> bool:
        return not self.rule.conditions

    @property
    def is_new(self) -> bool:
        return self.view.how == "added"

    @property
    def has_needs(self) -> bool:
        return bool(self.needed.text or self.needed.before)

    @property
    def has_priority(self) -> bool:
        return bool(self.rule.priority) or self.view.cells["priority"].before is not None

    @property
    def has_hours(self) -> bool:
        """Whether its hours are worth telling: they are not as usual, or the draft changes them."""
        is_held = self.rule.off_hours == RoutingRule.OffHours.HOLD
        return is_held or self.view.cells["off_hours"].before is not None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Who keeps the table up to date, and when it is looked through next."""

    owner: User | None
    review_on: date | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class TablePage:
    around: Around
    diff: VersionDiff
    rows: Sequence[RuleView]
    unasked: Unasked
    upkeep: Upkeep
    elsewhere: Sequence[Mark]


def table_page(version: Version, user: User, at: datetime) -> TablePage:
    stands = around(TABLE, version, user)
    tables = TABLE.tables_of(version, stands.compared if version.is_draft else version)
    views = tables.views(RoutingRule)
    found = checked(version, at)
    findings = lint(found)
    beside = _Beside(
        tables,
        traffic_by_row(at),
        unused_rows([view.row for view in views], at),
        {row.key: row for row in found.rows},
        findings,
    )
    elsewhere = [_mark(each) for each in findings if not each.row_key]
    return TablePage(
        stands,
        tables.diff,
        _rules(views, beside),
        traffic_before(at),
        upkeep_of(version.document, at),
        elsewhere,
    )


def upkeep_of(document: Document, at: datetime) -> Upkeep:
    zone = ZoneInfo(Organisation.objects.values_list("zone", flat=True).get())
    review_on = document.review_on
    is_overdue = review_on is not None and review_on < at.astimezone(zone).date()
    return Upkeep(document.owner, review_on, is_overdue)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known beside the rows of a version."""

    tables: Tables
    traffic: Mapping[str, Traffic]
    unused: Set[str]
    asked: Mapping[str, Row]
    findings: Sequence[Finding]

    def marks(self, key: str) -> list[Mark]:
        return [_mark(each) for each in self.findings if each.row_key == key]

    def is_dead(self, key: str) -> bool:
        return any(each.row_key == key and each.id in DEAD for each in self.findings)

    def path(self, key: str) -> Path:
        row = self.asked.get(key)
        return row.path if row else Path.ANY


def _mark(finding: Finding) -> Mark:
    rule = RULES[finding.id]
    return Mark(rule.title, finding.sentence, rule.is_error)


def _rules(views: Sequence[RowView[RoutingRule]], beside: _Beside) -> list[RuleView]:
    """Return the rows in order; those that were removed stand above the last one."""
    fallback = [view for view in views if not view.row.conditions and not view.is_removed]
    others = [view for view in views if view not in fallback]
    paths = [beside.path(view.key) for view in others]
    last_raised = max(
        (place for place, path in enumerate(paths) if path is Path.HAND_RAISE), default=-1
    )
    first_raised = paths.index(Path.HAND_RAISE) if last_raised >= 0 else 0
    sections = [
        _section(
            path, above=FIRST if place < first_raised else MORE if place < last_raised else REST
        )
        for place, path in enumerate(paths)
    ]
    sections += [LAST] * len(fallback)
    before = ["", *sections]
    rows: list[RuleView] = []
    for view, section, above in zip([*others, *fallback], sections, before, strict=False):
        place = 0 if view.is_removed else sum(not each.view.is_removed for each in rows) + 1
        rows.append(_rule(view, place, "" if section == above else section, beside))
    return rows


def _section(path: Path, *, above: str) -> str:
    """Return the heading of a row that asks for this path; `above` where it asks for none."""
    if path is Path.ANY:
        return above
    return RAISED if path is Path.HAND_RAISE else SCORED


def _rule(view: RowView[RoutingRule], place: int, section: str, beside: _Beside) -> RuleView:
    rule, own = view.row, beside.tables.own
    was = beside.tables.was(rule) if view.how == "changed" else None
    before = was if isinstance(was, RoutingRule) else rule
    return RuleView(
        view,
        place,
        section,
        when=_cell(when(before, own), when(rule, own)),
        goes_to=_cell(goes_to(before), goes_to(rule)),
        needed=_cell(needed(before), needed(rule)),
        kind=rule.outcome if rule.rota or rule.rep or rule.queue else "owner",
        traffic=beside.traffic.get(view.key, NO_TRAFFIC),
        marks=beside.marks(view.key),
        is_dead=beside.is_dead(view.key),
        is_unused=view.key in beside.unused,
        is_hand_raise=beside.path(view.key) is Path.HAND_RAISE,
    )


def _cell(before: str, now: str) -> CellView:
    return CellView(now, before if before != now else None)
