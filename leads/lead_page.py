"""A lead as its page shows it: what is known now, and the score with what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from leads.condition_words import shown
from leads.criteria import criteria_of
from leads.custom_facts import CUSTOM, active_attributes, all_attributes, has_custom, labels_of
from leads.documents import NothingLive, live_version
from leads.evidence import Evidence
from leads.facts import ACCOUNT_FACTS, PERSON_FACTS, Fact
from leads.lifecycle import WITH_SALES
from leads.models import (
    Assignment,
    Document,
    Handoff,
    Identity,
    Lead,
    Opportunity,
    User,
    Version,
)
from leads.operators import NORMALISE
from leads.score_changes import flips_of
from leads.scoring import Criteria, Flip, Line, Score, score_of
from leads.standing import Standing

# Told in the head of the page, or worth showing only where they are true.
SAID_ELSEWHERE = {"person.email_domain", "person.has_phone", "account.has_owner"}
DEALS_SHOWN = 10
GIVEN_BACK = (Assignment.Outcome.REROUTED, Assignment.Outcome.HANDED_BACK)


@dataclass(frozen=True, slots=True)
class Known:
    """One fact as it is known now; `value` is None for one that nobody knows."""

    label: str
    value: str | None


@dataclass(frozen=True, slots=True)
class FactGroup:
    label: str
    facts: Sequence[Known]


@dataclass(frozen=True, slots=True)
class Ledger:
    """One of the two scores: the lines that gave, lost or may yet give points, and their sums.

    silent: labels of the rules that gave nothing.
    """

    label: str
    grade: str
    lines: Sequence[Line]
    silent: Sequence[str]

    @property
    def earned(self) -> int:
        return sum(line.earned for line in self.lines)

    @property
    def decayed(self) -> int:
        return sum(line.lost_to_decay for line in self.lines)

    @property
    def capped(self) -> int:
        return sum(line.lost_to_cap + line.lost_to_group_cap for line in self.lines)

    @property
    def points(self) -> int:
        return sum(line.points for line in self.lines)


@dataclass(frozen=True, slots=True)
class ScorePage:
    """The score at an instant, the version that gave it, and what one change would make of it.

    rulings: what keeps the lead out or fit down, in words.
    """

    score: Score
    version: Version
    ledgers: Sequence[Ledger]
    flips: Sequence[Flip]
    rulings: Sequence[str]
    unknown: Sequence[str]


def fact_groups(facts: Mapping[str, object]) -> list[FactGroup]:
    """Return what is known and unknown of a lead, in the order of the glossary."""
    declared = active_attributes()
    undeclared = [
        Known(name.removeprefix(CUSTOM).replace("_", " ").capitalize(), _plain(value))
        for name, value in sorted(facts.items())
        if name.startswith(CUSTOM) and name not in declared
    ]
    groups = [
        FactGroup("Person", _known(PERSON_FACTS, facts)),
        FactGroup("Company", _known(ACCOUNT_FACTS, facts)),
        FactGroup("Your attributes", _known(declared.values(), facts)),
        FactGroup("Further facts", undeclared),
    ]
    return [group for group in groups if group.facts]


def deals_open_now(lead: Lead, viewer: User) -> list[Opportunity]:
    """Return the open deals of the lead's account, or of a lead without one: the newest few.

    Of each, `names_lead` says whether the viewer may know whose it is.
    """
    theirs = Q(lead__account=lead.account_id) if lead.account_id else Q(lead=lead)
    found = Opportunity.objects.filter(theirs, state=Opportunity.State.OPEN)
    visible = Lead.objects.visible_to(viewer).filter(pk=OuterRef("lead_id"))
    told = found.annotate(names_lead=Exists(visible)).select_related("lead__owner")
    return list(told.order_by("-opened_at", "-pk")[:DEALS_SHOWN])


def also_known_by(lead: Lead) -> list[str]:
    """Return the addresses and numbers that `lead` is recognised by beside those of its record."""
    other = lead.identities.exclude(kind=Identity.Kind.SOURCE_ID)
    other = other.exclude(value__in=[lead.email.casefold(), lead.phone])
    return list(other.order_by("kind", "id").values_list("value", flat=True))


def _known(vocabulary: Iterable[Fact], facts: Mapping[str, object]) -> list[Known]:
    asked = [fact for fact in vocabulary if fact.name not in SAID_ELSEWHERE]
    return [Known(fact.label, _value(fact, facts.get(fact.name))) for fact in asked]


def _value(fact: Fact, value: object) -> str | None:
    if value in (None, "", []):
        return None
    is_read = NORMALISE[fact.type](value) is not None
    return shown(fact, value) if is_read else f"{shown(fact, value)} (rules can't read it)"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def score_page(evidence: Evidence) -> ScorePage | None:
    """Return the score on `evidence` by the criteria live at its instant; None if none are."""
    try:
        version = live_version(Document.Kind.CRITERIA, evidence.at)
    except NothingLive:
        return None
    criteria = criteria_of(version)
    standing = Standing(evidence, criteria)
    result = score_of(standing)
    return ScorePage(
        score=result,
        version=version,
        ledgers=[
            _ledger("Fit", result.fit_grade, result.breakdown),
            _ledger("Readiness", result.readiness_grade, result.breakdown),
        ],
        flips=flips_of(standing),
        rulings=[*_rulings(result, criteria)],
        unknown=labels_of(result.unknown),
    )


def _ledger(label: str, grade: str, breakdown: Iterable[Line]) -> Ledger:
    lines = [line for line in breakdown if line.section == label.lower()]
    speaking = [line for line in lines if line.points or line.earned or line.unknown]
    silent = [line.label for line in lines if line not in speaking]
    return Ledger(label, grade, speaking, silent)


def _rulings(result: Score, criteria: Criteria) -> Iterable[str]:
    disqualifiers = {rule.key: rule.label for rule, _ in criteria.disqualifying}
    required = {rule.key: rule.label for rule, _ in criteria.fit}
    for key in result.disqualified_by:
        yield f"Disqualified: {disqualifiers[key]}."
    for key in result.missing_requirements:
        yield f"Fit stays C: not known to be “{required[key]}”."
    for key in result.undecided:
        yield f"Can't be told yet: {disqualifiers[key]}."


@dataclass(frozen=True, slots=True)
class HandoffCard:
    """One handoff of the lead. may_open: what is promised in it, whether it rests and why it was
    routed so is the viewer's to see.
    """

    handoff: Handoff
    missing: Sequence[str]
    may_open: bool

    @property
    def closed_with(self) -> User | None:
        """The rep whose turn it was when it was closed; None: it is open, or in a queue then."""
        closed_at = self.handoff.closed_at
        ended = (turn for turn in self.handoff.assignments.all() if turn.ended_at == closed_at)
        return next((turn.rep for turn in ended if closed_at), None)

    @property
    def may_come_back(self) -> bool:
        """Whether its rep may have closed it or given it back by mistake."""
        turns = self.handoff.assignments.all()
        return not self.handoff.is_open or any(turn.outcome in GIVEN_BACK for turn in turns)


@dataclass(frozen=True, slots=True)
class HeldBySales:
    """Who on the other side of the gap has a lead, as what ("Accepted", "SQL"), since when.

    till: when one that waits is routed again; None: it does not wait, or nobody knows.
    """

    who: str
    how: str
    since: datetime
    till: datetime | None = None


def held_by_sales(lead: Lead, cards: Iterable[HandoffCard]) -> HeldBySales | None:
    """Return who has `lead`: whoever holds its open handoff, else who took it on before. None if
    it can be handed over.
    """
    handoff = next((card.handoff for card in cards if card.handoff.is_open), None)
    if handoff is not None:
        passed_at = [each.passed_at for each in handoff.assignments.all() if not each.ended_at]
        since = handoff.accepted_at or next(iter(passed_at), handoff.opened_at)
        who, how = str(handoff.owner or handoff.queue), handoff.get_state_display()
        return HeldBySales(who, how, since, till=handoff.reroute_at)
    if lead.stage_id in WITH_SALES:
        return HeldBySales(str(lead.responsible), str(lead.stage), lead.stage_since)
    return None


def handoff_cards(lead: Lead, visible: Iterable[int]) -> list[HandoffCard]:
    """Return the handoffs of `lead`, newest first, with their assignments.

    visible: ids of the handoffs that the viewer may open.
    """
    found = (
        Handoff.objects.filter(lead=lead)
        .select_related("owner", "queue__owner", "hop")
        .prefetch_related("assignments__rep")
        .order_by("-opened_at", "-pk")
    )
    openable = set(visible)
    own = all_attributes() if any(has_custom(each.missing) for each in found) else {}
    return [HandoffCard(each, labels_of(each.missing, own), each.pk in openable) for each in found]
