"""The rules of a table, asked in order: who a lead goes to, and what was asked on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.evidence import Evidence
from leads.models import Queue, User
from routing.errors import HasToWait, NobodyAvailable
from routing.outcomes import Choice, choose, seen
from routing.questions import Question
from routing.returning import rules_before_the_table
from routing.table import Rule
from routing.trace import Log

Take = Callable[[Choice, Rule, Question], Choice]


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a lead goes.

    rule:       the one that decided; None if none did.
    to:         a rep or a queue; None: the review queue, or it waits.
    waits_till: when whoever can take it opens first; None: it needn't wait.
    line:       in which it waits; "": it needn't.
    choice:     what the rule led to.
    """

    rule: Rule | None
    to: User | Queue | None
    reason: str
    log: Log
    waits_till: datetime | None = None
    line: str = ""
    choice: Choice | None = None


@dataclass
class Asking:
    """One question, put to rule after rule. take: what is done with a choice before it counts."""

    question: Question
    evidence: Evidence
    take: Take
    log: Log

    def first_of(self, rules: Sequence[Rule]) -> Answer:
        """Return where the first rule leads that leads anywhere."""
        for rule in [*rules_before_the_table(self.question), *rules]:
            answer = self._ask(rule)
            if answer is not None:
                return answer
        return Answer(None, None, self.log.why_nobody(), self.log)

    def _ask(self, rule: Rule) -> Answer | None:
        """Return what `rule` leads to, None if it fails or leads to nobody; log it either way."""
        if not self.log.holds(rule, self.evidence):
            return None
        trace = self.log.trace(rule, self.evidence)
        try:
            choice = self.take(choose(rule, self.question), rule, self.question)
        except NobodyAvailable as nobody:
            self.log.add_nobody(rule, trace, nobody)
            return None
        except HasToWait as wait:
            self.log.add_waits(rule, trace, wait)
            return Answer(rule, None, wait.reason, self.log, waits_till=wait.till, line=wait.line)
        self.log.add_matched(rule, trace, choice.skips)
        return Answer(rule, choice.to, self._reason(rule, choice), self.log, choice=choice)

    def _reason(self, rule: Rule, choice: Choice) -> str:
        if not isinstance(choice.to, Queue):
            return choice.reason
        return self.log.why_nobody() if rule.is_fallback else f"By the rule “{rule.label}”."


def ask(
    rules: Sequence[Rule],
    question: Question,
    evidence: Evidence,
    *,
    take: Take = seen,
    log: Log | None = None,
) -> Answer:
    """Ask who accepted a returning lead before, then `rules` in order, and return where the first
    leads that leads anywhere.

    take: what is done with a choice before it counts; where it raises, the next rule is asked. As
          it stands, choices are only looked at: no lock is taken and nothing written.
    log:  where what was asked is noted; None: all of it, in one of its own.
    """
    return Asking(question, evidence, take, log or Log()).first_of(rules)
