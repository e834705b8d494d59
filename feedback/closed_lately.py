"""What a rep closed or gave back of late, and may still undo."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from feedback.models import Disposition
from feedback.taking_back import WITHIN
from leads.models import Lead, User


def closed_lately(rep: User, *, viewer: User, at: datetime) -> QuerySet[Disposition]:
    """Return what `rep` said last of each lead that they closed or gave back within the time in
    which a mistake is undone, the newest first, as far as `viewer` may read it. What they have
    again, or had it qualified, is left out.
    """
    said = Disposition.objects.filter(assignment__rep=rep, is_historical=False)
    later = said.filter(handoff__lead=OuterRef("handoff__lead"), at__gt=OuterRef("at"))
    lately = said.filter(at__gt=at - WITHIN, at__lte=at).exclude(handoff__lead__owner=rep)
    readable = lately.filter(handoff__lead__in=Lead.objects.readable_by(viewer))
    return readable.exclude(Exists(later)).order_by("-at", "-pk")
