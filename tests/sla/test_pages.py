"""The SLA pages: what they count, who sees whose, and where each number leads."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from leads import filtering, handoffs
from leads.models import Handoff, Lead, Queue, Role, Team
from sla import board, clocks, handoff_clocks, judging, pauses, response_times
from sla.filters import ClockFilter, HandoffFilter
from sla.models import Clock
from sla.responses import record_first_response
from sla.sweep import sweep_clocks
from tests.conftest import make_user

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
def missed_by_nobody(make_handoff, make_lead, at):
    """A demo request that lies in the routing queue, unanswered."""
    handoff = make_handoff(make_lead("Nils Ek"))
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    return handoff


@pytest.fixture
def fresh(make_handoff, make_lead, alice):
    """Make leads with alice whose clocks began just now."""

    def make(number: int = 1) -> None:
        now = timezone.now()
        for n in range(number):
            handoff = make_handoff(make_lead(f"Lead {n}"), rep=alice, at=now, hand_raised_at=now)
            handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=now, at=now)
            assignment = handoffs.open_assignment(handoff)
            assignment.passed_at = now
            handoff_clocks.start_assignment_clocks(assignment, at=now)

    return make


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("compliance", "Compliance"),
        ("clocks", "Promises"),
        ("handoffs", "First responses"),
        ("deliveries", "Deliveries"),
        ("instant_answers", "Instant answers"),
    ],
)
def test_each_page_is_headed_by_its_own_name(client, rosa, defaults, name, heading):
    client.force_login(rosa)
    page = client.get(reverse(f"sla:{name}")).content.decode()
    assert f"<h1>{heading}</h1>" in page


def test_a_rep_says_on_the_page_that_they_are_on_it(client, fresh, alice, rosa):
    fresh()
    clock = Clock.objects.get(kind="first_response")
    sweep_clocks(clock.due_at)
    address = f"/handoffs/{clock.handoff_id}/acknowledge/"
    client.force_login(alice)
    assert client.post(address, {"minutes": "7"}).status_code == 422
    assert client.post(address, {"minutes": "30", "next": "/sla/"})["Location"] == "/sla/"
    assert client.post(address, {"minutes": "30"}).status_code == 409
    for page in ("/queue/", address):
        assert "on it till" in client.get(page).content.decode()
    said = "no step is done till then"
    assert said in client.get(address).content.decode()
    Clock.objects.filter(kind="first_touch").update(acknowledged_until=None, acknowledged_by=None)
    assert said not in client.get(address).content.decode()
    assert "first touch" not in client.get(address).content.decode()
    Lead.objects.update(phone="+13125550123")
    promised = client.get(f"{address}?promises").content.decode()
    assert "Promise: first touch" in promised and "in Chicago" in promised
    client.force_login(rosa)
    assert "Alice is on it till" in client.get("/sla/?show=all").content.decode()


@pytest.fixture
def sven(defaults):
    team = Team.objects.create(name="South")
    return make_user("Sven", Role.REP, team=team, sales_role="sdr")


@pytest.fixture
def clocks_of(rf, mona):
    """Give a function that filters the clocks as Mona's page does."""
    return _filtering(ClockFilter, Clock.objects.all(), rf.get("/"), mona)


@pytest.fixture
def handoffs_of(rf, mona):
    """Give a function that filters the answered handoffs as Mona's page does."""
    answered = response_times.with_who_answered(Handoff.objects.all())
    return _filtering(HandoffFilter, answered, rf.get("/"), mona)


def _filtering(kind, queryset, request, user):
    request.user = user
    return lambda **query: kind(query, queryset=queryset, request=request, at=timezone.now())


def page(client, name, user, **query):
    client.force_login(user)
    return client.get(reverse(f"sla:{name}"), query)


def text_of(response) -> str:
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", words)


@pytest.mark.parametrize(
    ("who", "seen"), [("alice", True), ("carol", False), ("mona", True), ("vera", True)]
)
def test_a_rep_sees_the_own_leads_and_a_manager_the_teams(answered, request, who, seen):
    user = request.getfixturevalue(who)
    assert Clock.objects.visible_to(user).exists() is seen
    assert Handoff.objects.visible_to(user).exists() is seen


@pytest.mark.parametrize("name", ["clocks", "handoffs"])
def test_the_lists_hold_what_one_sees(client, answered, carol, mona, name):
    assert "Clara Nyström" in text_of(page(client, name, mona, **ALL))
    assert "Clara Nyström" not in text_of(page(client, name, carol, **ALL))


@pytest.fixture
def lost(answered, sven):
    """The lead that alice answered, with a rep of another team now."""
    handoff = Handoff.objects.get()
    how = {"source": "manager", "reason": "Theirs"}
    handoffs.end_assignment(handoff, "reassigned", at=timezone.now())
    handoffs.pass_to(handoff, sven, at=timezone.now(), **how)
    return handoff.lead


@pytest.mark.parametrize("name", ["clocks", "handoffs"])
def test_what_counts_for_somebody_is_listed_whoever_has_the_lead_now(
    client, lost, alice, carol, mona, name
):
    for user, sees in ((alice, True), (mona, True), (carol, False)):
        assert ("Clara Nyström" in text_of(page(client, name, user, **ALL))) is sees
        client.force_login(user)
        found = client.get(f"/leads/{lost.pk}/").status_code
        assert found == (200 if sees else 404)
    assert lost not in Lead.objects.visible_to(mona)


def test_a_manager_reads_what_their_team_lost_and_is_offered_nothing_to_do_with_it(
    client, lost, mona
):
    client.force_login(mona)
    page = client.get(f"/leads/{lost.pk}/").content.decode()
    assert "Your team had it once: read only" in page
    for action in ("leads:correct", "feedback:hand_over", "feedback:same_person"):
        assert reverse(action, args=[lost.pk]) not in page


@pytest.mark.parametrize("name", ["clocks", "handoffs"])
def test_what_another_team_closed_and_has_again_is_listed_for_it_alone(
    client, make_handoff, start, sven, mona, at, name
):
    closed = make_handoff(rep=sven)
    start(closed)
    handoffs.close(closed, closed_as="recycled", outcome="recycled", reason="-", at=at)
    assert Handoff.objects.visible_to(mona).exists()  # in a queue, which all managers share
    make_handoff(closed.lead, rep=sven)
    assert not Handoff.objects.visible_to(mona).exists()
    for asked in (ALL, {**ALL, "took": "none"}):
        assert "Clara Nyström" not in text_of(page(client, name, mona, **asked))


def test_the_board_shows_what_is_late_under_its_rep(client, handoff, mona):
    text = text_of(page(client, "now", mona))
    assert "Alice North 1 lead" in text
    assert "first response, accept or reject, first touch" in text
    assert "At risk now 1 of 1 lead waiting" in text and "1 lead at risk, by who has them" in text


def test_the_board_says_which_leads_rest(client, handoff, mona, at):
    turn = handoffs.open_assignment(handoff)
    until = timezone.now() + timedelta(days=1)
    pauses.begin(turn, kind="snoozed", until=until, reason="lunch", by=turn.rep, at=at)
    client.force_login(mona)
    page = client.get("/sla/").content.decode()
    assert f"Snoozed till {timezone.localtime(until):%a %H:%M}: <bdi>lunch</bdi>" in page


def test_the_board_lists_leads_by_the_time_left_whoever_has_them(client, fresh, carol, mona):
    fresh(2)
    first, second = Handoff.objects.order_by("pk")
    handoffs.pass_to(second, carol, source="manager", reason="Away", at=timezone.now())
    fresh()
    Clock.objects.filter(handoff=first).update(due_at=timezone.now() + timedelta(days=9))
    board_page = page(client, "now", mona, show="all", order="time")
    rows = board_page.context["rows"]
    assert rows[0].handoff == second and rows[-1].handoff == first and len(rows) >= 3
    assert "All 3 leads waiting, least time first" in text_of(board_page)


def test_the_board_shows_ten_leads_first_those_with_the_least_time_left(client, fresh, mona):
    fresh(12)
    last, *_ = Handoff.objects.order_by("pk")
    Clock.objects.filter(handoff=last).update(due_at=timezone.now() + timedelta(days=9))
    for order in ("", "time"):
        answer = page(client, "now", mona, show="all", order=order)
        assert answer.content.count(b"<tr data-row>") == 10
        told = text_of(answer)
        assert "All 12 leads waiting" in told
        assert ("Alice North 10 of 12 leads" in told) is (order == "")
        assert "The 10 leads with the least time left. Show 2 more" in told
        assert f'href="/leads/{last.lead_id}/"' not in answer.content.decode()
        everything = page(client, "now", mona, show="all", order=order, rows="all")
        assert everything.content.count(b"<tr data-row>") == 12
        assert "more ·" not in text_of(everything)


def test_the_board_names_nobody_of_whose_leads_it_shows_none(client, fresh, carol, mona):
    fresh(11)
    last, *_ = Handoff.objects.order_by("pk")
    clocks.end(handoffs.open_assignment(last), at=timezone.now())
    Clock.objects.filter(handoff=last).update(due_at=timezone.now() + timedelta(days=9))
    handoffs.pass_to(last, carol, source="manager", reason="Hers", at=timezone.now())
    told = text_of(page(client, "now", mona, show="all"))
    assert "Alice North 10 leads" in told and "Carol North" not in told
    assert "Carol North 1 lead" in text_of(page(client, "now", mona, show="all", rows="all"))


def test_what_is_done_about_a_lead_stands_behind_one_button(client, handoff, mona, vera):
    html = page(client, "now", mona).content.decode()
    assert "Act<span" in html and html.count('<details class="act">') == 1
    assert f"/handoffs/{handoff.pk}/reassign/" in html.split('<details class="act">')[1]
    assert '<details class="act">' not in page(client, "now", vera).content.decode()


def test_what_waits_with_others_is_counted_and_said(client, handoff, carol):
    text = text_of(page(client, "now", carol))
    assert "At risk now 1 of 1 lead waiting" in text
    assert "0 leads at risk, by who has them Listed: your own leads; 1 more is others’" in text


def test_numbers_are_everybodys_and_lists_ones_own(client, answered, carol, monkeypatch):
    kept = page(client, "compliance", carol, **ALL)
    assert (kept.context["kept"].n, kept.context["by_rep"]) == (3, [])
    assert "0 of 3 like this" in text_of(page(client, "clocks", carol, what="judged", **ALL))
    monkeypatch.setattr(filtering, "MOST_COUNTED", 2)
    told = text_of(page(client, "clocks", carol, what="judged", **ALL))
    assert "0 of more than 2 like this" in told


def test_a_team_answers_for_the_prospects_promise_of_leads_it_had(
    client, handoff, clocks_of, alice, mona
):
    handoff_clocks.start_review_clock(handoff, handoff.opened_at)  # marketing's, not theirs
    assert clocks_of(team=alice.team_id, **ALL).qs.running().count() == 3
    other = Team.objects.create(name="South")
    assert page(client, "now", mona, team=other.pk).context["running_count"] == 0
    assert page(client, "now", mona, team="9" * 30).status_code == 404


def test_each_team_that_had_a_lead_answers_for_what_its_prospect_was_promised(
    handoff, clocks_of, alice, sven
):
    clocks.end(handoffs.open_assignment(handoff), at=timezone.now())
    handoffs.pass_to(handoff, sven, source="manager", reason="Theirs", at=timezone.now())
    Clock.objects.running().update(due_at=timezone.now() + timedelta(days=9))
    for team in (alice.team_id, sven.team_id):
        assert clocks_of(team=team, **ALL).qs.running().get().kind == "first_response"
    assert not clocks_of(rep=alice.pk, **ALL).qs.running().exists()


def test_the_board_counts_leads_as_it_lists_them(client, handoff, fresh, mona):
    fresh(2)
    for show, listed in [("", 1), ("all", 3)]:
        answer = page(client, "now", mona, show=show)
        assert "At risk now 1 of 3 leads waiting" in text_of(answer)
        assert answer.content.count(b"<tr data-row>") == listed


def test_what_has_time_left_is_not_at_risk(client, fresh, mona):
    fresh()
    assert "Nothing is at risk. 3 promises are running" in text_of(page(client, "now", mona))
    assert "Alice North 1 lead" in text_of(page(client, "now", mona, show="all"))


@pytest.mark.parametrize(("who", "may"), [("mona", True), ("rosa", True), ("vera", False)])
def test_who_may_reassign_has_reps_to_choose(carol, request, who, may):
    assert (carol in board.reps_to_choose(request.getfixturevalue(who))) is may


def test_with_reps_to_choose_there_is_a_form(client, handoff, carol, mona, vera):
    action, choice = f'action="/handoffs/{handoff.pk}/reassign/"', f'value="{carol.pk}">Carol<'
    html = page(client, "now", mona).content.decode()
    assert action in html and choice in html
    html = page(client, "now", vera).content.decode()
    assert action not in html and choice not in html


def test_the_form_passes_the_lead_to_another_rep(client, handoff, alice, carol, mona):
    client.force_login(mona)
    url = reverse("routing:reassign", args=[handoff.pk])
    client.post(url, {"rep": carol.pk, "seen": f"{alice.pk}/", "next": "/sla/"})
    handoff.refresh_from_db()
    assert handoff.owner == carol


def test_compliance_counts_by_source_and_rep_and_gives_no_rate_of_few(client, answered, mona):
    response = page(client, "compliance", mona, **ALL)
    [by_source], [by_rep] = response.context["by_source"], response.context["by_rep"]
    assert [(cell.share.kept, cell.share.n) for cell in by_source.cells] == [(1, 1), (0, 1), (0, 1)]
    assert (by_source.name, by_rep.name, by_rep.missed) == ("Demo request", "Alice", 2)
    assert by_rep.times.working_p50 == by_rep.times.wall_p50 == 45 * MINUTE
    assert "1 of 1" in text_of(response) and "100.0 %" not in text_of(response)


def test_each_number_opens_exactly_what_it_counted(
    client, answered, missed_by_nobody, fresh, clocks_of, handoffs_of, mona
):
    fresh()
    response = page(client, "compliance", mona, **ALL)
    [of_source], [of_alice, of_none] = response.context["by_source"], response.context["by_rep"]
    assert of_alice.missed + of_none.missed == of_source.missed == response.context["kept"].missed
    lists = {"/sla/clocks/": clocks_of, "/sla/handoffs/": handoffs_of}
    for url, number in [
        *((cell.url, cell.share.n) for line in (of_source, of_alice) for cell in line.cells),
        *((line.missed_url, line.missed) for line in (of_source, of_alice, of_none)),
        *((line.times_url, line.times.n) for line in (of_source, of_alice)),
        (of_none.cells[2].url, of_none.cells[2].share.n),
        (response.context["bars"][3].wall_url, response.context["bars"][3].bar.wall),
    ]:
        asked = urlsplit(url)
        assert lists[asked.path](**dict(parse_qsl(asked.query))).qs.count() == number > 0


def test_who_never_heard_is_a_row_of_its_own_and_counted_beside_those_who_did(
    client, answered, fresh, make_handoff, alice, mona
):
    fresh()
    merged = make_handoff()
    handoffs.close(
        merged, closed_as="merged", outcome="withdrawn", at=merged.opened_at, reason="-", by=None
    )
    response = page(client, "compliance", mona, **ALL)
    assert "1 answered, 1 not" in text_of(response)
    *_, none = response.context["bars"]
    assert (none.bar.label, none.bar.working, none.bar.wall) == ("nobody yet", 1, 1)
    listed = client.get(none.wall_url)
    assert [each.first_response_at for each in listed.context["page"]] == [None]
    assert "Each handoff whose prospect nobody has tried to reach" in text_of(listed)
    of_alice = page(client, "compliance", mona, rep=alice.pk, **ALL)
    assert of_alice.context["unanswered"] == 1  # who has it


def test_the_prospects_promise_is_of_who_had_the_lead_at_its_deadline(
    client, answered, missed_by_nobody, alice, carol, mona, at
):
    late = at + 50 * MINUTE
    handoffs.pass_to(answered, carol, source="manager", reason="Away", at=late)
    missed = {"kind": "first_response", "what": "missed", **ALL}
    listed = page(client, "clocks", mona, **missed).context["page"]
    whose = {clock.handoff_id: clock.whose for clock in listed}
    routing = Queue.objects.get(key="routing").name
    assert whose == {answered.pk: "Alice", missed_by_nobody.pk: routing}
    for rep, found in [(alice.pk, [answered]), (carol.pk, []), ("none", [missed_by_nobody])]:
        listed = page(client, "clocks", mona, rep=rep, **missed).context["page"]
        assert [clock.handoff for clock in listed] == found


def test_a_list_holds_what_its_filter_leaves(client, answered, mona):
    for name, query, number in [
        ("clocks", {"what": "met"}, 1),
        ("handoffs", {"took": "wall-0"}, 0),
    ]:
        listed = page(client, name, mona, **ALL, **query).context["page"]
        assert listed.paginator.count == number


def test_a_clock_that_ended_in_time_counts_as_neither(handoff, at):
    clocks.end(handoff, at=at + MINUTE)
    share = judging.share(Clock.objects.all(), timezone.now())
    assert (share.kept, share.n) == (0, 0)


def test_a_late_log_makes_a_missed_promise_kept(handoff, clocks_of, at):
    clocks.stop(handoff, ["accept"], at=at + 20 * MINUTE, evidence="Accepted")
    assert clocks_of(what="met", **ALL).qs.count() == 0
    clocks.stop(handoff, ["accept"], at=at + 5 * MINUTE, evidence="Accepted")
    assert clocks_of(what="met", **ALL).qs.count() == 1


def test_imported_history_shows_its_times_and_no_compliance(client, make_handoff, alice, at, mona):
    handoff = make_handoff(rep=alice, is_historical=True)
    record_first_response(handoff, at=at + 30 * MINUTE)
    response = page(client, "compliance", mona, **ALL)
    [line] = response.context["by_source"]
    assert (line.times.n, line.times.wall_p50) == (1, 30 * MINUTE)
    assert {cell.share.n for cell in line.cells} == {0}
    assert "Imported history ran no clocks" in text_of(response)


@pytest.mark.parametrize(
    ("period", "number"),
    [
        ({"since": "2026-03-01", "until": "2026-03-10"}, 1),
        ({"since": "2026-03-01", "until": "2026-03-09"}, 0),
        ({"period": "week"}, 0),
    ],
)
def test_the_period_is_asked_for_by_name_or_by_dates(answered, handoffs_of, period, number):
    assert handoffs_of(**period).qs.count() == number


def test_filters_narrow_to_a_rep_and_a_team(client, answered, handoffs_of, alice, carol, mona):
    for query, number in [
        ({"rep": alice.pk}, 1),
        ({"rep": carol.pk}, 0),
        ({"team": alice.team_id}, 1),
    ]:
        assert handoffs_of(**ALL, **query).qs.count() == number
    assert page(client, "compliance", mona, **ALL, rep=carol.pk).context["times"].n == 0


@pytest.mark.parametrize(
    "query",
    [
        {"rep": "x"},
        {"since": "tomorrow"},
        {"until": "9999-12-31"},
        {"since": "2026-03-11", "until": "2026-03-10"},
        {"what": "else"},
    ],
)
def test_a_filter_that_makes_no_sense_is_not_valid(defaults, clocks_of, query):
    assert clocks_of().is_valid()
    assert not clocks_of(**query).is_valid()


def test_a_length_that_is_no_choice_is_not_valid(defaults, handoffs_of):
    assert handoffs_of(took="wall-0").is_valid()
    assert not handoffs_of(took="wall-99").is_valid()


@pytest.mark.parametrize(
    "address", ["/insights/", "/sla/clocks/", "/sla/handoffs/", "/sla/compliance/"]
)
def test_a_period_off_the_calendar_is_refused(client, rosa, defaults, address):
    client.force_login(rosa)
    response = client.get(address, {"since": "0001-01-01"})
    assert response.status_code == 422
    assert b"Choose a day" in response.content


def test_hostile_names_stay_text(client, make_handoff, make_lead, alice, start, mona):
    start(make_handoff(make_lead("<script>alert(1)</script>"), rep=alice))
    for name in ("now", "clocks"):
        html = page(client, name, mona, **ALL).content.decode()
        assert "&lt;script&gt;alert" in html and "<script>alert" not in html


def test_a_lead_that_waits_in_a_queue_stands_under_the_queue(client, make_handoff, mona, at):
    handoff = make_handoff()
    handoff_clocks.start_review_clock(handoff, at)
    assert f"{Queue.objects.get(key='routing')} queue 1 lead" in text_of(page(client, "now", mona))


@pytest.mark.parametrize(("name", "queries"), [("now", 29), ("compliance", 23), ("clocks", 14)])
def test_the_number_of_queries_stays(client, fresh, mona, django_assert_num_queries, name, queries):
    client.force_login(mona)
    for number in (2, 5):
        fresh(number - Clock.objects.count() // 3)
        assert Clock.objects.count() == number * 3
        with django_assert_num_queries(queries):
            client.get(reverse(f"sla:{name}"), {**ALL, "show": "all"})


def test_the_list_of_responses_takes_as_many_queries(
    client, make_handoff, make_lead, alice, at, mona, django_assert_num_queries
):
    client.force_login(mona)
    for number in (2, 5):
        for n in range(Handoff.objects.count(), number):
            handoff = make_handoff(make_lead(f"Lead {n}"), rep=alice)
            record_first_response(handoff, at=at + MINUTE)
        with django_assert_num_queries(14):
            response = client.get(reverse("sla:handoffs"), ALL)
        assert response.context["page"].paginator.count == number
