"""Where a lead would go by some rules, without passing it to anybody."""

from __future__ import annotations

from collections.abc import Sequence

from leads.evidence import Evidence
from routing.asking import Answer, Take, ask
from routing.outcomes import seen
from routing.questions import Question, question_about, question_of
from routing.table import Rule
from routing.trace import Log

__all__ = ["Answer", "Question", "question_about", "question_of", "would_go"]


def would_go(
    rules: Sequence[Rule],
    question: Question,
    evidence: Evidence,
    *,
    take: Take = seen,
    log: Log | None = None,
) -> Answer:
    """Return where `rules`, live or of a draft, would send a lead now, with all that was asked.

    Takes no lock and writes nothing. The rules are asked as `routing.routing.route` asks them.
    take, log: as `routing.asking.ask` takes them.
    """
    return ask(rules, question, evidence, take=take, log=log)
