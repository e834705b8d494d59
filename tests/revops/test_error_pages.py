import logging

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404
from django.template.loader import render_to_string
from django.views import defaults
from django.views.csrf import csrf_failure


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


def test_a_server_error_is_loud():
    assert logging.getLogger("django.request").isEnabledFor(logging.ERROR)
