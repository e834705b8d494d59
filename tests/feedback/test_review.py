"""The review queue, handing over by hand, and the inbox of what failed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.urls import reverse

from feedback import answers, review
from feedback.errors import AnswerRefused
from feedback.models import Disposition
from feedback.rejections import rejections
from feedback.timeline import timeline
from leads import handoffs
from leads.correcting import CorrectedFields
from leads.errors import HandoffIsOpen, LostRace
from leads.fact_history import record_facts
from leads.models import Account, Handoff, Lead, Role, Stage, Submission, Team
from revops import pipeline
from sla import clocks, handoff_clocks
from sla.models import Clock, Notification
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"
COUNTRY = CorrectedFields(country="SE")


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def waiting(make_lead, make_handoff, at):
    """Give a function that puts a lead into review: its country is missing, or another `reason`."""

    @transaction.atomic
    def make(name="Clara Nyström", *, missing=("account.country",), reason="", **fields):
        account = Account.objects.create(name="Lumora Pay", name_key="lumora pay")
        lead = make_lead(name, account=account, **fields)
        facts = {"person.email": lead.email, "account.name": "Lumora Pay", "lead.motion": "inbound"}
        record_facts(lead, facts, known_from=at)
        handoff = make_handoff(lead)
        handoffs.send_to_review(handoff, missing=missing, reason=reason, at=at)
        handoff_clocks.start_review_clock(handoff, at)
        return handoff

    return make


def fresh(handoff):
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def post(client, handoff, action, *, htmx=False, **told):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/review/{handoff.pk}/{action}/", told, headers=headers)


def notice(answer):
    """Return what the next page will say."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def running(handoff):
    return list(Clock.objects.running().filter(handoff=handoff).values_list("kind", flat=True))


# Filling in ---------------------------------------------------------------------------------------
def test_what_was_missing_is_filled_in_and_the_lead_goes_on_to_a_rep(as_user, olga, alice, waiting):
    handoff = waiting()
    field = f"h{handoff.pk}-country"
    answer = post(as_user(olga), handoff, "fill", **{field: "Sweden"})
    assert (answer.status_code, answer.url) == (302, "/review/")
    assert pipeline.reconsider(handoff.lead_id) and pipeline.reroute(handoff.pk)
    assert (fresh(handoff).state, fresh(handoff).owner) == ("passed", alice)
    assert not Clock.objects.running().filter(handoff=handoff, kind="review").exists()


def test_the_count_of_what_waits_goes_down_with_each_answer(as_user, olga, waiting):
    handoff, _ = waiting(), waiting()
    answer = as_user(olga).post(
        f"/review/{handoff.pk}/disqualify/", {"code": "wrong-size"}, headers={"HX-Request": "true"}
    )
    assert '"innerHTML:[data-count=Review]">1</span>' in answer.content.decode()


def test_what_is_left_is_still_missing(waiting, olga, at):
    handoff = waiting(missing=["account.country", "account.industry"])
    review.fill_in(handoff, COUNTRY, ["country"], by=olga, at=at)
    assert fresh(handoff).missing == ["account.industry"]


def test_what_is_filled_in_is_answered_with_what_is_left_and_the_number_in_review(
    as_user, olga, waiting
):
    handoff, _ = waiting(missing=["account.country", "account.industry"]), waiting()
    client, start = as_user(olga), f"h{handoff.pk}"
    page = post(client, handoff, "fill", htmx=True, **{f"{start}-country": "SE"}).content.decode()
    assert "Still missing: Industry." in page and f'id="item-{handoff.pk}"' in page
    page = post(client, handoff, "fill", htmx=True, **{f"{start}-industry": "Fintech"})
    assert "is being routed" in page.content.decode()
    assert '"innerHTML:[data-count=Review]">1</span>' in page.content.decode()


def test_an_address_that_another_lead_has_leads_to_both(as_user, olga, waiting, make_lead):
    handoff, other = waiting(missing=["person.email"], email=""), make_lead("Clara N.")
    typed = {f"h{handoff.pk}-email": other.email}
    answer = post(as_user(olga), handoff, "fill", htmx=True, **typed)
    assert f"/leads/{handoff.lead_id}/same-person/{other.pk}/" in answer.content.decode()
    assert answer.status_code == 422


def test_what_its_stage_refuses_stays_in_review_with_the_promise_that_runs(as_user, olga, waiting):
    asks = [[{"fact": "person.has_phone", "op": "is_true"}]]
    Stage.objects.filter(pk=Stage.Key.MQL).update(entry_criteria=asks)
    handoff = waiting()
    answer = post(as_user(olga), handoff, "fill", **{f"h{handoff.pk}-country": "Sweden"})
    assert "stays here" in notice(answer) and "Has a phone number" in notice(answer)
    assert pipeline.reconsider(handoff.lead_id) and not pipeline.reroute(handoff.pk)
    assert (fresh(handoff).state, fresh(handoff).missing) == ("review", [])
    assert (running(handoff).count("review"), Clock.objects.filter(kind="review").count()) == (1, 1)


def test_a_form_asks_only_for_what_is_missing(as_user, olga, waiting):
    waiting(missing=["account.country", "person.seniority", "person.title", "custom.plan"])
    (entry,) = as_user(olga).get("/review/").context["entries"]
    assert list(entry.fill.fields) == ["country", "title"]
    assert entry.item.missing == ["Company country", "Seniority", "Job title", "custom.plan"]


def test_what_can_not_be_is_refused_beside_its_field(as_user, olga, waiting):
    handoff, client = waiting(), as_user(olga)
    for country in ("", "Atlantis"):
        field = {f"h{handoff.pk}-country": country}
        answer = post(client, handoff, "fill", htmx=True, **field)
        assert (country, answer.status_code) == (country, 422)
        assert f'id="item-{handoff.pk}"' in answer.content.decode()
    assert fresh(handoff).lead.reconsider_at is None


@pytest.mark.parametrize(("who", "is_led"), [("olga", True), ("mona", False)])
def test_who_fills_in_anothers_address_is_led_to_both_if_they_see_them(
    as_user, waiting, make_lead, make_handoff, request, who, is_led
):
    south = make_user("Sven", Role.REP, team=Team.objects.create(name="South"))
    holder = make_lead("Ingrid Holm", email="taken@lumora.example")
    make_handoff(holder, rep=south)
    handoff = waiting(missing=["person.email"])
    told = {f"h{handoff.pk}-email": holder.email}
    answer = post(as_user(request.getfixturevalue(who)), handoff, "fill", htmx=True, **told)
    page = answer.content.decode()
    assert answer.status_code == 422 and f"Lead {holder.pk} has this e-mail" in page
    assert ("Ingrid Holm" in page) is is_led
    both = reverse("feedback:merge", args=[handoff.lead_id, holder.pk])
    assert (both in page) is is_led


# Deciding -----------------------------------------------------------------------------------------
def test_a_reviewer_assigns_a_rep(as_user, mona, alice, waiting):
    handoff = waiting()
    assert post(as_user(mona), handoff, "assign", rep=alice.pk).status_code == 302
    assert (fresh(handoff).state, fresh(handoff).owner) == ("passed", alice)
    assert set(running(handoff)) == {"accept", "first_touch"}
    assert Notification.objects.filter(recipient=alice, kind="passed").exists()


def test_a_manager_assigns_only_to_their_own_reps(as_user, mona, carol, waiting):
    carol.team = None
    carol.save()
    handoff = waiting()
    answer = post(as_user(mona), handoff, "assign", rep=carol.pk)
    assert (answer.status_code, fresh(handoff).state) == (422, "review")


def test_routing_decides_again(waiting, olga, alice, at):
    handoff = waiting(missing=[], reason="Nobody was there")
    record_facts(handoff.lead, {**FACTS, "person.email": handoff.lead.email}, known_from=at)
    review.route_again(handoff, by=olga, at=at)
    assert fresh(handoff).reroute_at == at
    assert pipeline.reroute(handoff.pk)
    assert fresh(handoff).owner == alice


FACTS = {"account.name": "Lumora Pay", "account.country": "SE", "lead.motion": "inbound"}


def test_routing_does_not_pass_on_what_lacks_a_required_fact(waiting, olga, at):
    handoff = waiting()
    with pytest.raises(AnswerRefused, match="Still missing: Company country"):
        review.route_again(handoff, by=olga, at=at)
    assert fresh(handoff).state == "review"


def test_the_page_says_why_it_was_not_routed(as_user, olga, waiting):
    answer = post(as_user(olga), waiting(), "route", htmx=True)
    assert answer.status_code == 422
    assert b"Still missing: Company country" in answer.content


def test_what_its_stage_refuses_is_not_routed_again_and_keeps_its_clock(as_user, olga, waiting):
    asks = [[{"fact": "person.has_phone", "op": "is_true"}]]
    Stage.objects.filter(pk=Stage.Key.MQL).update(entry_criteria=asks)
    handoff, client = waiting(reason="Asks for " + "a name " * 60), as_user(olga)
    post(client, handoff, "fill", **{f"h{handoff.pk}-country": "Sweden"})
    page = post(client, handoff, "route", htmx=True)
    assert (page.status_code, fresh(handoff).state) == (422, "review")
    assert b"Correct the lead, or" in page.content and "review" in running(handoff)


def test_a_reviewer_disqualifies_with_a_reason(as_user, olga, waiting):
    handoff = waiting()
    assert post(as_user(olga), handoff, "disqualify", code="wrong-size").status_code == 302
    closed = fresh(handoff)
    assert (closed.state, closed.closed_as) == ("closed", "disqualified")
    assert closed.lead.stage_id == Stage.Key.DISQUALIFIED
    assert closed.lead.stage_transitions.last().reason.endswith("in review: Wrong size")
    assert running(handoff) == []


def test_a_reviewers_reason_is_put_on_record_without_an_assignment(waiting, olga, code, at):
    handoff = waiting()
    review.disqualify(handoff, code=code("wrong-size"), note="Two people", by=olga, at=at)
    given = Disposition.objects.get(handoff=handoff)
    assert (given.assignment, given.code.key, given.by) == (None, "wrong-size", olga)
    told = [(entry.told.what, entry.told.who) for entry in timeline(handoff.lead).entries]
    assert ("Disqualified: Wrong size", "Olga") in told


def test_what_was_disqualified_in_review_counts_among_the_reasons(waiting, olga, code, at):
    handoff = waiting()
    review.disqualify(handoff, code=code("wrong-size"), note="", by=olga, at=at)
    found = rejections(Lead.objects.all())
    assert (found.in_review, found.rejected, found.later) == (1, 0, 0)
    assert [(key, share.count) for key, _, share in found.reasons] == [("wrong-size", 1)]


def test_only_a_handoff_in_review_has_a_reason_without_an_assignment(
    make_handoff, alice, olga, code, at
):
    handoff = make_handoff(rep=alice)
    told = {"code": code("wrong-size"), "kind": "disqualified", "by": olga, "at": at}
    with pytest.raises(IntegrityError, match="of a handoff in review"), transaction.atomic():
        Disposition.objects.create(handoff=handoff, **told)
    turn = make_handoff(rep=alice).assignments.get()
    with pytest.raises(IntegrityError, match="of a turn at its handoff"), transaction.atomic():
        Disposition.objects.create(handoff=handoff, assignment=turn, **told)


def test_a_reason_that_asks_for_a_note_gets_one(as_user, olga, waiting):
    handoff = waiting()
    client = as_user(olga)
    assert post(client, handoff, "disqualify", code="other").status_code == 422
    assert post(client, handoff, "disqualify", code="other", note="A test").status_code == 302


def test_reasons_that_ask_for_a_reps_work_are_not_offered(defaults):
    keys = set(review.codes().values_list("key", flat=True))
    assert keys.isdisjoint({"unable-to-reach", "wrong-timing", "wrong-person", "unknown-imported"})
    assert {"wrong-size", "bad-contact", "other"} <= keys


# Two at once --------------------------------------------------------------------------------------
ACTIONS = [
    ("assign", lambda handoff, olga, alice, at: review.assign(handoff, alice, by=olga, at=at)),
    ("route", lambda handoff, olga, alice, at: review.route_again(handoff, by=olga, at=at)),
    (
        "fill",
        lambda handoff, olga, alice, at: review.fill_in(
            handoff, COUNTRY, ["country"], by=olga, at=at
        ),
    ),
    (
        "disqualify",
        lambda handoff, olga, alice, at: review.disqualify(
            handoff, code=review.codes()[0], note="", by=olga, at=at
        ),
    ),
]


@pytest.mark.parametrize("act", [act for _, act in ACTIONS], ids=[name for name, _ in ACTIONS])
def test_the_second_of_two_is_told_who_was_first(act, waiting, olga, mona, alice, carol, at):
    handoff = waiting()
    review.assign(handoff, carol, by=mona, at=at)
    with pytest.raises(LostRace, match="Carol now. Mona was first") as lost:
        act(handoff, olga, alice, at + timedelta(seconds=4))
    assert (lost.value.winner, lost.value.at) == (mona, at)
    assert fresh(handoff).owner == carol


@pytest.mark.parametrize("htmx", [True, False])
def test_the_page_tells_the_second_of_two(as_user, olga, mona, alice, carol, waiting, at, htmx):
    handoff = waiting()
    review.assign(handoff, carol, by=mona, at=at)
    answer = post(as_user(olga), handoff, "assign", rep=alice.pk, htmx=htmx)
    assert answer.status_code == 409
    assert b"is with Carol now. Mona was first." in answer.content


def test_what_was_closed_says_so(waiting, olga, mona, at, code):
    handoff = waiting()
    review.disqualify(handoff, code=code("wrong-size"), note="", by=mona, at=at)
    with pytest.raises(LostRace, match="was closed as disqualified. Mona was first"):
        review.route_again(handoff, by=olga, at=at)


# Who may ------------------------------------------------------------------------------------------
def test_a_rep_has_no_review(as_user, alice, waiting):
    handoff = waiting()
    assert as_user(alice).get("/review/").status_code == 403
    assert post(as_user(alice), handoff, "assign", rep=alice.pk).status_code == 404


def test_a_viewer_looks_and_does_nothing(as_user, vera, waiting):
    handoff = waiting()
    page = as_user(vera).get("/review/")
    assert handoff.lead.name in page.content.decode()
    assert b"Disqualify for" not in page.content
    assert post(as_user(vera), handoff, "route").status_code == 403


def test_deciding_takes_a_post(as_user, olga):
    for action in ("fill", "assign", "route", "disqualify"):
        assert (action, as_user(olga).get(f"/review/1/{action}/").status_code) == (action, 405)


# The list -----------------------------------------------------------------------------------------
def test_the_first_due_comes_first(as_user, olga, waiting, at):
    late, soon = waiting("Late"), waiting("Soon")
    Clock.objects.filter(handoff=soon).update(due_at=at + timedelta(minutes=1))
    entries = as_user(olga).get("/review/").context["entries"]
    assert [entry.item.handoff for entry in entries] == [soon, late]
    assert entries[0].item.deadline.word == "to review"


def test_the_prospects_clock_stands_beside_the_reviewers(as_user, olga, waiting, at):
    handoff = waiting()
    (promised,) = handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    answer = as_user(olga).get("/review/")
    (entry,) = answer.context["entries"]
    assert (entry.item.prospect.clock, entry.item.deadline.clock.kind) == (promised, "review")
    assert answer.content.decode().count("cd-missed") == 2


def test_a_clock_that_stopped_is_not_shown(as_user, olga, waiting, at):
    handoff = waiting()
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    clocks.end(handoff, at=at)
    assert "No clock" in as_user(olga).get("/review/").content.decode()


def test_what_a_stranger_wrote_is_escaped(as_user, olga, waiting):
    waiting(HOSTILE, missing=[], reason=HOSTILE, title=HOSTILE, company=HOSTILE)
    page = as_user(olga).get("/review/").content.decode()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 4


@pytest.mark.parametrize("leads", [2, 5])
def test_the_list_asks_as_much_for_five_as_for_two(
    as_user, olga, waiting, leads, django_assert_num_queries
):
    for number in range(leads):
        waiting(f"Lead {number}")
    client = as_user(olga)
    with django_assert_num_queries(14):
        client.get("/review/")


# Handing over -------------------------------------------------------------------------------------
def test_a_lead_is_handed_over_by_hand(as_user, olga, alice, waiting, make_lead, at):
    lead = make_lead(
        account=Account.objects.create(name="Lumora"), nurture_until=at.date(), wakes_at=at
    )
    record_facts(lead, {**FACTS, "person.email": lead.email}, known_from=at)
    answer = as_user(olga).post(f"/leads/{lead.pk}/hand-over/", {"reason": "Met at the fair"})
    assert answer.url == f"/leads/{lead.pk}/"
    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.path, handoff.packet["why_now"]["text"]) == ("manual", "Met at the fair")
    assert pipeline.reroute(handoff.pk)
    assert fresh(handoff).owner == alice
    lead.refresh_from_db()
    assert (lead.stage_id, lead.nurture_until) == (Stage.Key.MQL, None)


def test_what_lacks_a_required_fact_goes_to_review(olga, make_lead, at):
    handoff = review.hand_over(make_lead(), reason="Met", by=olga, at=at)
    pipeline.reroute(handoff.pk)
    assert fresh(handoff).state == "review"
    assert "account.country" in fresh(handoff).missing


@pytest.mark.parametrize("stage", ["sql", "opportunity", "customer"])
def test_what_sales_has_is_not_handed_over(as_user, olga, make_lead, stage):
    lead = make_lead(stage_id=stage)
    answer = as_user(olga).post(f"/leads/{lead.pk}/hand-over/", {"reason": "More"})
    assert "is with sales already" in notice(answer)
    assert not Handoff.objects.exists()


def test_a_lead_is_handed_over_once_at_a_time(as_user, olga, make_lead, at):
    lead = make_lead()
    review.hand_over(lead, reason="Met", by=olga, at=at)
    with pytest.raises(HandoffIsOpen):
        review.hand_over(lead, reason="Met", by=olga, at=at)
    answer = as_user(olga).post(f"/leads/{lead.pk}/hand-over/", {"reason": "Met"})
    assert "has an open handoff already" in notice(answer)


def test_handing_over_wants_a_reason(as_user, olga, make_lead):
    lead = make_lead()
    answer = as_user(olga).post(f"/leads/{lead.pk}/hand-over/", {"reason": " "})
    assert "Say in a few words why now" in notice(answer)
    assert not Handoff.objects.exists()


def test_a_rep_hands_nothing_over(as_user, alice, make_lead, make_handoff):
    lead = make_handoff(make_lead(), rep=alice).lead
    answer = as_user(alice).post(f"/leads/{lead.pk}/hand-over/", {"reason": "Mine"})
    assert answer.status_code == 403


# The inbox ----------------------------------------------------------------------------------------
@pytest.fixture
def failed(source, at):
    return Submission.objects.create(
        source=source,
        door="api",
        body_sha256="",
        payload={"email": "jane@lumora.example", "name": HOSTILE, "country": "SE"},
        received_at=at,
        next_attempt_at=at,
        state="failed",
        error="Boom",
        attempts=5,
    )


def test_what_failed_is_tried_again_and_keeps_its_error_till_it_succeeds(as_user, olga, failed):
    assert as_user(olga).post(f"/review/inbox/{failed.pk}/retry/").url == "/review/inbox/"
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.error) == ("pending", 0, "Boom")
    assert pipeline.process(failed.pk)
    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("done", "")


def test_what_was_handed_in_is_shown_escaped(as_user, olga, failed):
    page = as_user(olga).get("/review/inbox/").content.decode()
    assert "Boom" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_guess_of_spam_is_told_as_such_and_can_be_taken_in(as_user, olga, failed):
    Submission.objects.update(state="held", error="Likely spam: it did not come from our form.")
    page = as_user(olga).get("/review/inbox/").content.decode()
    assert "Held for a look." in page and "No spam: take it in" in page
    as_user(olga).post(f"/review/inbox/{failed.pk}/retry/")
    assert pipeline.process(failed.pk)


def test_the_second_to_try_again_is_told(as_user, olga, failed, at):
    review.try_again(failed.pk, at=at)
    answer = as_user(olga).post(f"/review/inbox/{failed.pk}/retry/")
    assert "tried again in the meantime" in notice(answer)


def test_the_inbox_is_for_ops(as_user, mona, failed):
    client = as_user(mona)
    assert client.get("/review/inbox/").status_code == 403
    assert client.post(f"/review/inbox/{failed.pk}/retry/").status_code == 403
    assert b"/review/inbox/" not in client.get("/review/").content


# From reasons to leads ----------------------------------------------------------------------------
def test_a_reason_leads_to_the_leads_given_back_for_it(as_user, olga, pass_lead, alice, code, at):
    handoff = pass_lead(alice, "Ada")
    pass_lead(alice, "Bea")
    answers.reject(
        handoffs.open_assignment(handoff),
        code=code("wrong-size"),
        note="",
        nurture_until=None,
        by=alice,
        at=at,
    )
    client = as_user(olga)
    for query in ({"code": "wrong-size"}, {"closed_as": "disqualified"}):
        assert [lead.name for lead in client.get("/leads/", query).context["leads"]] == ["Ada"]
