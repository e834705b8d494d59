from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from leads.matching import claim_identities
from leads.models import Lead, Meeting, Opportunity, StageTransition
from leads.submission_fields import read_fields

pytestmark = pytest.mark.django_db

DEALS = "source_id,deal.external_id,deal.state,deal.opened_at,deal.closed_at,deal.amount,deal.rep\n"
WON = '17,D1,won,2026-02-01,2026-03-01,"1,500.00",R7\n'


@pytest.fixture
def jane(make_lead, source, at):
    lead = make_lead(email="", entered_at=datetime(2026, 1, 1, tzinfo=UTC))
    claim_identities(lead, read_fields({"source_id": "17"}, at=at), source)
    return lead


@pytest.fixture
def run(tmp_path, capsys, source):
    """Import the outcomes in `text` and return what was printed."""

    def command(text):
        path = tmp_path / "outcomes.csv"
        path.write_text(text)
        call_command("import_outcomes", str(path), "--source", source.slug)
        return capsys.readouterr().out

    return command


def test_a_won_deal_is_kept_and_makes_a_customer(jane, run):
    assert "1 new meetings and deals" in run(DEALS + WON)
    deal = Opportunity.objects.get()
    assert (deal.lead, deal.state, str(deal.amount), deal.name) == (
        jane,
        "won",
        "1500.00",
        "(rep R7)",
    )
    jane.refresh_from_db()
    assert jane.stage_id == "customer"
    moves = StageTransition.objects.filter(lead=jane, is_historical=True)
    assert [move.to_stage_id for move in moves] == ["opportunity", "customer"]
    assert moves[1].at == datetime(2026, 3, 1, tzinfo=UTC)


def test_told_again_nothing_is_doubled(jane, run):
    run(DEALS + WON)
    assert "0 new meetings and deals, 0 brought up to date, 1 known already" in run(DEALS + WON)
    assert Opportunity.objects.count() == 1


def test_news_of_a_deal_bring_it_up_to_date(jane, run):
    run(DEALS + "17,D1,open,2026-02-01,,,\n")
    jane.refresh_from_db()
    assert jane.stage_id == "opportunity"
    assert "1 brought up to date" in run(DEALS + WON)
    assert Opportunity.objects.get().state == "won"


def test_a_lost_deal_moves_nobody(jane, run):
    run(DEALS + "17,D1,lost,2026-02-01,2026-03-01,,\n")
    jane.refresh_from_db()
    assert (jane.stage_id, Opportunity.objects.get().state) == ("ml", "lost")


def test_a_win_before_the_first_contact_is_taken_and_told(jane, run):
    printed = run(DEALS + "17,D1,won,,2025-12-01,,\n")
    assert "1 win lies before its lead's first contact." in printed
    assert Opportunity.objects.get().closed_at < jane.entered_at


def test_a_meeting_is_kept_with_the_handoff_of_its_time(make_handoff, alice, run, source, at):
    handoff = make_handoff(rep=alice)
    text = f"email,meeting.booked_at,meeting.outcome\n{handoff.lead.email},2026-03-11,held\n"
    run(text)
    run(text)
    meeting = Meeting.objects.get()
    assert (meeting.lead, meeting.handoff, meeting.outcome) == (handoff.lead, handoff, "held")


def test_what_became_of_a_merged_lead_goes_to_the_one_that_is_left(jane, make_lead, run):
    left = make_lead()
    Lead.objects.filter(pk=jane.pk).update(merged_into=left)
    run(DEALS + WON)
    assert Opportunity.objects.get().lead == left


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("99,D1,won,,2026-03-01,,", "no such lead", id="unknown lead"),
        pytest.param(",D1,won,,2026-03-01,,", "Give the lead's source_id", id="no lead"),
        pytest.param("17,D1,won,,,,", "closing date", id="won without a date"),
        pytest.param("17,D1,open,,2026-03-01,,", "closing date", id="open with an end"),
        pytest.param("17,D1,open,,,,", "date it was opened", id="open without a date"),
        pytest.param("17,D1,stalled,,2026-03-01,,", "deal.state", id="unknown state"),
        pytest.param("17,D1,won,2026-03-02,2026-03-01,,", "before it is opened", id="backwards"),
        pytest.param("17,D1,won,,2999-03-01,,", "instant", id="in the future"),
        pytest.param("17,D1,won,,2026-03-01,lots,", "amount", id="no amount"),
        pytest.param("17", "1 cells", id="ragged"),
    ],
)
def test_a_row_that_fits_nobody_or_contradicts_itself_is_refused(jane, run, tmp_path, row, reason):
    with pytest.raises(CommandError, match="Every row was refused"):
        run(DEALS + row + "\n")
    assert reason in (tmp_path / "outcomes.csv.refused.csv").read_text()
    assert not Opportunity.objects.exists()


def test_a_deal_of_another_lead_is_refused(jane, make_lead, source, run, at):
    joe = make_lead(email="")
    claim_identities(joe, read_fields({"source_id": "18"}, at=at), source)
    run(DEALS + WON)
    with pytest.raises(CommandError):
        run(DEALS + WON.replace("17,", "18,"))
    assert Opportunity.objects.get().lead == jane
