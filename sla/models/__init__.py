from sla.models.answers import AnswerTemplate, InstantAnswer
from sla.models.calendars import CalendarTerms, RepHours, RetiredCalendar, TeamHours
from sla.models.clocks import Clock, ClockEvent
from sla.models.notices import Heartbeat, Notification, RunningProcess
from sla.models.pauses import Pause
from sla.models.policies import Policy, Target

__all__ = [
    "AnswerTemplate",
    "CalendarTerms",
    "Clock",
    "ClockEvent",
    "Heartbeat",
    "InstantAnswer",
    "Notification",
    "Pause",
    "Policy",
    "RepHours",
    "RetiredCalendar",
    "RunningProcess",
    "Target",
    "TeamHours",
]
