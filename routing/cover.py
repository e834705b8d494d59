"""Who answers in the place of somebody who is away."""

from __future__ import annotations

from routing.candidates import Candidate, candidate_for, off_hours
from routing.errors import NobodyAvailable, Skip
from routing.hours import day
from routing.lines import line_of_rep
from routing.needs import Needs
from routing.questions import Question


def stand_in(
    rep_id: int, question: Question, needs: Needs, *, why: str
) -> tuple[Candidate, str, list[Skip]]:
    """Return who takes a lead that is the rep's, why in words, and who was passed over: the rep, or
    while they are away their cover; the cover's cover if that one is away too, each person once.

    why: what makes it the rep's, as in "owns the account Lumora Pay".
    Raises HasToWait if one of these will be able to once they open or return, and NobodyAvailable
    if it ends with somebody who can't take it, or in a circle.
    """
    named: Candidate | None = None
    skips: list[Skip] = []
    later: list[Candidate] = []
    asked: set[int] = set()
    next_id: int | None = rep_id
    while next_id is not None and next_id not in asked:
        asked.add(next_id)
        person = candidate_for(question, next_id, needs)
        named = named or person
        if not person.refusal:
            return person, _words(named, person, why), skips
        skips.append(person.skip)
        later += [person] if person.limits else []
        next_id = person.cover_id if person.away_until else None
    if any(each.opens_at for each in later):
        raise off_hours(later, skips, line=line_of_rep(rep_id), at=question.at)
    assert named is not None  # the rep is asked first
    raise NobodyAvailable(_nobody(named, why, skips, is_circle=next_id in asked), skips=skips)


def _words(named: Candidate, person: Candidate, why: str) -> str:
    if person.rep == named.rep or named.away_until is None:
        return why
    till = day(named.away_until, named.rep.zone)
    return f"covers for {named.rep} till {till}, who {why}"


def _nobody(named: Candidate, why: str, skips: list[Skip], *, is_circle: bool) -> str:
    sentence = f"{named.rep} {why} but {skips[0].reason}"
    covers = [f"{each.rep}, who covers, {each.reason}" for each in skips[1:]]
    if is_circle:
        covers.append("those who cover name each other")
    return "; ".join([sentence, *covers]) + "."
