"""Where a version of the table would send one lead, row by row. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.account_match import account_on_record
from leads.evidence import Evidence
from leads.fact_sheet import account_facts, band_facts, handoff_facts
from leads.facts import Fact
from leads.models import Account, Handoff, Lead, Queue
from routing.asking import Answer, ask
from routing.explain import Asked, rules_in
from routing.questions import Question, account_now, open_opportunity, question_about
from routing.table import Rule
from routing.unasked import Before, before_rows, refusal_of_lead, refusal_of_newcomer


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of a lead.

    before: what is looked at before any row, and may send it to review.
    asked:  each rule in order, those before the table too; of a lead that goes to review before
            them, as they would be asked once it is let through.
    below:  those below the one that decides, not asked any more.
    account: whose owner and deal were looked at.
    """

    answer: Answer
    before: Sequence[Before]
    asked: Sequence[Asked]
    below: Sequence[Rule]
    account: Account | None

    @property
    def is_stopped(self) -> bool:
        """Whether it goes to review before any row is asked."""
        return any(each.why for each in self.before)

    @property
    def goes_to(self) -> str:
        return "Review" if self.is_stopped else self.led_to

    @property
    def led_to(self) -> str:
        """Where the rows lead it, were they asked."""
        answer = self.answer
        if answer.waits_till is not None:
            return "Waits"
        return str(answer.to) if answer.to else "Review"

    @property
    def is_queue(self) -> bool:
        return self.answer.to is None or isinstance(self.answer.to, Queue)


def try_lead(rules: Sequence[Rule], lead: Lead, at: datetime) -> Tried:
    """Return what would become of `lead`, opened as its newest handoff was, else by its score."""
    newest = lead.handoffs.order_by("-opened_at", "-pk").first()
    path = Handoff.Path.SCORE.value
    opened = handoff_facts(newest) if newest else {"handoff.path": path, **band_facts(lead.band)}
    question, evidence = question_about(lead, opened, at=at)
    refusal = refusal_of_lead(lead, evidence, at, handoff=newest)
    return _tried(rules, question, evidence, refusal=refusal)


def try_facts(rules: Sequence[Rule], typed: Mapping[str, object], at: datetime) -> Tried:
    """Return what would become of a lead of which nothing but `typed` is known, and what is on
    record of its company, if that is known.
    """
    account = _account_of(typed)
    deal = open_opportunity(account.pk, None) if account else None
    facts = {**account_facts(account), **typed, **account_now(account, deal)}
    question = Question(None, facts, at, None, account, deal)
    evidence = Evidence(facts, (), at)
    return _tried(rules, question, evidence, refusal=refusal_of_newcomer(evidence))


def facts_asked(rules: Sequence[Rule]) -> list[Fact]:
    """Return the facts that rules ask for, each once, but for behaviour."""
    facts = {each.fact.name: each.fact for rule in rules for each in rule.conditions.conditions}
    return [fact for fact in facts.values() if not fact.is_behaviour]


def _account_of(typed: Mapping[str, object]) -> Account | None:
    """Return the account on record that a typed-in lead would belong to."""
    company, email = typed.get("account.name", ""), typed.get("person.email", "")
    return account_on_record(str(company), str(email))


def _tried(rules: Sequence[Rule], question: Question, evidence: Evidence, *, refusal: str) -> Tried:
    before = before_rows(evidence, question.at, refusal=refusal)
    answer = ask(rules, question, evidence)
    asked = rules_in(answer.log.to_json())
    keys = {str(each["key"]) for each in answer.log.rules}
    below = [rule for rule in rules if rule.key not in keys]
    return Tried(answer, before, asked, below, question.account)
