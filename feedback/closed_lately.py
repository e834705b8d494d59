"""What a rep closed or gave back of late, and may still undo."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from feedback.models import Disposition
from feedback.taking_back import WITHIN
from leads.models import Handoff, Lead, User


def closed_lately(rep: User, *, viewer: User, at: datetime) -> QuerySet[Disposition]:
    """Return what `rep` said last of each handoff that they closed or gave back within the time in
    which a mistake is undone, the newest first, as far as `viewer` may read its lead. What they
    have again is left out.
    """
    said = Disposition.objects.filter(assignment__rep=rep, is_historical=False)
    again = Handoff.objects.with_reps().filter(lead=OuterRef("handoff__lead"), owner=rep)
    later = said.filter(handoff=OuterRef("handoff"), at__gt=OuterRef("at"))
    lately = said.filter(at__gt=at - WITHIN, at__lte=at)
    readable = lately.filter(handoff__lead__in=Lead.objects.readable_by(viewer))
    return readable.exclude(Exists(again) | Exists(later)).order_by("-at", "-pk")
