from sla.models.answers import AnswerTemplate, InstantAnswer
from sla.models.calendars import CalendarTerms, RepHours, TeamHours
from sla.models.clocks import Clock, ClockEvent
from sla.models.notices import Heartbeat, Notification
from sla.models.policies import Policy, Target

__all__ = [
    "AnswerTemplate",
    "CalendarTerms",
    "Clock",
    "ClockEvent",
    "Heartbeat",
    "InstantAnswer",
    "Notification",
    "Policy",
    "RepHours",
    "Target",
    "TeamHours",
]
