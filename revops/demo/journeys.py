"""What happened when: the demo's leads from their first visit to where they stand now. Pure.

Everything is played in the order of time, because whose turn it is depends on what came before.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from leads.countries import region_of
from leads.fact_sheet import account_facts, fact_sheet, lead_facts
from leads.handoffs import ROUTING
from leads.models import Account, Handoff, Identity, OwnershipChange, Stage, User
from revops.demo import contracts, ledger
from revops.demo.behaviour import DAYS, Person, Visit, persons
from revops.demo.deals import Deals
from revops.demo.judging import Judge, search_text
from revops.demo.ledger import Case, Rows
from revops.demo.promises import Message, Promises
from revops.demo.reps import Reps
from revops.demo.setting import Setting
from revops.demo.turns import Router
from sla.clocks import Evidence
from sla.models import Target

# Those who talk to sales are left to sales.
IN_SALES = frozenset({Stage.Key.SQL, Stage.Key.OPPORTUNITY, Stage.Key.CUSTOMER})
NAMED_EVERY = 9
OWNERLESS_EVERY = 3 * NAMED_EVERY
SOON = timedelta(seconds=1)


@dataclass
class Story:
    """All that happened: rows not saved yet, and what people were told."""

    rows: Rows
    messages: list[Message]
    cases: list[Case]


@dataclass
class Play:
    """Plans what is to happen and lets it happen, till now."""

    setting: Setting
    rng: Random
    story: Story
    planned: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        rows = self.story.rows
        self.promises = Promises(self.setting, self.story.messages)
        self.router = Router(self.setting)
        self.judge = Judge(self.setting, rows, self.promises, self.router, self.rng)
        self.deals = Deals(self.setting, self.rng, self.plan, self.router.deals)
        self.reps = Reps(self.setting, self.promises, self.rng, self)

    def plan(self, at: datetime, action: Callable[[datetime], None]) -> None:
        """Have something happen at `at`; what lies after now doesn't."""
        if at <= self.setting.now:
            self.count += 1
            heapq.heappush(self.planned, (at, self.count, action))

    def run(self, people: Iterable[Person]) -> None:
        for person in people:
            self._expect(person)
        while self.planned:
            at, _, action = heapq.heappop(self.planned)
            action(at)
        for case in self.story.cases:
            self.promises.sweep(case, self.setting.now)

    def _expect(self, person: Person) -> None:
        """Plan the visits of a person; those after the first need the case that it makes."""
        cases: list[Case] = []
        for visit in person.visits:
            processed_at = visit.at + timedelta(seconds=self.rng.uniform(0.2, 1.4))
            self.plan(processed_at, self._visit_of(person, visit, cases))

    def _visit_of(
        self, person: Person, visit: Visit, cases: list[Case]
    ) -> Callable[[datetime], None]:
        def take_in(at: datetime) -> None:
            case = cases[0] if cases else None
            if case is not None and case.lead.stage_id in IN_SALES:
                return
            found, assignment = self.judge.take_in(person, visit, case, at)
            if case is None:
                cases.append(found)
                self.story.cases.append(found)
            self._after_judgement(found, at, is_passed=assignment is not None)

        return take_in

    def _after_judgement(self, case: Case, at: datetime, *, is_passed: bool) -> None:
        """Plan what follows from how a lead stands now."""
        if is_passed:
            self.reps.passed(case, at)
        elif case.handoff is not None and case.handoff.state == Handoff.State.REVIEW:
            self.expect_review(case, at)
        elif case.handoff is not None and case.handoff.reroute_at is not None:
            self.reroute(case, case.handoff.reroute_at)
        if (day := case.lead.band_changes_on) is not None:
            midnight = datetime.combine(day, time.min, tzinfo=UTC)
            self.plan(midnight + SOON, lambda then: self._band_changes(case, day, then))

    def _band_changes(self, case: Case, day: date, at: datetime) -> None:
        if case.lead.band_changes_on == day:
            self._reconsider(case, at)

    def _reconsider(self, case: Case, at: datetime) -> None:
        assignment = self.judge.judge(case, at)
        self._after_judgement(case, at, is_passed=assignment is not None)

    def reroute(self, case: Case, at: datetime) -> None:
        """Have the sweep route a handoff that was given back or held, if it still waits."""
        handoff = case.handoff
        assert handoff is not None

        def deliver(then: datetime) -> None:
            is_due = handoff.reroute_at is not None and handoff.reroute_at <= then
            if case.handoff is handoff and is_due:
                assignment = self.judge.deliver(case, then)
                self._after_judgement(case, then, is_passed=assignment is not None)

        self.plan(at + SOON, deliver)

    def wake(self, case: Case, zone: str) -> None:
        """Have a lead that rests judged again on the day agreed on."""
        until = case.lead.nurture_until
        assert until is not None
        wakes_at = datetime.combine(until, time.min, tzinfo=ZoneInfo(zone))
        case.lead.wakes_at = case.lead.reconsider_at = wakes_at
        self.plan(wakes_at.astimezone(UTC) + SOON, lambda then: self._wake_up(case, wakes_at, then))

    def _wake_up(self, case: Case, wakes_at: datetime, at: datetime) -> None:
        if case.lead.reconsider_at == wakes_at:
            case.lead.reconsider_at = None
            self._reconsider(case, at)

    def expect_review(self, case: Case, at: datetime) -> None:
        """Plan what the reviewer does; what came in just now waits."""
        handoff = case.handoff
        if case.person.is_fresh or handoff is None:
            return
        hours = self.setting.hours[None].schedule
        work = timedelta(minutes=self.rng.uniform(10, 300))

        def settle(then: datetime) -> None:
            if case.handoff is handoff and handoff.state == Handoff.State.REVIEW:
                self._settle_review(case, handoff, then)

        self.plan(hours.add(at, work), settle)

    def _settle_review(self, case: Case, handoff: Handoff, at: datetime) -> None:
        if handoff.missing:
            self._fill_in(case, at)
            self.plan(at + SOON, lambda then: self._reconsider_filled(case, then))
            return
        by = self.setting.reviewer
        reason = f"Sent to routing again by {by}"
        self.promises.stop(case, [Target.Kind.REVIEW], at=at, evidence=Evidence(reason, by))
        contracts.back_to_routing(
            case,
            self.setting.queues[ROUTING],
            at=at,
            reason=reason,
            source=OwnershipChange.Source.MANAGER,
            by=by,
        )
        self.reroute(case, at)

    def _reconsider_filled(self, case: Case, at: datetime) -> None:
        case.lead.reconsider_at = None
        self._reconsider(case, at)

    def _fill_in(self, case: Case, at: datetime) -> None:
        """Write what was missing to the lead, as the reviewer found it out."""
        person, lead, by = case.person, case.lead, self.setting.reviewer
        company = person.company
        from_records = {*lead_facts(lead), *account_facts(lead.account)}
        known = {name: value for name, value in case.facts.items() if name not in from_records}
        if not lead.email:
            lead.email, lead.company = person.email, company.name
            case.rows.add(Identity(lead=lead, kind=Identity.Kind.EMAIL, value=lead.email))
            lead.search_text = search_text(lead)
        account = lead.account or self.judge.add_account(company, at)
        account.country, account.region = company.country, region_of(company.country) or ""
        lead.account, lead.reconsider_at = account, at
        told = {"person.country": company.country}
        ledger.learn(case, fact_sheet(lead, known, told), known_from=at, by=by)


def story_of(setting: Setting, count: int, seed: int) -> Story:
    """Return what happened to so many leads over the 90 days before the setting's now."""
    rng = Random(f"{seed} journeys")
    story = Story(Rows(), [], [])
    play = Play(setting, rng, story)
    known, people = persons(count, setting.now, seed)
    begin = setting.now - timedelta(days=DAYS)
    for number, company in enumerate(known):
        account = play.judge.add_account(company, begin)
        if number % NAMED_EVERY == 0:
            _name(account, setting.reps, number)
    play.run(people)
    return story


def _name(account: Account, reps: Iterable[User], number: int) -> None:
    """Make an account a named one, with an owner near it."""
    near = [rep for rep in reps if rep.team and rep.team.name == account_team(account)]
    account.is_named = True
    if near and number % OWNERLESS_EVERY:
        account.owner = near[number // NAMED_EVERY % len(near)]


def account_team(account: Account) -> str:
    teams = {"emea": "Europe", "apac": "Asia-Pacific"}
    return teams.get(account.region, "Americas")
