"""One rota as its page shows it: who had how many turns, who is skipped and why, who is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from leads.models import Handoff, User
from routing.coming_turns import Coming, coming_turns
from routing.errors import HasToWait, NobodyAvailable
from routing.hours import Hours, hours_of, moment
from routing.models import Rota
from routing.naming import NamedBy, names_rota
from routing.needs import ANYBODY, Needs
from routing.questions import Question
from routing.rota_needs import needs_of
from routing.rotas import look
from routing.shares import LATELY, MemberShare, RotaShares, rota_shares
from routing.skips import PassedOver, Skips

SHOWN_SKIPS = 5


@dataclass(frozen=True, slots=True)
class Member:
    """opens: when they are next at work, in words; "" if they are now. open_count: open handoffs.
    part_lately and part_by_weight: percent of all turns of 30 days, and of all weights.
    """

    share: MemberShare
    opens: str
    open_count: int
    skips: int
    part_lately: float | None
    part_by_weight: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A skip; its lead is None where it is another team's."""

    skip: PassedOver
    handoff: Handoff | None


@dataclass(frozen=True, slots=True)
class RotaPage:
    """rows_differ: the rows that lead to it ask for different reps; then nothing is asked here.

    waits: till when what leads to it is held, in words that follow "it"; "" if it is not.
    """

    shares: RotaShares
    members: Sequence[Member]
    coming: Sequence[Coming]
    skips: Sequence[Skipped]
    skips_count: int
    named_by: NamedBy
    rows_differ: bool
    never_opens: bool
    waits: str

    @property
    def rota(self) -> Rota:
        return self.shares.rota

    @property
    def is_by_load(self) -> bool:
        return self.rota.method == Rota.Method.LEAST_WORK


def rota_page(rota: Rota, user: User, at: datetime) -> RotaPage:
    """Return a rota as `user` may see it; numbers count everybody's leads."""
    asked = needs_of(rota, at)
    needs = asked or ANYBODY
    (shares,) = rota_shares(at, [rota], needs=needs)
    skips = Skips(rota, at - LATELY)
    by_rep = skips.by_rep()
    hours = hours_of([each.rep.pk for each in shares.members], at)
    return RotaPage(
        shares=shares,
        members=_members(shares, hours, by_rep, at),
        coming=coming_turns(rota, at, needs=needs),
        skips=with_leads(skips[:SHOWN_SKIPS], user),
        skips_count=sum(by_rep.values()),
        named_by=names_rota(rota, at),
        rows_differ=asked is None,
        never_opens=_never_opens(shares, hours, at),
        waits="" if shares.eligible or not needs.at_work else _waits(rota, needs, at),
    )


def _waits(rota: Rota, needs: Needs, at: datetime) -> str:
    try:
        look(rota.pk, Question(None, {}, at), needs)
    except HasToWait as wait:
        return wait.reason[0].lower() + wait.reason[1:]
    except NobodyAvailable:
        return ""
    return ""


def _members(
    shares: RotaShares, hours: Hours, skips: Mapping[int, int], at: datetime
) -> list[Member]:
    whole, turns = sum(each.weight for each in shares.members), shares.turns_lately
    loads = _loads([each.rep.pk for each in shares.members])
    return [
        Member(
            share=each,
            opens=_opens(each.rep, hours, at),
            open_count=loads.get(each.rep.pk, 0),
            skips=skips.get(each.rep.pk, 0),
            part_lately=100 * each.turns_lately / turns if turns else None,
            part_by_weight=100 * each.weight / whole,
        )
        for each in shares.members
    ]


def _loads(rep_ids: Sequence[int]) -> dict[int, int]:
    rows = Handoff.objects.open().filter(owner__in=rep_ids).values("owner")
    return dict(rows.annotate(count=Count("pk")).values_list("owner", "count"))


def _opens(rep: User, hours: Hours, at: datetime) -> str:
    opens_at = hours.at_work_from(rep.pk, at)
    if opens_at is None:
        return "not at work in the coming week"
    return f"opens {moment(opens_at, rep.zone, now=at)}" if opens_at > at else ""


def _never_opens(shares: RotaShares, hours: Hours, at: datetime) -> bool:
    """Whether there is nobody in it who works, by hours and absences, in the coming week."""
    return not any(
        each.rep.is_active and hours.at_work_from(each.rep.pk, at) for each in shares.members
    )


def with_leads(skips: Sequence[PassedOver], user: User) -> list[Skipped]:
    """Return skips with what was then routed, where `user` may see it."""
    ids = {each.handoff_id for each in skips}
    seen = Handoff.objects.visible_to(user).filter(pk__in=ids).select_related("lead")
    handoffs = {each.pk: each for each in seen}
    return [Skipped(each, handoffs.get(each.handoff_id)) for each in skips]
