"""What the check finds in a routing table: one failing example for each of its rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.evidence import Evidence
from leads.models import Absence, Account, CustomFact, Document, Queue, Role, Version
from routing.check import checked, errors_of, report_on
from routing.lint import RULES, lint
from routing.linting.checked import Checked, Passed
from routing.linting.order import LAST_TO_REVIEW
from routing.models import Capacity, Rota, RotaMember, RoutingRule, Territory
from tests.conftest import make_user
from tests.routing.conftest import when

pytestmark = pytest.mark.django_db
RAISED = when("handoff.hand_raise", "is", "demo-request")
SCORED = when("handoff.path", "is", "score")
GERMAN = when("account.country", "is", "DE")


@pytest.fixture
def review(defaults):
    return Queue.objects.get(key="review")


@pytest.fixture
def make_table(defaults, review):
    """Give a function that makes a draft of these rows, each a dict of fields, and a last one."""

    def make(*rows, fallback=True):
        live = Version.objects.filter(document__kind=Document.Kind.ROUTING).latest("number")
        draft = Version.objects.create(document=live.document, number=live.number + 1, base=live)
        last = [{"label": "Last", "outcome": "queue", "queue": review}] if fallback else []
        for place, row in enumerate([*rows, *last], 1):
            named = {"key": f"row-{place}", "label": f"Row {place}"}
            RoutingRule.objects.create(version=draft, position=place, **{**named, **row})
        return draft

    return make


@pytest.fixture
def crew(alice, carol):
    return Rota.objects.get(name="Inbound")


def to(rota, conditions=GERMAN, **more):
    return {"conditions": conditions, "outcome": "rota", "rota": rota, **more}


def found(draft, at, *past):
    return {each.id: each for each in lint(checked(draft, at, past))}


def only(draft, at):
    """Return the one finding there is."""
    (finding,) = lint(checked(draft, at))
    return finding


def test_every_rule_has_its_own_words():
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
    assert all(rule.help.endswith(".") for rule in RULES.values())


def test_a_table_in_order_has_nothing_to_find(make_table, crew, at):
    assert found(make_table(to(crew)), at) == {}


def test_the_last_row_leads_to_review(make_table, crew, at):
    nurture = {"outcome": "queue", "queue": Queue.objects.get(key="nurture")}
    draft = make_table(to(crew), nurture, fallback=False)
    assert only(draft, at).sentence == LAST_TO_REVIEW
    assert errors_of(draft, at) == [LAST_TO_REVIEW]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([GERMAN], "The last row must have no conditions: it takes what nothing above did."),
        ([[], GERMAN, []], "“Row 1” has no conditions, so no row below it is ever asked."),
    ],
    ids=["none", "one too early"],
)
def test_the_last_row_and_only_that_takes_everything(make_table, crew, at, rows, sentence):
    draft = make_table(*(to(crew, each) for each in rows), fallback=False)
    assert "routing.no_fallback" in found(draft, at)
    assert sentence in errors_of(draft, at)


def test_a_fact_that_there_is_not(make_table, crew, at):
    draft = make_table(to(crew, when("account.shoe_size", "is", "44")))
    assert only(draft, at).id == "routing.unknown_fact"
    assert "“Row 1”" in errors_of(draft, at)[0]


def test_a_fact_that_was_switched_off(make_table, crew, at):
    CustomFact.objects.create(slug="plan", label="Plan", type="text", is_active=False)
    draft = make_table(to(crew, when("custom.plan", "is", "team")))
    assert only(draft, at).sentence == (
        "“Row 1” asks for Plan, which was switched off: no new lead has it."
    )
    assert errors_of(draft, at) == []


def test_a_hand_raise_that_is_no_more_is_named(make_table, crew, at):
    asked = when("handoff.hand_raise", "is", "demo_request")
    finding = only(make_table(to(crew, asked)), at)
    assert finding.id == "routing.unknown_value" and "not “demo_request”" in finding.sentence


@pytest.mark.parametrize(
    ("op", "value"),
    [("contains", "demo"), ("starts_with", "demo"), ("is_any_of", [" Demo-Request "])],
)
def test_what_is_compared_as_text_is_found_nothing_of(make_table, crew, at, op, value):
    draft = make_table(to(crew, when("handoff.hand_raise", op, value)))
    assert found(draft, at) == {}


def test_a_rep_who_has_left(make_table, alice, at):
    draft = make_table({"conditions": GERMAN, "outcome": "rep", "rep": alice})
    alice.is_active = False
    alice.save()
    assert only(draft, at).sentence == "“Row 1” leads to Alice, who has left."
    assert errors_of(draft, at) == ["“Row 1” leads to Alice, who has left."]


def test_a_rep_who_is_none_any_more(make_table, alice, at):
    draft = make_table({"conditions": GERMAN, "outcome": "rep", "rep": alice})
    alice.groups.clear()
    assert only(draft, at).sentence == "“Row 1” leads to Alice, who is no sales rep any more."


def test_a_rota_that_is_empty(make_table, at):
    draft = make_table(to(Rota.objects.create(name="East")))
    assert only(draft, at).sentence == "“Row 1” leads to nobody: rota East has no members."


def test_a_rota_of_leavers(make_table, at):
    east = Rota.objects.create(name="East")
    RotaMember.objects.create(rota=east, rep=make_user("Gil", Role.REP, is_active=False))
    finding = only(make_table(to(east)), at)
    assert (finding.id, "only people who have left" in finding.sentence) == (
        "routing.empty_rota", True,
    )  # fmt: skip


def test_a_leaver_among_others(make_table, crew, carol, at):
    carol.is_active = False
    carol.save()
    RotaMember.objects.create(rota=crew, rep=make_user("Vic", Role.MANAGER))
    assert only(make_table(to(crew)), at).sentence == (
        "“Row 1” leads to rota Inbound: Carol has left, Vic is no sales rep any more."
    )


def test_a_rota_that_is_switched_off(make_table, crew, at):
    Rota.objects.update(is_active=False)
    assert only(make_table(to(Rota.objects.get(name="Inbound"))), at).id == "routing.rota_off"


def test_a_rota_that_is_away_all_week(make_table, crew, alice, carol, at):
    for rep in (alice, carol):
        Absence.objects.create(user=rep, starts_at=at, ends_at=at + timedelta(days=8))
    assert only(make_table(to(crew)), at).sentence == (
        "Nobody in rota Inbound, to which “Row 1” leads, works in the coming week."
    )


def test_a_rota_of_which_one_returns_within_the_week_is_fine(make_table, crew, alice, carol, at):
    for rep, days in ((alice, 8), (carol, 6)):
        Absence.objects.create(user=rep, starts_at=at, ends_at=at + timedelta(days=days))
    assert found(make_table(to(crew)), at) == {}


def test_a_rota_that_takes_no_leads(make_table, crew, alice, carol, at):
    for rep in (alice, carol):
        Capacity.objects.create(rep=rep, is_online=False)
    assert only(make_table(to(crew)), at).id == "routing.rota_takes_nothing"


def test_a_skill_that_nobody_has(make_table, crew, alice, carol, at):
    Capacity.objects.create(rep=alice, skills=["Payments"])
    Capacity.objects.create(rep=carol, languages=["de"])
    both = make_table(to(crew, skills=["payments"], languages=["DE"]))
    assert only(both, at).id == "routing.nobody_has_the_skill"
    assert found(make_table(to(crew, skills=["payments"])), at) == {}


def test_whose_territory_where_there_is_none(make_table, alice, at):
    draft = make_table({"conditions": GERMAN, "outcome": "territory"})
    assert only(draft, at).id == "routing.no_territories"
    Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    assert found(draft, at) == {}


def test_territories_that_are_nobodys(make_table, alice, carol, at):
    east = Rota.objects.create(name="East")
    Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    Territory.objects.create(name="Nordics", precedence=2, countries=["SE"], rota=east)
    Territory.objects.create(name="Iberia", precedence=3, countries=["ES"], rep=carol)
    alice.is_active = False
    alice.save()
    draft = make_table({"conditions": GERMAN, "outcome": "territory"})
    assert [each.sentence for each in lint(checked(draft, at))] == [
        "“Row 1” leads to nobody for the territory DACH: Alice has left.",
        "“Row 1” leads to nobody for the territory Nordics: nobody is in rota East.",
    ]


def test_conditions_that_can_never_hold(make_table, crew, at):
    never = [[*GERMAN[0], *when("account.country", "is", "FR")[0]]]
    assert only(make_table(to(crew, never)), at).sentence == (
        "“Row 1” contradicts itself: its conditions can never hold together."
    )


def test_a_row_that_another_leaves_nothing(make_table, crew, at):
    wide = to(crew, when("account.country", "is_any_of", ["DE", "FR"]))
    finding = only(make_table(wide, to(crew)), at)
    assert (finding.id, finding.row_key) == ("routing.shadowed", "row-2")
    assert "“Row 1” above takes whatever it would" in finding.sentence


def test_a_row_that_two_others_leave_nothing(make_table, crew, at):
    french = when("account.country", "is", "FR")
    finding = only(make_table(to(crew), to(crew, french), to(crew, [*GERMAN, *french])), at)
    assert "“Row 1” and “Row 2” above take whatever it would" in finding.sentence


def test_a_second_choice_is_no_mistake(make_table, crew, alice, at):
    second = {"conditions": GERMAN, "outcome": "rep", "rep": alice}
    assert found(make_table(to(crew), second), at) == {}
    assert only(make_table(to(crew), to(crew)), at).id == "routing.shadowed"


def test_a_queue_leaves_nothing_to_a_second_choice(make_table, crew, review, at):
    first = {"conditions": GERMAN, "outcome": "queue", "queue": review}
    assert only(make_table(first, to(crew)), at).id == "routing.shadowed"


def test_scored_leads_asked_before_people_who_asked(make_table, crew, at):
    finding = only(make_table(to(crew, SCORED), to(crew, RAISED)), at)
    assert (finding.id, finding.row_key) == ("routing.nurture_above_hand_raise", "row-1")
    assert found(make_table(to(crew, RAISED), to(crew, SCORED)), at) == {}


def test_scored_leads_served_before_people_who_asked(make_table, crew, at):
    rows = to(crew, RAISED, priority=1), to(crew, SCORED, priority=2)
    assert "priority 2 against 1" in only(make_table(*rows), at).sentence


def test_people_held_with_nobody_else_to_take_them(make_table, crew, alice, at):
    held = to(crew, RAISED, off_hours="hold")
    assert only(make_table(held), at).id == "routing.holds_without_fallback"
    second = {"conditions": RAISED, "outcome": "rep", "rep": alice}
    assert found(make_table(held, second), at) == {}


# Past handoffs ------------------------------------------------------------------------------------
@pytest.fixture
def past(at):
    """Give a function that makes past handoffs of which these facts were known."""

    def make(count, **facts):
        dotted = {name.replace("__", "."): value for name, value in facts.items()}
        return [Passed(number, Evidence(dotted, (), at)) for number in range(count)]

    return make


def test_a_row_that_never_held(make_table, crew, at, past):
    draft, french = make_table(to(crew)), past(100, account__country="FR")
    assert found(draft, at, *french)["routing.never_fires"].row_key == "row-1"
    assert "routing.never_fires" not in found(draft, at, *french[1:])
    assert "routing.never_fires" not in found(draft, at, *french, *past(1, account__country="DE"))


def test_kinds_of_leads_that_no_row_takes_most_traffic_first(make_table, crew, at, past):
    draft = make_table(to(crew))
    seen = [*past(2, account__country="DE"), *past(1), *past(5, account__country="FR")]
    gaps = [each for each in lint(checked(draft, at, seen)) if each.id == "routing.gap"]
    assert [each.sentence for each in gaps] == [
        "Company country FR: 5 of 8 handoffs of 90 days (62%) would be left to the last row.",
        "Company country unknown: 1 of 8 handoffs of 90 days (12%) would be left to the last row.",
    ]
    assert gaps[0].leads == (0, 1, 2, 3, 4)


def test_a_row_that_takes_who_asked_for_a_person_before_their_own(make_table, crew, at, past):
    owned = {"conditions": when("account.has_owner", "is_true"), "outcome": "account_owner"}
    draft = make_table(owned, to(crew), to(crew, RAISED))
    raised = {"handoff__path": "hand_raise", "handoff__hand_raise": "demo-request"}
    german = past(3, account__country="DE", **raised)
    others = [
        *past(1, **raised),
        *past(5, account__country="DE", handoff__path="score"),
        *past(1, account__country="DE", account__has_owner=True, **raised),
    ]
    finding = found(draft, at, *german, *others)["routing.taken_before_hand_raise"]
    assert (finding.row_key, finding.count) == ("row-2", 3)
    assert "comes before it for 3 of 5 handoffs of 30 days (60%)" in finding.sentence
    RoutingRule.objects.filter(version=draft, key="row-2").update(rota=None, outcome="territory")
    by_territory = found(draft, at, *german, *others)["routing.taken_before_hand_raise"]
    assert "comes before it for up to 3 of 5 handoffs" in by_territory.sentence
    empty = Rota.objects.create(name="Empty")
    RoutingRule.objects.filter(version=draft, key="row-2").update(rota=empty, outcome="rota")
    assert "routing.taken_before_hand_raise" not in found(draft, at, *german, *others)
    long_ago = found(draft, at + timedelta(days=31), *german)
    assert "routing.taken_before_hand_raise" not in long_ago


def test_real_handoffs_are_looked_at_with_what_was_known(make_table, crew, make_handoff, know, at):
    handoff = make_handoff()
    know(handoff.lead, account__country="FR")
    report = report_on(make_table(to(crew)), at)
    (gap,) = report.findings
    assert (report.looked_at, gap.leads) == (1, (handoff.lead_id,))
    assert gap.sentence.startswith("Company country FR: 1 of 1")


def test_owned_accounts_are_taken_by_their_row(make_table, make_handoff, make_lead, alice, at):
    account = Account.objects.create(name="Lumora", owner=alice)
    make_handoff(make_lead(account=account))
    owned = when("account.has_owner", "is_true")
    draft = make_table({"conditions": owned, "outcome": "account_owner"})
    assert report_on(draft, at).findings == []


def test_it_is_kept_until_something_changes_or_one_asks_anew(make_table, crew, alice, at):
    draft = make_table(to(crew))
    assert report_on(draft, at).findings == []
    first = report_on(draft, at + timedelta(minutes=1))
    assert first.at == at
    assert report_on(draft, at + timedelta(minutes=1), afresh=True).at > at
    RotaMember.objects.all().delete()
    assert report_on(draft, at).findings[0].id == "routing.empty_rota"


def test_a_check_without_rows_looks_at_none():
    assert [each.id for each in lint(Checked((), ()))] == ["routing.no_fallback"]
