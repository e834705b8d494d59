import html
import json
import re

import pytest
from django.conf import settings
from django.db import OperationalError, connections
from django.test import Client

from leads.models import IntakeSource, IntakeToken, Submission
from leads.tokens import issue_token
from leads.views.api_reference import EXAMPLE

pytestmark = pytest.mark.django_db

URL = "/api/v1/submissions"
PAYLOAD = {"email": "jane@lumora.example", "name": "Jane Doe"}


@pytest.fixture
def token(source):
    return issue_token(source)


@pytest.fixture
def post(token):
    """Post `body` (a payload, or bytes as they are) as the source that holds the token."""

    def send(body=PAYLOAD, *, key=None, content_type="application/json", token=token):
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        headers = {"Authorization": f"Bearer {token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(URL, raw, content_type=content_type, headers=headers)

    return send


def test_what_is_taken_is_stored_and_says_where_to_ask(post, source):
    answer = post()
    submission = Submission.objects.get()
    assert answer.status_code == 202
    assert answer["Location"] == answer.json()["status_url"] == f"{URL}/{submission.public_id}"
    assert (submission.source, submission.payload, submission.door) == (source, PAYLOAD, "api")
    assert answer.json()["state"] == "pending"


def test_the_status_says_what_became_of_it(post, token, make_handoff, alice, at, client):
    address = post()["Location"]
    handoff = make_handoff(rep=alice)
    Submission.objects.update(state="done", processed_at=at, lead=handoff.lead, handoff=handoff)
    status = client.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    assert status["lead"] == {"id": handoff.lead_id, "stage": "ml", "band": ""}
    assert (status["handoff"]["state"], status["handoff"]["held_by"]) == ("passed", "Alice")
    assert status["handoff"]["since"] == "2026-03-10T10:00:00Z"


def test_a_failed_one_says_why(post, token, client):
    address = post()["Location"]
    Submission.objects.update(state="failed", error="The rota is empty.")
    status = client.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    assert (status["state"], status["error"]) == ("failed", "The rota is empty.")


@pytest.mark.parametrize(
    "public_id", ["00000000-0000-4000-8000-000000000000", "17", "x" * 5000, "%00"]
)
def test_no_such_submission_is_a_404(token, client, public_id):
    answer = client.get(f"{URL}/{public_id}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_another_sources_submission_is_a_404(post, client, defaults):
    address = post()["Location"]
    foreign = issue_token(IntakeSource.objects.exclude(slug="demo-request").first())
    answer = client.get(address, headers={"Authorization": f"Bearer {foreign}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer hi_wrong", "Basic YTpi", "Bearer \xff", "hi_wrong"],
)
def test_without_a_valid_token_nothing_is_stored(client, source, authorization):
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = client.post(URL, "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["detail"]
    assert not Submission.objects.exists()


def test_a_revoked_token_bites_on_the_next_call(post, at):
    assert post().status_code == 202
    IntakeToken.objects.update(revoked_at=at)
    assert post().status_code == 401


def test_being_signed_in_is_no_token(client, rosa, source):
    client.force_login(rosa)
    assert client.post(URL, PAYLOAD, content_type="application/json").status_code == 401


def test_the_same_key_and_body_gives_the_same_answer(post):
    assert post(key="k1").json() == post(key="k1").json()
    assert Submission.objects.count() == 1


def test_the_same_key_with_another_body_is_a_422(post):
    post(key="k1")
    answer = post({"email": "joe@lumora.example"}, key="k1")
    assert answer.status_code == 422
    assert "key was used before" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "a\tb"])
def test_an_unfit_key_is_a_400(post, key):
    assert post(key=key).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="malformed"),
        pytest.param(b" ", 400, id="blank"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b"null", 400, id="null"),
        pytest.param(b'{"email": "\xff@x.example"}', 400, id="not UTF-8"),
        pytest.param(rb'{"name": "a\u0000"}', 400, id="NUL"),
        pytest.param(rb'{"name": "\ud800"}', 400, id="lone surrogate"),
        pytest.param(b'{"employees": NaN}', 400, id="NaN"),
        pytest.param(b'{"employees": ' + b"9" * 4999 + b"}", 400, id="5,000 digits"),
        pytest.param(b'{"email": "a@b.example", "email": "c@d.example"}', 400, id="key twice"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, 400, id="100,000 deep"),
        pytest.param(b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, id="10 MB"),
        pytest.param(b'{"email": "jane"}', 422, id="no address"),
        pytest.param(b'{"email": ["a@b.example"]}', 422, id="wrong type"),
        pytest.param(b'{"email": "a@b.example", "colour": 1}', 422, id="unknown field"),
        pytest.param(b'{"email": "a@b.example", "history": {}}', 422, id="history"),
        pytest.param(b"{}", 422, id="nobody"),
    ],
)
def test_a_bad_body_is_a_clear_refusal(post, body, status):
    answer = post(body)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail", "errors"}
    assert not Submission.objects.exists()


def test_a_refusal_names_the_fields(post):
    answer = post({"email": "jane", "employees": "many"})
    assert {error["field"] for error in answer.json()["errors"]} == {"email", "employees"}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""],
)
def test_another_content_type_is_a_415(post, content_type):
    assert post(content_type=content_type).status_code == 415


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_hands_in(client, token, method):
    headers = {"Authorization": f"Bearer {token}"}
    assert getattr(client, method)(URL, headers=headers).status_code == 405


def test_with_the_database_away_the_answer_says_when_to_try_again(post, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections["default"], "cursor", away)
    answer = post()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_the_example_of_the_reference_is_taken_as_it_stands(client, post):
    page = html.unescape(client.get("/api/v1/docs").content.decode())
    example = page.partition("<pre>")[2].partition("</pre>")[0]
    (key,) = re.findall(r"Idempotency-Key: (\S+)\"", example)
    body = re.search(r"-d '(\{.*\})'", example, re.DOTALL)[1].encode()
    assert f"curl -X POST {settings.BASE_URL}{URL}" in example
    first, again = post(body, key=key), post(body, key=key)
    assert (first.status_code, first.json()["status_url"]) == (202, again.json()["status_url"])
    assert Submission.objects.get().payload == EXAMPLE


def test_the_reference_page_needs_nothing_from_outside(client, db):
    answer = client.get("/api/v1/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "https://" not in page and "<script>" not in page and "style=" not in page
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "product_interest" in page and "text of at most 254 characters" in page
    assert page.count('<b class="small">needed, or ') == 3
    assert '<code>activities[].occurred_at</code><br><b class="small">needed</b>' in page


def test_every_field_stands_in_the_openapi_document(client, db):
    document = client.get("/api/v1/openapi.json").json()
    operation = document["paths"][URL]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert {"email", "activities", "attributes"} <= set(body["properties"])
    assert [each["name"] for each in operation["parameters"]] == ["Idempotency-Key"]
    assert {"202", "400", "401", "413", "415", "422", "503"} == set(operation["responses"])
