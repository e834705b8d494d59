"""What became of a lead after its handoff was qualified: meetings held, deals won and lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from feedback.models import DealChange
from leads import handoffs, lifecycle, ownership
from leads.company_facts import spread
from leads.errors import LostRace
from leads.fact_sheet import account_facts
from leads.models import (
    Account,
    Handoff,
    Lead,
    Meeting,
    Opportunity,
    OwnershipChange,
    Queue,
    Stage,
    User,
)

State = Opportunity.State
NEW = ""
DEAL_LOST = "Deal lost"
MOVED_ON = "This lead has moved on since it was qualified."

# Handoffs whose lead lies where the lost deal of their rep left it: nobody took it up since.
GIVEN_BACK = Q(
    Exists(
        OwnershipChange.objects.filter(
            lead=OuterRef("lead"),
            seq=OuterRef("lead__owner_seq"),
            from_owner=OuterRef("owner"),
            reason=DEAL_LOST,
        )
    ),
    ~Exists(Handoff.objects.filter(lead=OuterRef("lead"), pk__gt=OuterRef("pk"))),
)


def still_has(rep: User, handoff: Handoff) -> bool:
    """Whether the lead of a handoff that `rep` qualified is theirs, with no later handoff open."""
    later = Handoff.objects.open().filter(lead=OuterRef("pk"))
    return Lead.objects.filter(~Exists(later), pk=handoff.lead_id, owner=rep).exists()


@transaction.atomic
def record_meeting(
    handoff: Handoff, *, starts_at: datetime, outcome: str, by: User, at: datetime
) -> Meeting:
    """Put a meeting with the lead on record; one that starts at the same instant is corrected.

    Raises LostRace if the lead is no longer `by`'s to follow up.
    """
    locked = _held(handoff, by=by)
    meeting, _ = Meeting.objects.update_or_create(
        lead=locked.lead,
        handoff=locked,
        starts_at=starts_at,
        defaults={"outcome": outcome},
        create_defaults={"outcome": outcome, "booked_at": at},
    )
    return meeting


@transaction.atomic
def record_deal(
    handoff: Handoff,
    *,
    state: str,
    amount: Decimal | None,
    by: User,
    at: datetime,
    override: str = "",
) -> Opportunity:
    """Put the deal with the lead on record: open, won or lost. Another state or amount corrects
    what was said before, which is kept; the lead's stage and the account's status follow.

    Saying the same again changes nothing. A lost deal gives the lead back to marketing; whoever
    gave it back may correct that. Raises LostRace if the lead is no longer `by`'s to follow up,
    EntryRefused if the stage asks for more and `override` does not say why it goes on.
    """
    locked = handoffs.locked(handoff.pk)
    if not may_tell_deal(by, locked):
        raise LostRace(MOVED_ON)
    deal = deal_of(locked) or Opportunity(lead=locked.lead, handoff=locked, opened_at=at, state=NEW)
    told = DealChange(deal=deal, from_state=deal.state, to_state=state, by=by, at=at)
    told.amount = amount if amount is not None else deal.amount
    if deal.pk and (deal.state, deal.amount) == (state, told.amount):
        return deal
    deal.state, deal.amount = state, told.amount
    deal.closed_at = None if state == State.OPEN else deal.closed_at or at
    deal.save()
    told.makes_customer = _set_status(deal, at)
    told.save()
    _move_on(locked.lead, locked, told, override=override)
    return deal


def deal_of(handoff: Handoff) -> Opportunity | None:
    return Opportunity.objects.filter(handoff=handoff).order_by("id").last()


def may_tell_deal(rep: User, handoff: Handoff) -> bool:
    """Whether `rep` still has the lead, or gave it back as lost and nobody took it up since."""
    return still_has(rep, handoff) or (
        Handoff.objects.filter(GIVEN_BACK, pk=handoff.pk, owner=rep).exists()
    )


def _held(handoff: Handoff, *, by: User) -> Handoff:
    """Lock a qualified handoff whose lead `by` still has. Raises LostRace if it moved on."""
    locked = handoffs.locked(handoff.pk)
    if not still_has(by, locked):
        raise LostRace(MOVED_ON)
    return locked


def _set_status(deal: Opportunity, at: datetime) -> bool:
    """Make a prospect that bought a customer, and one whose only won deals were mistakes a prospect
    again. A partner or competitor stays one. Returns whether this deal made the customer.
    """
    if deal.lead.account_id is None:
        return False
    account = Account.objects.select_for_update(no_key=True).get(pk=deal.lead.account_id)
    before = account_facts(account)
    has_won = Opportunity.objects.filter(lead__account=account, state=State.WON).exists()
    makes_customer = has_won and account.status == Account.Status.PROSPECT
    if makes_customer:
        account.status = Account.Status.CUSTOMER
    elif not has_won and account.status == Account.Status.CUSTOMER and _was_made(account):
        account.status = Account.Status.PROSPECT
    account.save(update_fields=["status"])
    spread(account, before, by=None, at=at)
    return makes_customer


def _was_made(account: Account) -> bool:
    """Whether `account` is a customer because of a deal told here."""
    return DealChange.objects.filter(deal__lead__account=account, makes_customer=True).exists()


def _move_on(lead: Lead, handoff: Handoff, told: DealChange, *, override: str) -> None:
    """Move the lead where its deal leads to: to the rep who carries it on, to marketing if lost."""
    stage = {
        State.OPEN: Stage.Key.OPPORTUNITY,
        State.WON: Stage.Key.CUSTOMER,
        State.LOST: handoff.hop.return_stage_id,
    }[State(told.to_state)]
    reason = f"Deal {told.to_state}, says {told.by}"
    if told.is_correction:
        override = override or f"corrected, was {told.from_state}"
    by, at = told.by, told.at
    lifecycle.move(lead, stage, reason=reason, by=by, at=at, handoff=handoff, override=override)
    source = OwnershipChange.Source.REP
    if told.to_state == State.LOST and lead.owner_id is not None:
        nurture = Queue.objects.get(key=handoffs.NURTURE)
        ownership.take(lead, to=nurture, source=source, reason=DEAL_LOST, by=by, at=at)
    elif told.to_state != State.LOST and lead.owner_id != by.pk:
        ownership.take(lead, to=by, source=source, reason="Deal not lost after all", by=by, at=at)
