"""One lead of the queue, as its page shows it: the frozen packet, and what is true now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.text import capfirst

from feedback import work_standard
from feedback.giving_back import attempts
from feedback.models import ReasonCode
from feedback.packets import thawed, told_deal
from feedback.queue import own_pause
from feedback.story import Step, story
from feedback.touch_outcomes import to_be_said
from feedback.work_standard import Attempts
from leads import handoffs
from leads.lead_zones import zone_of_lead
from leads.models import Assignment, Handoff, Lead, Touch, User
from routing.models import Decision
from routing.questions import open_opportunity
from sla.deadlines import Deadline, deadlines, runs_on
from sla.models import Clock, InstantAnswer, Pause
from sla.pauses import running_pause

CONTACTS_SHOWN = 3
ICONS = {
    "demo_request": "calendar",
    "contact_form": "note",
    "inbound_call": "phone",
    "trial_start": "bolt",
    "trial_feature_used": "bolt",
    "webinar_registration": "play",
    "webinar_attendance": "play",
    "content_download": "file",
    "email_click": "mail",
    "email_reply": "mail",
    "email_open": "mail",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The lead that is open.

    is_own:    whether the viewer may answer: it is theirs.
    deadlines: running clocks, the first due first.
    pause:     while the lead rests.
    to_be_said: the viewer's touches of the lead whose outcome is still to come.
    deal:      the account's newest open one, as it is now.
    lead_zone: where the lead is; "": nobody can tell.
    told_prospect: the time that the instant answer told them; "": it told none, or none went out.
    decision:  why it was routed here; None for one passed by hand or by an import.
    """

    handoff: Handoff
    assignment: Assignment | None
    packet: dict[str, Any]
    is_own: bool
    deadlines: Sequence[Deadline]
    pause: Pause | None
    touches: Attempts
    to_be_said: Sequence[Touch]
    contacts: Sequence[Lead]
    deal: dict[str, Any] | None
    decision: Decision | None
    story: Sequence[Step]
    lead_zone: str
    told_prospect: str

    @property
    def prospects(self) -> list[Deadline]:
        """Till when the prospect is to be answered."""
        return [each for each in self.deadlines if each.is_prospects]

    @property
    def reps(self) -> list[Deadline]:
        """What the rep is to do by when."""
        return [each for each in self.deadlines if not each.is_prospects]

    @property
    def reps_measure(self) -> str:
        """What all of that is counted in; "" where some is in working time, some by the wall."""
        measures = {each.clock.measure for each in self.reps}
        return measures.pop() if len(measures) == 1 else ""

    @property
    def escalated(self) -> bool:
        """Whether a step of a ladder was done about it."""
        return any(each.clock.reached is not None for each in self.deadlines)

    @property
    def paused(self) -> Deadline | None:
        return None if self.pause else own_pause(self.deadlines)

    @property
    def standing_still(self) -> list[str]:
        """What is not asked for while the lead rests."""
        kind = self.pause.kind if self.pause else ""
        clocks = [each.clock for each in self.deadlines]
        return [each.what for each in clocks if kind in each.pauses]

    def what_runs_on(self, at: datetime) -> list[str]:
        """Return what is asked for all the same if the lead is put to rest, by kind of rest where
        the kinds differ.
        """
        by_kind = {
            label: [runs_on(each, at) for each in self.deadlines if kind not in each.clock.pauses]
            for kind, label in Pause.Kind.choices
        }
        first, *others = by_kind.values()
        if all(each == first for each in others):
            return first
        return [f"{label}: {' '.join(said)}" for label, said in by_kind.items() if said]

    @property
    def needs_answer(self) -> bool:
        return self.is_own and self.handoff.state == Handoff.State.PASSED

    @property
    def is_worked(self) -> bool:
        return self.is_own and self.handoff.state == Handoff.State.ACCEPTED

    @property
    def is_qualified(self) -> bool:
        return self.is_own and self.handoff.closed_as == Handoff.ClosedAs.QUALIFIED


def opened(handoff: Handoff, *, viewer: User, at: datetime) -> Opened:
    """Return everything the page of `handoff` shows. Its lead, account and owner must be loaded."""
    clocks = Clock.objects.running().of_people().filter(handoff=handoff)
    in_order = clocks.select_related("calendar", "within").order_by("due_at", "id")
    assignment = handoffs.open_assignment(handoff)
    return Opened(
        handoff=handoff,
        assignment=assignment,
        packet=readable(handoff.packet),
        is_own=handoff.owner_id == viewer.pk,
        deadlines=deadlines(in_order, at),
        pause=running_pause(assignment, at),
        touches=attempts(handoff),
        to_be_said=list(to_be_said(viewer).filter(lead=handoff.lead_id)),
        deal=_open_deal(handoff.lead),
        contacts=list(active_contacts(handoff.lead)[:CONTACTS_SHOWN]),
        decision=Decision.objects.filter(handoff=handoff, rep=handoff.owner).last(),
        story=story(handoff),
        lead_zone=zone_of_lead(handoff.lead, at),
        told_prospect=_told_prospect(handoff),
    )


def _told_prospect(handoff: Handoff) -> str:
    answer: InstantAnswer | None = getattr(handoff, "instant_answer", None)
    is_sent = answer is not None and answer.state == InstantAnswer.State.SENT
    return capfirst(answer.expected_text) if answer and is_sent else ""


def _open_deal(lead: Lead) -> dict[str, Any] | None:
    deal = open_opportunity(lead.account_id, lead.pk)
    told: dict[str, Any] | None = thawed(told_deal(deal)) if deal else None
    return told


def readable(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a packet ready to be shown: instants as such, icons, the score as two sums."""
    packet: dict[str, Any] = thawed(stored)
    for event in packet.get("events", ()):
        event["icon"] = ICONS.get(event["kind"], "eye")
    if score := packet.get("score"):
        packet["ledger"] = [_ledger("Fit", score), _ledger("Readiness", score)]
    return packet


def _ledger(label: str, score: dict[str, Any]) -> dict[str, Any]:
    """Return the lines that gave or lost points; they add up to the sum."""
    section = label.lower()
    lines = [
        {**line, "lost": lost_points(line)} for line in score["lines"] if line["section"] == section
    ]
    shown = [line for line in lines if line["points"] or line["lost"]]
    return {"label": label, "lines": shown, "sum": score[section]}


def lost_points(line: dict[str, Any]) -> int:
    return int(line["lost_to_decay"] + line["lost_to_cap"] + line["lost_to_group_cap"])


def active_contacts(lead: Lead) -> QuerySet[Lead]:
    """Return the other people of the lead's account, whoever raised a hand last first."""
    if lead.account_id is None:
        return Lead.objects.none()
    others = Lead.objects.live().filter(account=lead.account_id).exclude(pk=lead.pk)
    return others.order_by("-entered_at", "-pk")


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason in the picker.

    unmet:      what must be done before it may be given; "" if nothing.
    entails:    what follows from it, in a few words.
    asks:       the field it can't do without; "": it is complete by itself.
    """

    code: ReasonCode
    number: int
    unmet: str
    entails: str
    asks: str


def choices(touches: Attempts) -> list[Choice]:
    """Return the reasons on offer, numbered for the keys."""
    offered = ReasonCode.objects.offered()
    return [_choice(code, n, touches) for n, code in enumerate(offered, start=1)]


def _choice(code: ReasonCode, number: int, touches: Attempts) -> Choice:
    asks = "nurture_until" if code.needs_date else "note" if code.needs_note else ""
    return Choice(code, number, work_standard.unmet_work(code, touches), entails(code), asks)


def entails(code: ReasonCode) -> str:
    """Return what giving `code` leads to: "nurture for 90 days"."""
    match code.consequence:
        case ReasonCode.Consequence.RECYCLE if code.needs_date:
            return "rests till then"
        case ReasonCode.Consequence.RECYCLE:
            return f"nurture for {code.nurture_days} days"
        case ReasonCode.Consequence.REROUTE:
            return "next rep, not in your rejection rate"
    return code.get_consequence_display().lower()
