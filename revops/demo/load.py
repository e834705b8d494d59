"""Loads the demo into an empty installation, all of it or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from leads.models import Lead, Stage, User
from leads.stage_rules import reschedule_stays
from revops.demo.behaviour import DAYS
from revops.demo.journeys import Story, story_of
from revops.demo.people import demo_people, make_people
from revops.demo.setting import live_setting
from revops.demo.writing import write

# Rules and calendars are live a while before anything happens by them.
LEAD_TIME = timedelta(days=DAYS + 30)


class NotEmpty(Exception):
    """This installation has leads or people of its own. The demo is loaded into empty ones only."""


@transaction.atomic
def load_demo(*, seed: int, leads: int, now: datetime) -> Story | None:
    """Load the demo's people, and so many leads of the 90 days before `now`.

    None if it was loaded before; raises NotEmpty rather than mix with what is somebody's.
    """
    if demo_people():
        return None
    if Lead.objects.exists() or User.objects.exists():
        raise NotEmpty(str(NotEmpty.__doc__))
    since = now - LEAD_TIME
    make_people(now, since)
    story = story_of(live_setting(now, since), leads, seed)
    write(story, now)
    for stage in Stage.objects.all():
        reschedule_stays(stage)
    said = Lead.objects.staying_too_long(now)
    said.update(stay_due_at=None, stay_told_seq=F("stage_seq"))
    return story
