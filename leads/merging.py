"""Merging two leads who are one person: what the one that is kept takes over from the other.

Clocks and open handoffs are settled a floor up, in `feedback.merging`, which calls this.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Model

from leads import lifecycle, ownership
from leads.correcting import may_correct
from leads.errors import LostRace
from leads.fact_history import facts_of, record_facts
from leads.fact_sheet import Facts, fact_sheet
from leads.handoffs import NURTURE
from leads.lead_locks import locked_leads
from leads.matching import survivor_id
from leads.models import (
    Activity,
    Handoff,
    Identity,
    Lead,
    Meeting,
    Merge,
    Opportunity,
    OwnershipChange,
    Queue,
    Role,
    Stage,
    Submission,
    Touch,
    User,
)

Source = OwnershipChange.Source
# What goes over as it is. Ledgers, scores and what was known when stay with whom they are of.
TAKEN_OVER = (Identity, Activity, Submission, Handoff, Touch, Meeting, Opportunity)
# What the kept lead's record says, else the other's.
FILLED = ("name", "email", "phone", "title", "company", "campaign", "origin")
RESPONSE = (
    "last_hand_raise_at",
    "first_response_at",
    "first_response_wall",
    "first_response_working",
)
CONSENT = "person.consent"
# What asks for a lead to be looked at again.
AT_REST = (
    *("nurture_until", "wakes_at", "reconsider_at", "reconsider_fails_since"),
    *("band_changes_on", "stay_due_at", "follow_from_seq", "follow_at"),
)


def locked_pair(keep_id: int, gone_id: int) -> tuple[Lead, Lead]:
    """Lock two leads, with those that lead to the one that goes, and return the two fresh: the one
    to keep first.

    Raises LostRace if one of them was merged before.
    """
    lead_to_it = Lead.objects.filter(merged_into=gone_id).values_list("pk", flat=True)
    leads = locked_leads([keep_id, gone_id, *lead_to_it])
    for lead in (leads[keep_id], leads[gone_id]):
        if lead.merged_into_id is not None:
            left = Lead.objects.get(pk=survivor_id(lead.pk))
            raise LostRace(f"{lead} was merged into {left} in the meantime.")
    return leads[keep_id], leads[gone_id]


def may_merge(user: User) -> bool:
    """Whether `user` may merge leads that they see."""
    return user.has_role(Role.REP) or may_correct(user)


def merge(keep: Lead, gone: Lead, *, by: User, at: datetime) -> None:
    """Let `keep` take over all that is `gone`'s, which leads to it from then on. Both are locked,
    and at most one of them has an open handoff: whoever has that has the lead.
    """
    source = Source.MANAGER if may_correct(by) else Source.REP
    facts = merged_facts(keep, gone, at)
    reason = f"Same person as lead {gone.pk}, says {by}"[:200]
    moved = {model._meta.model_name: _take_over(model, keep, gone) for model in TAKEN_OVER}
    current = Handoff.objects.open().filter(lead=keep).select_related("owner", "queue").first()
    if current is not None:
        _take_owner(keep, current, source=source, reason=reason, by=by, at=at)
    if is_further(gone.stage, keep.stage, is_open=current is not None):
        to = gone.stage_id
        lifecycle.move(keep, to, at=at, reason=reason, by=by, handoff=current, override=reason)
    if keep.stage == gone.stage and gone.stage_since < keep.stage_since:
        lifecycle.take_stay(keep, gone)
    filled = _fill(keep, gone, is_open=current is not None, at=at)
    Merge.objects.create(lead=keep, gone=gone, by=by, at=at, moved=moved, filled=filled)
    record_facts(keep, fact_sheet(keep, facts, {}), known_from=at, by=by)
    _let_go(gone, keep, source=source, by=by, at=at)


def is_further(stage: Stage, than: Stage, *, is_open: bool) -> bool:
    """Whether `stage` is further on. Disqualified is further than what nobody has looked at; of a
    lead with an open handoff it is no stage.
    """
    return _place(stage, is_open) > _place(than, is_open)


def takes_stay(keep: Lead, gone: Lead, at: datetime, *, is_open: bool) -> bool:
    """Whether `keep` merged at `at` stays where `gone` is, since before it came there itself.

    is_open: whether it has an open handoff then.
    """
    moves = is_further(gone.stage, keep.stage, is_open=is_open)
    is_behind = is_further(keep.stage, gone.stage, is_open=is_open)
    return not is_behind and gone.stage_since < (at if moves else keep.stage_since)


def _place(stage: Stage, is_open: bool) -> float:
    if stage.key == Stage.Key.DISQUALIFIED:
        return -1 if is_open else Stage.objects.get(pk=Stage.Key.ML).position + 0.5
    return stage.position


def merged_facts(keep: Lead, gone: Lead, at: datetime) -> Facts:
    """Return what is known of both at `at`: of `keep`, else of `gone`, whose company's facts count
    only if it is the same one or the only one. Who refused to be contacted by either address did.
    """
    own, other = facts_of(keep, at), facts_of(gone, at)
    if keep.account_id and keep.account_id != gone.account_id:
        other = {name: value for name, value in other.items() if not name.startswith("account.")}
    facts = {**other, **own}
    if other.get(CONSENT) is False:
        facts[CONSENT] = False
    return facts


def _take_over(model: type[Model], keep: Lead, gone: Lead) -> list[int]:
    """Give `keep` the rows of a model that are `gone`'s, which is locked. Returns their ids."""
    rows = model._default_manager.filter(lead=gone)
    ids = sorted(rows.values_list("pk", flat=True))
    rows.update(lead=keep)
    return ids


def _take_owner(
    keep: Lead, current: Handoff, *, source: str, reason: str, by: User, at: datetime
) -> None:
    """Have whoever has the open handoff answer for the lead as well."""
    holder = current.owner or current.queue
    assert holder is not None  # constraint handoff_owner_or_queue
    if holder != keep.responsible:
        ownership.take(keep, to=holder, source=source, reason=reason, by=by, at=at)


def _fill(keep: Lead, gone: Lead, *, is_open: bool, at: datetime) -> list[str]:
    """Write into the record of `keep` what it lacked, and have it judged again. Returns the names
    of what it has from `gone` now.
    """
    filled = [name for name in (*FILLED, "account") if getattr(gone, name)]
    filled = [name for name in filled if not getattr(keep, name)]
    if _asked_at(gone) > _asked_at(keep):
        filled += RESPONSE
    for name in filled:
        setattr(keep, name, getattr(gone, name))
    keep.search_text = " ".join(filter(None, [keep.name, keep.email, keep.company, keep.phone]))
    if is_open or keep.stage_id in lifecycle.WITH_SALES:
        keep.nurture_until = keep.wakes_at = None
    elif keep.wakes_at is None:
        keep.nurture_until, keep.wakes_at = gone.nurture_until, gone.wakes_at
    keep.reconsider_at = at
    rest = ("nurture_until", "wakes_at", "reconsider_at")
    keep.save(update_fields=[*FILLED, "account", "search_text", *RESPONSE, *rest])
    return filled


def _asked_at(lead: Lead) -> float:
    return lead.last_hand_raise_at.timestamp() if lead.last_hand_raise_at else 0


def _let_go(gone: Lead, keep: Lead, *, source: str, by: User, at: datetime) -> None:
    """Put `gone` at rest for good: it is nobody's to work, and leads to `keep`."""
    reason = f"Same person as lead {keep.pk}, says {by}"[:200]
    nurture = Queue.objects.get(key=NURTURE)
    if gone.responsible != nurture:
        ownership.take(gone, to=nurture, source=source, reason=reason, by=by, at=at)
    Lead.objects.filter(merged_into=gone).update(merged_into=keep)
    gone.merged_into = keep
    for name in AT_REST:
        setattr(gone, name, None)
    gone.save(update_fields=["merged_into", *AT_REST])
