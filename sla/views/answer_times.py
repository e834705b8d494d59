"""What a public form says about when a person answers. It is anybody's to read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from leads.instants import database_now
from leads.models import IntakeSource
from sla.answer_mails import organisation_name
from sla.answer_times import answer_time


@never_cache
@require_GET
@vary_on_headers("HX-Request")
def form_answer_time(request: HttpRequest, slug: str) -> HttpResponse:
    source = get_object_or_404(IntakeSource, slug=slug, has_form=True, is_active=True)
    name = "_answer_time" if "HX-Request" in request.headers else "answer_time"
    told = {
        "source": source,
        "answer_time": answer_time(source, database_now()),
        "our_name": organisation_name(),
    }
    return render(request, f"sla/{name}.html", told)
