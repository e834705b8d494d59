"""Who would get handoffs, asked about one after the other, had somebody left.

Turns and what each gets are carried on in memory: nothing is locked or written, so routing goes on
meanwhile as if nobody had asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from leads.models import Handoff, Opportunity, Queue, User
from routing.asking import Answer, ask
from routing.candidates import Candidate, judged, people_asked
from routing.models import Rota, Territory
from routing.needs import Needs
from routing.outcomes import Choice, stay_in_line
from routing.questions import Question, question_of
from routing.rotas import line_of
from routing.table import Rule
from routing.territories import company_domains
from routing.turns import OnRecord, SoFar


@dataclass
class Without:
    """Everybody as they are now, but for one who is gone, and with what was given out since.

    accounts_to: who owns their accounts then; None: nobody.
    heir:        the person who has their leads without an open handoff then; None: a queue has.
    moving:      the leads whose open handoff is theirs, by id.
    owners:      who got one of these, by lead. given: how many each rep got, by id.
    """

    gone: User
    accounts_to: User | None
    heir: User | None
    moving: Collection[int]
    owners: dict[int, User] = field(default_factory=dict)
    given: Counter[int] = field(default_factory=Counter)
    turns: dict[int, SoFar] = field(default_factory=dict)

    def ask(self, handoff: Handoff, rules: Sequence[Rule], *, at: datetime) -> Answer:
        """Return where `handoff`, one of theirs, would go by `rules`, and count it there."""
        account = handoff.lead.account
        if account is not None and account.owner_id == self.gone.pk:
            account.owner = self.accounts_to
        question, evidence = question_of(handoff, at=at)
        if question.deal is not None:
            self._pass_on(question.deal)
        asked = replace(question, past=Asked(self, question))
        answer = ask(rules, asked, evidence, take=_turn_taken)
        if isinstance(answer.to, User):
            self.owners[handoff.lead_id] = answer.to
            self.given[answer.to.pk] += 1
        return answer

    def _pass_on(self, deal: Opportunity) -> None:
        """Give a deal that was theirs to who has its handoff or its lead then."""
        if deal.handoff is not None and deal.handoff.is_open:
            deal.handoff.owner = self._owner_of(deal.handoff.lead_id, deal.handoff.owner)
        deal.lead.owner = self._owner_of(deal.lead_id, deal.lead.owner)

    def _owner_of(self, lead_id: int, owner: User | None) -> User | None:
        if owner != self.gone:
            return owner
        return self.owners.get(lead_id) if lead_id in self.moving else self.heir


def _turn_taken(choice: Choice, rule: Rule, question: Question) -> Choice:
    """Return who it would be; in a rota the turn counts. As `routing.outcomes.held`, in memory."""
    if isinstance(choice.to, Queue):
        return choice
    if rule.needs.at_work and question.handoff is not None:
        stay_in_line(question.handoff, choice, rule, question.at)
    if choice.rota_id is None:
        return choice
    line = line_of(Rota.objects.get(pk=choice.rota_id), question, rule.needs)
    turn = line.next(question.at)
    line.turns.add(turn)
    return replace(choice, to=line.people[turn.rep_id].rep)


@dataclass(frozen=True, slots=True)
class Asked:
    """One of their handoffs, asked about: a `routing.past.Past` that lies ahead."""

    without: Without
    question: Question

    def candidates(self, rep_ids: Collection[int], needs: Needs) -> list[Candidate]:
        question = self.question
        return self._judged(people_asked(rep_ids, question.handoff, at=question.at), needs)

    def members(self, rota: Rota, needs: Needs) -> list[Candidate]:
        found = people_asked((), self.question.handoff, at=self.question.at, rota=rota)
        return self._judged([rep for rep in found if rep != self.without.gone], needs)

    def rota(self, rota_id: int) -> Rota:
        return Rota.objects.get(pk=rota_id)

    def turns(self, rota: Rota) -> SoFar:
        return self.without.turns.setdefault(rota.pk, OnRecord(rota.pk))

    def queue(self, queue_id: int) -> Queue:
        return Queue.objects.get(pk=queue_id)

    def territories(self) -> Sequence[Territory]:
        return list(Territory.objects.all())

    def domains(self) -> Set[str]:
        return company_domains(self.question)

    def _judged(self, people: Sequence[User], needs: Needs) -> list[Candidate]:
        gone, given = self.without.gone, self.without.given
        for rep in people:
            found = cast(Any, rep)
            rep.is_active = rep.is_active and rep != gone
            found.cover_id = None if found.cover_id == gone.pk else found.cover_id
            found.open_count = (found.open_count or 0) + given[rep.pk]
        return judged(people, needs, self.question.at, given=given)
