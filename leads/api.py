"""The intake API: hand in a submission, ask what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Schema, Status
from ninja.errors import AuthenticationError, HttpError
from ninja.params.functions import Header, Path
from ninja.security import HttpBearer
from pydantic import Field

from leads.api_schema import inlined
from leads.inbox import KeyReused, receive
from leads.instants import database_now
from leads.models import Handoff, IntakeToken, Submission
from leads.strict_json import BadJson, read_object
from leads.submission_fields import FieldsRefused, SubmissionFields, read_fields
from leads.tokens import known_token

RETRY_SECONDS = 5
LONGEST_KEY = 255


class TokenRequest(HttpRequest):
    auth: IntakeToken


class Fault(Schema):
    field: str = Field(description="Dotted name; blank: the whole of it.")
    message: str


class Problem(Schema):
    """Why nothing was done."""

    detail: str
    errors: list[Fault] = []


class LeadStatus(Schema):
    """The lead that a submission became, or was added to."""

    id: int
    stage: str
    band: str = Field(description="Fit A to C, readiness 1 to 3; blank: not scored yet.")


class HandoffStatus(Schema):
    """Where its handoff stands."""

    state: str = Field(description="review, waiting, passed, accepted or closed.")
    held_by: str = Field(description="The rep, or the queue that it waits in.")
    since: datetime


class SubmissionStatus(Schema):
    """A submission, and what became of it."""

    id: UUID
    status_url: str
    state: str = Field(
        description="pending, done, failed or held; what failed or is held for a look is kept,"
        " and can be retried."
    )
    error: str
    received_at: datetime
    processed_at: datetime | None
    lead: LeadStatus | None
    handoff: HandoffStatus | None


class TokenAuth(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> IntakeToken | None:
        return known_token(token, at=database_now())


api = NinjaAPI(
    title="Handoff intake",
    version="1",
    description="Hand in leads and what they did, once and safely.",
    urls_namespace="leads:intake",
    docs_url=None,
    auth=TokenAuth(),
)

REFUSALS: dict[int, Any] = dict.fromkeys((400, 401, 413, 415, 422, 503), Problem)
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": inlined(SubmissionFields.model_json_schema())}},
    }
}


@api.post(
    "submissions",
    response={202: SubmissionStatus, **REFUSALS},
    openapi_extra=BODY,
    summary="Hand in a submission",
    url_name="submissions",
)
def submit(
    request: TokenRequest,
    response: HttpResponse,
    idempotency_key: str | None = Header(
        None,
        alias="Idempotency-Key",
        description="Sent again with the same body, nothing is doubled.",
    ),
) -> Status[SubmissionStatus]:
    """A 202 means that it is stored and will be processed; the status address tells what became
    of it. The same Idempotency-Key with the same body gives the same answer, with another body 422.
    """
    key = _checked_key(idempotency_key)
    body = _json_body(request)
    payload = read_object(body)
    at = database_now()
    read_fields(payload, at=at)
    submission, _ = receive(
        request.auth.source,
        door=Submission.Door.API,
        payload=payload,
        body=body,
        key=key,
        at=at,
    )
    status = _status(submission)
    response["Location"] = status.status_url
    return Status(202, status)


@api.get(
    "submissions/{public_id}",
    response={200: SubmissionStatus, 401: Problem, 404: Problem, 503: Problem},
    summary="What became of a submission",
    url_name="submission",
)
def submission_status(
    request: TokenRequest, public_id: str = Path(..., description="Its id, a UUID.")
) -> SubmissionStatus:
    """Only what the token's own source handed in; anything else is not found."""
    own = Submission.objects.filter(source=request.auth.source)
    related = own.select_related("lead", "handoff__owner", "handoff__queue")
    submission = related.filter(public_id=_uuid(public_id)).first()
    if submission is None:
        raise HttpError(404, "There is no such submission of this source.")
    return _status(submission)


def _checked_key(key: str | None) -> str:
    if key is None:
        return ""
    if not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise HttpError(400, f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.")
    return key


def _json_body(request: HttpRequest) -> bytes:
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise HttpError(415, "Send application/json in UTF-8.")
    return request.body


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise HttpError(404, "There is no such submission of this source.") from error


def _status(submission: Submission) -> SubmissionStatus:
    lead, handoff = submission.lead, submission.handoff
    return SubmissionStatus(
        id=submission.public_id,
        status_url=reverse("leads:intake:submission", args=[submission.public_id]),
        state=submission.state,
        error=submission.error,
        received_at=submission.received_at,
        processed_at=submission.processed_at,
        lead=LeadStatus(id=lead.pk, stage=lead.stage_id, band=lead.band) if lead else None,
        handoff=_handoff_status(handoff) if handoff else None,
    )


def _handoff_status(handoff: Handoff) -> HandoffStatus:
    since = {
        Handoff.State.PASSED: handoff.passed_at,
        Handoff.State.ACCEPTED: handoff.accepted_at,
        Handoff.State.CLOSED: handoff.closed_at,
    }
    return HandoffStatus(
        state=handoff.state,
        held_by=str(handoff.owner or handoff.queue),
        since=since.get(Handoff.State(handoff.state)) or handoff.opened_at,
    )


def _problem(
    request: HttpRequest, status: int, detail: str, errors: list[tuple[str, str]] | None = None
) -> HttpResponse:
    faults = [{"field": field, "message": message} for field, message in errors or []]
    return api.create_response(request, {"detail": detail, "errors": faults}, status=status)


@api.exception_handler(AuthenticationError)
def _unknown_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = _problem(request, 401, "Send a valid token: Authorization: Bearer …")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, error.status_code, str(error))


@api.exception_handler(BadJson)
def _unreadable(request: HttpRequest, error: BadJson) -> HttpResponse:
    return _problem(request, 400, str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return _problem(request, 413, "The body is larger than 256 KB.")


@api.exception_handler(FieldsRefused)
def _fields_refused(request: HttpRequest, error: FieldsRefused) -> HttpResponse:
    return _problem(request, 422, "Some fields can't be taken.", error.errors)


@api.exception_handler(KeyReused)
def _key_reused(request: HttpRequest, error: KeyReused) -> HttpResponse:
    return _problem(request, 422, str(error))


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    response = _problem(request, 503, "The database is away. Nothing was stored; send it again.")
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
