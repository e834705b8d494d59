"""The SLA pages: what they count, who sees whose, and where each number leads."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads import handoffs
from leads.models import Queue, Team
from sla import clocks
from sla.models import Clock
from sla.responses import record_first_response

PAGES = ["now", "compliance", "clocks", "handoffs"]
MINUTE = timedelta(minutes=1)
ALL = {"period": "all"}


@pytest.fixture
def answered(handoff, at):
    """Alice's demo request: accepted after 9 minutes, touched after 45, which was too late."""
    clocks.stop(handoff, ["accept"], at=at + 9 * MINUTE, evidence="Accepted")
    kinds = ["first_touch", "first_response"]
    clocks.stop(handoff, kinds, at=at + 45 * MINUTE, evidence="Call")
    record_first_response(handoff, at=at + 45 * MINUTE)
    return handoff


@pytest.fixture
def fresh(make_handoff, make_lead, alice):
    """Make leads with alice whose clocks began just now."""

    def make(number: int = 1) -> None:
        now = timezone.now()
        for n in range(number):
            handoff = make_handoff(make_lead(f"Lead {n}"), rep=alice, at=now, hand_raised_at=now)
            clocks.start_handoff_clocks(handoff, hand_raised_at=now, at=now)
            assignment = handoffs.open_assignment(handoff)
            assignment.passed_at = now
            clocks.start_assignment_clocks(assignment, at=now)

    return make


def page(client, name, user, **query):
    client.force_login(user)
    return client.get(reverse(f"sla:{name}"), query)


def text_of(response) -> str:
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", words)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("who", ["alice", "mona", "olga", "rosa", "vera"])
def test_everyone_may_open_the_pages(client, answered, request, name, who):
    assert page(client, name, request.getfixturevalue(who)).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "notifications", "status"])
def test_signed_out_one_is_asked_to_sign_in(client, db, name):
    response = client.get(reverse(f"sla:{name}"))
    assert response.status_code == 302 and "/accounts/login/" in response.url


@pytest.mark.parametrize("name", [*PAGES, "notifications", "status"])
def test_pages_are_only_read(client, rosa, name):
    client.force_login(rosa)
    assert client.post(reverse(f"sla:{name}")).status_code == 405


@pytest.mark.parametrize(
    ("who", "seen"), [("alice", True), ("carol", False), ("mona", True), ("vera", True)]
)
def test_a_rep_sees_the_own_leads_and_a_manager_the_teams(client, answered, request, who, seen):
    user = request.getfixturevalue(who)
    for name in ("clocks", "handoffs"):
        assert ("Clara Nyström" in text_of(page(client, name, user, **ALL))) is seen


def test_the_board_shows_what_is_late_under_its_rep(client, handoff, mona):
    text = text_of(page(client, "now", mona))
    assert "Alice North 1 lead" in text
    assert "first response, accept or reject, first touch" in text
    assert "At risk now 1 of 1 lead waiting" in text and "1 lead at risk, least time first" in text


def test_what_waits_with_others_is_counted_and_said(client, handoff, carol):
    text = text_of(page(client, "now", carol))
    assert "At risk now 1 of 1 lead waiting" in text
    assert "0 leads at risk, least time first Listed: your own leads; 1 more is others’" in text


def test_numbers_are_everybodys_and_lists_ones_own(client, answered, carol):
    kept = page(client, "compliance", carol, **ALL)
    assert (kept.context["kept"].n, kept.context["by_rep"]) == (3, [])
    assert "0 of 3 like this" in text_of(page(client, "clocks", carol, what="judged", **ALL))


def test_a_team_answers_for_the_prospects_promise_of_leads_it_had(client, handoff, alice, mona):
    assert page(client, "now", mona, team=alice.team_id).context["running_count"] == 3
    other = Team.objects.create(name="South")
    assert page(client, "now", mona, team=other.pk).context["running_count"] == 0
    assert page(client, "now", mona, team="9" * 30).status_code == 404


@pytest.mark.parametrize(("show", "listed"), [("", 1), ("all", 3)])
def test_the_board_counts_leads_as_it_lists_them(client, handoff, fresh, mona, show, listed):
    fresh(2)
    answer = page(client, "now", mona, show=show)
    assert "At risk now 1 of 3 leads waiting" in text_of(answer)
    assert answer.content.count(b"<tr data-row>") == listed


def test_what_has_time_left_is_not_at_risk(client, fresh, mona):
    fresh()
    assert "Nothing is at risk. 3 promises are running" in text_of(page(client, "now", mona))
    assert "Alice North 1 lead" in text_of(page(client, "now", mona, show="all"))


@pytest.mark.parametrize(("who", "may"), [("mona", True), ("rosa", True), ("vera", False)])
def test_who_may_reassign_has_the_form(client, handoff, carol, request, who, may):
    html = page(client, "now", request.getfixturevalue(who)).content.decode()
    action = f'action="/handoffs/{handoff.pk}/reassign/"'
    assert (action in html and f'<option value="{carol.pk}">Carol</option>' in html) is may


def test_the_form_passes_the_lead_to_another_rep(client, handoff, alice, carol, mona):
    client.force_login(mona)
    url = reverse("routing:reassign", args=[handoff.pk])
    client.post(url, {"rep": carol.pk, "seen": f"{alice.pk}/", "next": "/sla/"})
    handoff.refresh_from_db()
    assert handoff.owner == carol


def test_compliance_counts_kept_and_missed_by_source_and_rep(client, answered, mona):
    response = page(client, "compliance", mona, **ALL)
    [by_source], [by_rep] = response.context["by_source"], response.context["by_rep"]
    assert [(cell.share.kept, cell.share.n) for cell in by_source.cells] == [(1, 1), (0, 1), (0, 1)]
    assert (by_source.name, by_rep.name, by_rep.missed) == ("Demo request", "Alice", 1)
    assert by_rep.times.working_p50 == by_rep.times.wall_p50 == 45 * MINUTE


def test_each_number_opens_exactly_what_it_counted(client, answered, fresh, mona):
    fresh()
    response = page(client, "compliance", mona, **ALL)
    [line] = response.context["by_source"]
    for url, number in [
        *((cell.url, cell.share.n) for cell in line.cells),
        (line.missed_url, line.missed),
        (line.times_url, line.times.n),
        (response.context["bars"][3].wall_url, response.context["bars"][3].bar.wall),
    ]:
        assert client.get(url).context["page"].paginator.count == number > 0


def test_small_samples_show_no_rate(client, answered, mona):
    text = text_of(page(client, "compliance", mona, **ALL))
    assert "n = 1" in text and "100.0 %" not in text


def test_a_clock_that_ended_in_time_counts_as_neither(client, handoff, at, mona):
    clocks.end(handoff, at=at + MINUTE)
    share = page(client, "compliance", mona, **ALL).context["kept"]
    assert (share.kept, share.n) == (0, 0)


def test_a_late_log_makes_a_missed_promise_kept(client, handoff, at, mona):
    clocks.stop(handoff, ["accept"], at=at + 20 * MINUTE, evidence="Accepted")
    assert page(client, "clocks", mona, what="met", **ALL).context["page"].paginator.count == 0
    clocks.stop(handoff, ["accept"], at=at + 5 * MINUTE, evidence="Accepted")
    assert page(client, "clocks", mona, what="met", **ALL).context["page"].paginator.count == 1


def test_imported_history_shows_its_times_and_no_compliance(client, make_handoff, alice, at, mona):
    handoff = make_handoff(rep=alice, is_historical=True)
    record_first_response(handoff, at=at + 30 * MINUTE)
    response = page(client, "compliance", mona, **ALL)
    [line] = response.context["by_source"]
    assert (line.times.n, line.times.wall_p50) == (1, 30 * MINUTE)
    assert {cell.share.n for cell in line.cells} == {0}
    assert "Imported history ran no clocks" in text_of(response)


def test_the_period_is_asked_for_by_name_or_by_dates(client, answered, mona):
    in_march = {"since": "2026-03-01", "until": "2026-03-10"}
    assert page(client, "compliance", mona, **in_march).context["times"].n == 1
    before = {"since": "2026-03-01", "until": "2026-03-09"}
    assert page(client, "compliance", mona, **before).context["times"].n == 0
    assert page(client, "compliance", mona, period="week").context["times"].n == 0


def test_filters_narrow_to_a_rep_and_a_team(client, answered, alice, carol, mona):
    for query, number in [
        ({"rep": alice.pk}, 1),
        ({"rep": carol.pk}, 0),
        ({"team": alice.team_id}, 1),
    ]:
        assert page(client, "compliance", mona, **ALL, **query).context["times"].n == number


@pytest.mark.parametrize(
    "query", [{"rep": "x"}, {"since": "tomorrow"}, {"what": "else"}, {"took": "wall-99"}]
)
@pytest.mark.parametrize("name", ["clocks", "handoffs", "compliance"])
def test_a_filter_that_makes_no_sense_is_no_server_error(client, answered, mona, name, query):
    assert page(client, name, mona, **query).status_code in (200, 422)


def test_hostile_names_stay_text(client, make_handoff, make_lead, alice, start, mona):
    start(make_handoff(make_lead("<script>alert(1)</script>"), rep=alice))
    for name in ("now", "clocks"):
        html = page(client, name, mona, **ALL).content.decode()
        assert "&lt;script&gt;alert" in html and "<script>alert" not in html


def test_a_lead_that_waits_in_a_queue_stands_under_the_queue(client, make_handoff, mona, at):
    handoff = make_handoff()
    clocks.start_review_clock(handoff, at)
    assert f"{Queue.objects.get(key='routing')} queue 1 lead" in text_of(page(client, "now", mona))


@pytest.mark.parametrize(("name", "queries"), [("now", 28), ("compliance", 22), ("clocks", 17)])
@pytest.mark.parametrize("number", [2, 20])
def test_the_number_of_queries_stays(
    client, fresh, mona, django_assert_max_num_queries, name, queries, number
):
    fresh(number)
    assert Clock.objects.count() == number * 3
    client.force_login(mona)
    with django_assert_max_num_queries(queries):
        client.get(reverse(f"sla:{name}"), {**ALL, "show": "all"})


@pytest.mark.parametrize("number", [2, 20])
def test_the_list_of_responses_takes_as_many_queries(
    client, make_handoff, make_lead, alice, at, mona, django_assert_max_num_queries, number
):
    for n in range(number):
        handoff = make_handoff(make_lead(f"Lead {n}"), rep=alice)
        record_first_response(handoff, at=at + MINUTE)
    client.force_login(mona)
    with django_assert_max_num_queries(17):
        response = client.get(reverse("sla:handoffs"), ALL)
    assert response.context["page"].paginator.count == number


@pytest.mark.parametrize("query", [{"since": "0001-01-01"}, {"until": "9999-12-31"}])
@pytest.mark.parametrize("address", ["/insights/", "/sla/clocks/", "/sla/handoffs/"])
def test_a_period_off_the_calendar_is_refused(client, rosa, defaults, address, query):
    client.force_login(rosa)
    response = client.get(address, query)
    assert response.status_code == 422
    assert b"Choose a day" in response.content
