"""What the demo's submissions lead to: `revops.pipeline` played with rows in memory."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from leads.countries import region_of
from leads.custom_facts import labels_of
from leads.fact_sheet import fact_sheet, told_facts
from leads.handoffs import NURTURE, REVIEW, ROUTING
from leads.inbox import canonical
from leads.models import (
    Account,
    AccountDomain,
    Assignment,
    Handoff,
    Identity,
    Lead,
    OwnershipChange,
    Stage,
    Submission,
)
from leads.normalising import company_key
from leads.openings import opening_after_rest, opening_of
from leads.score_changes import next_change
from leads.scoring import Score, missing_fields, score_of
from leads.standing import Standing
from leads.submission_fields import SubmissionFields, read_fields
from revops.delivery import URGENT, why_and_until
from revops.demo import contracts, ledger
from revops.demo.behaviour import Act, Person, Visit
from revops.demo.companies import Company
from revops.demo.ledger import Case, Rows
from revops.demo.promises import Promises
from revops.demo.setting import Setting
from revops.demo.told import door_of, payload_of
from revops.demo.turns import Router
from revops.verdicts import OPEN_FOR_JUDGEMENT
from sla.clocks import Evidence
from sla.messages import headline
from sla.models import Notification, Target

Kind = Target.Kind
FOUND = "What was missing came in"
# As nothing takes readiness points away but time, there the band stays.
LOWEST = "3"


@dataclass
class Judge:
    """Takes visits in and judges leads, in the order of time."""

    setting: Setting
    rows: Rows
    promises: Promises
    router: Router
    rng: Random
    accounts: dict[str, Account] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)

    def take_in(
        self, person: Person, visit: Visit, case: Case | None, at: datetime
    ) -> tuple[Case, Assignment | None]:
        """Keep what a visit tells and judge the lead. Returns its case, and the assignment if it
        was passed to a rep by this.
        """
        submission = self._submission(person, visit, at, is_first=case is None)
        fields = read_fields(submission.payload, at=visit.at)
        case = case or self._new_case(person, visit, fields)
        submission.lead = case.lead
        self.rows.add(submission)
        self._keep_activities(case, visit, submission)
        facts = fact_sheet(case.lead, case.facts, told_facts(fields))
        ledger.learn(case, facts, known_from=visit.at, submission=submission)
        assignment = self.judge(case, at)
        submission.handoff = case.handoff
        return case, assignment

    def _submission(
        self, person: Person, visit: Visit, at: datetime, *, is_first: bool
    ) -> Submission:
        payload = payload_of(person, visit, is_first=is_first, rng=self.rng)
        door = door_of(visit)
        key = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        return Submission(
            public_id=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            source=self.setting.sources[visit.source],
            door=door,
            key=key if door == Submission.Door.API else "",
            body_sha256=hashlib.sha256(canonical(payload)).hexdigest(),
            payload=payload,
            received_at=visit.at,
            next_attempt_at=visit.at,
            state=Submission.State.DONE,
            processed_at=at,
        )

    def _new_case(self, person: Person, visit: Visit, fields: SubmissionFields) -> Case:
        source = self.setting.sources[visit.source]
        lead = Lead(
            source=source,
            origin=fields.origin,
            campaign=fields.campaign or source.campaign,
            name=fields.full_name,
            email=fields.email,
            phone=fields.normal_phone or fields.phone,
            title=fields.title,
            company=fields.company,
            account=self._account(person, visit),
            entered_at=visit.at,
            stage_id=Stage.Key.ML,
            stage_since=visit.at,
            queue=self.setting.queues[NURTURE],
        )
        lead.search_text = search_text(lead)
        case = Case(person, self.rows.add(lead), self.rows)
        ledger.enter(case, visit.at)
        self._identify(lead)
        return case

    def _identify(self, lead: Lead) -> None:
        known = Identity.objects.model
        if lead.email:
            self.rows.add(known(lead=lead, kind=known.Kind.EMAIL, value=lead.email))
        if lead.phone and lead.phone not in self.phones:
            self.phones.add(lead.phone)
            self.rows.add(known(lead=lead, kind=known.Kind.PHONE, value=lead.phone))

    def _account(self, person: Person, visit: Visit) -> Account | None:
        """Return the account of somebody new; None if they name no company."""
        company = person.company
        if "company" in person.lacks:
            return None
        known = self.accounts.get(company.domain)
        return known or self.add_account(company, visit.at, knows_country=not person.lacks)

    def add_account(self, company: Company, at: datetime, *, knows_country: bool = True) -> Account:
        """Add a company's account, with its domain."""
        country = company.country if knows_country else ""
        account = Account(
            name=company.name,
            name_key=company_key(company.name),
            industry=company.industry,
            employees=company.employees,
            country=country,
            region=region_of(country) or "",
            status=company.status,
            created_at=at,
        )
        self.accounts[company.domain] = self.rows.add(account)
        self.rows.add(AccountDomain(account=account, domain=company.domain))
        return account

    def _keep_activities(self, case: Case, visit: Visit, submission: Submission) -> None:
        kind = visit.kind or submission.source.activity_kind
        done = [Act(kind, visit.properties, visit.at)] if kind else []
        for each in (*visit.before, *done):
            ledger.note_activity(
                case, each.kind, each.properties, occurred_at=each.at, submission=submission
            )

    def judge(self, case: Case, at: datetime) -> Assignment | None:
        """Score the lead and do what follows, as the pipeline does."""
        standing = Standing(case.evidence(at), self.setting.criteria)
        result = self._rescore(case, standing)
        if case.handoff is not None:
            return self._join(case, standing)
        lead, setting = case.lead, self.setting
        if result.disqualified_by and lead.stage_id in OPEN_FOR_JUDGEMENT:
            reason = "Disqualified: " + ", ".join(result.disqualified_by)
            ledger.move(case, Stage.Key.DISQUALIFIED, at=at, reason=reason)
        is_resting = lead.wakes_at is not None and lead.wakes_at > at
        is_rested = lead.nurture_until is not None and not is_resting
        find = opening_after_rest if is_rested else opening_of
        found = find(standing, case.closed_at)
        if found is None or (found.path == Handoff.Path.SCORE and is_resting):
            return None
        handoff = contracts.open_handoff(case, found, result, setting, at)
        ledger.move(case, Stage.Key.MQL, at=at, reason=found.label, handoff=handoff)
        ledger.keep_score(case, result, setting.criteria_version, at=at, handoff=handoff)
        self.promises.start(case, [Kind.FIRST_RESPONSE], case.asked_at or at, at=at)
        handoff.missing = missing_fields(case.facts, setting.criteria, found.path)
        handoff.packet = setting.packet(lead, handoff, result, standing.evidence, at)
        return self.deliver(case, at)

    def _rescore(self, case: Case, standing: Standing) -> Score:
        lead, at = case.lead, standing.evidence.at
        result = score_of(standing)
        has_changed = lead.band != result.band
        lead.fit, lead.readiness, lead.band = result.fit, result.readiness, result.band
        lead.scored_at = at
        can_fall = result.readiness_grade != LOWEST or standing.criteria.rules_change_with_time
        lead.band_changes_on = next_change(standing) if can_fall else None
        if has_changed:
            ledger.keep_score(case, result, self.setting.criteria_version, at=at)
        return result

    def deliver(self, case: Case, at: datetime) -> Assignment | None:
        """Route a waiting handoff, or send it to review; start the clock of whoever has it. One
        that is held has nobody yet.
        """
        handoff = case.handoff
        assert handoff is not None
        handoff.reroute_at = None
        if handoff.missing:
            contracts.send_to_review(
                case, self.setting.queues[REVIEW], at=at, missing=handoff.missing
            )
        assignment = None if handoff.missing else self.router.route(case, at)
        if assignment is not None:
            self._hand_to_rep(case, assignment, at)
        elif handoff.state == Handoff.State.REVIEW:
            self._hand_to_reviewer(case, handoff, at)
        return assignment

    def _hand_to_rep(self, case: Case, assignment: Assignment, at: datetime) -> None:
        kinds = [Kind.ACCEPT, Kind.FIRST_TOUCH]
        started = self.promises.start(case, kinds, at, at=at, assignment=assignment)
        handoff, rep = assignment.handoff, assignment.rep
        promised = [each for each in case.clocks if each.kind == Kind.FIRST_RESPONSE]
        self.promises.tell(
            rep,
            Notification.Kind.PASSED,
            subject=f"New lead: {headline(handoff)}",
            body=why_and_until(handoff, [*promised, *started], zone=rep.zone),
            handoff=handoff,
            about=assignment,
            at=at,
        )

    def _hand_to_reviewer(self, case: Case, handoff: Handoff, at: datetime) -> None:
        self.promises.start(case, [Kind.REVIEW], at, at=at, seq=case.next_seq(Kind.REVIEW))
        self.promises.tell(
            self.setting.reviewer,
            Notification.Kind.REVIEW,
            subject=f"For review: {headline(handoff)}",
            body=handoff.review_reason or f"Missing: {', '.join(labels_of(handoff.missing))}",
            handoff=handoff,
            about=handoff,
            detail=str(case.lead.owner_seq),
            at=at,
        )

    def _join(self, case: Case, standing: Standing) -> Assignment | None:
        """Let what is new add to the open handoff."""
        handoff, criteria, at = case.handoff, standing.criteria, standing.evidence.at
        assert handoff is not None
        since = handoff.hand_raised_at or handoff.opened_at
        found = opening_of(standing, since)
        if found and found.path == Handoff.Path.HAND_RAISE and found.activity_at:
            self._raise_hand_again(case, handoff, found.label, found.activity_at, at)
        if handoff.state == Handoff.State.REVIEW and handoff.missing:
            handoff.missing = missing_fields(case.facts, criteria, handoff.path)
            if not handoff.missing:
                return self.release(case, at, FOUND)
        return None

    def _raise_hand_again(
        self, case: Case, handoff: Handoff, label: str, raised_at: datetime, at: datetime
    ) -> None:
        handoff.hand_raised_at = case.lead.last_hand_raise_at = raised_at
        handoff.priority = max(handoff.priority, URGENT)
        kind = Kind.FIRST_RESPONSE
        self.promises.start(case, [kind], raised_at, at=at, seq=case.next_seq(kind))
        self.promises.tell(
            handoff.owner or self.setting.reviewer,
            Notification.Kind.HAND_RAISE,
            subject=f"{label} again: {headline(handoff)}",
            body="They asked once more while you have them. Answer now.",
            handoff=handoff,
            about=handoff,
            detail=raised_at.isoformat(),
            at=at,
        )

    def release(self, case: Case, at: datetime, reason: str) -> Assignment | None:
        """Route a handoff whose review is over."""
        self.promises.stop(case, [Kind.REVIEW], at=at, evidence=Evidence(reason))
        routing, source = self.setting.queues[ROUTING], OwnershipChange.Source.ROUTING
        contracts.back_to_routing(case, routing, at=at, reason=reason, source=source)
        return self.deliver(case, at)


def search_text(lead: Lead) -> str:
    return " ".join(filter(None, [lead.name, lead.email, lead.company, lead.phone]))
