"""Who gets which lead in the demo: the live routing table, asked in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from leads.evidence import Evidence
from leads.fact_sheet import handoff_facts
from leads.handoffs import REVIEW
from leads.models import Assignment, Handoff, Opportunity, OwnershipChange, User
from revops.demo.contracts import pass_to, send_to_review
from revops.demo.ledger import Case
from revops.demo.setting import Setting
from routing.candidates import HAD_IT, REJECTED_IT
from routing.errors import NobodyAvailable, Skip
from routing.models import Decision, RoutingRule, Turn
from routing.returning import ACCEPTED_BEFORE, RETURNING
from routing.routing import OWNERSHIP_REASON_LENGTH, REASON_LENGTH
from routing.table import Rule
from routing.trace import Log
from routing.turns import SoFar, Standing, next_turn

Outcome = RoutingRule.Outcome


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

    def route(self, case: Case, at: datetime) -> Assignment | None:
        """Pass a waiting handoff to a rep, or send it to review. Returns the assignment."""
        evidence, log = self._evidence(case, at), Log()
        first = [replace(RETURNING, rep_id=case.returns_to)] if case.returns_to else []
        for rule in [*first, *self.setting.rules]:
            choice = self._ask(rule, case, evidence, log)
            if choice is not None:
                return self._carry_out(choice, case, log, rule, at)
        return None

    def _evidence(self, case: Case, at: datetime) -> Evidence:
        handoff, account = case.handoff, case.lead.account
        assert handoff is not None
        asked = {
            "account.has_owner": account is not None and account.owner is not None,
            "account.has_open_opportunity": self._deal_of(case) is not None,
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
        log.add_matched(rule, trace, choice.skips)
        return choice

    def _choose(self, rule: Rule, case: Case, evidence: Evidence) -> Choice:
        at, account = evidence.at, case.lead.account
        if rule.outcome == ACCEPTED_BEFORE:
            rep = next(each for each in self.setting.reps if each.pk == rule.rep_id)
            return self._person(rep, case, "accepted this lead before", at)
        if rule.outcome == Outcome.ROTA:
            assert rule.rota_id is not None  # constraint routing_rule_names_its_outcome
            return self._turn(rule.rota_id, case, at)
        if rule.outcome == Outcome.TERRITORY:
            return self._territory(case, evidence)
        if rule.outcome == Outcome.ACCOUNT_OWNER:
            assert account is not None and account.owner is not None
            return self._person(account.owner, case, f"owns the account {account}", at)
        found = self._deal_of(case)
        assert found is not None
        owner = found[0].lead.owner
        if owner is None:
            raise NobodyAvailable(f"Nobody owns the open opportunity {found[1]}.")
        return self._person(owner, case, f"works the open opportunity {found[1]}", at)

    def _territory(self, case: Case, evidence: Evidence) -> Choice:
        country = evidence.facts.get("account.country")
        found = next((each for each in self.setting.territories if country in each.countries), None)
        if found is None or found.rota_id is None:
            raise NobodyAvailable("No territory covers this lead.")
        return self._turn(found.rota_id, case, evidence.at, f"for the territory {found}")

    def _person(self, rep: User, case: Case, reason: str, at: datetime) -> Choice:
        refusal = self._refusal(rep, case, at)
        if refusal:
            skips = [Skip(rep, refusal)]
            raise NobodyAvailable(f"{rep} {reason} but {refusal}.", skips=skips)
        return Choice(rep, reason)

    def _refusal(self, rep: User, case: Case, at: datetime) -> str:
        if rep.pk in case.had:
            return HAD_IT
        if case.answers.get(rep.pk) == Assignment.Answer.REJECTED:
            return REJECTED_IT
        absence = self.setting.away(rep, at)
        if absence is None:
            return ""
        local = absence.ends_at.astimezone(ZoneInfo(rep.zone))
        return f"is absent till {local.day} {local:%b}"

    def _turn(self, rota_id: int, case: Case, at: datetime, reason: str = "") -> Choice:
        rota, members = self.setting.rotas[rota_id]
        refusals = {rep.pk: self._refusal(rep, case, at) for rep in members}
        skips = [Skip(rep, refusals[rep.pk]) for rep in members if refusals[rep.pk]]
        eligible = {rep.pk: rep for rep in members if not refusals[rep.pk]}
        if not eligible:
            told = "; ".join(map(str, skips))
            raise NobodyAvailable(f"Everybody in rota {rota} is skipped: {told}.", skips=skips)
        there = {rep.pk: 1 for rep in members if self.setting.away(rep, at) is None}
        who = Standing(dict.fromkeys(eligible, 1), there, {})
        turn = next_turn(rota, self.turns.setdefault(rota_id, SoFar()), who)
        turn.rep, turn.at = eligible[turn.rep_id], at
        words = f"is next in rota {rota} {reason}".strip()
        return Choice(turn.rep, words, turn, skips)

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
