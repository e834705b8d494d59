"""What would become of two leads if they were merged, to be read before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef

from feedback.merge_pairs import Pair
from leads import lifecycle
from leads.fact_history import facts_of
from leads.merging import CONSENT, TAKEN_OVER, is_further, merged_facts
from leads.models import Handoff, Identity, Lead, Touch
from sla.models import Clock, Target

# Of the fields that are filled from the other lead, those that are compared.
COMPARED = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "title": "Title",
    "company": "Company",
}
CONSENTS: dict[object, str] = {True: "Yes", False: "No"}


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands of both leads in one field, and what the one that is left will have."""

    label: str
    kept: str
    gone: str
    left: str


@dataclass(frozen=True, slots=True)
class Preview:
    """asked_at: since when the prospect waits for a first response; None: that is not promised, or
    either lead was answered since.
    counts: what goes over: how many, and of what.
    """

    pair: Pair
    rows: Sequence[Compared]
    asked_at: datetime | None
    counts: Sequence[tuple[int, str]]


def preview(pair: Pair, at: datetime) -> Preview:
    """Return what merging would do at `at`. Nothing is written."""
    waits = Clock.objects.running().filter(kind=Target.Kind.FIRST_RESPONSE)
    waits = waits.filter(handoff__in=[each for each in (pair.kept, pair.other) if each])
    answers = Touch.objects.filter(lead__in=[pair.keep, pair.gone], is_automated=False)
    waits = waits.exclude(Exists(answers.filter(occurred_at__gte=OuterRef("started_at"))))
    asked_at = waits.aggregate(first=Min("started_at"))["first"] if pair.goes_on else None
    return Preview(pair, _rows(pair, at), asked_at, _counts(pair.gone))


def _counts(gone: Lead) -> list[tuple[int, str]]:
    counted = (
        (model._default_manager.filter(lead=gone).count(), model)
        for model in TAKEN_OVER
        if model is not Identity  # of which the page says what they are for
    )
    return [
        (count, str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural))
        for count, model in counted
        if count
    ]


def _rows(pair: Pair, at: datetime) -> list[Compared]:
    keep, gone, goes_on = pair.keep, pair.gone, pair.goes_on
    comes = lifecycle.stage_before_acceptance(pair.ends) if pair.ends else gone.stage
    comes_on = is_further(comes, keep.stage, is_open=goes_on is not None)
    holder = (goes_on.owner or goes_on.queue) if goes_on else keep.responsible
    known = (facts_of(keep, at), facts_of(gone, at), merged_facts(keep, gone, at))
    return [
        *(_field(name, keep, gone) for name in COMPARED),
        Compared("Stage", str(keep.stage), str(gone.stage), str(comes if comes_on else keep.stage)),
        Compared("With", str(keep.responsible), str(gone.responsible), str(holder)),
        Compared("Open handoff", _told(pair.kept), _told(pair.other), _told(goes_on)),
        Compared("May be contacted", *(CONSENTS.get(facts.get(CONSENT), "") for facts in known)),
    ]


def _field(name: str, keep: Lead, gone: Lead) -> Compared:
    own, other = getattr(keep, name), getattr(gone, name)
    return Compared(COMPARED[name], own, other, own or other)


def _told(handoff: Handoff | None) -> str:
    return f"{handoff.get_state_display()}: {handoff.reason}" if handoff else ""
