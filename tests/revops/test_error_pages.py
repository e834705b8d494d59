import logging

import psycopg
import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.template.loader import render_to_string
from django.urls import get_resolver
from django.views import defaults
from django.views.csrf import csrf_failure
from psycopg import errors


# None of the next five may use the database: pytest-django fails one that tries.
def test_a_server_error_is_explained_without_the_database(rf):
    response = defaults.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"That failed on our side" in response.content


def test_a_bad_request_is_explained(rf):
    response = defaults.bad_request(rf.get("/"), BadRequest())
    assert response.status_code == 400
    assert b"could not be read" in response.content


def test_an_expired_form_is_explained(rf):
    assert b"This form has expired" in csrf_failure(rf.post("/")).content


def test_too_many_tries_are_explained():
    assert "Wait a few minutes" in render_to_string("429.html")


@pytest.mark.parametrize(
    ("view", "error", "status", "words"),
    [
        (defaults.page_not_found, Http404(), 404, b"There is nothing here"),
        (defaults.permission_denied, PermissionDenied(), 403, b"Your role does not allow it"),
    ],
)
def test_what_is_not_to_be_seen_is_explained(rf, view, error, status, words):
    response = view(rf.get("/gone/"), error)
    assert response.status_code == status
    assert words in response.content


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), [("/setup/", 403), ("/nowhere/", 404)])
def test_a_page_that_is_refused_is_no_error_in_the_log(client, alice, caplog, path, status):
    client.force_login(alice)
    assert client.get(path).status_code == status
    assert not caplog.records


def test_a_stranger_is_not_sent_looking_for_leads(rf):
    told = defaults.page_not_found(rf.get("/forms/gone/"), Http404()).content
    assert b"Ask whoever gave it to you" in told
    assert b"lead" not in told.lower().split(b"<main")[1]
    assert b"home page" not in told


GONE = psycopg.OperationalError("connection refused")


@pytest.mark.parametrize(
    ("error", "cause", "status"),
    [
        pytest.param(OperationalError("gone"), GONE, 503, id="no line"),
        pytest.param(OperationalError("gone"), errors.AdminShutdown("closing"), 503, id="closing"),
        pytest.param(OperationalError("gone"), errors.TooManyConnections("full"), 503, id="full"),
        pytest.param(InterfaceError("the connection is closed"), None, 503, id="line went"),
        pytest.param(OperationalError("slow"), errors.QueryCanceled("timeout"), 500, id="slow"),
        pytest.param(ValueError("wrong"), None, 500, id="wrong"),
    ],
)
def test_while_the_database_is_away_a_page_says_when_to_try_again(rf, error, cause, status):
    handler = get_resolver().resolve_error_handler(500)
    try:
        raise error from cause
    except (OperationalError, InterfaceError, ValueError):
        response = handler(rf.get("/forms/demo-request/"))
    assert response.status_code == status
    if status == 503:
        assert response["Retry-After"] == "5"
        assert b"Back in a moment" in response.content and b"home page" not in response.content


def test_a_server_error_is_loud():
    assert logging.getLogger("django.request").isEnabledFor(logging.ERROR)
