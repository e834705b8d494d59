"""The promises on pages: the live set, a draft of it, its check, and what it means for a lead."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from leads.contested import untouched
from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document, Queue, Stage, Team, Version
from leads.offered_facts import offered_facts
from leads.percents import PERCENT
from leads.version_diff import version_diff
from leads.version_words import fingerprint, marks_of
from sla.forms.policies import PolicyForm
from sla.forms.typed_promises import PARTS, as_typed, read_target
from sla.lengths import between_touches, over_touches
from sla.models import Policy, Target
from sla.policy_check import problems_of, warnings_of
from sla.policy_pages import FALLBACK, POLICIES
from sla.policy_trying import try_policies


@pytest.fixture
def live(defaults) -> Version:
    return live_version(Document.Kind.POLICIES, database_now())


@pytest.fixture
def draft(live, olga) -> Version:
    return start_draft(live, by=olga)


def policy(version, key) -> Policy:
    return Policy.objects.get(version=version, key=key)


def unbroken(text: str) -> str:
    """Return `text` with plain spaces before its percent signs."""
    return text.replace(PERCENT, " %")


def test_a_promise_is_told_in_words():
    target = Target(
        kind="accept",
        measure="working",
        allowed=timedelta(minutes=15),
        levels=[50, 80, 100, 150],
        actions=["remind", "remind", "tell_manager", "reassign"],
    )
    assert unbroken(str(target)) == (
        "Accept or reject within 15 minutes, working time;"
        " at 50 and 80 % remind the rep, at 100 % tell the manager, at 150 % pass it on"
    )
    target = Target(kind="qualified", measure="wall", allowed=timedelta(days=1), starts="passed")
    target.goes_on = True
    assert target.terms == (
        "within 24 hours, wall time, from: passing to the rep, goes on with the next rep"
    )


def test_anybody_reads_the_live_set_and_editors_start_a_draft_of_it(client, alice, olga, live):
    client.force_login(alice)
    page = client.get("/sla/policies/").content.decode()
    assert "Trial started: 1 hour" in page and "within 5 minutes, wall time" in page
    assert client.post("/sla/policies/draft/").status_code == 403
    client.force_login(olga)
    answer = client.post("/sla/policies/draft/")
    assert "Edit Trial started: 1 hour" in client.get(answer["Location"]).content.decode()


def test_a_draft_shows_what_it_changes(client, olga, draft):
    Target.objects.filter(policy=policy(draft, "trial"), kind="review").delete()
    client.force_login(olga)
    page = client.get(f"/sla/policies/{draft.number}/").content.decode()
    assert "1 change" in page
    assert "<b>Review</b> <del>within 4 hours, working time; at 80 % remind the rep," in unbroken(
        page
    )


def test_the_diff_tells_promise_by_promise_in_one_order_with_the_words_that_changed(
    client, olga, draft
):
    """The form saves promises anew, so that what is read by their ids changes its order."""
    trial = policy(draft, "trial")
    first = trial.targets.get(kind="first_response")
    first.pk, first._state.adding = None, True
    trial.targets.get(kind="first_response").delete()
    first.allowed = timedelta(hours=2)
    first.save()
    (change,) = version_diff(draft.base, draft, own={}).changes
    (cell,) = change.cells
    assert [before == after for before, after in cell.parts] == [False, True, True, True]
    assert cell.before.replace("1 hour, wall", "2 hours, wall") == cell.after
    client.force_login(olga)
    page = unbroken(client.get(f"/sla/policies/{draft.number}/diff/").content.decode())
    assert "<li>First response within <del>1 hour,</del> wall time; at 80 %" in page
    assert "<li>First response within <ins>2 hours,</ins> wall time; at 80 %" in page
    assert page.count("<del>") == page.count("<ins>") == 1


def test_the_diff_tells_a_promise_that_went_and_a_policy_that_came(client, olga, draft):
    trial = policy(draft, "trial")
    trial.targets.get(kind="review").delete()
    new = Policy.objects.create(version=draft, key="new", label="New", position=0)
    Target.objects.create(policy=new, kind="review", measure="wall", allowed=timedelta(hours=1))
    client.force_login(olga)
    page = unbroken(client.get(f"/sla/policies/{draft.number}/diff/").content.decode())
    assert "<li><del>Review within 4 hours, working time; at 80 % remind the rep," in page
    assert "<li><ins>Review within 1 hour, wall time</ins></li>" in page
    assert "<li>Accept or reject within 1 hour, working time; at 50 and 80 %" in page


def test_a_step_that_writes_to_the_prospect_leads_to_what_is_written(client, olga, alice, draft):
    link = '/sla/instant-answers/#template"'
    page = f"/sla/policies/{draft.number}/"
    client.force_login(olga)
    assert link in client.get(f"{page}rows/policies/trial/").content.decode()
    assert link not in client.get(page).content.decode()
    Target.objects.filter(policy=policy(draft, "trial"), kind="first_response").update(
        levels=[100], actions=["write"]
    )
    assert client.get(page).content.decode().count(link) == 1
    client.force_login(alice)  # who may not read it
    assert link not in client.get(page).content.decode()


def test_the_policy_that_takes_all_stays_and_stays_last(draft):
    *_, last = Policy.objects.filter(version=draft)
    Policy.objects.create(
        version=draft, key="late", label="Late", position=last.position + 1,
        conditions=[[{"fact": "lead.motion", "op": "is", "value": "inbound"}]],
    )  # fmt: skip
    POLICIES.settle(draft.pk)
    *_, late, at_the_end = Policy.objects.filter(version=draft)
    assert (late.key, at_the_end) == ("late", last)
    assert POLICIES.tables["policies"].why_it_stays(last) == FALLBACK.stays


# Editing ------------------------------------------------------------------------------------------
def typed(**promises):
    """The promises of a form, by kind: their parts."""
    return {
        f"targets-{kind}-{part}": value
        for kind, parts in promises.items()
        for part, value in parts.items()
    }


def form_of(draft, key, **promises) -> PolicyForm:
    return PolicyForm(
        {"label": "Rest", **typed(**promises)},
        instance=policy(draft, key),
        own=offered_facts(),
        address="/",
    )


def test_promises_are_typed_as_people_write_them(draft):
    accept = {"allowed": "90 min", "measure": "wall", "remind": "50, 120 %", "reassign": "150"}
    accept |= {"remind_cover": "80", "tell_manager": "100", "urgent": "100, 150"}
    touch = {"allowed": "2 days", "measure": "wall", "starts": "accepted", "goes_on": "on"}
    touch |= {"snoozed": "on", "waiting": "on"}
    after = {"allowed": "64 h", "touches": "5", "channels": "2", "waiting": "on"}
    form = form_of(draft, "nurture", accept=accept, first_touch=touch, follow_up=after)
    assert form.is_valid(), form.errors
    form.save()
    told = sorted(unbroken(str(each)) for each in policy(draft, "nurture").targets.all())
    assert told == [
        "Accept or reject within 90 minutes, wall time; at 50 % remind the rep, at 80 % remind the"
        " rep and the cover, at 100 % tell the manager, at 120 % remind the rep, at 150 % pass it on,"
        " in quiet hours too at 100 and 150 %",
        "First touch within 2 days, wall time, from: acceptance, goes on with the next rep,"
        " stands still while snoozed or waiting for the prospect",
        "Next touch: 5 touches over 64 hours by 2 channels at least: the next within 16 hours,"
        " working time, stands still while waiting for the prospect",
    ]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"allowed": "soon"}, "Accept or reject: “soon” is no length of time such as 5 min"),
        ({"allowed": "0 min"}, "Accept or reject: Allow more than no time."),
        ({"allowed": "2 days"}, "In working time, say hours"),
        ({"allowed": "99999 hours"}, "“99999 hours” is too long: the most is 1000 hours."),
        ({"allowed": "367 d", "measure": "wall"}, "“367 d” is too long: the most is 366 days."),
        ({"allowed": "5 min", "remind": "80, 50"}, "“80, 50” is out of order"),
        (
            {"allowed": "5 min", "remind": "80", "tell_manager": "80"},
            "Only one step is done at 80 %",
        ),
        ({"allowed": "5 min", "remind": "1001"}, "from 1 to 1000 percent"),
        ({"allowed": "5 min", "reassign": "80"}, "passed on at 100 percent or later"),
        ({"allowed": "5 min", "urgent": "80"}, "only where there is a step"),
        ({"allowed": "5 min", "remind": "half"}, "“half” is no share in percent"),
        ({"allowed": "5 min", "starts": "review"}, "Such a promise can’t start with that."),
        ({"allowed": "5 min", "goes_on": "on"}, "Only a first touch and qualifying go on"),
        ({"allowed": "5 min", "touches": "5"}, "A next touch is asked for till there are 2 to 20"),
        ({"allowed": "5 min", "channels": "two"}, "“two” is no number such as 5."),
        ({"allowed": "5 min", "snoozed": "on"}, "Only what may be due after the acceptance"),
        ({"allowed": ""}, "Promise something"),
    ],
)
def test_promises_that_make_no_sense_are_refused_in_words(draft, parts, says):
    form = form_of(draft, "nurture", accept=parts)
    assert says in unbroken(" ".join(form.errors["targets"]))


def test_steps_or_touches_without_a_time_are_asked_for_one_unless_it_was_taken_away(draft):
    rest = {"accept": {"allowed": "4 h"}, "follow_up": {"touches": "5"}, "received": {}}
    form = form_of(draft, "nurture", **rest, first_touch={"remind": "80", "measure": "wall"})
    assert form.errors["targets"] == [
        "Next touch: Say within how long, or clear what else is typed of it."
    ]
    without = form_of(draft, "nurture", accept={"allowed": "4 h"}, review={"remind": "80"})
    assert without.is_valid(), without.errors
    without.save()
    assert [each.kind for each in policy(draft, "nurture").targets.all()] == ["accept"]


def refused(client, draft, **promises) -> str:
    """Return the form as it comes back, of which all that is asked for is left out."""
    address = f"/sla/policies/{draft.number}/rows/policies/nurture/"
    carried = client.get(address).context["carried"]
    sent = {"draft": carried.draft_id, "seen": carried.seen, "opened": carried.marks}
    answer = client.post(address, {**sent, "label": "Rest", **typed(**promises)})
    assert answer.status_code == 422
    return answer.content.decode()


def tag_of(page: str, name: str) -> str:
    (tag,) = re.findall(f'<(?:input|select) [^>]*name="{name}"[^>]*>', page)
    return tag


def test_each_mistake_of_a_promise_stands_at_its_field_and_the_first_has_the_focus(
    client, olga, draft
):
    client.force_login(olga)
    accept = {"allowed": "5 min", "remind": "half", "urgent": "9999"}
    page = refused(client, draft, accept=accept, review={"allowed": "soon"})
    for field, says in [
        ("accept-remind", "“half” is no share in percent"),
        ("accept-urgent", "“9999”: shares are from 1 to 1000 percent."),
        ("review-allowed", "“soon” is no length of time"),
    ]:
        told = f"policies-nurture-targets-{field}-wrong"
        assert f'aria-invalid="true" aria-describedby="{told}"' in tag_of(page, f"targets-{field}")
        assert says in page.split(f'id="{told}"')[1][:400]
    assert "aria-invalid" not in tag_of(page, "targets-accept-allowed")
    assert page.count(" autofocus") == 1
    assert " autofocus" in tag_of(page, "targets-accept-remind")


def test_a_policy_that_promises_nothing_has_the_focus_where_one_may_begin(client, olga, draft):
    client.force_login(olga)
    page = refused(client, draft)
    assert "Promise something" in page and page.count(" autofocus") == 1
    assert " autofocus" in tag_of(page, "targets-first_response-allowed")
    assert page.count('<details class="promise" open>') == 1


@pytest.mark.parametrize(
    ("parts", "at"),
    [
        ({"allowed": "0 min"}, "allowed"),
        ({"allowed": "1001 h"}, "allowed"),
        ({"allowed": "5 min", "reassign": "80"}, "reassign"),
        ({"allowed": "5 min", "urgent": "80"}, "urgent"),
        ({"allowed": "5 min", "remind": "80", "tell_manager": "80"}, "tell_manager"),
        ({"allowed": "5 min", "touches": "5"}, "touches"),
        ({"allowed": "5 min", "starts": "review"}, "starts"),
    ],
)
def test_what_a_rule_forbids_is_said_where_it_was_typed(db, parts, at):
    with pytest.raises(ValidationError) as refusal:
        read_target(Target.Kind.ACCEPT, {**dict.fromkeys(PARTS, ""), **parts})
    assert [*refusal.value.message_dict] == [at]


def test_a_cadence_is_typed_by_how_long_all_of_it_lasts(draft):
    minute, counts = timedelta(minutes=1), range(2, 21)
    for length in (minute, 61 * minute, 8 * 1440 * minute):
        found = [over_touches(each, between_touches(each, length)) for each in counts]
        assert found == [length] * len(counts)
    parts = {**dict.fromkeys(PARTS, ""), "allowed": "8 days", "measure": "wall", "touches": "8"}
    target = read_target(Target.Kind.FOLLOW_UP, parts)
    assert "8 touches over 8 days: the next within 27 hours 26 minutes, wall time" in str(target)
    assert as_typed([target])["follow_up"]["allowed"] == "8 days"
    with pytest.raises(ValidationError, match="till there are 2 to 20"):
        read_target(Target.Kind.FOLLOW_UP, {**parts, "touches": "1"})


def test_a_policy_is_changed_removed_and_put_back_with_its_promises(client, olga, draft):
    client.force_login(olga)
    start = f"/sla/policies/{draft.number}/rows/policies/"
    before = sorted(map(str, policy(draft, "trial").targets.all()))
    carried = client.get(f"{start}nurture/").context["carried"]
    sent = {"draft": carried.draft_id, "seen": carried.seen, "opened": carried.marks}
    sent |= {"label": "The rest", **typed(accept={"allowed": "3 h"})}
    assert client.post(f"{start}nurture/", sent).status_code == 302
    told = [str(each) for each in policy(draft, "nurture").targets.all()]
    assert told == ["Accept or reject within 3 hours, working time"]
    gone = {"draft": draft.pk, "seen": fingerprint(policy(draft, "trial"))}
    assert client.post(f"{start}trial/remove/", gone).status_code == 302
    assert not Policy.objects.filter(version=draft, key="trial").exists()
    client.post(f"{start}trial/restore/", {"draft": draft.pk, "seen": ""})
    assert sorted(map(str, policy(draft, "trial").targets.all())) == before
    seen = fingerprint(policy(draft, "nurture"))
    client.post(f"{start}nurture/restore/", {"draft": draft.pk, "seen": seen})
    assert policy(draft, "nurture").targets.count() == 4
    assert Policy.objects.filter(version=draft).last().key == "nurture"


def test_whoever_changes_promises_that_somebody_else_changed_is_told(client, rosa, draft):
    address = f"/sla/policies/{draft.number}/rows/policies/nurture/"
    client.force_login(rosa)
    carried = client.get(address).context["carried"]
    sent = {"draft": carried.draft_id, "seen": carried.seen, "opened": carried.marks}
    Target.objects.filter(policy=policy(draft, "nurture"), kind="review").delete()
    answer = client.post(address, {**sent, "label": "Rest", **typed(accept={"allowed": "3 h"})})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Accept or reject within 3 hours" in page and "First touch within 8 hours" in page


def test_who_leaves_promises_alone_keeps_what_somebody_else_made_of_them(draft):
    opened = marks_of(policy(draft, "nurture"))
    shown = as_typed(list(policy(draft, "nurture").targets.all()))
    Target.objects.filter(policy=policy(draft, "nurture"), kind="review").delete()
    form = form_of(draft, "nurture", **shown)
    assert form.is_valid(), form.errors
    kept = untouched(form.instance, opened)
    assert form.keep(kept, policy(draft, "nurture")) and "targets" in kept
    form.save()
    saved = policy(draft, "nurture")
    assert saved.label == "Rest"
    assert not saved.targets.filter(kind="review").exists() and saved.targets.count() == 3


def test_a_set_that_forgets_a_case_is_not_published(client, rosa, draft):
    policy(draft, "nurture").delete()
    assert problems_of(draft, database_now()) == [
        "The last row must have no conditions: it takes what nothing above did."
    ]
    client.force_login(rosa)
    said = {"note": "Shorter", "revision": draft.revision}
    assert client.post(f"/sla/policies/{draft.number}/publish/", said).status_code == 422
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_draft_that_asks_what_is_no_fact_says_so(draft):
    unknown = [[{"fact": "lead.shoe_size", "op": "is", "value": "9"}]]
    Policy.objects.filter(version=draft, key="trial").update(conditions=unknown)
    (problem,) = problems_of(draft, database_now())
    assert "lead.shoe_size" in problem


def test_the_check_says_for_whom_an_admin_hears_of_misses(draft, alice, olga):
    Queue.objects.exclude(key="review").update(backup=olga)
    Team.objects.update(manager=None)
    assert warnings_of(draft) == [
        "A RevOps admin hears what is told to the manager for the team North (no manager),"
        " the queue Review (no backup)."
    ]


def test_the_check_warns_of_what_can_hardly_be_meant(client, olga, draft):
    Queue.objects.update(backup=olga)
    trial = policy(draft, "trial")
    Target.objects.filter(policy=trial, kind="first_response").delete()
    touch = Target.objects.filter(policy=trial, kind="first_touch")
    touch.update(allowed=timedelta(minutes=5), levels=[80], actions=["remind"])
    assert warnings_of(draft) == [
        f"“{trial}” promises nothing about first response.",
        f"“{trial}” asks for the first touch before the answer is due.",
        f"“{trial}” tells nobody who misses first touch.",
    ]
    client.force_login(olga)
    assert "4 warnings" in client.get(f"/sla/policies/{draft.number}/check/").content.decode()
    touch.update(levels=[120], actions=["reassign"], goes_on=True)
    assert warnings_of(draft)[-1].endswith("nobody has time left for it.")
    Stage.objects.filter(key="sal").update(is_used=False)
    touch.update(kind="stay_sal", levels=[100], actions=["remind"], goes_on=False)
    told = f"“{trial}” promises moving on from SAL, a stage that is left out."
    assert warnings_of(draft)[-1] == told


def test_a_lead_is_tried_as_it_was_handed_over(live, make_handoff, at):
    handoff = make_handoff(trigger_key="trial-start")
    tried = try_policies(live, handoff.lead, at, zone="Europe/Berlin")
    first, chosen = tried.asked
    assert first.against is not None and first.against.actual_text == "Started a trial"
    assert (chosen.label, chosen.against) == ("Trial started: 1 hour", None)
    due = {each.what: each.by for each in tried.due}
    assert due["First response"] == "Tue 10 Mar, 12:00 Berlin"


def test_a_lead_is_tried_as_if_something_else_had_opened_its_handoff(
    client, olga, live, make_lead, make_handoff
):
    client.force_login(olga)
    address = f"/sla/policies/{live.number}/try/"
    never, handed = make_lead(), make_handoff(trigger_key="trial-start").lead
    for lead, opening, chosen in [
        (never, "", "Everything else: 24 hours"),
        (never, "demo-request", "Demo, contact form or call: 5 minutes"),
        (handed, "", "Trial started: 1 hour"),
        (handed, "demo-request", "Demo, contact form or call: 5 minutes"),
        (handed, "by-score", "Everything else: 24 hours"),
        (handed, "no-such", "Trial started: 1 hour"),
    ]:
        page = client.get(address, {"lead": lead.pk, "as": opening}).content.decode()
        assert f'<b class="strong" dir="auto">{chosen}</b>' in page
    assert f'<input type="hidden" name="lead" value="{handed.pk}">' in page
    page = client.get(address, {"q": "Clara", "as": "demo-request"}).content.decode()
    assert f"?lead={never.pk}&amp;as=demo-request" in page
    assert '<option value="demo-request" selected>Asked for a demo' in page


def test_a_tried_lead_is_promised_what_its_clocks_would_say(
    works_one_day, draft, make_handoff, alice, at
):
    """Alice works for an hour more, in the afternoon; the prospect's time is that of the office."""
    lead = make_handoff(rep=alice, trigger_key="trial-start").lead
    works_one_day(alice, "15:00-16:00")
    lasting = {"first_response": 30, "accept": 20, "first_touch": 90}
    for kind, minutes in lasting.items():
        target = Target.objects.filter(policy=policy(draft, "trial"), kind=kind)
        target.update(measure="working", allowed=timedelta(minutes=minutes), levels=[], actions=[])
    tried = try_policies(draft, lead, at, zone="UTC")
    due = {each.what: each.by for each in tried.due}
    assert due["First response"] == "Tue 10 Mar, 10:30 UTC"
    assert due["Accept or reject"] == "Tue 10 Mar, 15:20 UTC"
    assert due["First touch"] == "Tue 10 Mar, 11:30 UTC"  # hers end before: by the office's


def test_a_lead_that_one_may_not_see_is_not_tried(client, live, make_handoff, carol, alice):
    handoff = make_handoff(rep=alice)
    client.force_login(carol)
    address = f"/sla/policies/{live.number}/try/?lead={handoff.lead_id}"
    assert client.get(address).status_code == 404
    client.force_login(alice)
    assert "if what starts it happened now" in client.get(address).content.decode()
