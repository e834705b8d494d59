"""The funnel: counts that agree with the leads behind them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from feedback import answers, funnel
from feedback.models import Disposition, ReasonCode
from feedback.proportions import Share
from feedback.rejections import rejections
from leads import handoffs, lifecycle
from leads.models import Lead
from leads.views.leads import filtered_leads

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(make_lead):
    """Make a lead that reached these stages, one after the other."""

    def make(*stages, **fields):
        lead = make_lead(**fields)
        for hours, stage in enumerate(stages, start=1):
            at = lead.entered_at + timedelta(hours=hours)
            lifecycle.move(lead, stage, at=at, reason="For a test")
        return lead

    return make


def counts(line):
    return [step.count for step in line.steps]


def test_a_lead_that_skipped_a_stage_counts_in_it(journey):
    journey("mql", "customer")
    journey("mql", "sal", "ml")
    journey()
    assert counts(funnel.whole(Lead.objects.all())) == [3, 2, 2, 1, 1, 1]


def test_disqualified_is_no_step_forward(journey):
    journey("disqualified")
    assert counts(funnel.whole(Lead.objects.all())) == [1, 0, 0, 0, 0, 0]


def test_a_blank_origin_and_an_unknown_one_are_told_apart(journey):
    journey("mql", origin="unknown")
    journey(origin="")
    journey(origin="")
    lines = funnel.by_dimension(Lead.objects.all(), "origin")
    assert [(line.name, line.entered) for line in lines] == [("", 2), ("unknown", 1)]


@pytest.mark.parametrize(
    ("zone", "month"), [("UTC", 2), ("Asia/Tokyo", 3)], ids=["still-february", "march-already"]
)
def test_a_cohort_is_a_month_of_the_organisations_zone(journey, zone, month):
    journey(entered_at=datetime(2026, 2, 28, 20, tzinfo=UTC))
    (line,) = funnel.by_cohort(Lead.objects.all(), "month", zone=zone, first_weekday=0)
    assert line.name.month == month


@pytest.mark.parametrize(("first_weekday", "day"), [(0, 9), (6, 8)], ids=["monday", "sunday"])
def test_a_week_begins_on_the_organisations_first_weekday(journey, at, first_weekday, day):
    journey(entered_at=at)
    (line,) = funnel.by_cohort(Lead.objects.all(), "week", zone="UTC", first_weekday=first_weekday)
    assert line.name.day == day


def test_a_rejection_and_a_lead_that_came_back_later_are_told_apart(
    make_handoff, make_lead, alice, at
):
    code = ReasonCode.objects.get(key="no-need")
    for kind, accepted in (("rejected", False), ("recycled", True)):
        handoff = make_handoff(make_lead(), rep=alice, accepted=accepted)
        assignment = handoffs.open_assignment(handoff)
        assignment.answer = "accepted" if accepted else "rejected"
        assignment.answered_at = at
        assignment.save()
        Disposition.objects.create(
            handoff=handoff, assignment=assignment, code=code, kind=kind, by=alice, at=at
        )
    found = rejections(Lead.objects.all())
    assert (found.answered, found.rejected, found.later) == (2, 1, 1)


def test_a_lead_that_was_rejected_anew_for_the_same_reason_came_back_no_less_than_never(
    make_handoff, make_lead, alice, at
):
    code, lead = ReasonCode.objects.get(key="no-need"), make_lead()
    told = {"code": code, "note": "", "nurture_until": None, "by": alice}
    for minutes in (0, 2):
        then = at + timedelta(minutes=minutes)
        turn = handoffs.open_assignment(make_handoff(lead, rep=alice, at=then))
        answers.reject(turn, at=then + timedelta(minutes=1), **told)
        lead = Lead.objects.get()
    found = rejections(Lead.objects.all())
    assert (found.rejected, found.later, found.in_review) == (2, 0, 0)
    assert [share.count for *_, share in found.reasons] == [1]


@pytest.mark.parametrize("by", ["source", "origin", "campaign", "band"])
def test_every_number_opens_as_many_leads(client, rf, olga, journey, by):
    journey("mql", "sal", origin="search", campaign="spring", band="A1")
    journey("mql")
    client.force_login(olga)
    page = client.get(f"/insights/?period=all&by={by}")
    rows = [*page.context["rows"], *page.context["cohorts"], page.context["all"]]
    cells = [cell for row in rows for cell in row.cells if cell.step.count]
    assert client.get(cells[0].url).context["count"] == cells[0].step.count
    for cell in cells[1:]:
        request = rf.get(cell.url)
        request.user = olga
        assert filtered_leads(request).qs.count() == cell.step.count, cell.url


def test_a_rep_reads_the_same_numbers_and_lists_the_own_leads(
    client, alice, carol, make_handoff, make_lead
):
    make_handoff(make_lead(), rep=alice)
    make_handoff(make_lead(), rep=carol)
    client.force_login(alice)
    page = client.get("/insights/?period=all")
    assert "The lists behind them hold your own leads." in page.content.decode()
    entered = page.context["all"].cells[0]
    listed = client.get(entered.url).content.decode()
    assert "1 of 2 like this: lists hold your own leads" in listed


def test_a_team_counts_the_leads_that_it_had_and_lost(client, olga, alice, make_handoff, at):
    handoff = make_handoff(rep=alice)
    handoffs.close(handoff, closed_as="recycled", outcome="recycled", at=at, reason="Not yet")
    client.force_login(olga)
    entered = client.get(f"/insights/?period=all&team={alice.team_id}").context["all"].cells[0]
    assert entered.step.count == client.get(entered.url).context["count"] == 1


def test_the_csv_holds_no_formula(client, olga, journey):
    journey(campaign='=HYPERLINK("http://evil.example","x")')
    client.force_login(olga)
    page = client.get("/insights/?period=all&by=campaign&format=csv").content.decode()
    assert "'=HYPERLINK" in page


def test_an_impossible_period_is_said_in_the_form(client, olga, defaults):
    client.force_login(olga)
    assert client.get("/insights/?since=31-31-31").status_code == 422


def test_it_asks_as_often_for_many_leads(client, olga, journey, django_assert_max_num_queries):
    client.force_login(olga)
    for number in range(5):
        journey("mql", campaign=f"campaign {number}")
    with django_assert_max_num_queries(22):
        client.get(reverse("feedback:insights") + "?period=all&by=campaign")


@pytest.mark.parametrize(
    ("count", "n", "low", "high"), [(5, 10, 0.237, 0.763), (0, 20, 0.0, 0.161), (20, 20, 0.839, 1)]
)
def test_the_interval_is_wilsons(count, n, low, high):
    assert Share(count, n).interval == pytest.approx((low, high), abs=0.001)
