"""Requests made up from the OpenAPI document, good and bad: none may end in a 5xx."""

import os

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leads.tokens import issue_token
from revops.wsgi import application

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def api(source):
    """The application in this process, on the connection of the test's transaction."""
    edges = (signals.request_started, signals.request_finished)
    for edge in edges:
        edge.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    for edge in edges:
        edge.connect(close_old_connections)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/submissions"), ("GET", "/api/v1/submissions/{public_id}")],
)
def test_no_request_ends_in_a_server_error(api, source, method, path):
    token = issue_token(source)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def bad_requests_are_refused(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def requests_are_answered(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    bad_requests_are_refused()
    requests_are_answered()
