"""The only writer of a lead's stage."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from leads.conditions import Evidence
from leads.errors import EntryRefused, LostRace
from leads.models import Handoff, Lead, Stage, StageTransition, User
from leads.stage_rules import OUTSIDE, stay_due_at, unmet

# Stages of a lead that sales took on.
WITH_SALES = (Stage.Key.SQL, Stage.Key.OPPORTUNITY, Stage.Key.CUSTOMER)


def has_sales(lead: Lead) -> bool:
    """Whether somebody in sales who works here has taken `lead` on, past any handoff."""
    return lead.stage_id in WITH_SALES and lead.owner is not None and lead.owner.is_active


@transaction.atomic
def move(
    lead: Lead,
    to: str,
    *,
    at: datetime,
    reason: str,
    by: User | None = None,
    handoff: Handoff | None = None,
    evidence: Evidence | None = None,
    override: str = "",
    is_historical: bool = False,
) -> StageTransition | None:
    """Move `lead` to the stage with key `to` and put the move on record.

    evidence:      what the stages' criteria are asked of; None reads what is known.
    override:      why it moves although they are not met; goes on record with the move.
    is_historical: it moved in the past: nothing is asked and no stay is counted.
    Returns None if the lead is in that stage already. Raises EntryRefused if the criteria are not
    met and this is no override, LostRace if somebody else moved it since it was read.
    """
    if lead.stage_id == to:
        return None
    stage, was = Stage.objects.get(pk=to), lead.stage_id
    refusal = ""
    if not is_historical:
        refusal = unmet(lead, stage, at=at, handoff=handoff, evidence=evidence)
    if refusal and not override:
        raise EntryRefused(refusal)
    _enter(lead, stage, at=at, due_at=None if is_historical else stay_due_at(stage, at))
    return StageTransition.objects.create(
        lead=lead,
        seq=lead.stage_seq,
        from_stage_id=was,
        to_stage=stage,
        at=at,
        by=by,
        reason=_said(reason, override) if refusal else reason,
        handoff=handoff,
        is_override=bool(refusal),
        is_historical=is_historical,
    )


def _enter(lead: Lead, stage: Stage, *, at: datetime, due_at: datetime | None) -> None:
    """Set `lead` into `stage`, and mark it for what follows its moves."""
    seq = lead.stage_seq + 1
    changed = Lead.objects.filter(pk=lead.pk, stage_seq=lead.stage_seq).update(
        stage=stage,
        stage_seq=seq,
        stage_since=at,
        stay_due_at=due_at,
        follow_from_seq=Coalesce("follow_from_seq", seq),
    )
    if not changed:
        raise LostRace("This lead moved to another stage in the meantime.")
    lead.stage, lead.stage_seq, lead.stage_since, lead.stay_due_at = stage, seq, at, due_at
    lead.follow_from_seq = lead.follow_from_seq or seq


def take_stay(lead: Lead, other: Lead) -> None:
    """Let the present stay of `lead` be that of `other`, who is the same person in the same stage:
    since when, and by when it is too long. The clocks of both are where they belong.
    """
    lead.stage_since, lead.stay_due_at = other.stage_since, other.stay_due_at
    lead.follow_from_seq = lead.follow_at = None
    lead.save(update_fields=["stage_since", "stay_due_at", "follow_from_seq", "follow_at"])


def bring_to_sales(handoff: Handoff, *, reason: str, override: str, by: User, at: datetime) -> None:
    """Move the lead of a handoff that somebody gives by hand to MQL, if it is not that far: for
    `override`, whatever the stages ask for.
    """
    if handoff.lead.stage_id in OUTSIDE:
        to = Stage.Key.MQL
        move(handoff.lead, to, at=at, reason=reason, by=by, handoff=handoff, override=override)


def _said(reason: str, override: str) -> str:
    """Return both within what the ledger holds: a long reason never pushes out the override."""
    return f"{reason[:98]}: {override}"[:200]


def first_entry(lead: Lead, *, reason: str, by: User | None, at: datetime) -> None:
    """Put the first stage of a lead that was just made on record."""
    StageTransition.objects.create(
        lead=lead,
        seq=lead.stage_seq,
        to_stage_id=lead.stage_id,
        at=at,
        by=by,
        reason=reason,
        is_historical=lead.is_historical,
    )
    due_at = None if lead.is_historical else stay_due_at(lead.stage, at)
    if due_at:
        lead.stay_due_at = due_at
        lead.save(update_fields=["stay_due_at"])


def stage_on_accept(handoff: Handoff) -> str:
    """Return the key of the stage that accepting leads to, or of the present one if that is further
    on or if the other is left out here.
    """
    stage, present = handoff.hop.accept_stage, handoff.lead.stage
    is_further = present.position > stage.position and present.key != Stage.Key.DISQUALIFIED
    return stage.key if stage.is_used and not is_further else present.key


def stage_before_acceptance(handoff: Handoff) -> Stage:
    """Return the stage that the lead of a handoff goes back to once it is no longer accepted; the
    present one if it is not, or if the lead has moved on since.
    """
    present = handoff.lead.stage
    moves = StageTransition.objects.filter(lead=handoff.lead_id, handoff=handoff)
    moved = moves.filter(to_stage=handoff.hop.accept_stage_id).select_related("from_stage").last()
    if handoff.state != Handoff.State.ACCEPTED or moved is None or moved.to_stage_id != present.pk:
        return present
    return moved.from_stage or present


def undo_acceptance(handoff: Handoff, *, reason: str, by: User | None, at: datetime) -> None:
    """Move the lead of an accepted handoff back to the stage it was in before, unless it has moved
    on since. Call it while the handoff still is accepted.
    """
    if handoff.state == Handoff.State.ACCEPTED:
        to = stage_before_acceptance(handoff).pk
        move(handoff.lead, to, at=at, reason=reason[:200], by=by, handoff=handoff)
