from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from leads.models import Handoff
from leads.requests import SignedInRequest
from routing.explain import latest_decision, rules_asked, why_them, why_you


@login_required
@require_GET
def why(request: SignedInRequest, pk: int) -> HttpResponse:
    """The routing of a handoff in words: a fragment for the packet, a page without htmx."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, pk=pk)
    decision = latest_decision(handoff)
    context: dict[str, object] = {"handoff": handoff, "decision": decision}
    if decision is not None:
        is_theirs = decision.rep_id == request.user.pk
        sentence = why_you(decision) if is_theirs else why_them(decision)
        context |= {"sentence": sentence, "rules": rules_asked(decision)}
    template = "routing/_why.html" if request.htmx else "routing/why.html"
    return render(request, template, context)
