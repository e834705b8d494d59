"""Who gets which lead in the demo: the live routing table, asked in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from leads.evidence import Evidence
from leads.fact_sheet import handoff_facts
from leads.handoffs import REVIEW, ROUTING
from leads.models import Assignment, Handoff, Opportunity, OwnershipChange, User
from revops.demo.contracts import pass_to, send_to_review
from revops.demo.ledger import Case
from revops.demo.setting import Setting
from routing.candidates import HAD_IT, REJECTED_IT, Candidate, Limits, off_hours
from routing.caps import Caps, Lately
from routing.errors import HasToWait, NobodyAvailable, Skip
from routing.hours import day, moment
from routing.lines import line_of_rota
from routing.models import Decision, RoutingRule, Turn
from routing.needs import ANYBODY, Needs
from routing.returning import ACCEPTED_BEFORE, RETURNING
from routing.routing import OWNERSHIP_REASON_LENGTH, REASON_LENGTH
from routing.table import Rule
from routing.trace import Log
from routing.turns import SoFar, Standing, next_turn

Outcome = RoutingRule.Outcome
AT_WORK = Needs(at_work=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """A rep, why, the turn that it uses up, and who was passed over."""

    rep: User
    reason: str
    turn: Turn | None = None
    skips: Sequence[Skip] = ()


@dataclass
class Router:
    """Routes handoffs one after the other, in the order of time.

    deals: the open opportunities, with the case of each.
    """

    setting: Setting
    turns: dict[int, SoFar] = field(default_factory=dict)
    deals: list[tuple[Case, Opportunity]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hours = self.setting.working

    def route(self, case: Case, at: datetime) -> Assignment | None:
        """Pass a waiting handoff to a rep, hold it, or send it to review. Returns an assignment if
        there is one.
        """
        evidence, log = self._evidence(case, at), Log()
        first = [replace(RETURNING, rep_id=case.returns_to)] if case.returns_to else []
        for rule in [*first, *self.setting.rules]:
            try:
                choice = self._ask(rule, case, evidence, log)
            except HasToWait as wait:
                self._hold(case, log, rule, wait, at)
                return None
            if choice is not None:
                return self._carry_out(choice, case, log, rule, at)
        return None

    def _evidence(self, case: Case, at: datetime) -> Evidence:
        handoff, account = case.handoff, case.lead.account
        assert handoff is not None
        asked = {
            "account.has_owner": account is not None and account.owner is not None,
            "account.has_open_opportunity": self._deal_of(case) is not None,
            "account.is_named": account is not None and account.is_named,
        }
        facts = {**case.facts, **handoff_facts(handoff), **asked}
        return case.evidence(at).with_facts(facts)

    def _deal_of(self, case: Case) -> tuple[Case, Opportunity] | None:
        account = case.lead.account
        same = [
            each
            for each in self.deals
            if each[0] is case or (account is not None and each[0].lead.account is account)
        ]
        return max(same, key=lambda each: each[1].opened_at, default=None)

    def _ask(self, rule: Rule, case: Case, evidence: Evidence, log: Log) -> Choice | None:
        if not log.holds(rule, evidence):
            return None
        trace = rule.conditions.trace(evidence)
        if rule.outcome == Outcome.QUEUE:
            log.add_matched(rule, trace, ())
            self._to_review(case, log, rule, evidence.at)
            return None
        try:
            choice = self._choose(rule, case, evidence)
        except NobodyAvailable as nobody:
            log.add_nobody(rule, trace, nobody)
            return None
        except HasToWait as wait:
            log.add_waits(rule, trace, wait)
            raise
        log.add_matched(rule, trace, choice.skips)
        return choice

    def _choose(self, rule: Rule, case: Case, evidence: Evidence) -> Choice:
        at, account = evidence.at, case.lead.account
        if rule.outcome == ACCEPTED_BEFORE:
            rep = next(each for each in self.setting.reps if each.pk == rule.rep_id)
            return self._person(rep, case, "accepted this lead before", at)
        if rule.outcome == Outcome.ROTA:
            assert rule.rota_id is not None  # constraint routing_rule_names_its_outcome
            return self._turn(rule.rota_id, rule.needs, case, at)
        if rule.outcome == Outcome.TERRITORY:
            return self._territory(rule.needs, case, evidence)
        if rule.outcome == Outcome.ACCOUNT_OWNER:
            assert account is not None and account.owner is not None
            return self._person(account.owner, case, f"owns the account {account}", at)
        found = self._deal_of(case)
        assert found is not None
        owner = found[0].lead.owner
        if owner is None:
            raise NobodyAvailable(f"Nobody owns the open opportunity {found[1]}.")
        return self._person(owner, case, f"works the open opportunity {found[1]}", at)

    def _territory(self, needs: Needs, case: Case, evidence: Evidence) -> Choice:
        country = evidence.facts.get("account.country")
        found = next((each for each in self.setting.territories if country in each.countries), None)
        if found is None or found.rota_id is None:
            raise NobodyAvailable("No territory covers this lead.")
        why = f"for the territory {found}"
        return self._turn(found.rota_id, needs, case, evidence.at, reason=why)

    def _person(self, rep: User, case: Case, reason: str, at: datetime) -> Choice:
        refusal = self._refusal(rep, case) or self._away(rep, ANYBODY, at)
        if refusal:
            skips = [Skip(rep, refusal)]
            raise NobodyAvailable(f"{rep} {reason} but {refusal}.", skips=skips)
        return Choice(rep, reason)

    def _refusal(self, rep: User, case: Case) -> str:
        if rep.pk in case.had:
            return HAD_IT
        if case.answers.get(rep.pk) == Assignment.Answer.REJECTED:
            return REJECTED_IT
        return ""

    def _away(self, rep: User, needs: Needs, at: datetime) -> str:
        absence = self.setting.away(rep, at)
        if absence is not None:
            return f"is absent till {day(absence.ends_at, rep.zone)}"
        opens = self.hours.at_work_from(rep.pk, at) if needs.at_work else at
        if opens is None:
            return "is off hours for the coming week"
        return f"is off hours till {moment(opens, rep.zone, now=at)}" if opens > at else ""

    def _later(self, rep: User, at: datetime) -> Candidate:
        """Return a rep who may take a lead once they are at work."""
        absence = self.setting.away(rep, at)
        return Candidate(
            rep,
            self._away(rep, AT_WORK, at),
            opens_at=self.hours.at_work_from(rep.pk, at),
            limits=Limits(at, rep, self.hours, Caps(), 0, Lately()),
            away_until=absence.ends_at if absence else None,
        )

    def _turn(
        self, rota_id: int, needs: Needs, case: Case, at: datetime, *, reason: str = ""
    ) -> Choice:
        rota, members = self.setting.rotas[rota_id]
        own = {rep: self._refusal(rep, case) for rep in members}
        refusals = {rep: why or self._away(rep, needs, at) for rep, why in own.items()}
        skips = [Skip(rep, why) for rep, why in refusals.items() if why]
        eligible = {rep.pk: rep for rep, why in refusals.items() if not why}
        if not eligible:
            later = [self._later(rep, at) for rep, why in own.items() if not why]
            if needs.at_work and any(each.opens_at for each in later):
                raise off_hours(later, skips, line=line_of_rota(rota_id), at=at)
            told = "; ".join(map(str, skips))
            raise NobodyAvailable(f"Everybody in rota {rota} is skipped: {told}.", skips=skips)
        weights = {rep.pk: w for rep, w in members.items() if rep.pk in eligible}
        unsuited = [rep.pk for rep, why in own.items() if why]
        who = Standing(weights, unsuited, by_hours=needs.at_work)
        turn = next_turn(rota, self.turns.setdefault(rota_id, SoFar()), who)
        rep = eligible[turn.rep_id]
        words = f"is next in rota {rota} {reason}".strip()
        return Choice(rep, words, turn.taken(rep, at), skips)

    def _carry_out(
        self, choice: Choice, case: Case, log: Log, rule: Rule, at: datetime
    ) -> Assignment:
        handoff = case.handoff
        assert handoff is not None
        handoff.priority = max(handoff.priority, rule.priority)
        reason = f"{rule.label}: {choice.reason}"[:OWNERSHIP_REASON_LENGTH]
        routed = OwnershipChange.Source.ROUTING
        assignment = pass_to(case, choice.rep, source=routed, reason=reason, at=at)
        if choice.turn is not None:
            choice.turn.assignment = assignment
            case.rows.add(choice.turn)
            self.turns[choice.turn.rota_id].add(choice.turn)
        decision = self._decision(handoff, log, rule, choice.reason, at)
        decision.assignment, decision.rep = assignment, choice.rep
        case.rows.add(decision)
        return assignment

    def _hold(self, case: Case, log: Log, rule: Rule, wait: HasToWait, at: datetime) -> None:
        handoff = case.handoff
        assert handoff is not None
        handoff.priority = max(handoff.priority, rule.priority)
        handoff.reroute_at = wait.till
        decision = self._decision(handoff, log, rule, wait.reason, at)
        decision.queue, decision.waits_till = self.setting.queues[ROUTING], wait.till
        decision.line = wait.line
        case.rows.add(decision)

    def _to_review(self, case: Case, log: Log, rule: Rule, at: datetime) -> None:
        handoff, reason = case.handoff, log.why_nobody()[:REASON_LENGTH]
        assert handoff is not None
        missing = [*(log.unknown | log.missing)]
        queue = self.setting.queues[REVIEW]
        send_to_review(case, queue, at=at, missing=missing, reason=reason)
        decision = self._decision(handoff, log, rule, reason, at)
        decision.queue = queue
        case.rows.add(decision)

    def _decision(
        self, handoff: Handoff, log: Log, rule: Rule, reason: str, at: datetime
    ) -> Decision:
        return Decision(
            handoff=handoff,
            version=self.setting.table,
            rule_key=rule.key,
            rule_label=rule.label,
            reason=reason[:REASON_LENGTH],
            trace=log.to_json(),
            at=at,
        )
