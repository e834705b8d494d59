"""Merging while others are at the two leads: a mail that goes out, a rep who opens one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, connections, transaction

from feedback import answers
from feedback.merge_pairs import pair_of
from feedback.merging import merge
from leads import handoffs
from leads.lead_locks import locked_leads
from leads.models import Assignment, Lead, Touch
from sla import answer_sending, clocks, instant_answers
from sla.models import AnswerTemplate, Clock, InstantAnswer
from tests.sla.test_instant_answers import ask

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pair(rosa, source, alice, carol, pass_lead, at):
    """Alice's handoff, and carol's of the same person: its instant answer waits to be sent."""
    AnswerTemplate.objects.create(is_on=True, revision=1, changed_by=rosa).sources.add(source)
    with transaction.atomic():
        kept, other = pass_lead(alice, "Clara"), pass_lead(carol, "C. Nyström")
        ask(other.lead, source, at)
        instant_answers.answer_at_once(other, asked_at=at, at=at)
    return kept, other


def join(pair, by, at):
    keep, gone = (Lead.objects.get(pk=each.lead_id) for each in pair)
    merge(keep, gone, seen=pair_of(keep, gone).mark, by=by, at=at)


def test_a_mail_that_goes_out_meanwhile_is_on_record_where_its_handoff_goes_on(
    pair, olga, at, monkeypatch
):
    class Server(EmailBackend):
        def send_messages(self, messages):
            join(pair, olga, at + MINUTE)
            return super().send_messages(messages)

    monkeypatch.setattr("sla.sending.get_connection", Server)
    assert answer_sending.send_due(lambda: at + MINUTE) == 1
    kept, _ = pair
    assert (Touch.objects.get().lead, Touch.objects.get().handoff) == (kept.lead, kept)
    assert InstantAnswer.objects.get().handoff == kept
    assert Clock.objects.get(kind="instant_answer", handoff=kept).stop_reason == "met"


def open_it(handoff, at):
    answers.open_lead(handoffs.open_assignment(handoff), at=at)


def send_the_mail(handoff, at):
    answer_sending.send_due(lambda: at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("do", [open_it, send_the_mail])
def test_who_waits_for_a_merge_keeps_nothing_from_it(pair, olga, at, do):
    def meanwhile():
        try:
            do(pair[1], at + MINUTE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked = [handoffs.locked(each.pk) for each in pair]
            clocks.lock_of([each.lead for each in locked])
            waiting = pool.submit(meanwhile)
            time.sleep(0.3)  # till it waits
            join(pair, olga, at + MINUTE)
            connection.check_constraints()
        waiting.result()
    assert Assignment.objects.get(handoff=pair[1]).outcome == "merged"
    assert len(mail.outbox) == Touch.objects.count() == (do is send_the_mail)


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_merge_holds_up_nobody_who_has_the_lead_then(pair, olga, at):
    kept, other = pair

    def in_turn(work):
        try:
            with transaction.atomic():
                return work()
        finally:
            connections.close_all()

    def lead_first():
        locked_leads([kept.lead_id])
        time.sleep(0.3)  # till the other one looks for it too
        return handoffs.locked(other.pk).lead_id

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            join(pair, olga, at + MINUTE)
            waiting = [pool.submit(in_turn, lead_first)]
            time.sleep(0.2)  # till it waits
            waiting.append(pool.submit(in_turn, lambda: handoffs.locked(other.pk).lead_id))
            time.sleep(0.2)
        assert [each.result() for each in waiting] == [kept.lead_id] * 2
