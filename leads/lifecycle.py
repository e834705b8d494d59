"""The only writer of a lead's stage."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.conditions import Evidence, compile_conditions, describe
from leads.errors import EntryRefused, LostRace
from leads.models import Handoff, Lead, Stage, StageTransition, User


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
    is_override: bool = False,
    is_historical: bool = False,
) -> StageTransition | None:
    """Move `lead` to the stage with key `to` and put the move on record.

    evidence: what the entry criteria are asked of; None asks nothing.
    Returns None if the lead is in that stage already. Raises EntryRefused if the entry criteria
    are not met and this is no override, LostRace if somebody else moved it since it was read.
    """
    if lead.stage_id == to:
        return None
    if evidence is not None and not is_override:
        check_entry(Stage.objects.get(pk=to), evidence)
    seq = lead.stage_seq + 1
    changed = Lead.objects.filter(pk=lead.pk, stage_seq=lead.stage_seq).update(
        stage=to, stage_seq=seq, stage_since=at
    )
    if not changed:
        raise LostRace("This lead moved to another stage in the meantime.")
    transition = StageTransition.objects.create(
        lead=lead,
        seq=seq,
        from_stage_id=lead.stage_id,
        to_stage_id=to,
        at=at,
        by=by,
        reason=reason,
        handoff=handoff,
        is_override=is_override,
        is_historical=is_historical,
    )
    lead.stage_id, lead.stage_seq, lead.stage_since = to, seq, at
    return transition


def check_entry(stage: Stage, evidence: Evidence) -> None:
    """Raise EntryRefused unless `evidence` meets the entry criteria of `stage`."""
    criteria = stage.entry_criteria
    if criteria and not compile_conditions(criteria).matches(evidence):
        raise EntryRefused(f"{stage.label} asks for: {describe(criteria)}.")


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


def stage_on_accept(handoff: Handoff) -> str:
    """Return the key of the stage that accepting leads to, or of the present one if that is further
    on or if the other is left out here.
    """
    stage, present = handoff.hop.accept_stage, handoff.lead.stage
    is_further = present.position > stage.position and present.key != Stage.Key.DISQUALIFIED
    return stage.key if stage.is_used and not is_further else present.key


def undo_acceptance(handoff: Handoff, *, reason: str, by: User | None, at: datetime) -> None:
    """Move the lead of an accepted handoff back to the stage it was in before, unless it has moved
    on since. Call it while the handoff still is accepted.
    """
    if handoff.state != Handoff.State.ACCEPTED:
        return
    moves = StageTransition.objects.filter(lead=handoff.lead_id, handoff=handoff)
    moved = moves.filter(to_stage=handoff.hop.accept_stage_id).last()
    if moved and moved.from_stage_id and handoff.lead.stage_id == moved.to_stage_id:
        move(handoff.lead, moved.from_stage_id, at=at, reason=reason[:200], by=by, handoff=handoff)
