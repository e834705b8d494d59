"""Who may be the same person as a lead: whom a submission of one names as well. A hint for people,
who merge them or leave them apart.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from leads.models import Lead, Submission, User
from leads.models.leads import LeadQuerySet


def perhaps_same(lead: Lead, viewer: User) -> LeadQuerySet:
    """Return the leads that a submission of `lead` names too, by another e-mail, phone or number,
    or whose submissions name it; each as what it is part of by now. `may_see`: `viewer` may.
    """
    person = Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead))
    through = Submission.also_named.through._default_manager
    named = through.filter(submission__lead=lead).values("lead")
    naming = through.filter(lead__in=person).values("submission__lead")
    found = Lead.objects.live().filter(
        Q(pk__in=named) | Q(merged_leads__in=named) | Q(pk__in=naming)
    )
    visible = Lead.objects.visible_to(viewer).filter(pk=OuterRef("pk"))
    others = found.exclude(pk=lead.pk).distinct().annotate(may_see=Exists(visible))
    return others.select_related("owner", "queue").order_by("pk")
