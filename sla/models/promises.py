"""What promises can be: how each kind starts, what its steps may do, when it stands still."""

from __future__ import annotations

from datetime import timedelta

from leads.models import Touch
from sla.models.pauses import Pause

# What may start a promise of each kind; the first is usual. The prospect's never starts later than
# they asked.
STARTS = {
    "passed": ("hand_raise", "opened", "band"),
    "received": ("passed",),
    "accept": ("passed",),
    "first_touch": ("passed", "accepted"),
    "follow_up": ("touched",),
    "outcome": ("touched",),
    "first_response": ("hand_raise", "band"),
    "qualified": ("accepted", "passed"),
    "review": ("review",),
    "stay_mql": ("stage",),
    "stay_sal": ("stage",),
    "stay_sql": ("stage",),
}
# The promise to move on from a stage, by its key.
STAYS = {"mql": "stay_mql", "sal": "stay_sal", "sql": "stay_sql"}

# What a step may do, as the database knows it.
ACTIONS = ("remind", "remind_cover", "tell_manager", "tell_admins", "write", "reassign")
# What is taken from a rep who lets it lie.
PASSED_ON = ("received", "accept", "first_touch")
HIGHEST_LEVEL = 1_000
# The longest that may be promised by the wall and in working time: 1,000 hours are half a year.
MOST_BY_THE_WALL, MOST_AT_WORK = timedelta(days=366), timedelta(hours=1_000)
IN_ORDER = f"Steps come at rising shares, one at each, from 1 to {HIGHEST_LEVEL} percent."
MOST_TOUCHES = 20
CADENCE = (
    f"A next touch is asked for till there are 2 to {MOST_TOUCHES} in all, by 1 to"
    f" {len(Touch.Channel)} channels; nothing else is."
)
# What may stand still while the lead rests.
STANDING_STILL = ("first_touch", "follow_up", "first_response", "qualified", "stay_sal")
ONCE_LATE = "A lead is passed on at 100 percent or later: not before its deadline."


def pause_words(kind: str) -> str:
    """Return a kind of pause as one of several: "waiting for the prospect"."""
    return Pause.Kind(kind).label.lower()


def in_a_sentence(label: str) -> str:
    """Return the label of a promise within a sentence: "first touch", "moving on from MQL"."""
    return f"{label[:1].lower()}{label[1:]}"
