"""What a rep does with the open lead. Each view calls one function and opens the next lead."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from feedback import answers, checklist, outcomes
from feedback.errors import AnswerRefused
from feedback.forms import AcceptForm, AnswerForm, QualifyForm, ReasonForm, TouchForm
from feedback.queue import next_waiting, queue_of
from feedback.views.page import Where, pane, panes, where
from feedback.views.taking_back import undo_url
from leads import handoffs
from leads.errors import LeadsError, LostRace
from leads.instants import database_now
from leads.models import Assignment, Handoff, Touch, User
from leads.requests import SignedInRequest, wants_fragment
from leads.templatetags.handoff import since_text
from sla.models import Clock, Target
from sla.notices import see_lead

# Does what a valid form says and returns what to tell the rep.
Act = Callable[[dict[str, Any]], str]

# Where somebody undoes at an instant what was done with a handoff.
Undo = Callable[[Handoff, User, datetime], str]

LIKELY_OUTCOME: dict[str, str] = {
    Touch.Channel.CALL: Touch.Outcome.NO_ANSWER,
    Touch.Channel.MEETING: Touch.Outcome.SPOKE,
}


@login_required
@require_POST
def accept(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open the next lead that waits for an answer; with none, this one stays, for its touch."""
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)

    mine = queue_of(request.user, viewer=request.user).exclude(pk=pk)
    following = next_waiting(mine, place.show)

    def act(told: dict[str, Any]) -> str:
        handoff = answers.accept(assignment, by=request.user, at=place.at, **told)
        said = f"Accepted {handoff.lead}.{touch_by(handoff, place.at)}"
        return f"{said} Next: {following.lead}." if following else said

    form = AcceptForm(request.POST)
    stays = following is None
    return answer_with(request, place, assignment, panel="accept", form=form, act=act, stays=stays)


@login_required
@require_http_methods(["GET", "POST"])
def give_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Reject a lead that waits for an answer, hand back one that was accepted."""
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)

    def act(told: dict[str, Any]) -> str:
        said = {**told, "by": request.user, "at": place.at}
        if assignment.answer == Assignment.Answer.ACCEPTED:
            disposition = answers.hand_back(assignment.handoff, **said)
        else:
            disposition = answers.reject(assignment, **said)
        return f"{disposition.get_kind_display()}: {assignment.handoff.lead}, {disposition.code}."

    data = request.POST.copy()
    if quick := data.get("quick"):
        data["code"] = quick
    form = ReasonForm(data if request.method == "POST" else None)
    return answer_with(
        request, place, assignment, panel="reason", form=form, act=act, undo=undo_url
    )


@login_required
@require_http_methods(["GET", "POST"])
def log_touch(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)

    def act(told: dict[str, Any]) -> str:
        occurred_at = told.pop("occurred_at") or place.at
        touch = answers.log_touch(
            assignment.handoff, by=request.user, occurred_at=occurred_at, at=place.at, **told
        )
        return f"Logged for {assignment.handoff.lead}. {touch}."

    channel = request.GET.get("channel", Touch.Channel.CALL)
    outcome = LIKELY_OUTCOME.get(channel, Touch.Outcome.SENT)
    form = TouchForm(request.POST or None, initial={"channel": channel, "outcome": outcome})
    return answer_with(request, place, assignment, panel="touch", form=form, act=act, stays=True)


@login_required
@require_http_methods(["GET", "POST"])
def qualify(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)

    def act(told: dict[str, Any]) -> str:
        confirmed = told.pop("confirmed", [])
        answers.qualify(
            assignment.handoff, confirmed=confirmed, by=request.user, at=place.at, **told
        )
        return f"Qualified {assignment.handoff.lead}. It stays yours."

    data = request.POST if request.method == "POST" else None

    def check(confirmed: Collection[str]) -> tuple[dict[str, str], str]:
        handoff = assignment.handoff
        refusal = answers.stage_refusal(handoff, place.at)
        return checklist.problems(handoff, confirmed, place.at), refusal

    form = QualifyForm(data, items=checklist.live_items(place.at), check=check)
    return answer_with(request, place, assignment, panel="qualify", form=form, act=act)


def answer_with(
    request: SignedInRequest,
    place: Where,
    assignment: Assignment,
    *,
    panel: str,
    form: AnswerForm,
    act: Act,
    stays: bool = False,
    gone: Callable[[Assignment], bool] | None = None,
    undo: Undo | None = None,
) -> HttpResponse:
    """Show `form`, or do what it says and open the next lead (the same one if it `stays` and the
    rep still has it).

    gone: whether it is too late for this form; None: the rep lost the lead.
    undo: where what was done is undone; "" if it can't be.
    """
    if (gone or is_gone)(assignment):
        return lost(request, place, handoffs.lost_answer(assignment.handoff_id))
    if form.is_bound and form.is_valid():
        try:
            said = act(form.cleaned_data.copy())
        except AnswerRefused as error:
            form.refuse(error)
        except LostRace as error:
            return lost(request, place, error)
        except LeadsError as error:
            form.fail(error)
        else:
            see_lead(request.user, assignment.handoff.lead_id, at=place.at)
            stays_on = assignment.handoff if stays and not is_gone(assignment) else None
            undone_at = undo(assignment.handoff, request.user, place.at) if undo else ""
            return done(request, place, said, stays_on=stays_on, undo_url=undone_at)
    status = 422 if form.is_bound else 200
    return pane(request, place, assignment.handoff, panel=panel, form=form, status=status)


def done(
    request: SignedInRequest,
    place: Where,
    said: str,
    *,
    stays_on: Handoff | None = None,
    undo_url: str = "",
) -> HttpResponse:
    messages.success(request, said, extra_tags=undo_url)
    if not wants_fragment(request):
        return redirect(f"{place.lead_url(stays_on)}#packet" if stays_on else place.url)
    return panes(request, place, handoff=stays_on)


def lost(request: SignedInRequest, place: Where, error: LostRace) -> HttpResponse:
    """Say who was first and when: "Dana accepted this 4 s ago.", beside the list as it is now."""
    when = f" {ago(error.at, place.at)}" if error.at else ""
    messages.warning(request, f"{str(error).rstrip('.')}{when}.")
    return panes(request, place, status=409)


def own_assignment(request: SignedInRequest, pk: int) -> Assignment:
    """Return the viewer's latest turn at a handoff, which may have ended since they looked."""
    theirs = Assignment.objects.filter(handoff=pk, rep=request.user)
    latest = theirs.select_related("handoff__lead").order_by("-seq").first()
    if latest is None:
        raise Http404
    return latest


def is_gone(assignment: Assignment) -> bool:
    """Whether the lead is no longer with this rep."""
    if assignment.outcome == Assignment.Outcome.QUALIFIED:
        return not outcomes.still_has(assignment.rep, assignment.handoff)
    return assignment.ended_at is not None


def touch_by(handoff: Handoff, at: datetime) -> str:
    clock = Clock.objects.running().filter(handoff=handoff, kind=Target.Kind.FIRST_TOUCH).first()
    if clock is None:
        return ""
    due, now = timezone.localtime(clock.due_at), timezone.localtime(at)
    day = "" if due.date() == now.date() else f"{due:%a} "
    return f" First touch {'was due' if due < now else 'by'} {day}{due:%H:%M}."


def ago(then: datetime, at: datetime) -> str:
    seconds = int((at - then).total_seconds())
    return f"{max(seconds, 0)} s ago" if seconds < 60 else since_text(then, at)
